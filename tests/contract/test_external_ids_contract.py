"""What every store promises about external identifiers: one order of a client has each, whoever comes at once."""

from collections.abc import Iterator
from typing import Any

from canonical.ordering.commands import RemoveOrder
from canonical.ordering.errors import ExternalIdTaken
from canonical.ordering.handlers import remove_order, submit_order
from canonical.ordering.order import ORDERS, Order
from canonical.ordering.ports import ExternalIdClaim
from canonical.shared.external_identifier import ExternalIdentifier
from canonical.shared.paging import Slice
from canonical.shared.reader import ALL
from facade.identities import SortableIdentities
from tests.contract.conftest import Store
from tests.contract.keeping import at_once
from tests.support.builders import a_command
from tests.support.fakes import StandingClock

MANY = 6
IDS = tuple(ExternalIdentifier("acme", "purchaseOrder", f"PO-{number}") for number in range(4))


def submit(store: Store, *identifiers: ExternalIdentifier, **changes: Any) -> Order:
    command = a_command(external_identifiers=identifiers, **changes)
    with store.unit_of_work() as work:
        order = submit_order(command, work, StandingClock(), SortableIdentities())
        work.commit()
    return order


def claimed(store: Store, *claims: ExternalIdClaim) -> Iterator[ExternalIdClaim | None]:
    """What stands in the way of each claim. Nothing is kept."""
    for claim in claims:
        with store.unit_of_work() as work:
            yield work.external_ids.take([claim])


def test_of_orders_with_one_identifier_at_once_one_is_stored(store: Store) -> None:
    def act(number: int) -> Order | ExternalIdTaken:
        try:
            return submit(store, *(IDS if number % 2 else reversed(IDS)))
        except ExternalIdTaken as refused:
            return refused

    outcomes = at_once(MANY, act)
    [first] = [one for one in outcomes if isinstance(one, Order)]
    refused = [one for one in outcomes if isinstance(one, ExternalIdTaken)]
    assert len(refused) == MANY - 1
    assert all(one.details == {"orderId": first.id} for one in refused)
    assert [order.id for order in store.reads.aggregates(ORDERS, ALL, Slice(0, 10))[0]] == [first.id]


def test_claims_are_taken_all_or_none_and_end_with_the_unit_of_work_that_is_not_committed(store: Store) -> None:
    first = submit(store, IDS[2], draft=True)
    mine = [ExternalIdClaim("partner-acme", one, "another") for one in IDS]
    with store.unit_of_work() as work:
        assert work.external_ids.take(mine) == ExternalIdClaim("partner-acme", IDS[2], first.id)
        free = [one for one in mine if one.identifier != IDS[2]]
        assert work.external_ids.take(free) is None
        assert work.external_ids.take(free) is None, "what it has already does not stand in its way"
    assert list(claimed(store, *free)) == [None, None, None]


def test_claims_are_released_all_or_some(store: Store) -> None:
    first = submit(store, *IDS, draft=True)
    theirs = [ExternalIdClaim("partner-acme", one, "another") for one in IDS]
    held = [ExternalIdClaim("partner-acme", one, first.id) for one in IDS]
    with store.unit_of_work() as work:
        work.external_ids.release(first.id, [IDS[0], IDS[3]])
        work.external_ids.release("another")
        work.commit()
    assert list(claimed(store, *theirs)) == [None, held[1], held[2], None]
    with store.unit_of_work() as work:
        remove_order(RemoveOrder(first.id), work, StandingClock(), SortableIdentities())
        work.commit()
    assert list(claimed(store, *theirs)) == [None] * 4


def test_identifiers_are_compared_character_by_character(store: Store) -> None:
    submit(store, ExternalIdentifier("acme", "", "strasse"))
    for other in ("Strasse", "straße", "strasse ", "STRASSE"):
        submit(store, ExternalIdentifier("acme", "", other))
