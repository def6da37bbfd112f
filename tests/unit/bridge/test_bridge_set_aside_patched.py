"""Patches of orders with what v4 allows and v5's contract does not take."""

from decimal import Decimal
from typing import Any

import pytest

from canonical.ordering.states import State
from facade.contract.violations import ContractViolation
from facade.tmf.bridge import COMPLEMENT, without_complement
from facade.tmf.engine.changes import Patch
from facade.tmf.tmf622.product_order import to_submit_order
from facade.tmf.tmf622.v4 import BRIDGE
from tests.unit.bridge.complements import (
    AT,
    JSON_PATCH,
    MERGE,
    NO_PRICE,
    ORDER,
    PRICE,
    V4,
    V5,
    an_item,
    an_order,
    document_of,
    first_item,
    holds,
    priced,
    prices,
    shown,
)
from tests.unit.tmf622.payloads import ACME, ordered
from tests.unit.tmf622.versions import plan_of


def changed_by_v5(document: dict[str, Any], *operations: dict[str, Any]) -> dict[str, Any]:
    after: dict[str, Any] = V5.patched(document, JSON_PATCH, list(operations)).body
    return after


NEW = {"@type": "OrderPrice", "priceType": "x", "price": {"@type": "Price"}, "name": "new"}


@pytest.mark.parametrize(
    ("names", "operation", "after"),
    [
        ("aBc", {"op": "add", "path": f"{AT}/-", "value": NEW}, "a B c new"),
        ("aBc", {"op": "add", "path": f"{AT}/0", "value": NEW}, "new a B c"),
        ("aBc", {"op": "remove", "path": f"{AT}/0"}, "B c"),
        ("aBc", {"op": "remove", "path": f"{AT}/1"}, "a B"),
        ("aBCd", {"op": "move", "from": f"{AT}/1", "path": f"{AT}/0"}, "d a B C"),
        ("AbC", {"op": "replace", "path": f"{AT}/0/priceType", "value": "once"}, "A b C"),
        ("aBc", {"op": "replace", "path": f"{AT}/0/name", "value": "other"}, "other B c"),
        ("AB", {"op": "add", "path": f"{AT}/-", "value": NEW}, "A B new"),
        ("aB", {"op": "replace", "path": AT, "value": [NEW]}, "new B"),
        ("aB", {"op": "replace", "path": AT, "value": [NEW, NEW | {"name": "other"}]}, "new other"),
        ("aB", {"op": "replace", "path": AT, "value": []}, ""),
        ("abC", {"op": "replace", "path": AT, "value": [NEW, PRICE | {"name": "b", "@type": "OrderPrice"}]}, "new b C"),
    ],
)
def test_what_is_set_aside_stays_behind_the_entry_that_it_followed(
    names: str, operation: dict[str, Any], after: str
) -> None:
    assert prices(changed_by_v5(priced(*names), operation)) == after.split()


def test_what_is_set_aside_ends_with_its_list_and_its_object() -> None:
    document = priced("a", "B")
    removed = changed_by_v5(document, {"op": "remove", "path": AT})
    assert COMPLEMENT not in removed
    other = {"@type": "ProductOrderItem", "id": "2", "action": "noChange"}
    assert COMPLEMENT not in changed_by_v5(document, {"op": "replace", "path": "/productOrderItem", "value": [other]})


def test_what_is_set_aside_goes_where_its_item_goes() -> None:
    first, second = an_item(itemPrice=[NO_PRICE]), an_item(id="2", product={"agreement": [{"id": "a1"}]})
    document = document_of(an_order(first, second))
    after = changed_by_v5(document, {"op": "move", "from": "/productOrderItem/1", "path": "/productOrderItem/0"})
    assert holds(shown(after)["productOrderItem"], [second, first])
    given = [{**item, "quantity": 3} for item in reversed(without_complement(document)["productOrderItem"])]
    whole = V5.patched(document, MERGE, {"productOrderItem": given}).body
    assert holds(shown(whole)["productOrderItem"], [second | {"quantity": 3}, first | {"quantity": 3}])


def test_an_attribute_that_v5_sets_replaces_what_was_set_aside_there() -> None:
    duration = {"amount": Decimal("1.5"), "units": "month"}
    document = document_of(an_order(an_item(itemTerm=[{"name": "t", "duration": duration}])))
    at = "/productOrderItem/0/itemTerm/0"
    after = changed_by_v5(document, {"op": "add", "path": f"{at}/duration", "value": {"amount": 2, "units": "month"}})
    assert COMPLEMENT not in after
    renamed = changed_by_v5(document, {"op": "add", "path": f"{at}/description", "value": "x"})
    assert first_item(shown(renamed))["itemTerm"][0]["duration"] == duration


def test_words_of_v4_are_shown_as_long_as_v5_says_the_same() -> None:
    duration = {"amount": Decimal("1.5"), "units": "year"}
    document = document_of(
        an_order(an_item(itemTerm=[{"duration": duration}], note=[{"text": "mine"}]), description="d")
    )
    untouched = changed_by_v5(document, {"op": "replace", "path": "/description", "value": "e"})
    assert first_item(shown(untouched))["itemTerm"][0]["duration"] == duration
    at = "/productOrderItem/0"
    changed = changed_by_v5(
        document,
        {"op": "replace", "path": f"{at}/itemTerm/0/duration/amount", "value": 24},
        {"op": "replace", "path": f"{at}/note/0/text", "value": "yours"},
    )
    assert first_item(shown(changed))["itemTerm"][0]["duration"] == {"amount": 24, "units": "month"}
    assert "note" not in first_item(shown(changed)), "v4 has no notes of items, and this one is not its client's"


