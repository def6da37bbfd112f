"""Relationships of an order to other orders and to quotes."""

from typing import Any

import pytest

from canonical.ordering.commands import AmendOrder, AnnotateOrder, OrderRelationship, OrderRelationshipType
from canonical.ordering.errors import QuoteNotSupported, RelatedOrderNotFound, RuleBroken
from canonical.ordering.handlers import HANDLERS
from canonical.ordering.order import Order
from canonical.shared.reader import CustomerSet, Reader
from tests.support.builders import ANY_VERSION, a_command
from tests.support.fakes import CountingIdentities, StandingClock
from tests.support.memory import Memory

AMENDS, CANCELS = OrderRelationshipType.AMENDS_ORDER, OrderRelationshipType.CANCELS_ORDER
QUOTE = OrderRelationship(OrderRelationshipType.DERIVED_FROM_QUOTE, "Q1")
ACME = Reader("partner-acme")


class Shop:
    def __init__(self) -> None:
        self.memory = Memory()
        self.identities = CountingIdentities()

    def do(self, command: Any) -> Any:
        with self.memory.unit_of_work() as work:
            made = HANDLERS[type(command)](command, work, StandingClock(), self.identities)
            work.commit()
        return made

    def order(self, *related: OrderRelationship, **changes: Any) -> Order:
        given = {"external_identifiers": (), "relationships": related, "reader": ACME}
        made: Order = self.do(a_command(**given | changes))
        return made


@pytest.fixture
def shop() -> Shop:
    return Shop()


def refused(error: type[RuleBroken], act: Any) -> tuple[str | None, str]:
    with pytest.raises(error) as found:
        act()
    return found.value.pointer, found.value.message


@pytest.mark.parametrize("kind", [AMENDS, CANCELS])
def test_an_order_is_related_to_another_one_of_the_client(shop: Shop, kind: OrderRelationshipType) -> None:
    related = OrderRelationship(kind, shop.order().id)
    order = shop.order(related)
    assert shop.memory.orders[order.id].relationships == (related,)


def test_an_unknown_order_and_one_that_the_client_does_not_see_are_refused_alike(shop: Shop) -> None:
    mine, anothers = shop.order(), shop.order(owner="portal", reader=None)
    bound = Reader("partner-acme", customers=CustomerSet(frozenset({"C2"})))
    unknown = refused(RelatedOrderNotFound, lambda: shop.order(OrderRelationship(AMENDS, "nobody's")))
    assert unknown[0] == "/relationships/0/id"
    for other, changes in (
        (anothers, {}),
        (anothers, {"reader": None}),
        (mine, {"reader": bound, "customer_id": "C2"}),
    ):
        asked = OrderRelationship(AMENDS, other.id)
        assert refused(RelatedOrderNotFound, lambda asked=asked, of=changes: shop.order(asked, **of)) == unknown


def test_a_quote_is_refused_because_there_are_none(shop: Shop) -> None:
    first = OrderRelationship(CANCELS, shop.order().id)
    pointer, message = refused(QuoteNotSupported, lambda: shop.order(first, QUOTE))
    assert pointer == "/relationships/1/type"
    assert "quotes are not offered" in message


@pytest.mark.parametrize("related", [QUOTE, OrderRelationship(AMENDS, "nobody's")])
def test_a_client_may_send_what_was_agreed(shop: Shop, related: OrderRelationship) -> None:
    tolerated = (QuoteNotSupported.code, RelatedOrderNotFound.code)
    assert shop.order(related, tolerated=tolerated).relationships == (related,)


def annotating(order: Order, *related: OrderRelationship) -> AnnotateOrder:
    return AnnotateOrder(order.id, ANY_VERSION, (), related, reader=ACME)


def amending(order: Order, *related: OrderRelationship) -> AmendOrder:
    contents = a_command(external_identifiers=(), relationships=related, reader=ACME)
    return AmendOrder(order.id, ANY_VERSION, contents)


@pytest.mark.parametrize("change", [annotating, amending])
def test_a_change_is_checked_in_the_same_way_and_may_leave_what_was_there_before(shop: Shop, change: Any) -> None:
    order = shop.order(QUOTE, tolerated=(QuoteNotSupported.code,), draft=True)
    itself, unknown = OrderRelationship(AMENDS, order.id), OrderRelationship(AMENDS, "nobody's")
    for wrong in (itself, unknown):
        pointer, _ = refused(RelatedOrderNotFound, lambda wrong=wrong: shop.do(change(order, QUOTE, wrong)))
        assert pointer == "/relationships/1/id"
    other = OrderRelationship(CANCELS, shop.order().id)
    shop.do(change(order, QUOTE, other))
    assert shop.memory.orders[order.id].relationships == (QUOTE, other)


def test_other_remarks_leave_the_relationships_as_they_are(shop: Shop) -> None:
    related = OrderRelationship(AMENDS, shop.order().id)
    order = shop.order(related)
    shop.do(AnnotateOrder(order.id, ANY_VERSION, ()))
    assert shop.memory.orders[order.id].relationships == (related,)
