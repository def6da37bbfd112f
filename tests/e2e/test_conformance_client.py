"""A partner whose orders are judged after they were acknowledged, as the development client `conformance` is."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from facade.tmf.tmf622.product_order import REFUSED
from tests.support.product import ORDERS, ROOT, TMF622, Node, effects, partner_order, running_product

V4 = TMF622.replace("/v5/", "/v4/")
PUBLISHED = ROOT / "fixtures" / "published" / "tmf622"
EXAMPLES = [
    *((TMF622, path) for path in sorted((PUBLISHED / "v5").glob("*-create-product-order*-request.json"))),
    (TMF622, PUBLISHED / "v5" / "01-sample-product-order.json"),
    (V4, PUBLISHED / "v4" / "01-sample-product-order.json"),
]
SERVERS = {"orderDate", *REFUSED}
IGNORED = {"@type", "@referredType", *SERVERS - {"id", "href"}}


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with running_product(tmp_path_factory.mktemp("conformance")) as node:
        yield node


def _holds(shown: Any, sent: Any) -> bool:
    """Whether everything sent is shown, but for what only the server says. Classes are the bridge's matter."""
    if isinstance(sent, dict):
        return all(name in shown and _holds(shown[name], value) for name, value in sent.items() if name not in IGNORED)
    if isinstance(sent, list):
        return len(shown) == len(sent) and all(map(_holds, shown, sent))
    return bool(shown == sent)


@pytest.mark.parametrize(("address", "path"), EXAMPLES, ids=lambda value: getattr(value, "stem", ""))
def test_a_published_order_is_acknowledged_then_rejected_with_messages_and_comes_back_whole(
    product: Node, address: str, path: Path
) -> None:
    sent = json.loads(path.read_text())
    answer = product.post(address, sent, client="conformance")
    assert (answer.status_code, answer.json()["state"]) == (201, "acknowledged"), answer.text
    assert answer.headers["Location"] == answer.json()["href"]
    read = product.get(f"{address}/{answer.json()['id']}", client="conformance")
    order = read.json()
    assert order["state"] == "rejected"
    assert {item["state"] for item in order["productOrderItem"]} == {"rejected"}
    assert read.headers["ETag"] != answer.headers["ETag"]
    if address == V4 and "note" in order:  # v4 says there why it was rejected
        order["note"] = [one for one in order["note"] if one["author"] != "provider"]
    for name in sent.keys() - SERVERS:
        if name == "productOrderItem":
            for one, shown in zip(sent[name], order[name], strict=True):
                for key in one.keys() - {"state"}:
                    assert _holds(shown[key], one[key]), (key, shown[key], one[key])
        else:
            assert _holds(order[name], sent[name]), name
    if address == TMF622:
        assert all(message["code"] and message["message"] for message in order["productOrderErrorMessage"])
    if address == V4:
        report = product.get(answer.links["describedby"]["url"].removeprefix(product.url), client="conformance").json()
        assert "/productOrderItem/1/payment/0/@type" in {told["pointer"] for told in report["lifted"]}
    assert effects(product.backends, order["id"]) == {}


def test_the_reason_names_the_item_and_the_rule(product: Node) -> None:
    body = partner_order("C12345", "po_tv_basic", "po_none")
    order_id = product.post(TMF622, body, client="conformance").json()["id"]
    [message] = product.get(f"{TMF622}/{order_id}", client="conformance").json()["productOrderErrorMessage"]
    assert (message["code"], message["message"].partition(":")[0]) == (
        "UNKNOWN_OFFERING",
        "/productOrderItem/1/productOffering/id",
    )
    assert [item["productOrderItemId"] for item in message["productOrderItem"]] == ["2"]
    canonical = product.get(f"{ORDERS}/{order_id}", client="qa").json()
    assert (canonical["state"], canonical["status"], canonical["customerId"]) == ("REJECTED", "failed", "C12345")
    assert (canonical["failure"]["code"], canonical["paymentStatus"]) == ("UNKNOWN_OFFERING", "notCharged")


def test_what_breaks_the_contract_is_refused_before_in_any_case(product: Node) -> None:
    body = partner_order()
    body["productOrderItem"][0]["action"] = "change"
    answer = product.post(TMF622, body, client="conformance")
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/productOrderItem/0/action")


def test_another_partners_order_is_judged_before(product: Node) -> None:
    body = partner_order("C12345", "po_none")
    before = product.get(f"{TMF622}?limit=1", client="partner-acme").headers["X-Total-Count"]
    assert product.post(TMF622, body, client="partner-acme").status_code == 400
    assert product.get(f"{TMF622}?limit=1", client="partner-acme").headers["X-Total-Count"] == before


def test_a_good_order_is_carried_out(product: Node) -> None:
    order_id = product.post(TMF622, partner_order(), client="conformance").json()["id"]
    assert product.until_finished(order_id)["status"] == "confirmed"


def test_the_same_key_gives_the_acknowledgement_again(product: Node) -> None:
    body, key = partner_order("C12345", "po_none"), {"Idempotency-Key": "judged-after"}
    first = product.post(TMF622, body, client="conformance", headers=key)
    again = product.post(TMF622, body, client="conformance", headers=key)
    assert (again.status_code, again.json()) == (201, first.json())
    other = product.post(TMF622, partner_order(), client="conformance", headers=key)
    assert other.json()["code"] == "IDEMPOTENCY_KEY_REUSED"


def test_the_rejection_is_on_record(product: Node) -> None:
    order_id = product.post(TMF622, partner_order("C12345", "po_none"), client="conformance").json()["id"]
    assert product.request("DELETE", f"{TMF622}/{order_id}", "qa").status_code == 204
