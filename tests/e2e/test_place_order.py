"""TC-01 to TC-04 of the middleware design, from both sides, over HTTP."""

import concurrent.futures
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.support.product import ORDERS, TMF622, Node, effects, partner_order, portal_order, running_product


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    directory: Path = tmp_path_factory.mktemp("product")
    with running_product(directory, THREADS="64") as node:
        yield node


def test_tc01_an_order_is_confirmed_and_paid(product: Node) -> None:
    answer = product.post(ORDERS, portal_order(SKU123=2, SKU456=1))
    assert answer.status_code == 201
    order = answer.json()
    assert (order["status"], order["paymentStatus"]) == ("confirmed", "success")
    assert order["orderId"].startswith("ORD")
    assert order["total"] == {"amount": "228.80", "currency": "EUR"}
    assert effects(product.backends, order["id"]) == {"reserve": 2, "createOrder": 1, "charge": 1}
    assert answer.headers["Location"].endswith(f"{ORDERS}/{order['id']}")


def test_tc02_an_unknown_customer_is_not_found(product: Node) -> None:
    answer = product.post(ORDERS, portal_order("C99999"))
    assert (answer.status_code, answer.json()["title"]) == (404, "Customer not found")
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert effects(product.backends, answer.json()["id"]) == {}


def test_tc03_short_stock_is_a_conflict_and_nothing_stays_reserved(product: Node) -> None:
    answer = product.post(ORDERS, portal_order(SKU123=1, SKU999=3))
    problem = answer.json()
    assert (answer.status_code, problem["title"]) == (409, "Insufficient stock")
    assert (problem["sku"], problem["requested"], problem["available"]) == ("SKU999", 3, 0)
    assert effects(product.backends, problem["id"]) == {"reserve": 1, "release": 1}


def test_tc04_a_declined_payment_undoes_everything(product: Node) -> None:
    answer = product.post(ORDERS, portal_order("C40200", SKU123=1, SKU789=1))
    problem = answer.json()
    assert (answer.status_code, problem["title"]) == (402, "Payment failure")
    assert effects(product.backends, problem["id"]) == {"reserve": 2, "release": 2, "createOrder": 1, "cancelOrder": 1}
    assert len(problem["undone"]) == 3
    assert problem["notUndone"] == []
    order = product.get(f"{ORDERS}/{problem['id']}").json()
    assert (order["state"], order["paymentStatus"]) == ("FAILED", "declined")


def test_a_customer_in_bad_standing_is_a_conflict(product: Node) -> None:
    answer = product.post(ORDERS, portal_order("C50000"))
    assert (answer.status_code, answer.json()["code"]) == (409, "CUSTOMER_NOT_IN_GOOD_STANDING")


def test_an_order_is_read_by_its_id_and_by_its_number_in_bss(product: Node) -> None:
    order = product.post(ORDERS, portal_order()).json()
    for order_id in (order["orderId"], order["id"]):
        assert product.get(f"{ORDERS}/{order_id}?include=none").json() == order | {"unavailable": []}
    assert [entry["state"] for entry in order["timeline"]] == ["ACKNOWLEDGED", "VALIDATED", "FULFILLING", "COMPLETED"]


def test_a_partners_order_is_acknowledged_carried_out_and_seen_by_the_portal(product: Node) -> None:
    answer = product.post(TMF622, partner_order(), client="partner-acme")
    assert (answer.status_code, answer.json()["state"]) == (201, "acknowledged")
    assert answer.headers["Location"] == answer.json()["href"]
    order_id = answer.json()["id"]
    assert product.until_finished(order_id)["status"] == "confirmed"
    read = product.get(f"{TMF622}/{order_id}", client="partner-acme").json()
    assert (read["state"], read["href"]) == ("completed", answer.json()["href"])
    assert read["completionDate"] >= read["creationDate"]
    assert product.get(f"{ORDERS}/{order_id}", client="portal").json()["status"] == "confirmed"


def test_a_portals_order_reads_as_a_product_order(product: Node) -> None:
    order = product.post(ORDERS, portal_order(SKU123=2), client="portal").json()
    read = product.get(f"{TMF622}/{order['id']}").json()
    assert read["state"] == "completed"
    assert read["productOrderItem"][0]["productOffering"]["id"] == "po_broadband_1g"
    assert read["productOrderItem"][0]["quantity"] == 2
    assert read["relatedParty"][0]["partyOrPartyRole"]["id"] == "C12345"


def test_a_failed_product_order_says_why(product: Node) -> None:
    order_id = product.post(TMF622, partner_order("C40200"), client="partner-acme").json()["id"]
    product.until_finished(order_id)
    read = product.get(f"{TMF622}/{order_id}", client="partner-acme").json()
    assert read["state"] == "failed"
    message = read["productOrderErrorMessage"][0]
    assert (message["code"], message["reason"]) == ("PAYMENT_DECLINED", "Payment failure")
    assert {item["state"] for item in read["productOrderItem"]} == {"failed"}


