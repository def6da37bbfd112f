"""What is refused at the edge, in the shape of the side that was called, on every path."""

import hashlib
import json
import socket
from collections.abc import Iterator

import pytest
import requests

from tests.support.product import ORDERS, TMF622, Node, partner_order, portal_order, running_product
from tests.support.waiting import LONG

SIDES = {TMF622: partner_order(), ORDERS: portal_order()}


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with running_product(tmp_path_factory.mktemp("refusals")) as node:
        yield node


def _shaped(path: str, answer: requests.Response, status: int, code: str) -> dict[str, object]:
    assert answer.status_code == status, answer.text
    body: dict[str, object] = answer.json()
    assert body["code"] == code
    if path.startswith("/tmf"):
        assert answer.headers["Content-Type"] == "application/json"
        assert (body["@type"], body["status"]) == ("Error", str(status))
        assert body["reason"]
    else:
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert body["status"] == status
        assert str(body["instance"]).startswith("urn:uuid:")
    assert answer.headers["X-Correlation-Id"]
    return body


@pytest.mark.parametrize("path", SIDES)
class TestBothSides:
    def test_no_token(self, product: Node, path: str) -> None:
        answer = requests.get(product.url + path, timeout=LONG)
        _shaped(path, answer, 401, "UNAUTHENTICATED")
        assert answer.headers["WWW-Authenticate"] == "Bearer"

    def test_a_token_that_is_none(self, product: Node, path: str) -> None:
        answer = requests.get(product.url + path, headers={"Authorization": "Bearer x"}, timeout=LONG)
        _shaped(path, answer, 401, "UNAUTHENTICATED")
        assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]

    def test_a_missing_scope(self, product: Node, path: str) -> None:
        token = product.command("token", "qa", "--scope", "order:read").stdout.strip()
        headers = {"Authorization": f"Bearer {token}"}
        answer = requests.post(product.url + path, json=SIDES[path], headers=headers, timeout=LONG)
        assert "order:create" in answer.text
        _shaped(path, answer, 403, "INSUFFICIENT_SCOPE")

    @pytest.mark.parametrize("order_id", ["nothing", "x%0Ay", "%00", "..%2f..", "🙂", "a" * 3000])
    def test_an_unknown_order(self, product: Node, path: str, order_id: str) -> None:
        answer = product.get(f"{path}/{order_id}")
        assert answer.status_code in (400, 404)
        _shaped(path, answer, answer.status_code, answer.json()["code"])

    def test_an_address_that_is_too_long(self, product: Node, path: str) -> None:
        _shaped(path, product.get(f"{path}/{'a' * 5000}"), 414, "URI_TOO_LONG")

    def test_a_method_that_the_address_does_not_take(self, product: Node, path: str) -> None:
        answer = product.request("PUT", path, json={})
        _shaped(path, answer, 405, "METHOD_NOT_ALLOWED")
        assert answer.headers["Allow"] == "GET, POST"

    def test_a_caller_that_accepts_no_json(self, product: Node, path: str) -> None:
        _shaped(path, product.get(path, headers={"Accept": "text/html"}), 406, "NOT_ACCEPTABLE")

    def test_a_body_of_another_media_type(self, product: Node, path: str) -> None:
        answer = product.request("POST", path, data="<order/>", headers={"Content-Type": "application/xml"})
        _shaped(path, answer, 415, "UNSUPPORTED_MEDIA_TYPE")

    @pytest.mark.parametrize("body", [b"{", b"", b"\xff\xfe", b'{"a": NaN}', b"[" * 50], ids=range(5))
    def test_a_body_that_is_no_json(self, product: Node, path: str, body: bytes) -> None:
        answer = product.request("POST", path, data=body, headers={"Content-Type": "application/json"})
        _shaped(path, answer, 400, "MALFORMED_BODY")

    @pytest.mark.parametrize("depth", [65, 1_000, 100_000])
    def test_a_body_that_is_nested_too_deep(self, product: Node, path: str, depth: int) -> None:
        body = b"[" * depth + b"]" * depth
        answer = product.request("POST", path, data=body, headers={"Content-Type": "application/json"})
        _shaped(path, answer, 400, "INVALID_REQUEST")

    def test_a_body_that_is_too_large(self, product: Node, path: str) -> None:
        body = json.dumps(SIDES[path] | {"description": "x" * 1_100_000})
        answer = product.request("POST", path, data=body, headers={"Content-Type": "application/json"})
        _shaped(path, answer, 413, "BODY_TOO_LARGE")

    def test_every_mistake_at_once(self, product: Node, path: str) -> None:
        body = json.loads(json.dumps(SIDES[path]))
        items = body["productOrderItem" if path == TMF622 else "items"]
        items[0]["quantity"] = "two"
        items[1].pop("id", None)
        items[1]["quantity"] = 1.5
        found = _shaped(path, product.post(path, body), 400, "INVALID_REQUEST")["errors"]
        assert isinstance(found, list)
        assert len(found) >= 2
        assert all(error["pointer"].startswith("/") for error in found)

    @pytest.mark.parametrize("query", ["limit=abc", "offset=-1", f"limit={10**30}", "limit=٣", "colour=red"])
    def test_a_query_that_makes_no_sense(self, product: Node, path: str, query: str) -> None:
        body = _shaped(path, product.get(f"{path}?{query}"), 400, "INVALID_REQUEST")
        assert query.split("=", maxsplit=1)[0] in str(body["errors"])

    def test_an_idempotency_key_that_is_too_long(self, product: Node, path: str) -> None:
        answer = product.post(path, SIDES[path], headers={"Idempotency-Key": "k" * 256})
        body = _shaped(path, answer, 400, "INVALID_REQUEST")
        assert "Idempotency-Key" in str(body["errors"])

    def test_a_customers_id_that_crm_would_not_take(self, product: Node, path: str) -> None:
        body = json.loads(json.dumps(SIDES[path]).replace("C12345", "C" * 65))
        _shaped(path, product.post(path, body), 400, "INVALID_REQUEST")

    def test_an_unknown_address(self, product: Node, path: str) -> None:
        _shaped(path, product.get(path.rsplit("/", 1)[0] + "/nothing/here"), 404, "NOT_FOUND")

    def test_the_correlation_id_comes_back(self, product: Node, path: str) -> None:
        assert product.get(path, headers={"X-Correlation-Id": "mine-1"}).headers["X-Correlation-Id"] == "mine-1"
        odd = product.get(path, headers={"X-Correlation-Id": "x" * 200}).headers["X-Correlation-Id"]
        assert len(odd) == 36


