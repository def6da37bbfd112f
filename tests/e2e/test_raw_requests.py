"""What no HTTP library would send, and what some do, byte by byte to the whole product."""

import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.support.product import ORDERS, TMF622, Node, partner_order, portal_order, running_product
from tests.support.waiting import LONG, let_pass, until

H2C = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n"
"""As curl sends it with --http2, and Java's HttpClient, Spring's RestClient and Ktor without being asked to."""
BETWEEN = 0.05
"""Seconds between two segments, so that they usually arrive as two; what is demanded holds if they do not."""


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with running_product(tmp_path_factory.mktemp("raw"), HOLD_PROCESSES="true", PORTAL_WAIT="0") as node:
        yield node


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: Any


def exchange(product: Node, *segments: bytes, half_close: bool = False) -> list[Answer]:
    """All answers until the server closes the connection."""
    with socket.create_connection(("127.0.0.1", product.port), timeout=LONG) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for segment in segments:
            connection.sendall(segment)
            let_pass(BETWEEN)
        if half_close:
            connection.shutdown(socket.SHUT_WR)
        written = b""
        while chunk := connection.recv(65536):
            written += chunk
    return list(parsed(written))


def parsed(written: bytes) -> Iterator[Answer]:
    while written:
        head, _, rest = written.partition(b"\r\n\r\n")
        line, *fields = head.decode().split("\r\n")
        headers = dict(field.lower().split(": ", 1) for field in fields)
        length = int(headers["content-length"])
        yield Answer(int(line.split()[1]), headers, json.loads(rest[:length]))
        written = rest[length:]


def request(
    product: Node, line: str, headers: str = "", body: Any = None, client: str = "qa", last: bool = False
) -> tuple[bytes, bytes]:
    """Head and body."""
    content = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    fields = [f"{line} HTTP/1.1", f"Host: 127.0.0.1:{product.port}", f"Authorization: Bearer {product.token(client)}"]
    fields += ["Content-Type: application/json", f"Content-Length: {len(content)}"] if body is not None else []
    fields += ["Connection: close"] if last else []
    return "\r\n".join([*fields, headers + "\r\n"]).encode(), content


def total(product: Node) -> int:
    return int(product.get(f"{ORDERS}?limit=1").json()["total"])


@pytest.mark.parametrize("order", [(TMF622, partner_order()), (ORDERS, portal_order())])
@pytest.mark.parametrize("segmented", [True, False])
def test_clients_that_offer_http_2_are_served_over_http_1_1(
    product: Node, order: tuple[str, Any], segmented: bool
) -> None:
    path, body = order
    before = total(product)
    head, content = request(product, f"POST {path}", H2C, body)
    last = b"".join(request(product, f"GET {ORDERS}?limit=1", last=True))
    placed, listed = exchange(product, *([head, content, last] if segmented else [head + content + last]))
    assert placed.status in (201, 202), "the portal waits for its order, which is held back"
    assert (listed.status, listed.body["total"]) == (200, before + 1)


@pytest.mark.parametrize("upgrade", [H2C, "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"])
def test_a_body_is_never_answered_as_a_request(product: Node, upgrade: str) -> None:
    smuggled, _ = request(product, f"DELETE {TMF622}/x", client="qa")
    head, content = request(product, f"POST {TMF622}", upgrade, smuggled, client="partner-acme")
    last = b"".join(request(product, f"GET {ORDERS}?limit=1", last=True))
    refused, listed = exchange(product, head, content, last)
    assert (refused.status, refused.body["code"]) == (400, "MALFORMED_BODY")
    assert listed.status == 200
    assert f'"path":"{TMF622}/x"' not in product.log.read_text()


@pytest.mark.parametrize(("path", "body"), [(TMF622, partner_order()), (ORDERS, portal_order())])
def test_an_order_whose_chunks_are_malformed_is_refused_with_evidence(product: Node, path: str, body: Any) -> None:
    before = total(product)
    head, _ = request(product, f"POST {path}", "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n")
    content = json.dumps(body).encode()
    last = b"".join(request(product, f"GET {ORDERS}", last=True))
    [refused] = exchange(product, head, b"%x\r\n" % len(content) + content, b"\r\nzz\r\n\r\n" + last)
    assert (refused.status, refused.body["code"]) == (400, "MALFORMED_BODY")
    assert refused.headers["connection"] == "close"
    assert total(product) == before
    error_id = refused.body["id"] if path == TMF622 else refused.body["instance"].rpartition(":")[2]
    record = f"/api/v1/audit-records/{error_id}"
    until(lambda: product.get(record).status_code != 404)
    assert product.get(record).json()["code"] == "MALFORMED_BODY"


