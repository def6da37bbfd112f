"""What every unit of work and every read promises, whatever keeps the orders."""

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from canonical.audit.record import AuditRecord, Mapped
from canonical.ordering.order import Order, PaymentStatus
from canonical.ordering.states import State
from canonical.shared.errors import ConcurrentChange, Conflict, InvalidTransition, OrderNotFound
from canonical.shared.money import Money
from tests.contract.conftest import Store
from tests.support.builders import BROADBAND, NOON, ROUTER, a_cancellation, a_failure, a_line, an_offering, an_order

PROCESS = "place-order"
LATER = NOON + timedelta(minutes=1)


def order_id(number: int) -> str:
    return f"0197a000-0000-7000-8000-{number:012}"


def keep(store: Store, order: Order, carried: dict[str, Any] | None = None) -> Order:
    """Add the order in a unit of work of its own."""
    with store.unit_of_work() as work:
        work.orders.add(order)
        if carried is not None:
            work.carry(order.id, carried)
        work.commit()
    return order


def change(store: Store, name: str, what: Callable[[Order], None]) -> Order:
    with store.unit_of_work() as work:
        order: Order = work.orders.get(name)
        what(order)
        work.commit()
    return order


def start(order: Order) -> None:
    order.start(LATER)


def complete(order: Order) -> None:
    order.complete("ORD00001", PaymentStatus.SUCCESS, LATER)


def at_once(count: int, call: Callable[[int], Any]) -> list[Any]:
    """The results, or refusals, of calls that begin together, each in a thread."""
    gate = threading.Barrier(count)

    def run(number: int) -> Any:
        gate.wait()
        try:
            return call(number)
        except Conflict as refusal:
            return refusal

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


# --- orders -----------------------------------------------------------------------------------------------------------


def test_an_order_comes_back_as_it_was(store: Store) -> None:
    exact = an_offering(one_time=Money(Decimal("0.10"), "EUR"))
    order = an_order(
        lines=(a_line(id="ä/1"), a_line(id="2", quantity=100_000)),
        offerings=[exact, ROUTER],
        requested_start=datetime(2026, 6, 1, 6, 0, 0, 123456, tzinfo=UTC),
    )
    keep(store, order)
    assert order.version == 1
    assert order.events == []
    with store.unit_of_work() as work:
        assert work.orders.get(order.id) == order
    assert store.reads.order(order.id, None) == order


def test_an_order_in_every_detail_of_failure_comes_back_as_it_was(store: Store) -> None:
    failure = a_failure(details={"sku": "SKU999", "available": 0, "ids": ["a"], "none": None}, not_undone=("y",))
    keep(store, an_order())
    change(store, order_id(1), start)
    failed = change(
        store, order_id(1), lambda order: order.fall_out(failure, PaymentStatus.DECLINED, "ORD00001", LATER)
    )
    assert store.reads.order(order_id(1), None) == failed
    assert failed.failure == failure


def test_an_order_is_found_by_its_number_in_bss(store: Store) -> None:
    keep(store, an_order())
    change(store, order_id(1), start)
    change(store, order_id(1), complete)
    with store.unit_of_work() as work:
        assert work.orders.get("ORD00001").id == order_id(1)
    assert store.reads.order("ORD00001", "partner-acme").id == order_id(1)


@pytest.mark.parametrize("name", ["none", "", "x" * 1000, "'; DROP TABLE orders; --", "ORD00001"])
def test_an_order_that_is_not_there_is_not_found(store: Store, name: str) -> None:
    keep(store, an_order())
    with store.unit_of_work() as work, pytest.raises(OrderNotFound) as missing:
        work.orders.get(name)
    assert missing.value.details == {"orderId": name}
    with pytest.raises(OrderNotFound):
        store.reads.order(name, None)
    with pytest.raises(OrderNotFound):
        store.reads.document(name, None)


def test_in_a_unit_of_work_an_order_is_the_same_object_each_time(store: Store) -> None:
    keep(store, an_order())
    with store.unit_of_work() as work:
        new = an_order(id=order_id(2))
        work.orders.add(new)
        assert work.orders.get(order_id(1)) is work.orders.get(order_id(1))
        assert work.orders.get(new.id) is new


