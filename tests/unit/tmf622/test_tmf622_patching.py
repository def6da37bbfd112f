"""v4 patches of orders that are kept in v5."""

from typing import Any

import pytest

from canonical.ordering.states import State
from facade.contract.violations import ContractViolation
from facade.tmf.engine.changes import Patch
from facade.tmf.patch import PatchTestFailed
from facade.tmf.tmf622.product_order import to_submit_order
from tests.unit.tmf622.payloads import ACME, a_payload, an_item, ordered, party
from tests.unit.tmf622.versions import V4, plan_of

MERGE, JSON_PATCH, QUERY = (f"application/{name}+json" for name in ("merge-patch", "json-patch", "json-patch-query"))
COLOURS = [{"@type": "StringCharacteristic", "name": f"c{n}", "value": "red", "id": f"v5 {n}"} for n in range(60)]
KEPT = a_payload(
    externalId=[{"@type": "ExternalIdentifier", "id": "PO-1", "owner": "acme"}],
    description="words",
    channel=[
        {"@type": "RelatedChannel", "role": "Seller", "channel": {"@type": "ChannelRef", "id": "7", "name": "web"}}
    ],
    productOrderItem=[
        an_item(
            note=[{"@type": "Note", "text": "v4 does not show it"}],
            product={"@type": "Product", "productCharacteristic": COLOURS},
        ),
        an_item(id="2", product={"@type": "Product", "name": "second"}),
    ],
)


def patched(*operations: dict[str, Any], media_type: str = JSON_PATCH) -> dict[str, Any]:
    body: dict[str, Any] = V4.patched(KEPT, media_type, list(operations)).body
    return body


def refused(*operations: dict[str, Any]) -> list[str]:
    with pytest.raises(ContractViolation) as found:
        patched(*operations)
    return [violation.pointer for violation in found.value.violations]


@pytest.mark.parametrize("media_type", [JSON_PATCH, QUERY])
@pytest.mark.parametrize("name", ["move", "copy"])
def test_a_value_may_go_where_v5_writes_it_otherwise(media_type: str, name: str) -> None:
    copied = patched({"op": name, "from": "/description", "path": "/externalId"}, media_type=media_type)
    assert copied["externalId"] == [{"@type": "ExternalIdentifier", "id": "words"}]
    assert ("description" in copied) == (name == "copy")
    back = patched({"op": name, "from": "/externalId", "path": "/description"}, media_type=media_type)
    assert back["description"] == "PO-1"
    assert ("externalId" in back) == (name == "copy")


def test_an_entry_moves_between_lists_that_v5_writes_otherwise() -> None:
    moved = patched({"op": "move", "from": "/channel/0", "path": "/relatedParty/-"})
    assert moved["channel"] == []
    assert moved["relatedParty"][-1]["partyOrPartyRole"]["id"] == "7"


def test_what_moves_is_what_the_operations_before_it_left() -> None:
    moved = patched(
        {"op": "replace", "path": "/description", "value": "first"},
        {"op": "copy", "from": "/description", "path": "/externalId"},
        {"op": "replace", "path": "/description", "value": "second"},
        {"op": "copy", "from": "/externalId", "path": "/category"},
    )
    assert (moved["externalId"][0]["id"], moved["description"], moved["category"]) == ("first", "second", "first")


def test_a_copied_characteristic_value_takes_its_class_along() -> None:
    place = "/productOrderItem/0/product/productCharacteristic/0"
    changed = patched(
        {"op": "add", "path": "/acme", "value": 5},
        {"op": "copy", "from": "/acme", "path": f"{place}/value"},
    )
    first = changed["productOrderItem"][0]["product"]["productCharacteristic"][0]
    assert (first["@type"], first["value"], first["id"]) == ("IntegerCharacteristic", 5, "v5 0")


def test_between_places_of_one_shape_what_v4_does_not_show_moves_too() -> None:
    moved = patched({"op": "move", "from": "/productOrderItem/0", "path": "/productOrderItem/1"})
    assert [item["id"] for item in moved["productOrderItem"]] == ["2", "1"]
    assert moved["productOrderItem"][1] == KEPT["productOrderItem"][0]


def test_as_many_operations_as_in_v5_are_taken() -> None:
    at = "/productOrderItem/0/product/productCharacteristic"
    changed = patched(*({"op": "replace", "path": f"{at}/{n}/value", "value": n} for n in range(60)))
    found = changed["productOrderItem"][0]["product"]["productCharacteristic"]
    assert {(one["@type"], one["id"][:2]) for one in found} == {("IntegerCharacteristic", "v5")}


VALUE = {"op": "replace", "path": "/productOrderItem/0/product/productCharacteristic/0/value", "value": 1}


def test_an_error_names_the_operation_that_was_sent() -> None:
    assert refused(VALUE, {"op": "copy", "from": "/none", "path": "/externalId"}) == ["/1/from"]
    assert refused(VALUE, VALUE, {"op": "replace", "path": "/relatedParty/0/nickname", "value": "x"}) == ["/2/path"]