def test_a_token_request_that_breaks_off_is_no_defect_of_ours(product: Node) -> None:
    fields = "Content-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\n"
    [refused] = exchange(
        product, f"POST /oauth/token HTTP/1.1\r\nHost: x\r\n{fields}5\r\ngrant\r\nzz".encode() + b"\r\n"
    )
    assert (refused.status, refused.body["code"]) == (400, "MALFORMED_BODY")
    assert "Traceback" not in product.log.read_text()


@pytest.mark.parametrize("length", [b"Content-Length: 8193", b"Transfer-Encoding: chunked"])
def test_a_form_is_short(product: Node, length: bytes) -> None:
    form = b"&" * 8193
    head = b"POST /oauth/token HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + length
    content = b"2001\r\n%b\r\n0\r\n\r\n" % form if length.startswith(b"T") else form
    [refused] = exchange(product, head + b"\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\n" + content)
    assert (refused.status, refused.body["code"]) == (413, "BODY_TOO_LARGE")


@pytest.mark.parametrize(
    ("line", "status", "code"),
    [
        ("FOO {} HTTP/1.1", 501, "UNKNOWN_METHOD"),
        ("get {} HTTP/1.1", 501, "UNKNOWN_METHOD"),
        ("GET {} HTTP/2.0", 505, "HTTP_VERSION_NOT_SUPPORTED"),
        ("GET {} HTTP/1.1\r\nX-A : b", 400, "MALFORMED_REQUEST"),
        ("GET {} HTTP/1.1\r\nX-A: a\0b", 400, "MALFORMED_REQUEST"),
        ("GET {} HTTP/1.1\r\nHost: y", 400, "MALFORMED_HEADERS"),
    ],
)
@pytest.mark.parametrize("path", [TMF622, ORDERS])
def test_what_cannot_be_read_is_refused_in_the_form_of_its_address(
    product: Node, line: str, status: int, code: str, path: str
) -> None:
    [refused] = exchange(product, f"{line.format(path)}\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    assert (refused.status, refused.body["code"]) == (status, code)
    assert ("@type" in refused.body) == (path == TMF622)
    error_id = refused.body["id"] if path == TMF622 else refused.body["instance"].rpartition(":")[2]
    assert error_id in product.log.read_text()
    assert refused.headers["x-correlation-id"]


def test_http_1_1_without_host_is_refused_and_http_1_0_is_not(product: Node) -> None:
    without_host = "Accept: */*\r\nConnection: close\r\n\r\n"
    [refused] = exchange(product, f"GET /health/live HTTP/1.1\r\n{without_host}".encode())
    assert (refused.status, refused.body["code"]) == (400, "MALFORMED_HEADERS")
    [answered] = exchange(product, f"GET /health/live HTTP/1.0\r\n{without_host}".encode())
    assert (answered.status, answered.body) == (200, {"status": "live"})


def test_an_order_before_something_malformed_is_answered_first(product: Node) -> None:
    before = total(product)
    placed, refused = exchange(
        product, b"".join(request(product, f"POST {TMF622}", body=partner_order())) + b"\r\n\x01"
    )
    assert (placed.status, refused.status) == (201, 501)
    assert total(product) == before + 1


def test_who_has_sent_all_and_closes_its_side_is_answered(product: Node) -> None:
    [placed] = exchange(product, *request(product, f"POST {TMF622}", body=partner_order()), half_close=True)
    assert placed.status == 201
    [refused] = exchange(product, request(product, f"POST {TMF622}", body=partner_order())[0], half_close=True)
    assert (refused.status, refused.body["code"]) == (400, "MALFORMED_BODY")


def test_a_connection_can_be_used_again_after_a_body_that_was_refused_unread(product: Node) -> None:
    large = b"x" * 1_500_000
    head, _ = request(product, f"POST {TMF622}", body=large)
    last = b"".join(request(product, f"GET {ORDERS}?limit=1", last=True))
    refused, listed = exchange(product, head, large, last)
    assert (refused.status, listed.status) == (413, 200)
