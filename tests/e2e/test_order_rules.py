"""Orders over HTTP keep to the catalog: what is refused, what is carried out, and what stays as it was ordered."""

import shutil
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from tests.support.postgres import execute
from tests.support.product import ORDERS, ROOT, TMF622, Node, partner_order, running_product

V4 = TMF622.replace("/v5/", "/v4/")
OFFERINGS = "/tmf-api/productCatalogManagement/v5/productOffering"
PROFILES = {
    "partner-list": "validation: after\n",
    "partner-pattern": "orderRules: {PRICE_DIFFERS: keep, CHARACTERISTIC_NOT_ALLOWED: keep}\n",
    "partner-claim": "market: {segments: [business]}\n",
}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def product(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    folder = tmp_path_factory.mktemp("rules")
    shutil.copytree(ROOT / "fixtures" / "partners", folder / "partners")
    for client, profile in PROFILES.items():
        (folder / "partners" / f"{client}.yaml").write_text(profile)
    environment = {"PARTNERS": str(folder / "partners")}
    if request.param == "postgresql":
        server: sa.URL = request.getfixturevalue("postgres_server")
        execute(server, "CREATE DATABASE order_rules")
        environment["DATABASE_URL"] = server.set(database="order_rules").render_as_string(hide_password=False)
    with running_product(folder, **environment) as node:
        yield node


def an_item(offering: str, item_id: str = "1", **more: Any) -> dict[str, Any]:
    return {"id": item_id, "action": "add", "quantity": 1, "productOffering": {"id": offering}, **more}


def an_order(*items: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {**partner_order(), "productOrderItem": list(items), **more}


def having(**values: Any) -> dict[str, Any]:
    return {"productCharacteristic": [{"name": name, "value": value} for name, value in values.items()]}


def price(kind: str, value: str | float, unit: str = "EUR", **more: Any) -> list[dict[str, Any]]:
    return [{"priceType": kind, "price": {"taxIncludedAmount": {"unit": unit, "value": value}}, **more}]


def first_error(answer: Any) -> tuple[str, str]:
    [found] = answer.json()["errors"]
    return found["reason"], found["pointer"]


def test_skus_without_characteristics_end_confirmed_and_charged_as_ever(product: Node) -> None:
    items = [{"sku": "SKU123", "quantity": 2}, {"sku": "SKU456", "quantity": 1}]
    answer = product.post(ORDERS, {"customerId": "C12345", "items": items}, client="portal")
    assert answer.status_code == 201, answer.text
    order = answer.json()
    assert (order["status"], order["total"]) == ("confirmed", {"amount": "228.80", "currency": "EUR"})
    shown = {one["name"]: (one["value"], one["source"]) for one in order["items"][0]["characteristics"]}
    assert shown["downstream"] == (1000, "DEFAULT")
    assert shown["installation"] == ("by a technician", "DEFAULT")


def test_a_value_that_is_null_is_no_choice(product: Node) -> None:
    chosen = [{"name": "colour", "value": None}]
    items = [{"offeringId": "po_router_premium", "quantity": 1, "characteristics": chosen}]
    refused = product.post("/api/v1/orders", {"customerId": "C12345", "items": items})
    assert refused.status_code == 400, refused.text
    assert refused.json()["errors"][0]["pointer"] == "/items/0/characteristics/0/value"


def test_the_portal_chooses_characteristics_too(product: Node) -> None:
    chosen = [{"name": "colour", "value": "black"}]
    items = [{"offeringId": "po_router_premium", "quantity": 1, "characteristics": chosen}]
    answer = product.post(ORDERS, {"customerId": "C12345", "items": items}, client="portal")
    assert answer.status_code == 201, answer.text
    read = product.get(f"{ORDERS}/{answer.json()['id']}", client="portal").json()
    assert {"name": "colour", "value": "black", "source": "CHOSEN"} in read["items"][0]["characteristics"]
    items[0]["characteristics"] = [*chosen, {"name": "wifi", "value": 6}]
    refused = product.post(ORDERS, {"customerId": "C12345", "items": items}, client="portal")
    assert (refused.status_code, refused.json()["code"]) == (400, "CHARACTERISTIC_NOT_ALLOWED")
    assert refused.json()["errors"][0]["pointer"] == "/items/0/characteristics/1/value"


def home_bundle(*inside: dict[str, Any]) -> dict[str, Any]:
    return an_order(an_item("po_bundle_home", productOrderItem=list(inside)))


LINE, TV, BOX = an_item("po_fibre_500", "2"), an_item("po_tv_premium", "3"), an_item("po_settop_rental", "4")
SPORTS = an_item("po_tv_sports", "5")


def test_a_bundle_with_what_it_takes_is_carried_out(product: Node) -> None:
    recording = {**TV, "product": having(recording=True)}
    answer = product.post(TMF622, home_bundle(LINE, recording, BOX, SPORTS))
    assert answer.status_code == 201, answer.text
    ended = product.until_finished(answer.json()["id"])
    assert (ended["status"], ended["total"]) == ("confirmed", {"amount": "49.90", "currency": "EUR"})
    monthly = [charge["amount"]["amount"] for item in ended["items"] for charge in item["recurringCharges"]]
    assert monthly == ["-10.00", "34.90", "29.50", "3.00", "4.90", "9.90"]


@pytest.mark.parametrize(
    ("inside", "told"),
    [
        ((LINE, TV), "Home bundle takes 1 to 2 of po_settop_rental each, not 0 in 1"),
        ((LINE, an_item("po_fibre_250", "6"), TV, BOX), "Home bundle takes 1 to 1 of Line each, not 2 in 1"),
        ((LINE, TV, BOX, an_item("po_static_ip", "7")), "po_static_ip is no member of Home bundle"),
    ],
)
def test_a_bundle_with_too_few_or_too_many_is_refused(product: Node, inside: Any, told: str) -> None:
    for address in (TMF622, V4):
        body = home_bundle(*inside)
        if address == V4:
            body["relatedParty"] = [{"id": "C12345", "role": "Customer"}]
        answer = product.post(address, body)
        assert answer.status_code == 400
        assert first_error(answer) == ("BUNDLE_CARDINALITY", "/productOrderItem/0")
        assert told in answer.json()["message"]


def test_what_is_chosen_decides_what_is_charged(product: Node) -> None:
    item = an_item("po_phone_one", product=having(storage=256, colour="blue"), itemPrice=price("oneTime", 599))
    answer = product.post(TMF622, an_order(item))
    assert answer.status_code == 201, answer.text
    ended = product.until_finished(answer.json()["id"])
    assert (ended["status"], ended["total"]["amount"]) == ("confirmed", "599.00")


def test_prices_that_are_ours_are_kept_and_others_refused_with_both(product: Node) -> None:
    item = an_item("po_broadband_1g", quantity=2, itemPrice=price("oneTime", 49.9))
    item["itemTotalPrice"] = price("recurring", "79.80", recurringChargePeriod="month")
    item["itemTotalPrice"][0]["price"]["taxIncludedAmount"]["value"] = 79.8
    answer = product.post(TMF622, an_order(item, orderTotalPrice=price("oneTime", 99.80)))
    assert answer.status_code == 201, answer.text
    assert product.until_finished(answer.json()["id"])["status"] == "confirmed"
    item["itemPrice"] = price("oneTime", 39)
    refused = product.post(TMF622, an_order(item))
    assert refused.status_code == 400
    assert first_error(refused) == (
        "PRICE_DIFFERS",
        "/productOrderItem/0/itemPrice/0/price/taxIncludedAmount/value",
    )
    assert refused.json()["message"] == "the price once is 49.90 EUR, not 39 EUR"


def test_a_profile_keeps_what_others_are_refused(product: Node) -> None:
    item = an_item("po_router_premium", itemPrice=price("oneTime", 99), product=having(colour="pink"))
    answer = product.post(TMF622, an_order(item), client="partner-pattern")
    assert answer.status_code == 201, answer.text
    order_id = answer.json()["id"]
    assert product.until_finished(order_id)["total"] == {"amount": "129.00", "currency": "EUR"}
    [shown] = product.get(f"{TMF622}/{order_id}", client="partner-pattern").json()["productOrderItem"]
    assert shown["itemPrice"][0]["price"]["taxIncludedAmount"]["value"] == 99
    retired = product.post(TMF622, an_order(an_item("po_mobile_basic_2024")), client="partner-pattern")
    assert first_error(retired)[0] == "OFFERING_RETIRED"


def test_a_profile_holds_for_the_canonical_api_too(product: Node) -> None:
    pink = [{"name": "colour", "value": "pink"}]
    kept = {"customerId": "C12345", "items": [{"offeringId": "po_router_premium", "quantity": 1}]}
    kept["items"][0]["characteristics"] = pink  # type: ignore[index]
    assert product.post(ORDERS, kept, client="partner-pattern").status_code == 201
    assert product.post(ORDERS, kept).json()["code"] == "CHARACTERISTIC_NOT_ALLOWED"
    student = {"customerId": "C12345", "items": [{"offeringId": "po_mobile_m_student", "quantity": 1}]}
    refused = product.post(ORDERS, student, client="partner-claim")
    assert (refused.status_code, refused.json()["code"]) == (400, "OFFERING_NOT_SOLD_THERE")
    assert refused.json()["errors"][0]["pointer"] == "/items/0/offeringId"


def test_where_that_was_agreed_such_an_order_is_acknowledged_and_rejected(product: Node) -> None:
    answer = product.post(TMF622, an_order(an_item("po_mobile_basic_2024")), client="partner-list")
    assert (answer.status_code, answer.json()["state"]) == (201, "acknowledged")
    read = product.get(f"{TMF622}/{answer.json()['id']}", client="partner-list").json()
    assert read["state"] == "rejected"
    [message] = read["productOrderErrorMessage"]
    assert (message["code"], message["reason"]) == ("OFFERING_RETIRED", "Mobile Basic (2024) is not sold any more")


def test_a_partner_orders_what_is_sold_in_its_market(product: Node) -> None:
    student = product.post(TMF622, an_order(an_item("po_mobile_m_student")), client="partner-claim")
    assert first_error(student) == ("OFFERING_NOT_SOLD_THERE", "/productOrderItem/0/productOffering/id")
    answer = product.post(TMF622, an_order(an_item("po_business_voice")), client="partner-claim")
    assert answer.status_code == 201, answer.text


HIDDEN: dict[str, dict[str, Any]] = {
    "sold elsewhere": {"lifecycleStatus": "Launched", "channel": [{"id": "shop"}]},
    "not published": {},
    "not published, with actions": {"allowedAction": [{"action": "ponder"}]},
}


@pytest.mark.parametrize("case", HIDDEN)
def test_an_order_learns_nothing_of_an_offering_that_its_client_does_not_see(product: Node, case: str) -> None:
    secret: dict[str, Any] = {
        "name": "Secret",
        "productSpecification": {"id": "ps_router"},
        "marketSegment": [{"id": "consumer"}],
    }
    made = product.post(OFFERINGS, secret | HIDDEN[case])
    assert made.status_code == 201, made.text
    offering = made.json()["id"]
    portal = {"customerId": "C12345", "items": [{"offeringId": offering, "quantity": 1}]}
    for address, payload in ((TMF622, an_order(an_item(offering, product=having(pink=1)))), (ORDERS, portal)):
        refused = product.post(address, payload, client="partner-claim")
        assert refused.status_code == 400
        assert not any(word in refused.text for word in ("Secret", "shop", "consumer", "ponder")), refused.text


def test_what_was_ordered_stays_as_it_was_and_cannot_be_removed(product: Node) -> None:
    offering = {"id": "po_changing", "name": "First", "version": "1.0", "lifecycleStatus": "Launched"}
    assert product.post(OFFERINGS, offering, client="qa").status_code == 201
    order_id = product.post(TMF622, an_order(an_item("po_changing")), client="partner-acme").json()["id"]
    product.until_finished(order_id)
    paths = [(f"{TMF622}/{order_id}", "partner-acme"), (f"{ORDERS}/{order_id}?include=none", "portal")]
    before = [product.get(path, client).content for path, client in paths]
    assert all(b"po_changing" in content for content in before)
    changed = product.request("PATCH", f"{OFFERINGS}/po_changing", "qa", json={"name": "Second", "version": "2.0"})
    assert changed.status_code == 200, changed.text
    retired = product.request("PATCH", f"{OFFERINGS}/po_changing", "qa", json={"lifecycleStatus": "Retired"})
    assert retired.status_code == 200, retired.text
    assert [product.get(path, client).content for path, client in paths] == before
    refused = product.post(TMF622, an_order(an_item("po_changing")))
    assert (first_error(refused)[0], refused.json()["message"]) == ("OFFERING_RETIRED", "Second is not sold any more")
    removed = product.request("DELETE", f"{OFFERINGS}/po_changing", "qa")
    assert (removed.status_code, removed.json()["code"]) == (409, "CATALOG_ITEM_IN_USE")


def test_a_new_price_counts_from_then_on(product: Node) -> None:
    address, name = "/tmf-api/productCatalogManagement/v5/productOfferingPrice", "pop_changing"
    body = {"id": name, "name": "Once", "priceType": "oneTime", "lifecycleStatus": "Launched", "version": "1.0"}
    body["price"] = {"unit": "EUR", "value": 10}  # type: ignore[assignment]
    assert product.post(address, body, client="qa").status_code == 201
    offering = {
        "id": "po_priced",
        "name": "Priced",
        "lifecycleStatus": "Active",
        "productOfferingPrice": [{"id": name}],
    }
    assert product.post(OFFERINGS, offering, client="qa").status_code == 201

    def charged() -> Any:
        answer = product.post(TMF622, an_order(an_item("po_priced")))
        assert answer.status_code == 201, answer.text
        return product.until_finished(answer.json()["id"])["total"]["amount"]

    assert charged() == "10.00"
    changed = product.request("PATCH", f"{address}/{name}", "qa", json={"price": {"unit": "EUR", "value": 12}})
    assert changed.status_code == 200, changed.text
    assert charged() == "12.00"
