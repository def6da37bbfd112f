"""The query dialect (TMF630 part 5), on TM Forum's examples and on what they leave open."""

from typing import Any

import pytest

from facade.contract.violations import ContractViolation, Violation
from facade.tmf.patch import PatchTestFailed, apply_patch
from facade.tmf.tmf622.v4 import BRIDGE

QUERY = "application/json-patch-query+json"
PARTY = "productOrderItem.product.relatedParty"
Document = dict[str, Any]


def an_order() -> Document:
    return {
        "id": "30001",
        "description": "d",
        "productOrderItem": [
            {"id": "100", "quantity": 1, "note": [{"id": "1", "text": "a"}, {"id": "2", "text": "b"}]},
            {
                "id": "110", "quantity": 2, "billingAccount": {"id": "7"}, "isBundle": True,
                "product": {"relatedParty": [{"role": "customer", "name": "John"}, {"role": "seller", "name": "Mary"}]},
            },
            {
                "id": "120", "quantity": 2, "billingAccount": {"id": "7"}, "note": [],
                "product": {"relatedParty": [{"role": "customer", "name": "Mary"}, {"role": "customer", "name": "X"}]},
            },
        ],
        "relatedParty": [
            {"role": "vendor", "partyOrPartyRole": {"id": "1", "name": "V & Sons"}},
            {"role": "Buyer Contact", "partyOrPartyRole": {"id": "2", "name": "J"}},
            {"role": "vendor", "partyOrPartyRole": {"id": "3", "name": "a=b"}},
            {"role": "user"},
        ],
        "place": [{"id": "2807"}, {"id": "2808"}],
        "tag": ["red", "green", "red"],
    }  # fmt: skip


def patched(*operations: Document) -> Document:
    return apply_patch(QUERY, an_order(), list(operations))


def after(op: str, path: str, **more: Any) -> Document:
    return patched({"op": op, "path": path, **more})


def refused(op: str, path: str, **more: Any) -> Violation:
    with pytest.raises(ContractViolation) as caught:
        after(op, path, **more)
    [violation] = caught.value.violations
    return violation


def roles(document: Document) -> list[str]:
    return [party["role"] for party in document["relatedParty"]]


@pytest.mark.parametrize("key", ["productOrderItem.id", "id", "productOrderItem%2Eid"])
def test_a_member_of_the_selected_entry_is_replaced(key: str) -> None:
    result = after("replace", f"/productOrderItem/billingAccount/id?{key}=120", value="1889")
    expected = an_order()
    expected["productOrderItem"][2]["billingAccount"]["id"] = "1889"
    assert result == expected


@pytest.mark.parametrize("query", ["relatedParty.role=vendor", "role=vendor"])
def test_every_entry_that_fits_is_removed(query: str) -> None:
    assert roles(after("remove", f"/relatedParty?{query}")) == ["Buyer Contact", "user"]


def test_a_whole_entry_is_selected_by_a_path_that_ends_at_its_array() -> None:
    assert after("remove", "/place?id=2807")["place"] == [{"id": "2808"}]
    assert after("replace", "/place?id=2808", value={"id": "9"})["place"] == [{"id": "2807"}, {"id": "9"}]
    assert after("test", "/place?id=2808", value={"id": "2808"}) == an_order()
    assert after("remove", "/tag?tag=red")["tag"] == ["green"]


@pytest.mark.parametrize(
    ("query", "changed"),
    [
        ("role=Buyer Contact", ["2"]),
        ("role=Buyer%20Contact", ["2"]),
        ("role=vendor", ["1", "3"]),
        ("role=vendor&relatedParty.partyOrPartyRole.id=3", ["3"]),
        ("partyOrPartyRole.name=V %26 Sons", ["1"]),
        ("partyOrPartyRole.name=a=b", ["3"]),
    ],
)
def test_all_conditions_have_to_hold(query: str, changed: list[str]) -> None:
    result = after("replace", f"/relatedParty/partyOrPartyRole/name?{query}", value="new")
    parties = [party.get("partyOrPartyRole", {}) for party in result["relatedParty"]]
    assert [party["id"] for party in parties if party.get("name") == "new"] == changed


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("productOrderItem.quantity=2", ["110", "120"]),
        ("quantity=2.0", ["110", "120"]),
        ("quantity=2&isBundle=true", ["110"]),
        ("productOrderItem.note.id=2", ["100"]),
        (
            "productOrderItem.product.relatedParty.role=customer&productOrderItem.product.relatedParty.name=Mary",
            ["120"],
        ),
    ],
)
def test_conditions_on_an_inner_array_hold_in_one_and_the_same_entry(query: str, ids: list[str]) -> None:
    result = after("add", f"/productOrderItem/marked?{query}", value=1)
    assert [item["id"] for item in result["productOrderItem"] if "marked" in item] == ids


