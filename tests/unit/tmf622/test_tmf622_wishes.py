"""What an item asks for beside its offering, as the core gets it."""

from datetime import UTC, datetime
from typing import Any

import pytest

from canonical.ordering.commands import ItemAction, OrderLine
from canonical.ordering.wishes import NO_WISHES, WishedParty, WishedPlace, WishedTerm
from facade.contract.violations import Code
from facade.tmf.tmf622.product_order import to_submit_order
from tests.unit.tmf622.payloads import ACME, a_change, a_payload, an_item, party, reasons, refusals

ADDRESS = {"@type": "GeographicAddress", "streetNr": "12", "streetName": "Main Street", "city": "Springfield"}
PLACE = {"@type": "RelatedPlaceRefOrValue", "role": "installed at", "place": ADDRESS}


def line(item: dict[str, Any]) -> OrderLine:
    [found] = to_submit_order(a_payload(productOrderItem=[item]), ACME).command.lines
    assert isinstance(found, OrderLine)
    return found


def product(**attributes: Any) -> dict[str, Any]:
    return {"@type": "Product", "id": "PRD1", **attributes}


@pytest.mark.parametrize("item", [an_item, a_change], ids=["add", "modify"])
def test_a_place_by_its_id_or_in_words_is_wished(item: Any) -> None:
    known = {"role": "installed at", "place": {"@type": "PlaceRef", "id": "LOC-17", "href": "https://x"}}
    wishes = line(item(product=product(place=[PLACE, known]))).wishes
    assert wishes.places == (
        WishedPlace("installed at", None, "12, Main Street, Springfield"),
        WishedPlace("installed at", "LOC-17", None),
    )


def test_terms_are_wished_with_their_duration_or_end() -> None:
    terms = [
        {"@type": "ProductTerm", "name": "Minimum term", "duration": {"amount": 24, "units": "month"}},
        {"@type": "ProductTerm", "description": "Trial", "validFor": {"endDateTime": "2028-07-01T02:00:00+02:00"}},
    ]
    assert line(a_change(product=product(productTerm=terms))).wishes.terms == (
        WishedTerm("Minimum term", 24, "month", None),
        WishedTerm("Trial", None, None, datetime(2028, 7, 1, tzinfo=UTC)),
    )


def test_an_end_that_is_no_time_is_refused() -> None:
    terms = [{"@type": "ProductTerm", "name": "x", "validFor": {"endDateTime": "2028-02-30T00:00:00Z"}}]
    body = a_payload(productOrderItem=[a_change(product=product(productTerm=terms))])
    place = "/productOrderItem/0/product/productTerm/0/validFor/endDateTime"
    assert refusals(body) == [(place, Code.INVALID_VALUE)]


def test_users_and_the_account_that_pays_are_wished() -> None:
    user = party("P7", "user")
    wishes = line(an_item(product=product(relatedParty=[user]), billingAccount={"id": "BA1"})).wishes
    assert wishes.parties == (WishedParty("user", "P7"),)
    assert wishes.billing_account_id == "BA1"


def test_a_product_with_another_customer_moves_to_that_one() -> None:
    found = line(a_change(product=product(relatedParty=[party("C12346")])))
    assert (found.action, found.wishes.customer_id) == (ItemAction.MOVE, "C12346")


def test_a_product_with_the_customer_of_the_order_stays_with_that_one() -> None:
    found = line(a_change(product=product(relatedParty=[party("C12345")])))
    assert (found.action, found.wishes) == (ItemAction.MODIFY, NO_WISHES)


def test_a_product_is_given_to_one_customer() -> None:
    parties = [party("C12346"), party("C12347")]
    body = a_payload(productOrderItem=[a_change(product=product(relatedParty=parties))])
    place = "/productOrderItem/0/product/relatedParty/1/partyOrPartyRole/id"
    assert reasons(body) == [(place, "AMBIGUOUS_CHANGE")]


def test_a_product_is_not_given_away_and_suspended_at_once() -> None:
    both = product(status="suspended", relatedParty=[party("C12346")])
    body = a_payload(productOrderItem=[a_change(product=both)])
    assert reasons(body) == [("/productOrderItem/0/product", "AMBIGUOUS_CHANGE")]


@pytest.mark.parametrize("odd", [{"a": 1}, "x", 3, [None, 1, "x"], None])
@pytest.mark.parametrize("name", ["productTerm", "relatedParty", "billingAccount"])
def test_anything_may_stand_on_a_reference_where_v5_declares_nothing(name: str, odd: Any) -> None:
    reference = {"@type": "ProductRef", "id": "PRD1", name: odd}
    assert line(a_change(product=reference)).wishes == NO_WISHES


NOTES = [{"@type": "Note", "text": " "}, {"@type": "Note", "text": "the customer moves abroad"}]


@pytest.mark.parametrize("where", ["item", "order"])
def test_the_first_note_of_an_item_or_else_of_its_order_is_the_reason(where: str) -> None:
    holder = "/productOrderItem/0" if where == "item" else ""
    sent = a_payload(productOrderItem=[a_change(**({"note": NOTES} if where == "item" else {}))])
    translation = to_submit_order(sent | ({"note": NOTES} if where == "order" else {}), ACME)
    assert translation.command.lines[0].reason == "the customer moves abroad"
    assert translation.source_of("/lines/0/reason") == f"{holder}/note/1/text"


def test_what_adds_a_product_has_no_reason_and_a_long_one_is_cut() -> None:
    assert line(an_item(note=NOTES)).reason is None
    assert line(a_change(note=[{"text": "x" * 5_000}])).reason == "x" * 1_000
    assert line(a_change(note=[{}])).reason is None
