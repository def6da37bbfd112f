"""What a hostile client tries, each tried once with success."""

import concurrent.futures
import json
import socket
from collections.abc import Iterator

import pytest
import requests

from facade.settings import Settings
from tests.support.product import ORDERS, TMF622, Node, effects, partner_order, portal_order, running_product
from tests.support.waiting import LONG, until

WAITERS = Settings(threads=8).waiters
"""Requests that may wait for their order; others are told at once that it goes on."""


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with running_product(tmp_path_factory.mktemp("hostile"), THREADS="8") as node:
        yield node


def _raw(product: Node, *lines: str, body: bytes = b"") -> bytes:
    """What the server answers to bytes that no HTTP library would send."""
    with socket.create_connection(("127.0.0.1", product.port), timeout=LONG) as connection:
        connection.sendall("\r\n".join((*lines, "", "")).encode("latin1") + body)
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
    return answer


@pytest.mark.parametrize("path", [f"/{ORDERS}", f"//{ORDERS}", f"/{TMF622}", f"{ORDERS}//x", "/%2fapi/v1/orders"])
def test_an_address_with_a_slash_too_many_is_not_found(product: Node, path: str) -> None:
    answer = _raw(product, f"GET {path} HTTP/1.1", "Host: x", "Connection: close")
    assert answer.split()[1] == b"404"
    assert "Traceback" not in product.log.read_text()


@pytest.mark.parametrize("base", [TMF622.rpartition("/")[0], "/api/v1", "/tmf/v5/productOrdering", "/oauth", "/health"])
@pytest.mark.parametrize("rest", ["", "/"])
def test_the_address_of_an_api_itself_is_not_found(product: Node, base: str, rest: str) -> None:
    answer = product.get(base + rest, allow_redirects=False)
    assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")


@pytest.mark.parametrize("collection", [TMF622, TMF622.replace("/v5/", "/v4/"), ORDERS])
@pytest.mark.parametrize("identifier", ["%2F", "%2f%2F", "%2F..", "x%2F", "x%2Fy", "%2Fx"])
def test_an_id_of_slashes_is_not_found(product: Node, collection: str, identifier: str) -> None:
    for method in ("GET", "PATCH", "DELETE", "POST"):
        answer = product.request(method, f"{collection}/{identifier}", allow_redirects=False)
        assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND"), method
    tmf = collection.startswith("/tmf-api/")
    assert answer.headers["Content-Type"] == ("application/json" if tmf else "application/problem+json")
    assert ("@type" in answer.json()) == tmf


@pytest.mark.parametrize("path", [TMF622, TMF622.replace("/v5/", "/v4/"), ORDERS, "/health/live"])
def test_an_address_with_a_slash_at_its_end_leads_to_the_one_without(product: Node, path: str) -> None:
    for method in ("GET", "POST", "PATCH"):
        answer = product.request(method, f"{path}/?limit=1&x=//evil.example", json={}, allow_redirects=False)
        assert (answer.status_code, answer.content) == (308, b"")
        assert answer.headers["Location"] == f"../{path.rpartition('/')[2]}?limit=1&x=//evil.example"
        assert answer.headers["X-Correlation-Id"]
    assert product.get(f"{path}/").status_code == 200
    evil = product.get("//evil.example/", allow_redirects=False)
    assert (evil.status_code, evil.headers.get("Location")) == (404, None)


def test_a_pipelined_request_does_not_borrow_the_identity_of_the_one_before(product: Node) -> None:
    token = f"Authorization: Bearer {product.token('qa')}"
    body = json.dumps(partner_order()).encode()
    total = product.get(ORDERS).json()["total"]
    first = f"POST {TMF622} HTTP/1.1\r\nHost: x\r\n{token}\r\nContent-Type: application/json\r\n"
    second = f"GET /{ORDERS} HTTP/1.1\r\nHost: x\r\n\r\n"
    third = f"GET {ORDERS} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    with socket.create_connection(("127.0.0.1", product.port), timeout=LONG) as connection:
        connection.sendall(f"{first}Content-Length: {len(body)}\r\n\r\n".encode() + body + (second + third).encode())
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
    assert [line.split()[1] for line in answer.split(b"HTTP/1.1")[1:] for line in [b"x" + line]] == [
        b"201",
        b"404",
        b"401",
    ]
    assert product.get(ORDERS).json()["total"] == total + 1