def test_an_order_got_by_its_bss_number_is_the_one_got_by_its_id(store: Store) -> None:
    keep(store, an_order())
    change(store, order_id(1), start)
    change(store, order_id(1), complete)
    with store.unit_of_work() as work:
        by_number = work.orders.get("ORD00001")
        assert work.orders.get(order_id(1)) is by_number
        assert work.orders.get("ORD00001") is by_number


def test_each_change_makes_a_new_version(store: Store) -> None:
    keep(store, an_order())
    assert [change(store, order_id(1), what).version for what in (start, complete)] == [2, 3]
    assert store.reads.order(order_id(1), None).version == 3
    assert store.reads.document(order_id(1), None)[1] == 3


def test_an_order_that_was_only_read_keeps_its_version(store: Store) -> None:
    keep(store, an_order())
    assert change(store, order_id(1), lambda order: None).version == 1


def test_several_orders_are_kept_together(store: Store) -> None:
    with store.unit_of_work() as work:
        for number in (1, 2, 3):
            work.orders.add(an_order(id=order_id(number)))
        work.commit()
    assert store.reads.orders(None, 0, 10)[1] == 3


# --- events -----------------------------------------------------------------------------------------------------------


def test_events_wait_for_delivery_in_order_and_without_gaps(store: Store) -> None:
    keep(store, an_order())
    change(store, order_id(1), start)
    change(store, order_id(1), complete)
    assert store.events(order_id(1)) == [
        (1, "OrderSubmitted"),
        (2, "OrderValidated"),
        (3, "OrderFulfilmentStarted"),
        (4, "OrderCompleted"),
    ]


def test_events_of_one_order_count_apart_from_those_of_another(store: Store) -> None:
    for number in (1, 2):
        keep(store, an_order(id=order_id(number)))
        change(store, order_id(number), start)
    assert [sequence for sequence, _ in store.events(order_id(2))] == [1, 2, 3]


# --- transactions -----------------------------------------------------------------------------------------------------


def an_audit_record(record_id: str, order_id: str) -> AuditRecord:
    return AuditRecord(
        id=record_id,
        at=NOON,
        client="partner-acme",
        operation="createProductOrder",
        correlation_id="",
        status=201,
        payload_hash="hash",
        translation=(Mapped("/a", "/b", "as sent"),),
        order_id=order_id,
    )


def write_everything(work: Any, number: int = 1) -> None:
    order = an_order(id=order_id(number))
    work.orders.add(order)
    work.carry(order.id, {"note": "x"})
    work.cancellations.add(a_cancellation(order_id=order.id))
    work.processes.schedule(PROCESS, order.id)
    assert work.claim_key("partner-acme", f"key-{number}", "hash", order.id, {"a": 1})
    work.record(an_audit_record(f"audit-{number}", order.id))


def test_without_a_commit_nothing_is_left(store: Store) -> None:
    with store.unit_of_work() as work:
        write_everything(work)
    assert store.size() == 0


def test_an_error_leaves_nothing(store: Store) -> None:
    def fail_on_the_way() -> None:
        with store.unit_of_work() as work:
            write_everything(work)
            work.orders.get("none")

    with pytest.raises(OrderNotFound):
        fail_on_the_way()
    assert store.size() == 0


def test_what_comes_after_the_commit_is_not_kept(store: Store) -> None:
    with store.unit_of_work() as work:
        write_everything(work)
        work.commit()
        size = store.size()
        work.orders.get(order_id(1)).start(LATER)
    assert store.size() == size == 7
    assert store.reads.order(order_id(1), None).state is State.ACKNOWLEDGED


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
    assert store.reads.orders(None, 0, 10)[1] == 1


# --- changes at the same time -----------------------------------------------------------------------------------------


def test_an_order_that_somebody_else_changed_since_it_was_read_is_not_overwritten(store: Store) -> None:
    keep(store, an_order())
    with store.unit_of_work() as work:
        stale = work.orders.get(order_id(1))
    change(store, order_id(1), start)
    stale.start(LATER)

    def write_back() -> None:
        with store.unit_of_work() as work:
            work.orders.add(stale)
            work.processes.ended(PROCESS, stale.id)
            work.commit()

    with pytest.raises(ConcurrentChange):
        write_back()
    assert store.reads.order(order_id(1), None).version == 2
    assert [sequence for sequence, _ in store.events(order_id(1))] == [1, 2, 3]


