"""What v4 allows and v5's contract does not take: set aside in v5, shown in v4, and told."""

import copy
from decimal import Decimal
from typing import Any

import pytest

from canonical.ordering.states import State
from canonical.shared import jsontext
from facade.bootstrap.versions import versions_of
from facade.contract.violations import Code, ContractViolation
from facade.tmf.bridge import COMPLEMENT, MOST_SET_ASIDE, Bridged, Kind, refuse_reserved, without_complement
from facade.tmf.engine.changes import Patch
from facade.tmf.query.selection import selection_of
from facade.tmf.tmf622.api import TMF622
from facade.tmf.tmf622.product_order import to_submit_order
from facade.tmf.tmf622.v4 import BRIDGE
from tests.unit.tmf622.payloads import ACME, ordered
from tests.unit.tmf622.versions import plan_of

ORDER = "ProductOrder"
V5: Any = versions_of(TMF622, "v5")["productOrder"]
V4: Any = versions_of(TMF622, "v4")["productOrder"]
MERGE, JSON_PATCH = "application/merge-patch+json", "application/json-patch+json"
PRICE = {"name": "fee", "priceType": "recurring", "price": {"percentage": Decimal("1.50")}}
RELATED = {"productOrderId": "o", "orderItemId": "i"}
SCHEMA = {"@type": "Line", "@schemaLocation": "no address"}
NO_PRICE = {"name": "x", "priceType": "recurring"}


def an_item(**attributes: Any) -> dict[str, Any]:
    return {"id": "1", "action": "add", "productOffering": {"id": "po_tv_basic"}, **attributes}


def an_order(*items: dict[str, Any], **attributes: Any) -> dict[str, Any]:
    customer = {"id": "C12345", "role": "Customer", "@referredType": "Customer"}
    return {"relatedParty": [customer], "productOrderItem": list(items) or [an_item()], **attributes}


def lifted(body: dict[str, Any]) -> Bridged:
    sent = copy.deepcopy(body)
    bridged: Bridged = V4.lifted(body)
    assert body == sent, "a body given is not changed"
    return bridged


def document_of(body: dict[str, Any]) -> dict[str, Any]:
    document: dict[str, Any] = lifted(body).body
    return document


def shown(document: dict[str, Any]) -> dict[str, Any]:
    body: dict[str, Any] = V4.lowered(document).body
    return body


def first_item(document: dict[str, Any]) -> dict[str, Any]:
    item: dict[str, Any] = document["productOrderItem"][0]
    return item


def holds(found: Any, sent: Any) -> bool:
    """Whether everything sent is there; classes and what v5 or v4 demands may have been added."""
    if isinstance(sent, dict):
        return isinstance(found, dict) and all(name in found and holds(found[name], sent[name]) for name in sent)
    if isinstance(sent, list):
        return isinstance(found, list) and len(found) == len(sent) and all(map(holds, found, sent))
    return type(found) is type(sent) and found == sent and str(found) == str(sent)