@pytest.mark.parametrize("charset", ["punycode", "idna", "unicode_escape", "utf-7", "rot13", "zlib"])
def test_a_character_set_that_takes_for_ever_is_refused(product: Node, charset: str) -> None:
    headers = {"Content-Type": f"application/json; charset={charset}"}
    answer = product.request("POST", TMF622, data=b"-" + b"b" * 300_000, headers=headers)
    assert answer.status_code == 415, "a body that was decoded would be malformed"


def test_media_types_have_no_case(product: Node) -> None:
    headers = {"Content-Type": "Application/JSON"}
    assert product.request("POST", TMF622, data=json.dumps(partner_order()), headers=headers).status_code == 201
    assert product.request("POST", TMF622, data="{", headers=headers).json()["code"] == "MALFORMED_BODY"


@pytest.mark.parametrize("path", ["/health/live", ORDERS])
def test_a_body_where_none_belongs_has_a_limit_too(product: Node, path: str) -> None:
    answer = product.request("GET", path, data=b"\0" * 2_000_000, headers={"Content-Type": "application/octet-stream"})
    assert answer.status_code in (413, 415)


@pytest.mark.parametrize(
    ("header", "status"),
    [
        ('Host: a"b', 400),
        ("Host: u@h", 400),
        ("Host: x\r\nHost: y", 400),
        ("Host: x\r\nAuthorization: Bearer a\r\nAuthorization: Bearer b", 400),
        ("Host: x\r\nIdempotency-Key: a\r\nIdempotency-Key: b", 400),
        ("Host: x\r\nContent-Encoding: gzip", 415),
        ("Host: x\r\nX-Large: " + "a" * 70_000, 431),
    ],
)
def test_headers_that_two_readers_could_read_differently_are_refused(product: Node, header: str, status: int) -> None:
    answer = _raw(product, f"GET {ORDERS} HTTP/1.1", header, "Connection: close")
    assert int(answer.split()[1]) == status


def test_a_websocket_is_not_opened(product: Node) -> None:
    upgrade = ("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNh")
    with socket.create_connection(("127.0.0.1", product.port), timeout=LONG) as connection:
        connection.sendall("\r\n".join(("GET /socket HTTP/1.1", "Host: x", *upgrade, "", "")).encode())
        assert connection.recv(64).split()[1] in (b"404", b"400")


def test_while_a_backend_hangs_reads_and_health_are_answered(product: Node) -> None:
    order_id = product.post(ORDERS, portal_order(SKU123=1)).json()["id"]
    product.backends.fault("crm", hang=True)
    with concurrent.futures.ThreadPoolExecutor(24) as pool:
        placing = [pool.submit(product.post, ORDERS, portal_order(SKU123=1)) for _ in range(24)]
        until(lambda: sum(call.done() for call in placing) == 24 - WAITERS)
        assert requests.get(f"{product.url}/health/live", timeout=LONG).ok
        assert product.get(f"{ORDERS}/{order_id}").status_code == 200
        assert sum(call.done() for call in placing) == 24 - WAITERS, "these answers came while others wait"
        product.backends.clear()
        answers = [call.result(LONG) for call in placing]
    assert sorted(answer.status_code for answer in answers) == [201] * WAITERS + [202] * (24 - WAITERS)
    for answer in answers:
        order = product.until_finished(answer.json()["id"])
        assert order["status"] == "confirmed"
        assert effects(product.backends, order["id"]) == {"reserve": 1, "createOrder": 1, "charge": 1}


@pytest.mark.parametrize(("items", "pointer"), [(501, "/productOrderItem"), (1, "/productOrderItem/0/quantity")])
def test_an_order_out_of_all_proportion_moves_no_stock(product: Node, items: int, pointer: str) -> None:
    body = partner_order("C12345", *["po_tv_basic"] * items)
    if items == 1:
        body["productOrderItem"][0]["quantity"] = 100_001
    answer = product.post(TMF622, body)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["pointer"] == pointer


def test_a_list_of_large_orders_ends_before_it_is_too_large(product: Node) -> None:
    ids = {product.post(TMF622, partner_order() | {"description": "x" * 900_000}).json()["id"] for _ in range(8)}
    answer = product.get(f"{TMF622}?limit=200")
    shown = [order["id"] for order in answer.json()]
    assert len(answer.content) < 6_000_000
    assert int(answer.headers["X-Total-Count"]) > len(shown) > 0
    following = answer.links["next"]["url"]
    more = product.get(following.removeprefix(product.url)).json()
    assert ids <= {*shown, *(order["id"] for order in more)}


def test_an_unknown_offering_is_not_echoed_in_full(product: Node) -> None:
    answer = product.post(TMF622, partner_order("C12345", "o" * 200_000))
    assert answer.status_code == 400
    assert len(answer.content) < 2_000