def test_an_error_message_names_the_item_it_is_about(product: Node) -> None:
    order_id = product.post(TMF622, partner_order("C12345", "po_tv_basic", "po_limited")).json()["id"]
    product.until_finished(order_id)
    message = product.get(f"{TMF622}/{order_id}").json()["productOrderErrorMessage"][0]
    assert message["code"] == "INSUFFICIENT_STOCK"
    assert [item["productOrderItemId"] for item in message["productOrderItem"]] == ["2"]


def test_everything_sent_comes_back(product: Node) -> None:
    body = partner_order() | {
        "description": "carried – as it is",
        "note": [{"@type": "Note", "text": "leave at the door", "author": "Jean"}],
        "externalId": [{"@type": "ExternalIdentifier", "owner": "ACME", "externalIdentifierType": "PO", "id": "4711"}],
        "requestedCompletionDate": "2026-12-24T10:00:00.000+01:00",
        "acmeExtension": {"nested": [1, 2.5, None, {"@type": "Own"}]},
    }
    body["productOrderItem"][0]["product"] = {"@type": "UNI", "isBundle": False, "speed": "1G"}
    order_id = product.post(TMF622, body, client="partner-acme").json()["id"]
    read = product.get(f"{TMF622}/{order_id}", client="partner-acme").json()
    for name, value in body.items():
        if name != "productOrderItem":
            assert read[name] == value
    for sent, shown in zip(body["productOrderItem"], read["productOrderItem"], strict=True):
        with_asset = {"product": shown["product"] | sent.get("product", {})}
        assert shown == shown | sent | with_asset


def test_an_alias_serves_the_same_orders_under_its_own_addresses(product: Node) -> None:
    order_id = product.post(TMF622, partner_order()).json()["id"]
    alias = f"/tmf-api/productOrdering/v5/productOrder/{order_id}"
    assert product.get(alias).json()["href"] == product.url + alias


def test_another_partners_order_is_not_found(product: Node) -> None:
    order_id = product.post(TMF622, partner_order(), client="portal").json()["id"]
    assert product.get(f"{TMF622}/{order_id}", client="partner-acme").status_code == 404
    assert product.get(f"{ORDERS}/{order_id}", client="partner-acme").status_code == 404
    listed = product.get(f"{TMF622}?limit=200", client="partner-acme").json()
    assert order_id not in {order["id"] for order in listed}


def test_twenty_requests_with_one_key_make_one_order_and_twenty_equal_answers(product: Node) -> None:
    for path, body in ((TMF622, partner_order()), (ORDERS, portal_order(SKU789=1))):
        key = {"Idempotency-Key": f"twenty-{path}"}
        with concurrent.futures.ThreadPoolExecutor(20) as pool:
            answers = list(pool.map(lambda _: product.post(path, body, headers=key), range(20)))  # noqa: B023
        assert {answer.status_code for answer in answers} == {201}
        assert len({answer.text for answer in answers}) == 1
        order_id = answers[0].json()["id"]
        product.until_finished(order_id)
        assert effects(product.backends, order_id)["charge"] == 1
        assert product.post(path, body, headers=key).text == answers[0].text


def test_a_key_used_for_another_body_is_a_conflict(product: Node) -> None:
    key = {"Idempotency-Key": "other-body"}
    first = product.post(ORDERS, portal_order(SKU123=1), headers=key).json()
    answer = product.post(ORDERS, portal_order(SKU123=2), headers=key)
    assert (answer.status_code, answer.json()["code"]) == (409, "IDEMPOTENCY_KEY_REUSED")
    assert answer.json()["id"] == first["id"]


def test_a_key_gets_the_outcome_after_the_process_was_deleted(product: Node) -> None:
    key = {"Idempotency-Key": "deleted-process"}
    first = product.post(ORDERS, portal_order(SKU123=1), headers=key)
    assert first.status_code == 201, first.text
    engine = sa.create_engine(product.database)
    with engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM processes WHERE subject = :id"), {"id": first.json()["id"]})
    engine.dispose()
    again = product.post(ORDERS, portal_order(SKU123=1), headers=key)
    assert (again.status_code, again.json()) == (201, first.json())


def test_keys_of_different_clients_do_not_meet(product: Node) -> None:
    key = {"Idempotency-Key": "same-word"}
    first = product.post(ORDERS, portal_order(SKU123=1), client="portal", headers=key).json()
    second = product.post(ORDERS, portal_order(SKU123=2), client="qa", headers=key)
    assert second.status_code == 201
    assert second.json()["id"] != first["id"]


def test_orders_are_listed_page_by_page(product: Node) -> None:
    for _ in range(3):
        product.post(ORDERS, portal_order(SKU123=1), client="portal")
    page = product.get(f"{ORDERS}?offset=1&limit=2", client="portal").json()
    assert (len(page["items"]), page["offset"], page["limit"]) == (2, 1, 2)
    assert page["total"] >= 3
    answer = product.get(f"{TMF622}?offset=1&limit=2&fields=state", client="portal")
    assert answer.status_code == 206
    assert answer.headers["X-Result-Count"] == "2"
    assert int(answer.headers["X-Total-Count"]) >= 3
    assert set(answer.json()[0]) == {"@type", "id", "href", "state"}
    assert [order["id"] for order in answer.json()] == [order["id"] for order in page["items"]]