PLACES = [
    (an_item(itemPrice=[NO_PRICE]), "/productOrderItem/0/itemPrice/0", "v5 demands price"),
    (an_item(itemPrice=[PRICE, NO_PRICE, PRICE]), "/productOrderItem/0/itemPrice/1", "v5 demands price"),
    (an_item(product={"place": [{"role": "installation"}]}), "/productOrderItem/0/product/place/0", "v5 demands place"),
    (
        an_item(product={"agreement": [{"id": "a1"}]}),
        "/productOrderItem/0/product/agreement/0",
        "v5 demands agreementItemId",
    ),
    (
        an_item(product={"productOrderItem": [{**RELATED, "orderItemAction": "swap"}]}),
        "/productOrderItem/0/product/productOrderItem/0/orderItemAction",
        "v5 demands one of add, modify, delete, noChange",
    ),
    (
        an_item(itemTerm=[{"name": "t", "duration": {"amount": Decimal("1.5"), "units": "month"}}]),
        "/productOrderItem/0/itemTerm/0/duration",
        "v5 demands otherwise: productOrderItem[0].itemTerm[0].duration.amount must be an integer, not 1.5.",
    ),
    (
        an_item(product={"place": [{"role": "at", "city": 5, "street": "s"}]}),
        "/productOrderItem/0/product/place/0/city",
        "v5 demands otherwise: productOrderItem[0].product.place[0].place.city must be a string, not an integer.",
    ),
    (
        an_item(product={"productSpecification": {"id": "s", "targetProductSchema": SCHEMA}}),
        "/productOrderItem/0/product/productSpecification/targetProductSchema",
        (
            "v5 demands otherwise: productOrderItem[0].product.productSpecification.targetProductSchema.@schemaLocation"
            ' must be an absolute URI, not "no address".'
        ),
    ),
    (
        an_item(product={"@type": "ProductRef", "name": "no id"}),
        "/productOrderItem/0/product",
        "v5 demands id",
    ),
    (
        an_item(productOrderItem=[an_item(id="1.1", itemTotalPrice=[NO_PRICE])]),
        "/productOrderItem/0/productOrderItem/0/itemTotalPrice/0",
        "v5 demands price",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("item", "pointer", "reason"), PLACES, ids=[pointer for _, pointer, _ in PLACES])
def test_what_v5_cannot_hold_is_set_aside_at_its_smallest_place(
    item: dict[str, Any], pointer: str, reason: str
) -> None:
    body = an_order(item)
    assert V4.own.check_request("createProductOrder", body).violations == ()
    bridged = lifted(body)
    [entry] = [entry for entry in bridged.body[COMPLEMENT] if "value" in entry]
    assert (entry["at"], entry["reason"]) == (pointer, reason)
    [loss] = [loss for loss in bridged.losses if loss.kind is Kind.LOST]
    assert (loss.pointer, loss.reason, loss.value) == (pointer, reason, entry["value"])
    public = without_complement(bridged.body)
    assert V5.contract.check_request("createProductOrder", public).violations == ()
    assert V5.contract.response_errors("retrieveProductOrder", 200, public) == []
    back = V4.lowered(bridged.body)
    assert holds(back.body, body)
    assert V4.own.response_errors("retrieveProductOrder", 200, back.body) == []
    assert [(loss.pointer, loss.kind) for loss in back.losses if loss.reason == reason] == [(pointer, Kind.LOST)]


WORDED = [
    an_order(billingAccount={"id": "1", "@type": "BillingAccount"}),
    an_order(billingAccount={"id": "1", "@type": "BillingAccount", "@referredType": "Account"}),
    an_order(an_item(itemTerm=[{"duration": {"amount": Decimal("1.5"), "units": "year"}}])),
    an_order(an_item(itemTerm=[{"duration": {"amount": Decimal("12.0"), "units": "month"}}])),
    an_order(an_item(product={"agreementItem": [{"agreementId": "a", "agreementItemId": "1"}]})),
    an_order(an_item(product={"agreementItem": "mine", "agreement": [{"id": "a", "agreementItemId": "1"}]})),
    an_order(an_item(product={"place": [{"role": "at", "place": {"id": "P1"}}]})),
    an_order(an_item(product={"place": [{"role": "at", "id": "P1", "place": "beside it"}]})),
    an_order(an_item(note=[{"text": "v4 has none on items"}])),
    an_order(an_item(note=[{"text": "v4 has none on items", "date": 5}, "no note"])),
    an_order(an_item(productOffering={"id": "po_tv_basic", "version": "2"})),
    an_order(an_item(product={"productCharacteristic": [{"name": "n", "value": 1, "@type": "StringCharacteristic"}]})),
    an_order(an_item(product={"productRelationship": [{"relationshipType": "x", "id": "1", "product": {"id": "2"}}]})),
    an_order(an_item(product={"productRelationship": [{"relationshipType": "x", "id": "1", "product": {}}]})),
    an_order(orderRelationship=[{"id": "1", "@type": "ProductOrder", "relationshipType": "follows"}]),
    an_order(orderRelationship=[{"id": "1"}], eventType="ProductOrderMilestoneEvent"),
    an_order(relatedParty=[{"id": "C12345", "role": "Customer", "@type": "", "@referredType": ""}]),
    an_order(
        relatedParty=[
            {"id": "C12345", "role": "Customer", "partyOrPartyRole": {"id": "X"}},
            {"id": "S1", "@type": "Individual"},
        ]
    ),
    an_order(an_item(product={"productOrderItem": [{**RELATED, "orderItemAction": "change"}]})),
]  # fmt: skip


@pytest.mark.parametrize("body", WORDED)
def test_v4_shows_what_was_sent_as_it_was_sent(body: dict[str, Any]) -> None:
    document = document_of(body)
    assert holds(shown(document), body)
    assert V5.contract.response_errors("retrieveProductOrder", 200, without_complement(document)) == []


def test_an_order_that_both_versions_write_alike_needs_no_complement() -> None:
    assert COMPLEMENT not in document_of(an_order(externalId="PO-1", note=[{"text": "x"}], acme={"kept": [1, None]}))


def test_what_our_rules_read_is_not_set_aside() -> None:
    for attributes, pointer in (
        ({"productOrderItem": [an_item(productOrderItemRelationship=[{"id": "1"}])]},
         "/productOrderItem/0/productOrderItemRelationship/0"),
        ({"requestedInitialState": 5}, "/requestedInitialState"),
        ({"productOrderMilestone": ["x"]}, "/productOrderMilestone/0"),
        ({"creationDate": 5}, "/creationDate"),
    ):  # fmt: skip
        with pytest.raises(ContractViolation) as refused:
            lifted(an_order() | attributes)
        assert [violation.pointer for violation in refused.value.violations] == [pointer]


def test_a_product_moves_to_a_place_that_v5_can_hold() -> None:
    place = {"role": "installation"}
    moving = {"id": "1", "action": "modify", "product": {"id": "P1", "place": [place]}}
    with pytest.raises(ContractViolation) as refused:
        lifted(an_order(moving))
    assert refused.value.violations[0].pointer == "/productOrderItem/0/product/place/0"
    assert lifted(an_order(moving | {"product": {"id": "P1", "place": [place | {"id": "A1"}]}})).body


def test_a_thousand_values_are_set_aside_and_no_more() -> None:
    most = an_order(an_item(itemPrice=[NO_PRICE] * MOST_SET_ASIDE))
    assert len(document_of(most)[COMPLEMENT]) == MOST_SET_ASIDE
    with pytest.raises(ContractViolation) as refused:
        lifted(an_order(an_item(itemPrice=[NO_PRICE] * (MOST_SET_ASIDE + 1))))
    [violation] = refused.value.violations
    assert (violation.pointer, violation.code) == ("", Code.TOO_MANY_RECORDS)


@pytest.mark.parametrize("version", [V5, V4], ids=["v5", "v4"])
def test_nobody_sends_a_complement(version: Any) -> None:
    with pytest.raises(ContractViolation, match=COMPLEMENT):
        version.lifted(an_order() | {COMPLEMENT: []})
    with pytest.raises(ContractViolation, match=COMPLEMENT):
        version.patched(document_of(an_order()), MERGE, {COMPLEMENT: [{"at": "/x", "value": 1, "reason": ""}]})
    refuse_reserved({"acme": {COMPLEMENT: 1}})


def test_v5_never_shows_a_complement() -> None:
    document = document_of(an_order(an_item(itemPrice=[NO_PRICE])))
    kept = jsontext.text(document)
    for answer in (V5.shown(kept, "https://x.example/1", None), V5.written(document, None)):
        assert COMPLEMENT.encode() not in answer.text
    with pytest.raises(ContractViolation):
        selection_of(COMPLEMENT, V5.selectable)
    with pytest.raises(ContractViolation):
        V5.searchable.find("filter", (COMPLEMENT, "at"))


def test_a_cancellation_is_shown_as_it_was_sent_too() -> None:
    v4: Any = versions_of(TMF622, "v4")["cancelProductOrder"]
    sent = {"productOrder": {"id": "1", "@type": "ProductOrder"}, "acme": 1}
    document = v4.lifted(sent).body
    assert document["productOrder"]["@type"] == "ProductOrderRef"
    assert holds(v4.lowered(document).body, sent)


def test_events_show_v4_what_v5_cannot_hold() -> None:
    body = an_order(an_item(itemPrice=[PRICE, NO_PRICE]))
    event = {"eventType": "ProductOrderCreateEvent", "event": {"productOrder": document_of(body)}}
    lowered = BRIDGE.lower("Event", event)
    assert holds(lowered.body["event"]["productOrder"], body)
    pointers = [loss.pointer for loss in lowered.losses if loss.reason == "v5 demands price"]
    assert pointers == ["/event/productOrder/productOrderItem/0/itemPrice/1"]


def test_what_v4_does_not_take_of_a_v5_document_is_not_shown() -> None:
    product = {"@type": "Product", "agreement": 5, "isBundle": True}
    reference = {"@type": "ProductRef", "id": "1", "isBundle": "yes", "realizingService": None}
    document = {"@type": ORDER, "productOrderItem": [an_item(product=one) for one in (product, reference)]}
    assert V5.contract.check_request("createProductOrder", document).violations == ()
    lowered = V4.lowered(document)
    assert [item["product"] for item in lowered.body["productOrderItem"]] == [
        {"@type": "Product", "isBundle": True},
        {"@type": "ProductRef", "id": "1"},
    ]
    assert V4.own.response_errors("retrieveProductOrder", 200, lowered.body) == []
    told = {loss.pointer for loss in lowered.losses if loss.reason.startswith("v4 demands")}
    assert told == {
        f"/productOrderItem/{one}"
        for one in ("0/product/agreement", "1/product/isBundle", "1/product/realizingService")
    }


def test_what_v5_leaves_open_on_a_party_may_be_of_any_type() -> None:
    by_value = {"@type": "Organization", "id": "O1", "@referredType": {"not": "a text"}}
    party = {"@type": "RelatedPartyOrPartyRole", "role": "Seller", "partyOrPartyRole": by_value}
    product = {"@type": "Product", "isBundle": True, "relatedParty": [party]}
    document = {"@type": ORDER, "productOrderItem": [an_item(product=product)]}
    assert V5.contract.check_request("createProductOrder", document).violations == ()
    lowered = V4.lowered(document).body
    assert lowered["productOrderItem"][0]["product"]["relatedParty"][0]["id"] == "O1"
    assert V4.own.response_errors("retrieveProductOrder", 200, lowered) == []


# changes by v5


def changed_by_v5(document: dict[str, Any], *operations: dict[str, Any]) -> dict[str, Any]:
    after: dict[str, Any] = V5.patched(document, JSON_PATCH, list(operations)).body
    return after


def prices(document: dict[str, Any]) -> list[str]:
    return [price["name"] for price in first_item(shown(document))["itemPrice"]]


def priced(*names: str) -> dict[str, Any]:
    """An order whose prices in capitals have no price in v5."""
    rows = [NO_PRICE | {"name": name} if name.isupper() else PRICE | {"name": name} for name in names]
    return document_of(an_order(an_item(itemPrice=rows)))


AT = "/productOrderItem/0/itemPrice"
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


# changes by v4


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
