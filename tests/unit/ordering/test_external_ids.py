"""External identifiers of orders: unique for a client, until nothing comes of the order."""

from dataclasses import replace
from typing import Any

import pytest

from canonical.ordering.commands import (
    AmendOrder,
    AnnotateOrder,
    CancelOrder,
    ItemAction,
    LineRelationship,
    OrderRelationship,
    OrderRelationshipType,
    RelationshipType,
    RemoveOrder,
    SubmitDraft,
    SubmitOrder,
)
from canonical.ordering.errors import (
    DuplicateExternalId,
    ExternalIdTaken,
    RuleBroken,
    UnknownExternalIdSystem,
    UnknownExternalIdType,
)
from canonical.ordering.external_ids import ExternalIdRules, Uniqueness
from canonical.ordering.handlers import HANDLERS
from canonical.ordering.order import Order
from canonical.shared.external_identifier import ExternalIdentifier
from canonical.shared.reader import CustomerSet, Reader
from tests.support.builders import ANY_VERSION, NOON, ROUTER, a_change, a_command, a_line
from tests.support.fakes import CountingIdentities, StandingClock
from tests.support.memory import Memory

PO = ExternalIdentifier("acme", "purchaseOrder", "PO-1")
OTHER = replace(PO, id="PO-2")
FREE = ExternalIdRules(uniqueness=Uniqueness.FREE)
SAME = ExternalIdRules(uniqueness=Uniqueness.SAME_ORDER)


class Shop:
    """Carries out commands, each in a unit of work of its own."""

    def __init__(self) -> None:
        self.memory = Memory()
        self.identities = CountingIdentities()

    def do(self, command: Any) -> Any:
        with self.memory.unit_of_work() as work:
            made = HANDLERS[type(command)](command, work, StandingClock(), self.identities)
            work.commit()
        return made

    def order(self, *identifiers: ExternalIdentifier, **changes: Any) -> Order:
        made: Order = self.do(asking(*identifiers, **changes))
        return made

    def holder(self, identifier: ExternalIdentifier = PO, owner: str = "partner-acme") -> str | None:
        claim = self.memory.external_ids.get((owner, identifier))
        return None if claim is None else claim.order_id


def asking(*identifiers: ExternalIdentifier, **changes: Any) -> SubmitOrder:
    return a_command(**{"external_identifiers": identifiers or (PO,)} | changes)


@pytest.fixture
def shop() -> Shop:
    return Shop()


def test_an_order_claims_its_identifiers(shop: Shop) -> None:
    order = shop.order(PO, OTHER)
    assert (shop.holder(PO), shop.holder(OTHER)) == (order.id, order.id)


@pytest.mark.parametrize("draft", [False, True])
def test_a_second_order_with_an_identifier_is_refused_and_told_of_the_first(shop: Shop, draft: bool) -> None:
    first = shop.order(draft=draft)
    with pytest.raises(ExternalIdTaken, match=r"PO-1 \(system acme, type purchaseOrder\)") as refused:
        shop.order(OTHER, PO)
    assert refused.value.pointer == "/external_identifiers/1"
    assert refused.value.details == {"orderId": first.id}
    assert list(shop.memory.orders) == [first.id]
    assert shop.holder(OTHER) is None


@pytest.mark.parametrize(
    "other",
    [
        asking(replace(PO, id="po-1")),
        asking(replace(PO, owner="CRM")),
        asking(replace(PO, type="")),
        asking(owner="partner-list"),
    ],
)
def test_another_client_system_type_or_id_is_another_identifier(shop: Shop, other: SubmitOrder) -> None:
    shop.order()
    shop.do(other)
    assert len(shop.memory.orders) == 2


def test_the_first_order_is_named_to_nobody_who_does_not_see_it(shop: Shop) -> None:
    shop.order()
    bound = Reader("partner-acme", customers=CustomerSet(frozenset({"C2"})))
    with pytest.raises(ExternalIdTaken) as refused:
        shop.order(customer_id="C2", reader=bound)
    assert refused.value.details == {}
    with pytest.raises(ExternalIdTaken) as refused:
        shop.order(customer_id="C2", reader=bound, external_id_rules=SAME)
    assert refused.value.details == {}


def test_an_identifier_is_free_again_when_the_draft_is_cancelled_or_removed(shop: Shop) -> None:
    first = shop.order(draft=True)
    shop.do(CancelOrder("partner-acme", first.id))
    second = shop.order(draft=True)
    shop.do(RemoveOrder(second.id))
    assert shop.holder() is None
    shop.order()


def test_an_order_has_an_identifier_once(shop: Shop) -> None:
    with pytest.raises(DuplicateExternalId) as refused:
        shop.order(OTHER, PO, PO)
    assert refused.value.pointer == "/external_identifiers/2"
    assert shop.order(PO, PO, tolerated=(DuplicateExternalId.code,)).external_identifiers == (PO, PO)


@pytest.mark.parametrize(
    ("rules", "error", "pointer"),
    [
        (ExternalIdRules(systems=("CRM", "web")), UnknownExternalIdSystem, "/external_identifiers/0/owner"),
        (ExternalIdRules(types=("cart",)), UnknownExternalIdType, "/external_identifiers/0/type"),
    ],
)
def test_a_system_or_type_that_was_not_agreed_is_refused_and_those_agreed_are_named(
    shop: Shop, rules: ExternalIdRules, error: type[RuleBroken], pointer: str
) -> None:
    with pytest.raises(error) as refused:
        shop.order(external_id_rules=rules)
    allowed = [*rules.systems, *rules.types]
    assert refused.value.pointer == pointer
    assert refused.value.details == {"allowed": allowed}
    assert all(word in refused.value.message for word in allowed)
    shop.order(external_id_rules=rules, tolerated=(error.code,))