def test_of_changes_at_the_same_time_one_is_made_and_the_others_are_refused(store: Store) -> None:
    keep(store, an_order())
    outcomes = at_once(4, lambda number: change(store, order_id(1), start))
    made = [outcome for outcome in outcomes if isinstance(outcome, Order)]
    refused = [outcome for outcome in outcomes if not isinstance(outcome, Order)]
    assert len(made) == 1, outcomes
    assert all(isinstance(error, ConcurrentChange | InvalidTransition) for error in refused), outcomes
    assert store.reads.order(order_id(1), None).version == 2
    assert [sequence for sequence, _ in store.events(order_id(1))] == [1, 2, 3]


def test_changes_of_different_orders_at_the_same_time_are_all_made(store: Store) -> None:
    at_once(6, lambda number: keep(store, an_order(id=order_id(number))))
    outcomes = at_once(6, lambda number: change(store, order_id(number), start).version)
    assert outcomes == [2] * 6


# --- idempotency keys -------------------------------------------------------------------------------------------------


def claim(store: Store, number: int, key: str = "key", owner: str = "partner-acme") -> bool:
    """Take an order in under a key, as the edge does: nothing is kept when somebody else has the key."""
    with store.unit_of_work() as work:
        work.orders.add(an_order(id=order_id(number)))
        claimed: bool = work.claim_key(owner, key, f"hash-{number}", order_id(number), {"document": f"{number}"})
        if claimed:
            work.commit()
        return claimed


def test_a_key_is_kept_with_what_it_was_used_for(store: Store) -> None:
    assert claim(store, 1)
    kept = store.reads.kept_answer("partner-acme", "key")
    assert (kept.request_hash, kept.order_id, kept.answer) == ("hash-1", order_id(1), {"document": "1"})


def test_a_key_may_be_kept_without_an_answer(store: Store) -> None:
    with store.unit_of_work() as work:
        assert work.claim_key("portal", "key", "hash", order_id(1), None)
        work.commit()
    assert store.reads.kept_answer("portal", "key").answer is None


def test_a_key_is_claimed_once(store: Store) -> None:
    assert claim(store, 1)
    assert not claim(store, 2)
    assert store.reads.kept_answer("partner-acme", "key").order_id == order_id(1)
    assert store.reads.orders(None, 0, 10)[1] == 1


def test_a_key_is_claimed_once_within_a_unit_of_work(store: Store) -> None:
    with store.unit_of_work() as work:
        assert work.claim_key("portal", "key", "hash", order_id(1), None)
        assert not work.claim_key("portal", "key", "hash", order_id(1), None)


def test_a_key_belongs_to_its_client(store: Store) -> None:
    assert claim(store, 1)
    assert claim(store, 2, owner="portal")
    assert claim(store, 3, key="KEY")
    assert store.reads.kept_answer("nobody", "key") is None


def test_a_claim_that_was_not_committed_frees_the_key(store: Store) -> None:
    with store.unit_of_work() as work:
        assert work.claim_key("partner-acme", "key", "hash", order_id(1), None)
    assert store.reads.kept_answer("partner-acme", "key") is None
    assert claim(store, 2)


def test_of_claims_at_the_same_time_one_succeeds_and_one_order_is_kept(store: Store) -> None:
    outcomes = at_once(8, lambda number: claim(store, number))
    assert sorted(outcomes) == [False] * 7 + [True], outcomes
    kept = store.reads.kept_answer("partner-acme", "key")
    found, total = store.reads.orders(None, 0, 10)
    assert (total, found[0].id) == (1, kept.order_id)
    assert kept.order_id == order_id(outcomes.index(True))


# --- processes --------------------------------------------------------------------------------------------------------


def test_a_process_is_scheduled_runs_and_ends(store: Store) -> None:
    def note(step: str) -> None:
        with store.unit_of_work() as work:
            getattr(work.processes, step)(PROCESS, order_id(1))
            work.commit()

    states = []
    for step in ("schedule", "started", "ended"):
        note(step)
        states.append(store.process(PROCESS, order_id(1)))
    assert states == ["scheduled", "running", "ended"]
    assert store.process(PROCESS, order_id(2)) is None


