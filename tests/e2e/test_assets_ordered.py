"""Orders make, change and take away what customers have, over HTTP on both databases."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.support.assets import kept_assets, kept_claims
from tests.support.product import ORDERS, TMF622, Node, partner_order

V4 = TMF622.replace("/v5/", "/v4/")
VERSIONS = pytest.mark.parametrize("path", [TMF622, V4], ids=["v5", "v4"])


def an_order(path: str, *items: dict[str, Any], customer: str = "C12345") -> dict[str, Any]:
    body: dict[str, Any] = {**partner_order(customer), "productOrderItem": list(items)}
    if path == V4:
        body["relatedParty"] = [{"role": "Customer", "id": customer, "@referredType": "Customer"}]
    return body


def add(offering: str = "po_router_premium", **more: Any) -> dict[str, Any]:
    return {"id": "1", "action": "add", "quantity": 1, "productOffering": {"id": offering}, **more}


def modify(asset_id: str, **product: Any) -> dict[str, Any]:
    return {"id": "1", "action": "modify", "product": {"id": asset_id, **product}}


def place(path: str, place_id: str) -> list[dict[str, Any]]:
    inner = {"@type": "PlaceRef", "id": place_id}
    return [{"role": "installed at", "place": inner} if path == TMF622 else {"role": "installed at", "id": place_id}]


def colour(value: str) -> list[dict[str, Any]]:
    return [{"name": "colour", "value": value}]


def completed(product: Node, path: str, *items: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The order as the canonical API shows it at its end."""
    answer = product.post(path, an_order(path, *items, **more))
    assert answer.status_code == 201, answer.text
    order = product.until_finished(answer.json()["id"])
    assert order["status"] == "confirmed", order
    return order


def added(node: Node, path: str = TMF622, **more: Any) -> str:
    [item] = completed(node, path, add(**more))["items"]
    asset_id: str = item["assetIds"][0]
    return asset_id


def values(asset: dict[str, Any]) -> dict[str, str]:
    return {one["name"]: one["text"] for one in asset["contents"]["characteristics"]}


def told(product: Node, order: dict[str, Any]) -> dict[str, Any]:
    """The first item of the order as BSS has it."""
    [entry] = product.backends.ledger("bss", key=f"{order['id']}:create-order")
    item: dict[str, Any] = entry["data"]["items"][0]
    return item


@VERSIONS
def test_what_is_added_is_shown_at_once_and_active_in_the_end(product: Node, path: str) -> None:
    answer = product.post(path, an_order(path, add(quantity=2)))
    shown = answer.json()["productOrderItem"][0]["product"]["id"]
    order = product.until_finished(answer.json()["id"])
    [first, second] = order["items"][0]["assetIds"]
    assert shown == first == order["items"][0]["productId"]
    assets = kept_assets(product)
    assert [assets[one]["state"] for one in (first, second)] == ["ACTIVE", "ACTIVE"]
    assert assets[first]["contents"]["offering"]["id"] == "po_router_premium"
    assert values(assets[first])["colour"]
    assert told(product, order)["assetIds"] == [first, second]
    assert not {first, second} & kept_claims(product).keys()


@VERSIONS
def test_a_product_lives_through_all_its_changes(product: Node, path: str) -> None:
    asset_id = added(product, path, product={"productCharacteristic": colour("white")})
    other = "C12346"
    steps: list[tuple[dict[str, Any], str, dict[str, Any]]] = [
        (modify(asset_id, productCharacteristic=colour("black")), "ACTIVE", {"characteristics": colour("black")}),
        (modify(asset_id, status="suspended"), "SUSPENDED", {"action": "suspend"}),
        (modify(asset_id, status="active"), "ACTIVE", {"action": "resume"}),
        (modify(asset_id, place=place(path, "LOC-1")), "ACTIVE", {"places": [{"role": "installed at", "id": "LOC-1"}]}),
        ({"id": "1", "action": "delete", "product": {"id": asset_id}}, "TERMINATED", {"action": "disconnect"}),
    ]
    for item, status, sent in steps:
        order = completed(product, path, item)
        asset = kept_assets(product)[asset_id]
        assert asset["state"] == status
        assert asset["timeline"][-1]["cause"]["order"]["order_id"] == order["id"]
        assert told(product, order).items() >= {"productId": asset_id, "assetIds": [asset_id], **sent}.items()
        assert asset_id not in kept_claims(product)
    assert values(asset)["colour"] == "black"
    assert [one["id"] for one in asset["contents"]["places"]] == ["LOC-1"]
    assert other != asset["customer_id"]