def test_a_chunked_body_is_taken(product: Node) -> None:
    body = json.dumps(partner_order()).encode()
    answer = product.request(
        "POST", TMF622, data=iter([body[:40], body[40:]]), headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 201


def test_a_request_cut_off_in_the_middle_leaves_nothing(product: Node) -> None:
    before = product.get(ORDERS).json()["total"]
    with socket.create_connection(("127.0.0.1", product.port)) as connection:
        head = f"POST {ORDERS} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {product.token('qa')}\r\n"
        connection.sendall(f"{head}Content-Type: application/json\r\nContent-Length: 500\r\n\r\n{{".encode())
    assert product.get(ORDERS).json()["total"] == before


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"id": "mine"}, "/id"),
        ({"state": "completed"}, "/state"),
        ({"relatedParty": []}, "/relatedParty"),
        ({"requestedInitialState": "held"}, "/requestedInitialState"),
        ({"requestedStartDate": "0001-01-01T00:00:00+14:00"}, "/requestedStartDate"),
        ({"requestedStartDate": "tomorrow"}, "/requestedStartDate"),
        ({"productOrderItem": []}, "/productOrderItem"),
    ],
)
def test_what_a_product_order_must_not_say(product: Node, change: dict[str, object], pointer: str) -> None:
    answer = product.post(TMF622, partner_order() | change)
    assert answer.status_code == 400
    assert pointer in {error["pointer"] for error in answer.json()["errors"]}


@pytest.mark.parametrize("item", [{"action": "change"}, {"action": None}, {"quantity": 0}, {"quantity": -1}])
def test_what_an_item_must_not_say(product: Node, item: dict[str, object]) -> None:
    body = partner_order()
    body["productOrderItem"][0] |= item
    answer = product.post(TMF622, body)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["pointer"] == f"/productOrderItem/0/{next(iter(item))}"


def test_an_empty_provider_array_says_nothing_and_is_taken(product: Node) -> None:
    assert product.post(TMF622, partner_order() | {"productOrderErrorMessage": []}).status_code == 201


def test_what_was_refused_is_found_by_the_id_in_its_answer(product: Node) -> None:
    for path, body in SIDES.items():
        refused = product.post(path, body | {"unheard": 1, "state": "x"}, client="partner-acme").json()
        record_id = refused.get("id") or refused["instance"]
        record = product.get(f"/api/v1/audit-records/{record_id}", client="partner-acme").json()
        assert (record["client"], record["operation"]) == ("partner-acme", f"POST {path}")
        assert (record["status"], record["code"]) == (400, refused["code"])
    assert product.get(f"/api/v1/audit-records/{record_id}", client="portal").status_code == 200
    assert product.get("/api/v1/audit-records/nothing").json()["code"] == "AUDIT_RECORD_NOT_FOUND"


def test_a_failed_orders_record_names_the_order(product: Node) -> None:
    refused = product.post(ORDERS, portal_order("C40200")).json()
    record = product.get(f"/api/v1/audit-records/{refused['instance']}").json()
    assert (record["orderId"], record["code"]) == (refused["id"], "PAYMENT_DECLINED")


def test_the_evidence_of_a_refusal_names_the_body_by_its_hash(product: Node) -> None:
    for sent in (json.dumps(partner_order() | {"state": "held"}), json.dumps({"productOrderItem": []}), '{"a"'):
        answer = product.request("POST", TMF622, data=sent, headers={"Content-Type": "application/json"})
        record = product.get(f"/api/v1/audit-records/{answer.json()['id']}").json()
        assert (answer.status_code, record["payloadHash"]) == (400, hashlib.sha256(sent.encode()).hexdigest())