def test_v5_tests_and_counts_what_v5_shows() -> None:
    document = priced("A", "b")
    assert changed_by_v5(document, {"op": "test", "path": f"{AT}/0/name", "value": "b"}) == document


def changed_by_v4(document: dict[str, Any], *operations: dict[str, Any]) -> dict[str, Any]:
    after: dict[str, Any] = V4.patched(document, JSON_PATCH, list(operations)).body
    return after


@pytest.mark.parametrize(
    ("operations", "after"),
    [
        ([{"op": "test", "path": f"{AT}/1/name", "value": "B"}, {"op": "remove", "path": f"{AT}/1"}], "a c"),
        ([{"op": "remove", "path": f"{AT}/2"}], "a B"),
        ([{"op": "add", "path": f"{AT}/1", "value": NO_PRICE | {"name": "X"}}], "a X B c"),
        ([{"op": "add", "path": f"{AT}/-", "value": PRICE | {"name": "x"}}], "a B c x"),
        ([{"op": "move", "from": f"{AT}/2", "path": f"{AT}/0"}], "c a B"),
        ([{"op": "copy", "from": f"{AT}/1", "path": f"{AT}/-"}], "a B c B"),
        ([{"op": "replace", "path": f"{AT}/1/name", "value": "Y"}], "a Y c"),
    ],
)
def test_v4_changes_what_is_set_aside_as_anything_else(operations: list[dict[str, Any]], after: str) -> None:
    document = changed_by_v4(priced("a", "B", "c"), *operations)
    assert prices(document) == after.split()
    public = first_item(without_complement(document))["itemPrice"]
    assert [price["name"] for price in public] == [name for name in after.split() if name.islower()]


def test_v4_completes_what_was_set_aside() -> None:
    document = changed_by_v4(priced("a", "B"), {"op": "add", "path": f"{AT}/1/price", "value": {}})
    assert COMPLEMENT not in document
    assert [price["name"] for price in first_item(document)["itemPrice"]] == ["a", "B"]


def test_a_v4_patch_keeps_what_only_v5_shows() -> None:
    document = priced("a", "B")
    noted = changed_by_v5(
        document,
        {"op": "add", "path": "/productOrderItem/0/note", "value": [{"@type": "Note", "text": "v5 only"}]},
        {"op": "add", "path": f"{AT}/0/productOfferingPrice",
         "value": {"@type": "ProductOfferingPriceRef", "id": "1", "version": "7"}},
    )  # fmt: skip
    whole = [price | {"description": "new"} for price in first_item(shown(noted))["itemPrice"]]
    item = first_item(shown(noted)) | {"itemPrice": whole}
    for after in (
        changed_by_v4(noted, {"op": "add", "path": "/productOrderItem/0/quantity", "value": 2}),
        changed_by_v4(noted, {"op": "replace", "path": f"{AT}/1/name", "value": "C"}),
        V4.patched(noted, MERGE, {"productOrderItem": [item]}).body,
    ):
        assert first_item(after)["note"] == [{"@type": "Note", "text": "v5 only"}]
        assert first_item(after)["itemPrice"][0]["productOfferingPrice"]["version"] == "7"


def test_a_v4_patch_of_something_else_keeps_the_complement() -> None:
    document = priced("a", "B")
    after = V4.patched(document, MERGE, {"description": "new", "billingAccount": {"id": "1", "@type": "Account"}})
    assert after.body[COMPLEMENT][0] == document[COMPLEMENT][0]
    assert (shown(after.body)["description"], shown(after.body)["billingAccount"]["@type"]) == ("new", "Account")


def test_a_v4_patch_is_held_against_v4s_contract() -> None:
    for operation, pointer in (
        ({"op": "replace", "path": f"{AT}/0/name", "value": 5}, f"{AT}/0/name"),
        ({"op": "remove", "path": "/productOrderItem/0/action"}, "/productOrderItem/0/action"),
    ):
        with pytest.raises(ContractViolation) as refused:
            changed_by_v4(priced("A", "b"), operation)
        assert [violation.pointer for violation in refused.value.violations] == [pointer]


def test_a_v4_patch_that_sets_something_aside_tells_so() -> None:
    document = document_of(an_order(an_item(itemPrice=[PRICE])))
    bridged = V4.patched(document, JSON_PATCH, [{"op": "add", "path": f"{AT}/0", "value": NO_PRICE}])
    assert [(loss.pointer, loss.reason) for loss in bridged.losses] == [(f"{AT}/0", "v5 demands price")]
    assert BRIDGE.changed(ORDER, document, bridged.body) == ["productOrderItem"]


def test_a_pointer_counts_what_was_set_aside() -> None:
    body = an_order(an_item(itemPrice=[NO_PRICE, PRICE, NO_PRICE, PRICE]))
    document = document_of(body)
    for position, expected in ((0, 1), (1, 3)):
        pointer = V4.client_pointer(f"/productOrderItem/0/itemPrice/{position}/price/percentage", body, document)
        assert pointer == f"/productOrderItem/0/itemPrice/{expected}/price/percentage"


def test_a_complement_does_not_count_among_the_values_of_a_body() -> None:
    worded = [{"name": f"n{i}", "value": 1, "@type": "StringCharacteristic"} for i in range(9_000)]
    carried = document_of(an_order(an_item(product={"isBundle": True, "productCharacteristic": worded})))
    order = ordered(to_submit_order(carried, ACME), State.ACKNOWLEDGED)
    for version in (V5, V4):
        asked = plan_of(Patch(MERGE, {"description": "new"}, "https://x.example/1"), order, carried, version)
        assert asked is not None
        assert asked.carried is not None
        assert next(iter(asked.carried)) == COMPLEMENT
        assert asked.carried[COMPLEMENT] == carried[COMPLEMENT]