def test_add_appends_to_an_array_with_and_without_a_query() -> None:
    assert roles(after("add", "/relatedParty", value={"role": "new"}))[-1] == "new"
    assert roles(after("add", "/relatedParty/-", value={"role": "new"}))[-1] == "new"
    items = after("add", "/productOrderItem/note?productOrderItem.id=120", value={"id": "3"})["productOrderItem"]
    assert [len(item.get("note", ())) for item in items] == [2, 0, 1]
    items = after("add", "/productOrderItem/note/0?productOrderItem.id=100", value={"id": "3"})["productOrderItem"]
    assert [note["id"] for note in items[0]["note"]] == ["3", "1", "2"]


def test_add_of_a_whole_array_replaces_it_as_in_the_rfc() -> None:
    assert after("add", "/tag", value=["blue"])["tag"] == ["blue"]


def test_add_makes_a_member_that_the_entry_lacks() -> None:
    assert after("add", "/relatedParty/name?role=user", value="U")["relatedParty"][3] == {"role": "user", "name": "U"}


def test_a_position_may_stand_beside_a_query() -> None:
    items = after("remove", "/productOrderItem/0/note?id=2")["productOrderItem"]
    assert items[0]["note"] == [{"id": "1", "text": "a"}]
    items = after("replace", "/productOrderItem/note/1/text?productOrderItem.id=100", value="c")["productOrderItem"]
    assert items[0]["note"][1]["text"] == "c"


def test_arrays_beyond_the_last_condition_are_changed_whole() -> None:
    items = after("replace", "/productOrderItem/note/text?productOrderItem.id=100", value="c")["productOrderItem"]
    assert [note["text"] for note in items[0]["note"]] == ["c", "c"]


def test_operations_select_from_what_those_before_them_left() -> None:
    result = patched(
        {"op": "remove", "path": "/relatedParty?role=vendor"},
        {"op": "replace", "path": "/relatedParty/role?role=user", "value": "vendor"},
        {"op": "test", "path": "/relatedParty?role=vendor", "value": {"role": "vendor"}},
    )
    assert roles(result) == ["Buyer Contact", "vendor"]


def test_copy_and_move_take_a_query_that_selects_one_source() -> None:
    assert after("move", "/place/-", **{"from": "/place?id=2807"})["place"] == [{"id": "2808"}, {"id": "2807"}]
    source = {"from": "/productOrderItem/note?productOrderItem.id=100&productOrderItem.note.id=2"}
    items = after("copy", "/productOrderItem/note/0?productOrderItem.quantity=1", **source)["productOrderItem"]
    assert [note["id"] for note in items[0]["note"]] == ["2", "1", "2"]
    assert refused("copy", "/x", **{"from": "/relatedParty?role=vendor"}).pointer == "/0/from"
    assert refused("copy", "/x", **{"from": "/relatedParty?role=nobody"}).pointer == "/0/from"
    assert "query in `from` only" in refused("move", "/relatedParty/x?role=user", **{"from": "/description"}).message