def test_an_identifier_without_system_and_type_keeps_every_agreement(shop: Shop) -> None:
    agreed = ExternalIdRules(("CRM",), ("cart",))
    shop.order(ExternalIdentifier("", "", "7"), ExternalIdentifier("CRM", "cart", "7"), external_id_rules=agreed)


def test_two_orders_have_an_identifier_that_is_free(shop: Shop) -> None:
    shop.order(external_id_rules=FREE)
    shop.order(external_id_rules=FREE)
    assert (len(shop.memory.orders), shop.holder()) == (2, None)


def test_the_same_contents_are_the_same_order_where_that_was_agreed(shop: Shop) -> None:
    first = shop.order(external_id_rules=SAME)
    assert shop.order(external_id_rules=SAME).id == first.id
    assert (len(shop.memory.orders), len(shop.memory.processes)) == (1, 1)


def test_a_draft_is_not_the_order_that_is_placed_with_the_same_contents(shop: Shop) -> None:
    draft = shop.order(external_id_rules=SAME, draft=True)
    assert shop.order(external_id_rules=SAME, draft=True).id == draft.id
    with pytest.raises(ExternalIdTaken):
        shop.order(external_id_rules=SAME)


def test_an_item_that_restates_the_status_is_the_same_as_it_was_understood(shop: Shop) -> None:
    first = shop.order(external_id_rules=SAME, lines=(a_change(action=ItemAction.MODIFY, product_id="A"),))
    again = a_change(action=ItemAction.RESUME, product_id="A", if_active=ItemAction.MODIFY)
    assert shop.order(external_id_rules=SAME, lines=(again,)).id == first.id


@pytest.mark.parametrize(
    "changes",
    [
        {"customer_id": "C2"},
        {"lines": (a_line(quantity=3),)},
        {"lines": (a_line(offering_id=ROUTER.id),)},
        {"lines": (a_line(), a_line(id="2"))},
        {"lines": (a_line(reason="moving out"),)},
        {"lines": (a_line(relationships=(LineRelationship(RelationshipType.ENABLES, "1"),)),)},
        {"external_identifiers": (PO, OTHER)},
        {"requested_start": NOON},
        {"requested_completion": NOON},
        {"billing_account_id": "BA-12345"},
        {"relationships": (OrderRelationship(OrderRelationshipType.AMENDS_ORDER, "o0"),)},
        {"draft": True},
    ],
)
def test_other_contents_are_another_order_whatever_was_agreed(shop: Shop, changes: dict[str, Any]) -> None:
    first = shop.order(external_id_rules=SAME)
    with pytest.raises(ExternalIdTaken) as refused:
        shop.order(external_id_rules=SAME, **changes)
    assert refused.value.details == {"orderId": first.id}


# --- changes ----------------------------------------------------------------------------------------------------------


def annotating(order: Order, *identifiers: ExternalIdentifier, **agreed: Any) -> AnnotateOrder:
    return AnnotateOrder(order.id, order.version, identifiers, **agreed)


def amending(order: Order, *identifiers: ExternalIdentifier, **agreed: Any) -> AmendOrder:
    return AmendOrder(order.id, order.version, asking(*identifiers, **agreed))


def submitting(order: Order, *identifiers: ExternalIdentifier, **agreed: Any) -> SubmitDraft:
    return SubmitDraft(order.id, order.version, asking(*identifiers, **agreed))


CHANGES = pytest.mark.parametrize("change", [annotating, amending, submitting])


@CHANGES
def test_claims_follow_a_change(shop: Shop, change: Any) -> None:
    order = shop.order(draft=True)
    shop.do(change(order, OTHER))
    assert (shop.holder(PO), shop.holder(OTHER)) == (None, order.id)


@CHANGES
def test_a_change_to_the_identifier_of_another_order_is_refused(shop: Shop, change: Any) -> None:
    first, order = shop.order(), shop.order(OTHER, draft=True)
    with pytest.raises(ExternalIdTaken) as refused:
        shop.do(change(order, OTHER, PO))
    assert (refused.value.pointer, refused.value.details) == ("/external_identifiers/1", {"orderId": first.id})
    assert shop.holder(OTHER) == order.id


@CHANGES
def test_a_change_keeps_to_what_was_agreed_and_may_leave_what_was_there_before(shop: Shop, change: Any) -> None:
    order, agreed = shop.order(draft=True), ExternalIdRules(systems=("CRM",))
    with pytest.raises(UnknownExternalIdSystem) as refused:
        shop.do(change(order, PO, OTHER, external_id_rules=agreed))
    assert refused.value.pointer == "/external_identifiers/1/owner"
    with pytest.raises(DuplicateExternalId):
        shop.do(change(order, PO, PO))
    shop.do(change(order, PO, external_id_rules=agreed))


@CHANGES
def test_an_order_that_holds_none_of_its_identifiers_can_still_be_changed(shop: Shop, change: Any) -> None:
    """As orders are that were stored before identifiers were unique."""
    shop.order()
    twin = shop.order(external_id_rules=FREE, draft=True)
    shop.do(change(twin, PO, OTHER))
    assert shop.holder(OTHER) == twin.id


def test_an_order_of_which_nothing_came_claims_nothing_when_it_is_annotated(shop: Shop) -> None:
    order = shop.order(draft=True)
    shop.do(CancelOrder("partner-acme", order.id))
    shop.do(AnnotateOrder(order.id, ANY_VERSION, (OTHER,)))
    assert shop.memory.external_ids == {}