@VERSIONS
def test_a_product_is_given_to_another_customer(product: Node, path: str) -> None:
    asset_id = added(product, path)
    party = {"role": "Customer", "partyOrPartyRole": {"@type": "PartyRoleRef", "id": "C12346"}}
    if path == V4:
        party = {"role": "Customer", "id": "C12346", "@referredType": "Customer"}
    order = completed(product, path, modify(asset_id, relatedParty=[party]))
    assert kept_assets(product)[asset_id]["customer_id"] == "C12346"
    assert told(product, order)["newCustomerId"] == "C12346"
    refused = product.post(path, an_order(path, modify(asset_id, status="suspended")))
    assert (refused.status_code, refused.json()["code"]) == (400, "PRODUCT_OF_ANOTHER_CUSTOMER")


def test_the_portal_changes_an_asset_too(product: Node) -> None:
    asset_id = ordered(product, offeringId="po_router_premium")["assetIds"][0]
    chosen = [{"name": "colour", "value": "black"}]
    item = ordered(product, action="MODIFY", assetId=asset_id, characteristics=chosen)
    assert (item["productId"], item["assetIds"]) == (asset_id, [asset_id])
    assert values(kept_assets(product)[asset_id])["colour"] == "black"
    ordered(product, action="DISCONNECT", assetId=asset_id)
    assert kept_assets(product)[asset_id]["state"] == "TERMINATED"


def test_after_a_failure_an_asset_is_byte_for_byte_as_it_was(product: Node) -> None:
    asset_id = added(product)
    before = kept_assets(product)[asset_id]
    short = add("po_limited") | {"id": "2"}
    answer = product.post(TMF622, an_order(TMF622, modify(asset_id, productCharacteristic=colour("black")), short))
    order = product.until_finished(answer.json()["id"])
    assert (order["status"], order["failure"]["code"]) == ("failed", "INSUFFICIENT_STOCK")
    after = kept_assets(product)
    assert after[asset_id] == before
    assert after[order["items"][1]["assetIds"][0]]["state"] == "ABORTED"
    assert asset_id not in kept_claims(product)


@VERSIONS
def test_what_an_asset_does_not_allow_is_refused_by_name(product: Node, path: str) -> None:
    asset_id = added(product, path)
    refusals: list[tuple[dict[str, Any], str]] = [
        (modify("0192f4e1-0000-7000-8000-00000000dead", status="suspended"), "PRODUCT_NOT_FOUND"),
        (modify("x" * 100, status="suspended"), "PRODUCT_NOT_FOUND"),
        (modify(asset_id, status="active"), "PRODUCT_STATUS"),
        (modify(asset_id, productCharacteristic=colour("white")), "PRODUCT_UNCHANGED"),
        (add(quantity=101), "ASSETS_TOO_MANY"),
    ]
    for item, code in refusals:
        refused = product.post(path, an_order(path, item))
        assert (refused.status_code, refused.json()["code"]) == (400, code), refused.text
        pointer = refused.json()["errors"][0]["pointer"]
        assert pointer == (
            "/productOrderItem/0/quantity" if code == "ASSETS_TOO_MANY" else "/productOrderItem/0/product/id"
        )
    twice = [
        modify(asset_id, status="suspended"),
        modify(asset_id, productCharacteristic=colour("black")) | {"id": "2"},
    ]
    refused = product.post(path, an_order(path, *twice))
    assert (refused.status_code, refused.json()["code"]) == (400, "TWO_ITEMS_ONE_ASSET")
    assert asset_id not in kept_claims(product)


def test_what_is_not_kept_makes_no_asset(product: Node) -> None:
    number = {"msisdn": "4915112345678", "formerProvider": "Other"}
    chosen = [{"name": name, "value": value} for name, value in number.items()]
    porting = add("po_number_porting", product={"productCharacteristic": chosen}) | {"id": "3"}
    inside = [add("po_mobile_s") | {"id": "2"}, porting]
    order = completed(product, TMF622, add("po_bundle_mobile", productOrderItem=inside))
    bundle, line, ported = order["items"]
    assert (ported.get("assetIds"), ported["productId"]) == (None, None)
    assert related(product, bundle["productId"]) == [("BUNDLES", line["productId"])]