def test_a_process_is_scheduled_once(store: Store) -> None:
    def schedule() -> None:
        with store.unit_of_work() as work:
            work.processes.schedule(PROCESS, order_id(1))
            work.commit()

    schedule()
    with pytest.raises(ConcurrentChange):
        schedule()
    with store.unit_of_work() as work:
        work.processes.schedule(PROCESS, order_id(2))
        work.commit()


# --- documents --------------------------------------------------------------------------------------------------------

CARRIED = {"note": [{"text": "Zwei × “ä” \U0001f680"}], "n": 1.5, "none": None, "order": {"b": 1, "a": [True, {}]}}


def test_what_was_carried_is_in_the_document_through_every_change(store: Store) -> None:
    with store.unit_of_work() as work:
        work.orders.add(an_order())
        made = work.carry(order_id(1), CARRIED)
        work.commit()
    for state, what in ((State.ACKNOWLEDGED, None), (State.FULFILLING, start), (State.COMPLETED, complete)):
        if what is not None:
            change(store, order_id(1), what)
        text, _ = store.reads.document(order_id(1), None)
        assert json.loads(text) == {"id": order_id(1), "state": state.value, "carried": CARRIED}
    assert json.loads(made) == {"id": order_id(1), "state": "ACKNOWLEDGED", "carried": CARRIED}


def test_an_order_that_carries_nothing_has_a_document_too(store: Store) -> None:
    keep(store, an_order())
    change(store, order_id(1), start)
    assert json.loads(store.reads.document(order_id(1), None)[0])["carried"] == {}


# --- reads ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def filled(store: Store) -> Store:
    """Five orders: the odd ones of partner-acme, the even ones of the portal."""
    for number in range(1, 6):
        owner = "partner-acme" if number % 2 else "portal"
        keep(store, an_order(id=order_id(number), owner=owner), {"number": number})
    return store


@pytest.mark.parametrize(
    ("owner", "offset", "limit", "numbers", "total"),
    [
        (None, 0, 20, [5, 4, 3, 2, 1], 5),
        (None, 1, 2, [4, 3], 5),
        (None, 4, 20, [1], 5),
        (None, 5, 20, [], 5),
        (None, 10_000_000, 200, [], 5),
        (None, 0, 0, [], 5),
        ("partner-acme", 0, 20, [5, 3, 1], 3),
        ("partner-acme", 1, 1, [3], 3),
        ("portal", 0, 20, [4, 2], 2),
        ("nobody", 0, 20, [], 0),
    ],
)
def test_a_page_holds_the_newest_first_and_counts_what_the_caller_may_see(
    filled: Store, owner: str | None, offset: int, limit: int, numbers: list[int], total: int
) -> None:
    orders, count = filled.reads.orders(owner, offset, limit)
    assert ([order.id for order in orders], count) == ([order_id(number) for number in numbers], total)
    documents, count = filled.reads.documents(owner, offset, limit)
    assert ([found for found, _ in documents], count) == ([order_id(number) for number in numbers], total)
    assert [json.loads(text)["carried"]["number"] for _, text in documents] == numbers


def test_another_clients_order_is_not_found(filled: Store) -> None:
    assert filled.reads.order(order_id(1), "partner-acme").owner == "partner-acme"
    for owner in ("portal", "nobody", ""):
        with pytest.raises(OrderNotFound):
            filled.reads.order(order_id(1), owner)
        with pytest.raises(OrderNotFound):
            filled.reads.document(order_id(1), owner)


def test_what_is_not_committed_is_not_read(store: Store) -> None:
    with store.unit_of_work() as work:
        write_everything(work)
        assert store.reads.orders(None, 0, 10) == ([], 0)
        assert store.reads.kept_answer("partner-acme", "key-1") is None


# --- offerings --------------------------------------------------------------------------------------------------------


def test_offerings_are_found_by_id_and_by_sku_as_they_are_sold_now(store: Store) -> None:
    with store.unit_of_work() as work:
        offerings = work.offerings
        assert offerings.by_id(BROADBAND.id) == offerings.by_sku(BROADBAND.sku) == BROADBAND
        assert offerings.by_id(ROUTER.id) == ROUTER
        assert offerings.by_id("po_none") is None
        assert offerings.by_sku("") is None
        assert replace(BROADBAND, version="2") != offerings.by_id(BROADBAND.id)
