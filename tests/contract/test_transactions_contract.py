"""What every unit of work promises: all or nothing, one writer, a key for one request, a process once."""

import pytest

from canonical.ordering.errors import OrderNotFound
from canonical.ordering.order import ORDERS, Order
from canonical.ordering.states import State
from canonical.shared.errors import ConcurrentChange, InvalidTransition
from canonical.shared.paging import Slice
from canonical.shared.reader import ALL
from tests.contract.conftest import Store
from tests.contract.keeping import (
    LATER,
    PROCESS,
    an_audit_record,
    at_once,
    change,
    keep,
    order_id,
    start,
    write_everything,
)
from tests.support.builders import an_order


def test_without_a_commit_nothing_is_left(store: Store) -> None:
    with store.unit_of_work() as work:
        write_everything(work)
    assert store.size() == 0


def test_an_error_leaves_nothing(store: Store) -> None:
    def fail_on_the_way() -> None:
        with store.unit_of_work() as work:
            write_everything(work)
            work.repository(ORDERS).get("none")

    with pytest.raises(OrderNotFound):
        fail_on_the_way()
    assert store.size() == 0


def test_what_comes_after_the_commit_is_not_kept(store: Store) -> None:
    with store.unit_of_work() as work:
        write_everything(work)
        work.commit()
        size = store.size()
        work.repository(ORDERS).get(order_id(1)).start(LATER)
    assert store.size() == size == 7
    assert store.reads.aggregate(ORDERS, order_id(1), ALL).state is State.ACKNOWLEDGED


def test_everything_is_kept_together(store: Store) -> None:
    with store.unit_of_work() as work:
        write_everything(work)
        work.commit()
    assert store.size() == 7
    record = store.audit("audit-1")
    assert record == an_audit_record("audit-1", order_id(1))


def test_a_store_works_again_after_a_unit_of_work_failed(store: Store) -> None:
    with pytest.raises(ZeroDivisionError), store.unit_of_work():
        raise ZeroDivisionError
    keep(store, an_order())
    assert store.reads.aggregates(ORDERS, ALL, Slice(0, 10))[1] == 1


def test_an_order_that_somebody_else_changed_since_it_was_read_is_not_overwritten(store: Store) -> None:
    keep(store, an_order())
    with store.unit_of_work() as work:
        stale = work.repository(ORDERS).get(order_id(1))
    change(store, order_id(1), start)
    stale.start(LATER)

    def write_back() -> None:
        with store.unit_of_work() as work:
            work.repository(ORDERS).add(stale)
            work.processes.schedule(PROCESS, "another", "partner-acme")
            work.commit()

    with pytest.raises(ConcurrentChange):
        write_back()
    assert store.reads.aggregate(ORDERS, order_id(1), ALL).version == 2
    assert [sequence for sequence, _ in store.events(order_id(1))] == [1, 2, 3]


def test_of_changes_at_the_same_time_one_is_made_and_the_others_are_refused(store: Store) -> None:
    keep(store, an_order())
    outcomes = at_once(4, lambda number: change(store, order_id(1), start))
    made = [outcome for outcome in outcomes if isinstance(outcome, Order)]
    refused = [outcome for outcome in outcomes if not isinstance(outcome, Order)]
    assert len(made) == 1, outcomes
    assert all(isinstance(error, ConcurrentChange | InvalidTransition) for error in refused), outcomes
    assert store.reads.aggregate(ORDERS, order_id(1), ALL).version == 2
    assert [sequence for sequence, _ in store.events(order_id(1))] == [1, 2, 3]


def test_changes_of_different_orders_at_the_same_time_are_all_made(store: Store) -> None:
    at_once(6, lambda number: keep(store, an_order(id=order_id(number))))
    outcomes = at_once(6, lambda number: change(store, order_id(number), start).version)
    assert outcomes == [2] * 6


def claim(store: Store, number: int, key: str = "key", owner: str = "partner-acme") -> bool:
    """Take an order in under a key, as the edge does: nothing is kept when somebody else has the key."""
    with store.unit_of_work() as work:
        work.repository(ORDERS).add(an_order(id=order_id(number)))
        claimed: bool = work.claim_key(
            owner, key, f"hash-{number}", ("order", order_id(number)), {"document": f"{number}"}
        )
        if claimed:
            work.commit()
        return claimed


def test_a_key_is_kept_with_what_it_was_used_for(store: Store) -> None:
    assert claim(store, 1)
    kept = store.reads.kept_answer("partner-acme", "key")
    assert (kept.request_hash, kept.subject, kept.answer) == ("hash-1", order_id(1), {"document": "1"})


def test_a_key_may_be_kept_without_an_answer(store: Store) -> None:
    with store.unit_of_work() as work:
        assert work.claim_key("portal", "key", "hash", ("order", order_id(1)), None)
        work.commit()
    assert store.reads.kept_answer("portal", "key").answer is None


def test_a_key_is_claimed_once(store: Store) -> None:
    assert claim(store, 1)
    assert not claim(store, 2)
    assert store.reads.kept_answer("partner-acme", "key").subject == order_id(1)
    assert store.reads.aggregates(ORDERS, ALL, Slice(0, 10))[1] == 1


def test_a_key_is_claimed_once_within_a_unit_of_work(store: Store) -> None:
    with store.unit_of_work() as work:
        assert work.claim_key("portal", "key", "hash", ("order", order_id(1)), None)
        assert not work.claim_key("portal", "key", "hash", ("order", order_id(1)), None)


def test_a_key_belongs_to_its_client(store: Store) -> None:
    assert claim(store, 1)
    assert claim(store, 2, owner="portal")
    assert claim(store, 3, key="KEY")
    assert store.reads.kept_answer("nobody", "key") is None


def test_a_claim_that_was_not_committed_frees_the_key(store: Store) -> None:
    with store.unit_of_work() as work:
        assert work.claim_key("partner-acme", "key", "hash", ("order", order_id(1)), None)
    assert store.reads.kept_answer("partner-acme", "key") is None
    assert claim(store, 2)


def test_of_claims_at_the_same_time_one_succeeds_and_one_order_is_kept(store: Store) -> None:
    outcomes = at_once(8, lambda number: claim(store, number))
    assert sorted(outcomes) == [False] * 7 + [True], outcomes
    kept = store.reads.kept_answer("partner-acme", "key")
    found, total, _ = store.reads.aggregates(ORDERS, ALL, Slice(0, 10))
    assert (total, found[0].id) == (1, kept.subject)
    assert kept.subject == order_id(outcomes.index(True))


def test_a_process_is_scheduled_once(store: Store) -> None:
    def schedule() -> None:
        with store.unit_of_work() as work:
            work.processes.schedule(PROCESS, order_id(1), "partner-acme")
            work.commit()

    schedule()
    with pytest.raises(ConcurrentChange):
        schedule()
    with store.unit_of_work() as work:
        work.processes.schedule(PROCESS, order_id(2), "partner-acme")
        work.commit()