def test_a_dry_run_tells_the_rule_and_holds_nothing(product: Node) -> None:
    asset_id = added(product)

    def tried(**change: Any) -> Any:
        body = {"api": "TMF622", "version": "v5", "operation": "createProductOrder"}
        payload = an_order(TMF622, modify(asset_id, **change))
        return product.post("/api/v1/translations", body | {"payload": payload}).json()

    [refused] = tried(status="active")["errors"]
    assert (refused["reason"], refused["pointer"]) == ("PRODUCT_STATUS", "/productOrderItem/0/product/id")
    for _ in range(2):
        assert tried(status="suspended")["accepted"]
    assert asset_id not in kept_claims(product)


def test_of_many_orders_at_once_on_one_asset_one_is_taken(product: Node) -> None:
    asset_id = added(product)
    body = an_order(TMF622, modify(asset_id, productCharacteristic=colour("black")))
    product.backends.fault("crm", status=503)  # the order holds its claim until CRM answers
    try:
        with ThreadPoolExecutor(20) as pool:
            answers = list(pool.map(lambda _: product.post(TMF622, body), range(100)))
    finally:
        product.backends.clear()
    taken = [one.json() for one in answers if one.status_code == 201]
    refused = [one.json() for one in answers if one.status_code != 201]
    assert len(taken) == 1
    assert {one["code"] for one in refused} == {"ASSET_IN_ORDER"}
    assert {one["pendingOrder"] for one in refused} == {f"{TMF622}/{taken[0]['id']}"}
    product.until_finished(taken[0]["id"])
    assert values(kept_assets(product)[asset_id])["colour"] == "black"


def test_a_broadband_bundle_lives_in_all_three_apis(product: Node) -> None:
    inside = [
        add("po_settop_rental") | {"id": "2"},
        add("po_fibre_250") | {"id": "3"},
        add("po_tv_comfort") | {"id": "4"},
    ]
    order = completed(product, V4, add("po_bundle_home", productOrderItem=inside))
    bundle, *parts = (item["assetIds"][0] for item in order["items"])
    _, fibre, tv = parts
    assert related(product, bundle) == [("BUNDLES", one) for one in parts]
    assert all(related(product, one) == [("BUNDLED_BY", bundle)] for one in parts)

    wifi = [{"name": "wifiName", "value": "Home"}]
    order = completed(product, TMF622, modify(fibre, productCharacteristic=wifi))
    assert (order["total"], order["paymentStatus"]) == (None, "notCharged")
    assert told(product, order)["characteristics"] == wifi
    faster = modify(fibre) | {"productOffering": {"id": "po_fibre_500"}}
    assert completed(product, V4, faster)["total"] is None, "the set-up was charged before"
    order = completed(product, TMF622, modify(tv) | {"productOffering": {"id": "po_tv_basic"}})
    assert order["total"] == {"amount": "9.90", "currency": "EUR"}, "its activation is new"
    assert order["items"][0]["recurringCharges"] == [
        {"amount": {"amount": "12.50", "currency": "EUR"}, "period": "month"}
    ]
    plan = kept_assets(product)[fibre]["contents"]
    assert (plan["offering"]["id"], values(kept_assets(product)[fibre])["wifiName"]) == ("po_fibre_500", "Home")

    completed(product, V4, modify(bundle, status="suspended"))
    assert statuses(product, bundle, *parts) == {"SUSPENDED"}
    ordered(product, action="RESUME", assetId=bundle)
    assert statuses(product, bundle, *parts) == {"ACTIVE"}
    order = completed(product, TMF622, modify(bundle, place=place(TMF622, "LOC-2")))
    assert told(product, order)["places"] == [{"role": "installed at", "id": "LOC-2"}]
    ordered(product, action="DISCONNECT", assetId=bundle)
    assert statuses(product, bundle, *parts) == {"TERMINATED"}
    entries = kept_assets(product)[bundle]["timeline"]
    actions = [entry["cause"]["order"]["action"] for entry in entries]
    assert actions == ["ADD", "ADD", "SUSPEND", "RESUME", "MOVE", "DISCONNECT"]


def related(product: Node, asset_id: str) -> list[tuple[str, str]]:
    found = kept_assets(product)[asset_id]["contents"]["relationships"]
    return [(one["type"], one["asset_id"]) for one in found]


def statuses(product: Node, *ids: str) -> set[str]:
    assets = kept_assets(product)
    return {assets[one]["state"] for one in ids}


def ordered(product: Node, **item: Any) -> dict[str, Any]:
    """The one item of an order of the canonical API that ended well."""
    answer = product.post(ORDERS, {"customerId": "C12345", "items": [item]})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()["items"][0]
    return found