def test_a_copy_to_several_places_copies_the_same_value() -> None:
    before = an_order()
    before["productOrderItem"][1] |= {"quantity": 1, "note": []}
    path = "/productOrderItem/note/0?productOrderItem.quantity=1"
    patch = [{"op": "copy", "from": "/productOrderItem/0/note/1", "path": path}]
    items = apply_patch(QUERY, before, patch)["productOrderItem"]
    assert [[note["id"] for note in item["note"]] for item in items] == [["2", "1", "2"], ["2"], []]


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/relatedParty?role=nobody", "nothing fits its query"),
        ("/relatedParty?colour=red", "nothing fits its query"),
        ("/relatedParty/name?relatedParty.role=Vendor", "nothing fits its query"),
        ("/productOrderItem?quantity=true", "nothing fits its query"),
        ("/productOrderItem?quantity=two", "nothing fits its query"),
        ("/productOrderItem?billingAccount=7", "nothing fits its query"),
        ("/relatedParty?relatedParty.role=vendor&role=user", "nothing fits its query"),
        ("/description?id=1", "no entries that a query could select"),
        ("/nope/x?id=1", "no entries that a query could select"),
        ("/place/0?id=2807", "no entries that a query could select"),
        ("/relatedParty/name?role=user", "no /relatedParty/3/name"),
        ("/relatedParty?", "must be conditions"),
        ("/relatedParty?role", "must be conditions"),
        ("/relatedParty?=vendor", "must be conditions"),
        ("/relatedParty?a..b=1", "must be conditions"),
        ("/relatedParty?role=a&role=b", "must not name an attribute twice"),
        ("/relatedParty?" + "&".join(f"a{i}=1" for i in range(11)), "more than 10 conditions"),
        ("relatedParty?role=vendor", "start with `/`"),
        ("/relatedParty/name", "the array has the entries 0 to 3"),
    ],
)
def test_a_query_that_means_nothing_is_refused(path: str, said: str) -> None:
    violation = refused("remove", path)
    assert violation.pointer == "/0/path"
    assert said in violation.message


def test_a_key_that_fits_several_arrays_is_refused_with_its_readings() -> None:
    violation = refused("replace", "/productOrderItem/note/text?id=1", value="x")
    assert violation.allowed == ("productOrderItem.id", "productOrderItem.note.id")
    items = after("replace", "/productOrderItem/note/text?productOrderItem.note.id=1", value="x")["productOrderItem"]
    assert [note["text"] for note in items[0]["note"]] == ["x", "b"]


def test_a_selected_entry_that_lacks_what_is_to_be_changed_is_not_passed_over() -> None:
    assert (
        "no /productOrderItem/1/note" in refused("remove", "/productOrderItem/note?productOrderItem.quantity=2").message
    )


def test_an_add_whose_query_could_only_select_the_array_itself_is_refused() -> None:
    assert "without a query, `add` appends" in refused("add", "/relatedParty?role=vendor", value={}).message


@pytest.mark.parametrize("query", ["role=nobody", "role=vendor"])
def test_a_test_fails_unless_every_selected_value_is_equal(query: str) -> None:
    with pytest.raises(PatchTestFailed):
        after("test", f"/relatedParty/partyOrPartyRole/id?{query}", value="1")


def lifted(*operations: Document) -> list[Document]:
    body = BRIDGE.lift_patch("ProductOrder", operations).body
    assert isinstance(body, list)
    return body


def test_a_v4_patch_with_queries_applies_once_it_is_lifted() -> None:
    result = patched(
        *lifted(
            {"op": "replace", "path": "/relatedParty/name?relatedParty.id=2&role=Buyer Contact", "value": "Louise"},
            {"op": "remove", "path": "/relatedParty?id=3"},
            {"op": "replace", "path": "/productOrderItem/billingAccount/id?productOrderItem.id=120", "value": "8"},
            {"op": "add", "path": "/relatedParty", "value": {"id": "9", "role": "new", "@referredType": "Individual"}},
            {"op": "add", "path": "/externalId", "value": "PO-7"},
        )
    )
    assert roles(result) == ["vendor", "Buyer Contact", "user", "new"]
    assert result["relatedParty"][1]["partyOrPartyRole"]["name"] == "Louise"
    assert result["relatedParty"][3]["partyOrPartyRole"]["id"] == "9"
    assert result["productOrderItem"][2]["billingAccount"]["id"] == "8"
    assert result["externalId"] == [{"@type": "ExternalIdentifier", "id": "PO-7"}]


def test_a_v4_characteristic_found_by_name_gets_its_class_with_its_value() -> None:
    place = "/productOrderItem/product/productCharacteristic/value"
    query = "productOrderItem.id=100&productOrderItem.product.productCharacteristic.name=speed"
    before = an_order()
    before["productOrderItem"][0]["product"] = {
        "productCharacteristic": [{"name": "ip", "value": "a"}, {"name": "speed", "value": "100"}]
    }
    patch = lifted({"op": "replace", "path": f"{place}?{query}", "value": 200})
    product = apply_patch(QUERY, before, patch)["productOrderItem"][0]["product"]
    assert product["productCharacteristic"] == [
        {"name": "ip", "value": "a"},
        {"name": "speed", "value": 200, "@type": "IntegerCharacteristic"},
    ]
