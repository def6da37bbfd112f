"""What every store promises about orders that are removed."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from canonical.ordering.cancellation import CANCELLATIONS
from canonical.ordering.errors import CancellationNotFound, OrderNotFound
from canonical.ordering.handlers import PLACE_ORDER, cancel_order
from canonical.ordering.order import ORDERS, Order
from canonical.shared.errors import ConcurrentChange
from canonical.shared.paging import Slice
from canonical.shared.projection import SearchIndex
from canonical.shared.reader import ALL
from tests.contract.changing import annotate, remove
from tests.contract.conftest import Store
from tests.contract.keeping import (
    CARRIED,
    LATER,
    an_audit_record,
    change,
    complete,
    keep,
    order_id,
    start,
    write_everything,
)
from tests.support.builders import (
    CANCELLATION_ID,
    a_cancel_command,
    an_order,
)
from tests.support.fakes import (
    CountingIdentities,
    StandingClock,
)


def test_a_removed_order_is_gone_with_what_belongs_to_it_and_what_happened_stays_on_record(store: Store) -> None:
    with store.unit_of_work() as work:
        write_everything(work)
        work.commit()
    change(store, order_id(1), start)
    change(store, order_id(1), complete)
    keep(store, an_order(id=order_id(2)))
    with store.unit_of_work() as work:
        work.repository(ORDERS).get(order_id(1)).remove(LATER)
        work.record(replace(an_audit_record("audit-2", order_id(1)), status=204))
        work.commit()

    with pytest.raises(OrderNotFound):
        store.reads.aggregate(ORDERS, order_id(1), ALL)
    with pytest.raises(OrderNotFound):
        store.reads.aggregate(ORDERS, "ORD00001", ALL)
    with pytest.raises(OrderNotFound):
        store.reads.document(ORDERS, order_id(1), ALL)
    with pytest.raises(OrderNotFound):
        store.reads.state_of(ORDERS, order_id(1))
    with store.unit_of_work() as work, pytest.raises(OrderNotFound):
        work.repository(ORDERS).get(order_id(1))
    with pytest.raises(CancellationNotFound):
        store.reads.aggregate(CANCELLATIONS, CANCELLATION_ID, ALL)
    assert store.process(PLACE_ORDER, order_id(1)) is None
    assert [order.id for order in store.reads.aggregates(ORDERS, ALL, Slice(0, 10))[0]] == [order_id(2)], "others stay"
    assert store.reads.documents(ORDERS, SearchIndex(), ALL, Slice(0, 10))[1] == 1

    assert store.events(order_id(1)) == [
        (1, "OrderSubmitted"),
        (2, "OrderValidated"),
        (3, "OrderFulfilmentStarted"),
        (4, "OrderCompleted"),
        (5, "OrderRemoved"),
    ]
    assert [store.audit(name).status for name in ("audit-1", "audit-2")] == [201, 204]
    assert store.reads.kept_answer("partner-acme", "key-1").subject == order_id(1), "it is not placed again by its key"


def test_a_cancelled_draft_is_removed_with_its_cancellation(store: Store) -> None:
    keep(store, an_order(draft=True))
    with store.unit_of_work() as work:
        asked = cancel_order(a_cancel_command(order_id=order_id(1)), work, StandingClock(), CountingIdentities(1000))
        work.commit()
    change(store, order_id(1), remove)
    assert store.reads.documents(CANCELLATIONS, SearchIndex(), ALL, Slice(0, 10)) == ([], 0, None)
    with pytest.raises(CancellationNotFound):
        store.reads.to_change(CANCELLATIONS, asked.id, ALL)[:2]
    assert [sequence for sequence, _ in store.events(order_id(1))] == [1, 2, 3]


def test_an_order_is_changed_and_removed_together(store: Store) -> None:
    keep(store, an_order(draft=True))

    def change_and_remove(order: Order) -> None:
        annotate(order)
        remove(order)

    change(store, order_id(1), change_and_remove)
    assert store.events(order_id(1)) == [(1, "OrderDrafted"), (2, "OrderAnnotated"), (3, "OrderRemoved")]
    assert store.reads.aggregates(ORDERS, ALL, Slice(0, 10)) == ([], 0, None)


def test_without_a_commit_an_order_is_not_removed(store: Store) -> None:
    keep(store, an_order(draft=True))
    size = store.size()
    with store.unit_of_work() as work:
        work.repository(ORDERS).get(order_id(1)).remove(LATER)
    assert store.size() == size


@pytest.mark.parametrize(("first", "then"), [(annotate, remove), (remove, annotate), (remove, remove)])
def test_an_order_that_somebody_else_changed_or_removed_since_is_left_so(
    store: Store, first: Callable[[Order], None], then: Callable[[Order], None]
) -> None:
    keep(store, an_order(draft=True), CARRIED)
    with store.unit_of_work() as work:
        stale = work.repository(ORDERS).get(order_id(1))
    change(store, order_id(1), first)
    events, size = store.events(order_id(1)), store.size()
    then(stale)

    def write_back() -> None:
        with store.unit_of_work() as work:
            work.repository(ORDERS).add(stale)
            work.commit()

    with pytest.raises(ConcurrentChange):
        write_back()
    assert (store.events(order_id(1)), store.size()) == (events, size)