def test_what_v4_shows_can_be_changed_where_v5_has_no_single_place_for_it() -> None:
    assert "@referredType" not in KEPT["relatedParty"][0]["partyOrPartyRole"]
    shown_only = patched(VALUE, {"op": "replace", "path": "/relatedParty/0/@referredType", "value": "Customer"})
    assert shown_only["relatedParty"][0]["partyOrPartyRole"]["@referredType"] == "Customer"
    first = shown_only["productOrderItem"][0]["product"]["productCharacteristic"][0]
    assert (first["@type"], first["value"], first["id"]) == ("IntegerCharacteristic", 1, "v5 0")
    at = "/productOrderItem/1/product/productRelationship"
    related = {"op": "add", "path": at, "value": [{"product": {}, "relationshipType": "bundles"}]}
    inside = patched(related, {"op": "add", "path": f"{at}/0/product", "value": {"id": "1"}})
    assert inside["productOrderItem"][1]["product"]["productRelationship"][0]["id"] == "1"
    assert inside["productOrderItem"][0] == KEPT["productOrderItem"][0]


def test_a_test_that_does_not_hold_is_told_by_its_number() -> None:
    with pytest.raises(PatchTestFailed) as found:
        patched({"op": "add", "path": "/category", "value": "x"}, {"op": "test", "path": "/externalId", "value": "no"})
    assert found.value.operation == 1


def test_a_large_value_is_not_moved_for_ever() -> None:
    large = {"op": "add", "path": "/acmeList", "value": [0] * 40_000}
    there = {"op": "move", "from": "/acmeList", "path": "/externalId"}
    back = {"op": "move", "from": "/externalId", "path": "/acmeList"}
    assert refused(large, *[there, back] * 20) == ["/4"]


HIDDEN = KEPT | {
    "relatedParty": [{"@type": "RelatedPartyRefOrPartyRoleRef", "role": "Seller"}, party("C12345")],
    "externalId": [*KEPT["externalId"], {"@type": "ExternalIdentifier", "id": "PO-2"}],
}


@pytest.mark.parametrize(
    ("operation", "member"),
    [
        ({"op": "remove", "path": "/relatedParty/0"}, "path"),
        ({"op": "replace", "path": "/relatedParty/0/name", "value": "x"}, "path"),
        ({"op": "copy", "from": "/relatedParty/0/id", "path": "/description"}, "from"),
        ({"op": "add", "path": "/relatedParty/0", "value": {"id": "S", "role": "Seller"}}, "path"),
    ],
)
def test_nothing_is_picked_of_a_list_that_has_entries_which_v4_does_not_show(
    operation: dict[str, Any], member: str
) -> None:
    holds = {"op": "test", "path": "/relatedParty/0/id", "value": "C12345"}
    with pytest.raises(ContractViolation, match="entries that v4 does not show") as found:
        V4.patched(HIDDEN, JSON_PATCH, [holds, operation])
    assert [violation.pointer for violation in found.value.violations] == [f"/1/{member}"]


def test_such_a_list_can_be_added_to_and_given_whole() -> None:
    seller = {"id": "S", "role": "Seller", "@referredType": "Organization"}
    longer = V4.patched(HIDDEN, JSON_PATCH, [{"op": "add", "path": "/relatedParty/-", "value": seller}]).body
    assert [one.get("partyOrPartyRole", {}).get("id") for one in longer["relatedParty"]] == [None, "C12345", "S"]
    given = [{"op": "replace", "path": "/relatedParty", "value": [seller]}, {"op": "remove", "path": "/channel/0"}]
    whole = V4.patched(HIDDEN, JSON_PATCH, given).body
    assert ([one["role"] for one in whole["relatedParty"]], whole["channel"]) == (["Seller"], [])


UNROLED = {"id": "S1", "@referredType": "Organization"}


@pytest.mark.parametrize(
    ("media_type", "patch", "lost"),
    [
        (MERGE, {"relatedParty": [{"id": "C12345", "role": "Customer"}, UNROLED]}, ["/relatedParty/1/role"]),
        (JSON_PATCH, [{"op": "add", "path": "/relatedParty/-", "value": UNROLED}], ["/0/value/role"]),
        (MERGE, {"orderRelationship": [{"id": "1", "@type": "ProductOrder", "relationshipType": "amends"}]}, None),
        (MERGE, {"description": "x"}, []),
    ],
)
def test_the_evidence_has_what_the_patch_lost(media_type: str, patch: Any, lost: list[str] | None) -> None:
    body = a_payload(relatedParty=[party("C12345")])
    order = ordered(to_submit_order(body, ACME), State.ACKNOWLEDGED)
    plan = plan_of(Patch(media_type, patch, "https://x.example/1"), order, body, V4)
    assert plan is not None
    told = [mapped.source for mapped in plan.trail if not mapped.target]
    assert told == lost if lost is not None else "/orderRelationship/0/@type" in told


def test_what_did_not_change_is_not_lost() -> None:
    came_and_went = [
        {"op": "add", "path": "/relatedParty/-", "value": UNROLED},
        {"op": "remove", "path": "/relatedParty/1"},
    ]
    assert V4.patched(KEPT, JSON_PATCH, came_and_went).losses == ()
