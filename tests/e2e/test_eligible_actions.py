"""What can be ordered for an asset, held against what happens then: over all statuses, actions and rules."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any
from uuid import uuid4

import pytest

from canonical.inventory.states import AssetStatus
from facade.tmf.tmf637.product import STATES
from tests.conformance.rules import refusals
from tests.support.product import Node, running_product

ASSETS, PRODUCTS = "/api/v1/customer-assets", "/tmf-api/productInventory/v5/product"
ORDERS = "/tmf-api/productOrderingManagement/v5/productOrder"
CUSTOMER = [{"role": "Customer", "partyOrPartyRole": {"@type": "PartyRoleRef", "id": "C12345"}}]
PLACE = [{"role": "installation", "place": {"@type": "PlaceRef", "id": "ADR-2"}}]
WISHES: Mapping[str, tuple[str, dict[str, Any]]] = MappingProxyType(
    {
        "MODIFY": ("modify", {}),
        "MOVE": ("modify", {"place": PLACE}),
        "SUSPEND": ("modify", {"status": "suspended"}),
        "RESUME": ("modify", {"status": "active"}),
        "DISCONNECT": ("delete", {}),
    }
)
"""How each action is ordered in TMF622."""
BOUND = [{"@type": "ProductTerm", "name": "Contract term", "validFor": {"endDateTime": "2099-01-01T00:00:00Z"}}]
OVER = [{"@type": "ProductTerm", "name": "Contract term", "duration": {"amount": 1, "units": "month"}}]
RETIRED = "of an offering that is not sold any more"
CASES: Mapping[str, dict[str, Any]] = MappingProxyType(
    {
        **{status.value: {"status": STATES[status]} for status in AssetStatus},
        "bound to a term": {"status": "active", "productTerm": BOUND},
        "suspended in a term": {"status": "suspended", "productTerm": BOUND},
        "a term that is over": {"status": "active", "productTerm": OVER, "startDate": "2020-01-01T00:00:00Z"},
        "of an offering": {"status": "active", "productOffering": {"id": "po_tv_basic"}},
        RETIRED: {
            "status": "active",
            "productOffering": {"id": "po_mobile_basic_2024"},
        },
        "of no offering of ours": {"status": "active", "productOffering": {"id": "nobody's"}},
    }
)


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with running_product(tmp_path_factory.mktemp("eligible"), HOLD_PROCESSES="true") as node:
        yield node


def record(product: Node, **attributes: Any) -> str:
    answer = product.post(PRODUCTS, {"relatedParty": CUSTOMER, **attributes})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def eligible(product: Node, asset_id: str, client: str = "qa") -> dict[str, dict[str, Any]]:
    answer = product.get(f"{ASSETS}/{asset_id}/eligible-actions", client)
    assert answer.status_code == 200, answer.text
    return {one.pop("action"): one for one in answer.json()["items"]}


def order(product: Node, asset_id: str, action: str, value: tuple[str, Any] = ("colour", "blue")) -> Any:
    """`value` is the characteristic that a MODIFY wishes."""
    word, wishes = WISHES[action]
    if action == "MODIFY":
        wishes = {"productCharacteristic": [{"name": value[0], "value": value[1]}]}
    item = {"id": "1", "action": word, "quantity": 1, "product": {"@type": "Product", "id": asset_id, **wishes}}
    return product.post(ORDERS, {"relatedParty": CUSTOMER, "productOrderItem": [item]})


@pytest.mark.parametrize("case", CASES)
def test_what_is_allowed_is_accepted_and_what_is_not_is_refused_with_the_code(product: Node, case: str) -> None:
    told = eligible(product, record(product, **CASES[case]))
    assert told.keys() == WISHES.keys()
    for action, said in told.items():
        value = ("simType", "eSIM") if case == RETIRED else ("colour", "blue")
        answer = order(product, record(product, **CASES[case]), action, value)
        if said["allowed"]:
            assert (answer.status_code, said["code"], said["reason"]) == (201, None, None), answer.text
        else:
            assert [reason for reason, _ in refusals(answer.json())] == [said["code"]], (action, answer.text)
            assert said["reason"]


def test_the_cases_are_of_all_kinds(product: Node) -> None:
    told = [eligible(product, record(product, **attributes)) for attributes in CASES.values()]
    codes = {one["code"] for actions in told for one in actions.values()}
    assert codes == {None, "PRODUCT_STATUS", "TERM_NOT_OVER"}
    allowed = {action for actions in told for action, one in actions.items() if one["allowed"]}
    assert allowed == WISHES.keys()


def test_the_end_of_a_term_is_told(product: Node) -> None:
    said = eligible(product, record(product, **CASES["bound to a term"]))["DISCONNECT"]
    assert (said["code"], said["until"]) == ("TERM_NOT_OVER", "2099-01-01T00:00:00.000Z")


def test_an_order_that_is_about_to_change_it_is_named_to_those_who_see_that(product: Node) -> None:
    asset_id = record(product, status="active")
    pending = order(product, asset_id, "SUSPEND").json()["id"]
    href = f"{product.url}/api/v1/orders/{pending}"
    for action, said in eligible(product, asset_id).items():
        assert (said["allowed"], said["code"]) == (False, "ASSET_IN_ORDER")
        assert said["pendingOrder"] == {"id": pending, "href": href}
        refused = order(product, asset_id, action)
        assert (refused.status_code, refused.json()["code"]) == (409, "ASSET_IN_ORDER")
    assert product.get(f"/api/v1/orders/{pending}?include=none").status_code == 200


def test_an_order_of_a_bundle_is_about_to_change_its_parts_and_one_of_a_part_the_bundle(product: Node) -> None:
    def bundle() -> tuple[str, str]:
        part = str(uuid4())
        around = record(product, status="active", productRelationship=[{"relationshipType": "bundles", "id": part}])
        record(product, id=part, status="active", productRelationship=[{"relationshipType": "bundledBy", "id": around}])
        return around, part

    for ordered, other in (bundle(), bundle()[::-1]):
        assert order(product, ordered, "SUSPEND").status_code == 201
        assert {one["code"] for one in eligible(product, other).values()} == {"ASSET_IN_ORDER"}
        assert order(product, other, "SUSPEND").json()["code"] == "ASSET_IN_ORDER"


def test_who_does_not_see_the_asset_learns_nothing_of_it(product: Node) -> None:
    answer = product.get(f"{ASSETS}/{record(product, status='active')}/eligible-actions", "partner-acme")
    assert (answer.status_code, answer.json()["code"]) == (404, "ASSET_NOT_FOUND")
