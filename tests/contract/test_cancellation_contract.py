"""What every store promises about cancellations, and about the order that each belongs to."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from canonical.ordering.cancellation import CANCELLATIONS, Cancellation, CancellationState
from canonical.ordering.errors import CancellationNotFound, OrderNotFound
from canonical.ordering.handlers import cancel_order
from canonical.ordering.order import ORDERS
from canonical.ordering.states import State
from canonical.shared import jsontext
from canonical.shared.errors import ConcurrentChange
from canonical.shared.paging import Slice
from canonical.shared.projection import SearchIndex
from canonical.shared.reader import ALL, Reader
from tests.contract.conftest import Store, shown
from tests.contract.keeping import at_once, change, keep, order_id, start
from tests.support.builders import NOON, a_cancel_command, a_cancellation, an_order
from tests.support.fakes import CountingIdentities, StandingClock

LATER = NOON + timedelta(minutes=1)
CARRIED = {
    "@type": "CancelProductOrder",
    "note": [{"text": "Zwei × “ä” \U0001f680"}],
    "n": [Decimal("1.50"), 2**65 + 1, Decimal("1E+400"), Decimal("-0")],
    "none": None,
}


def cancellation_id(number: int) -> str:
    return f"0197a000-0000-7000-8000-{number:011}c"


def ask(store: Store, asked: Cancellation, carried: dict[str, Any] | None = None) -> Cancellation:
    """Add the cancellation in a unit of work of its own."""
    with store.unit_of_work() as work:
        work.repository(CANCELLATIONS).add(asked)
        if carried is not None:
            work.repository(CANCELLATIONS).carry(asked.id, carried)
        work.commit()
    return asked


def accept(store: Store, name: str) -> Cancellation:
    with store.unit_of_work() as work:
        asked: Cancellation = work.repository(CANCELLATIONS).get(name)
        asked.accept(LATER)
        work.commit()
    return asked


def test_a_cancellation_comes_back_as_it_was_with_what_its_sender_wants_back(store: Store) -> None:
    asked = ask(
        store,
        a_cancellation(reason="ä “x”", requested_at=datetime(2026, 6, 1, 6, 0, 0, 123456, tzinfo=UTC)),
        CARRIED,
    )
    assert asked.version == 1
    with store.unit_of_work() as work:
        assert work.repository(CANCELLATIONS).get(asked.id) == asked
    assert store.reads.to_change(CANCELLATIONS, asked.id, ALL)[:2] == (asked, CARRIED)
    assert store.reads.to_change(CANCELLATIONS, asked.id, Reader("partner-acme"))[:2] == (asked, CARRIED)


def test_one_without_a_reason_that_carries_nothing_comes_back_too(store: Store) -> None:
    asked = ask(store, a_cancellation(reason=None))
    assert store.reads.to_change(CANCELLATIONS, asked.id, ALL)[:2] == (asked, {})


def test_a_decided_one_comes_back_with_its_outcome(store: Store) -> None:
    decisions: tuple[Callable[[Any], None], ...] = (
        lambda asked: asked.done("nothing had been done yet", LATER),
        lambda asked: asked.deny("charged", "too late", LATER),
    )
    for number, decide in enumerate(decisions):
        asked = ask(store, a_cancellation(id=cancellation_id(number)), CARRIED)
        accept(store, asked.id)
        with store.unit_of_work() as work:
            decided = work.repository(CANCELLATIONS).get(asked.id)
            decide(decided)
            work.commit()
        assert store.reads.to_change(CANCELLATIONS, asked.id, ALL)[:2] == (decided, CARRIED), "what was carried stays"
        assert decided.version == 3


def test_in_a_unit_of_work_a_cancellation_is_the_same_object_each_time(store: Store) -> None:
    ask(store, a_cancellation())
    with store.unit_of_work() as work:
        new = a_cancellation(id=cancellation_id(2))
        work.repository(CANCELLATIONS).add(new)
        assert work.repository(CANCELLATIONS).get(new.id) is new
        assert work.repository(CANCELLATIONS).get(a_cancellation().id) is work.repository(CANCELLATIONS).get(
            a_cancellation().id
        )


@pytest.mark.parametrize("name", ["none", "", "x" * 1000, "'; DROP TABLE cancellations; --"])
def test_one_that_is_not_there_is_not_found(store: Store, name: str) -> None:
    ask(store, a_cancellation())
    with store.unit_of_work() as work, pytest.raises(CancellationNotFound) as missing:
        work.repository(CANCELLATIONS).get(name)
    assert missing.value.details == {"cancellationId": name}
    with pytest.raises(CancellationNotFound):
        store.reads.to_change(CANCELLATIONS, name, ALL)[:2]


def test_another_clients_is_not_found(store: Store) -> None:
    asked = ask(store, a_cancellation())
    for owner in ("portal", "nobody", ""):
        with pytest.raises(CancellationNotFound):
            store.reads.aggregate(CANCELLATIONS, asked.id, Reader(owner))


def test_a_repository_knows_what_its_aggregates_refer_to(store: Store) -> None:
    asked = ask(store, a_cancellation())
    with store.unit_of_work() as work:
        cancellations = work.repository(CANCELLATIONS)
        found = [cancellations.versions(name) for name in (asked.order_id, asked.id, "none")]
        assert [[one.id for one in each] for each in found] == [[asked.id], [], []]


def test_one_that_was_only_read_keeps_its_version(store: Store) -> None:
    asked = ask(store, a_cancellation())
    with store.unit_of_work() as work:
        work.repository(CANCELLATIONS).get(asked.id)
        work.commit()
    assert store.reads.aggregate(CANCELLATIONS, asked.id, ALL).version == 1


def test_without_a_commit_nothing_is_left(store: Store) -> None:
    with store.unit_of_work() as work:
        work.repository(CANCELLATIONS).add(a_cancellation())
    assert store.size() == 0
    asked = ask(store, a_cancellation())
    with store.unit_of_work() as work:
        work.repository(CANCELLATIONS).get(asked.id).accept(LATER)
    assert store.reads.aggregate(CANCELLATIONS, asked.id, ALL).state is CancellationState.ASSESSING


def test_what_is_changed_after_a_commit_is_kept_by_the_next(store: Store) -> None:
    with store.unit_of_work() as work:
        asked = a_cancellation()
        work.repository(CANCELLATIONS).add(asked)
        work.commit()
        assert store.size() == 2, "itself and its event"
    accept(store, asked.id)
    assert store.reads.aggregate(CANCELLATIONS, asked.id, ALL).version == 2


def test_one_that_somebody_else_changed_since_it_was_read_is_not_overwritten(store: Store) -> None:
    ask(store, a_cancellation())
    with store.unit_of_work() as work:
        stale = work.repository(CANCELLATIONS).get(a_cancellation().id)
    accept(store, stale.id)
    stale.deny("charged", "too late", LATER)

    def write_back() -> None:
        with store.unit_of_work() as work:
            work.repository(CANCELLATIONS).add(stale)
            work.processes.schedule("place-order", stale.order_id, "partner-acme")
            work.commit()

    with pytest.raises(ConcurrentChange):
        write_back()
    assert store.reads.aggregate(CANCELLATIONS, stale.id, ALL).state is CancellationState.ACCEPTED
    assert store.process("place-order", stale.order_id) is None


# --- with the order ---------------------------------------------------------------------------------------------------


def request(store: Store, name: str) -> Cancellation:
    with store.unit_of_work() as work:
        asked = cancel_order(a_cancel_command(order_id=name), work, StandingClock(LATER), CountingIdentities(1000))
        work.commit()
    return asked


def test_order_and_cancellation_are_kept_together(store: Store) -> None:
    keep(store, an_order())
    asked = request(store, order_id(1))
    order = store.reads.aggregate(ORDERS, order_id(1), ALL)
    assert (order.state, order.cancellation_id, order.version) == (State.ASSESSING_CANCELLATION, asked.id, 2)
    assert store.reads.state_of(ORDERS, order.id) == State.ASSESSING_CANCELLATION
    assert store.events(order.id) == [(1, "OrderSubmitted"), (2, "OrderCancellationRequested")]
    assert store.reads.aggregate(CANCELLATIONS, asked.id, ALL) == asked


def test_when_the_order_was_changed_meanwhile_neither_is_kept(store: Store) -> None:
    keep(store, an_order())
    with store.unit_of_work() as work:
        stale = work.repository(ORDERS).get(order_id(1))
    change(store, order_id(1), start)

    def cancel_what_was_read() -> None:
        with store.unit_of_work() as work:
            work.repository(ORDERS).add(stale)
            cancel_order(a_cancel_command(order_id=stale.id), work, StandingClock(LATER), CountingIdentities(1000))
            work.commit()

    with pytest.raises(ConcurrentChange):
        cancel_what_was_read()
    assert store.reads.documents(CANCELLATIONS, SearchIndex(), ALL, Slice(0, 10)) == ([], 0, None)
    assert store.reads.aggregate(ORDERS, order_id(1), ALL).cancellation_id is None


def test_when_the_cancellation_was_changed_meanwhile_neither_is_kept(store: Store) -> None:
    keep(store, an_order())
    asked = request(store, order_id(1))
    with store.unit_of_work() as work:
        stale = work.repository(CANCELLATIONS).get(asked.id)
    accept(store, asked.id)
    stale.deny("charged", "too late", LATER)

    def deny_what_was_read() -> None:
        with store.unit_of_work() as work:
            work.repository(CANCELLATIONS).add(stale)
            work.repository(ORDERS).get(order_id(1)).deny_cancellation(LATER)
            work.commit()

    with pytest.raises(ConcurrentChange):
        deny_what_was_read()
    assert store.reads.state_of(ORDERS, order_id(1)) == State.ASSESSING_CANCELLATION


def test_of_requests_at_the_same_time_one_is_kept(store: Store) -> None:
    keep(store, an_order())
    identities = CountingIdentities(1000)

    def cancel(_: int) -> Cancellation:
        with store.unit_of_work() as work:
            asked = cancel_order(a_cancel_command(order_id=order_id(1)), work, StandingClock(LATER), identities)
            work.commit()
        return asked

    outcomes = at_once(4, cancel)
    made = [outcome for outcome in outcomes if isinstance(outcome, Cancellation)]
    assert len(made) == 1, outcomes
    [listed], total, last = store.reads.documents(CANCELLATIONS, SearchIndex(), ALL, Slice(0, 10))
    assert (listed.id, listed.document, total, last) == (made[0].id, shown(made[0], {}), 1, None)
    assert store.reads.aggregate(ORDERS, order_id(1), ALL).cancellation_id == made[0].id


def test_where_an_order_stands_follows_every_change(store: Store) -> None:
    keep(store, an_order())
    assert store.reads.state_of(ORDERS, order_id(1)) == State.ACKNOWLEDGED
    change(store, order_id(1), start)
    assert store.reads.state_of(ORDERS, order_id(1)) == State.FULFILLING
    with pytest.raises(OrderNotFound):
        store.reads.state_of(ORDERS, "none")


# --- lists ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reader", "offset", "limit", "numbers", "total"),
    [
        (ALL, 0, 20, [5, 4, 3, 2, 1], 5),
        (ALL, 1, 2, [4, 3], 5),
        (ALL, 5, 20, [], 5),
        (ALL, 0, 0, [], 5),
        (Reader("partner-acme"), 0, 20, [5, 3, 1], 3),
        (Reader("partner-acme"), 1, 1, [3], 3),
        (Reader("nobody"), 0, 20, [], 0),
    ],
)
def test_a_page_holds_the_newest_first_and_counts_what_the_caller_may_see(
    store: Store, reader: Reader, offset: int, limit: int, numbers: list[int], total: int
) -> None:
    for number in range(1, 6):
        asked = replace(a_cancellation(id=cancellation_id(number)), owner="partner-acme" if number % 2 else "portal")
        ask(store, asked, {"number": number})
    found, count, _ = store.reads.documents(CANCELLATIONS, SearchIndex(), reader, Slice(offset, limit))
    assert ([one.id for one in found], count) == ([cancellation_id(number) for number in numbers], total)
    assert [jsontext.read_kept(one.document)["carried"]["number"] for one in found] == numbers


def test_the_document_in_lists_follows_every_change_and_keeps_what_was_carried(store: Store) -> None:
    asked = ask(store, a_cancellation(), CARRIED)
    with store.unit_of_work() as work:
        work.repository(CANCELLATIONS).get(asked.id).accept(LATER)
        work.commit()
    (_, document, *_), *_ = store.reads.documents(CANCELLATIONS, SearchIndex(), ALL, Slice(0, 10))[0]
    assert jsontext.read_kept(document) == {"id": asked.id, "state": "ACCEPTED", "carried": CARRIED}
