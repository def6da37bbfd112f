"""What v4 allows and v5's contract does not take: set aside in v5, shown in v4, and told."""

from decimal import Decimal
from typing import Any

import pytest

from canonical.shared import jsontext
from facade.bootstrap.versions import versions_of
from facade.contract.violations import Code, ContractViolation
from facade.tmf.bridge import COMPLEMENT, MOST_SET_ASIDE, Kind, refuse_reserved, without_complement
from facade.tmf.query.selection import selection_of
from facade.tmf.tmf622.api import TMF622
from facade.tmf.tmf622.v4 import BRIDGE
from tests.unit.bridge.complements import (
    MERGE,
    NO_PRICE,
    ORDER,
    PRICE,
    V4,
    V5,
    an_item,
    an_order,
    document_of,
    holds,
    lifted,
    shown,
)

RELATED = {"productOrderId": "o", "orderItemId": "i"}
SCHEMA = {"@type": "Line", "@schemaLocation": "no address"}
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
