"""What every store promises about orders that are changed before, during and after the work on them, or removed."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from canonical.ordering.cancellation import CANCELLATIONS
from canonical.ordering.commands import AmendOrder, AnnotateOrder, SubmitDraft
from canonical.ordering.errors import CancellationNotFound, OrderNotFound
from canonical.ordering.handlers import HANDLERS, PLACE_ORDER, cancel_order, reject_order, submit_order
from canonical.ordering.order import ORDERS, Order
from canonical.ordering.states import State, Trigger
from canonical.processes.place_order import PlaceOrder
from canonical.processes.progress import Progress
from canonical.processes.saga import run
from canonical.shared import jsontext
from canonical.shared.errors import ConcurrentChange, InvalidTransition
from canonical.shared.external_identifier import ExternalIdentifier
from canonical.shared.paging import Slice
from canonical.shared.projection import SearchIndex
from canonical.shared.reader import ALL, Reader
from tests.contract.conftest import Store
from tests.contract.keeping import (
    CARRIED,
    LATER,
    an_audit_record,
    at_once,
    change,
    complete,
    keep,
    order_id,
    start,
    write_everything,
)
from tests.support.builders import (
    ANY_VERSION,
    BROADBAND,
    CANCELLATION_ID,
    NOON,
    ROUTER,
    a_cancel_command,
    a_change,
    a_command,
    a_line,
    a_rejection,
    an_order,
)
from tests.support.fakes import (
    CountingIdentities,
    FullShelves,
    Journal,
    KnowsCustomers,
    StandingClock,
    TakesMoney,
    TakesOrders,
)

AMENDED = a_command(customer_id="C2", lines=(a_line(id="x", offering_id=ROUTER.id), a_change(id="y")))
REPLACED = {"note": [{"text": "ä"}], "other": {}}


def ticket(number: int) -> tuple[ExternalIdentifier, ...]:
    return (ExternalIdentifier("crm", "ticket", str(number)),)


def say(name: str, number: int) -> AnnotateOrder:
    return AnnotateOrder(name, ANY_VERSION, ticket(number))


def annotate(order: Order) -> None:
    order.annotate(ticket(1), LATER)


def ask(store: Store, command: Any, carried: dict[str, Any] | None = None) -> tuple[Order, str]:
    """Change the order in a unit of work of its own; the order and its document."""
    with store.unit_of_work() as work:
        if carried is not None:
            work.repository(ORDERS).carry(command.order_id, carried)
        order: Order = HANDLERS[type(command)](command, work, StandingClock(LATER), CountingIdentities())
        work.save()
        text, _ = work.repository(ORDERS).shown(order.id)
        work.commit()
    return order, text


def show(work: Any, carried: dict[str, Any]) -> dict[str, Any]:
    """The first order's document, once this is carried for it."""
    work.repository(ORDERS).carry(order_id(1), carried)
    found: dict[str, Any] = jsontext.read_kept(work.repository(ORDERS).shown(order_id(1))[0])
    return found


def document(store: Store, name: str) -> dict[str, Any]:
    found: dict[str, Any] = jsontext.read_kept(store.reads.document(ORDERS, name, ALL).document)
    return found


# --- drafts -----------------------------------------------------------------------------------------------------------


def test_a_draft_is_kept_changed_and_submitted(store: Store) -> None:
    with store.unit_of_work() as work:
        draft = submit_order(a_command(draft=True), work, StandingClock(), CountingIdentities())
        work.repository(ORDERS).carry(draft.id, CARRIED)
        work.commit()
    assert (draft.version, store.reads.aggregate(ORDERS, draft.id, Reader("partner-acme"))) == (1, draft)
    assert document(store, draft.id) == {"id": draft.id, "state": "DRAFT", "carried": CARRIED}
    assert store.process(PLACE_ORDER, draft.id) is None

    amended, _ = ask(store, AmendOrder(draft.id, 1, AMENDED), REPLACED)
    assert (amended.version, store.reads.aggregate(ORDERS, draft.id, ALL)) == (2, amended)
    assert [(item.id, item.offering and item.offering.id, item.product_id) for item in amended.items] == [
        ("x", ROUTER.id, None),
        ("y", None, "PRD1"),
    ]
    assert document(store, draft.id) == {"id": draft.id, "state": "DRAFT", "carried": REPLACED}

    submitted, _ = ask(store, SubmitDraft(draft.id, 2, AMENDED))
    assert (submitted.version, store.reads.aggregate(ORDERS, draft.id, ALL)) == (3, submitted)
    assert store.reads.state_of(ORDERS, draft.id) == State.ACKNOWLEDGED
    assert store.reads.document(ORDERS, draft.id, ALL).version == 3
    assert store.process(PLACE_ORDER, draft.id) == "scheduled"
    assert store.events(draft.id) == [(1, "OrderDrafted"), (2, "OrderAmended"), (3, "OrderSubmitted")]


def test_a_rejected_order_is_kept_in_its_second_version(store: Store) -> None:
    with store.unit_of_work() as work:
        work.repository(ORDERS).carry(None, CARRIED)
        order = reject_order(a_rejection(), work, StandingClock(), CountingIdentities())
        work.save()
        acknowledged, version = work.repository(ORDERS).shown(order.id)
        work.commit()
    assert version == 1
    assert jsontext.read_kept(acknowledged) == {"id": order.id, "state": "ACKNOWLEDGED", "carried": CARRIED}
    assert (order.version, store.reads.aggregate(ORDERS, order.id, Reader("partner-acme"))) == (2, order)
    assert store.reads.document(ORDERS, order.id, ALL).version == 2
    assert document(store, order.id) == {"id": order.id, "state": "REJECTED", "carried": CARRIED}
    assert store.events(order.id) == [(1, "OrderSubmitted"), (2, "OrderRejected")]
    assert change(store, order.id, annotate).version == 3


def test_a_version_counts_what_was_saved_of_an_order(store: Store) -> None:
    order = an_order()
    start(order)
    assert keep(store, order).version == 1
    with store.unit_of_work() as work:
        kept = work.repository(ORDERS).get(order.id)
        annotate(kept)
        work.save()
        annotate(kept)
        work.commit()
    assert kept.version == 3
    assert store.reads.document(ORDERS, order.id, ALL).version == 3
    assert change(store, order.id, complete).version == 4


# --- what is carried --------------------------------------------------------------------------------------------------


def test_what_is_carried_for_a_kept_order_replaces_what_was(store: Store) -> None:
    keep(store, an_order(), CARRIED)
    changed, text = ask(store, say(order_id(1), 1), REPLACED)
    assert changed.version == 2
    assert (
        jsontext.read_kept(text)
        == document(store, order_id(1))
        == {
            "id": order_id(1),
            "state": "ACKNOWLEDGED",
            "carried": REPLACED,
        }
    )
    change(store, order_id(1), start)
    assert document(store, order_id(1))["carried"] == REPLACED, "through the changes that come after too"
    ask(store, say(order_id(1), 2), {})
    assert document(store, order_id(1))["carried"] == {}


def test_an_order_is_read_with_what_is_carried_for_it_and_its_document(store: Store) -> None:
    keep(store, an_order(), CARRIED)
    keep(store, an_order(id=order_id(2)))
    changed, text = ask(store, say(order_id(1), 1), REPLACED)
    for reader in (Reader("partner-acme"), ALL):
        order, carried, kept = store.reads.to_change(ORDERS, order_id(1), reader)
        assert (order, carried, kept.document, kept.version) == (changed, REPLACED, text, 2)
    assert store.reads.to_change(ORDERS, order_id(2), ALL)[1] == {}
    for name, reader in ((order_id(1), Reader("portal")), (order_id(3), ALL)):
        with pytest.raises(OrderNotFound):
            store.reads.to_change(ORDERS, name, reader)


def test_what_is_carried_replaces_what_was_carried_before_in_the_same_unit_of_work(store: Store) -> None:
    keep(store, an_order(), CARRIED)
    with store.unit_of_work() as work:
        assert show(work, REPLACED)["carried"] == REPLACED
        assert show(work, {})["carried"] == {}
    assert document(store, order_id(1))["carried"] == CARRIED, "nothing of it was committed"


def test_what_is_carried_for_an_order_that_nothing_happens_to_is_kept_in_a_new_version(store: Store) -> None:
    keep(store, an_order(), CARRIED)
    with store.unit_of_work() as work:
        work.repository(ORDERS).carry(order_id(1), REPLACED)
        work.commit()
    assert document(store, order_id(1))["carried"] == REPLACED
    assert store.reads.aggregate(ORDERS, order_id(1), ALL).version == 2
    assert len(store.events(order_id(1))) == 1


def test_the_document_shows_the_order_as_it_is_when_it_is_asked_for(store: Store) -> None:
    keep(store, an_order())
    with store.unit_of_work() as work:
        order = work.repository(ORDERS).get(order_id(1))
        assert show(work, CARRIED)["state"] == "ACKNOWLEDGED"
        order.start(LATER)
        assert show(work, REPLACED)["state"] == "FULFILLING"
        order.annotate((), LATER)
        work.commit()
    assert document(store, order_id(1)) == {"id": order_id(1), "state": "FULFILLING", "carried": REPLACED}


# --- removal ----------------------------------------------------------------------------------------------------------


def remove(order: Order) -> None:
    order.remove(LATER)


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
        asked = cancel_order(a_cancel_command(order_id=order_id(1)), work, StandingClock(), CountingIdentities())
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


# --- at the same time -------------------------------------------------------------------------------------------------


def until_done(act: Callable[[], Any]) -> Any:
    """As the edge and the engine do, with more patience."""
    for _ in range(100):
        try:
            return act()
        except ConcurrentChange:
            continue
    raise AssertionError("never done")


def begin(store: Store, process: PlaceOrder, order_id: str) -> Order:
    with store.unit_of_work() as work:
        order = process.look(order_id, work)
        process.begin(order)
        work.commit()
    return order


def end(store: Store, process: PlaceOrder, order_id: str, progress: Progress) -> Order:
    with store.unit_of_work() as work:
        order = process.look(order_id, work)
        process.end(order, progress, work)
        work.commit()
    return order


def test_what_is_said_about_an_order_while_its_process_ends_is_not_lost_nor_is_the_end(store: Store) -> None:
    with store.unit_of_work() as work:
        order = submit_order(a_command(), work, StandingClock(), CountingIdentities())
        work.commit()
    process = PlaceOrder(
        KnowsCustomers(),
        FullShelves(),
        TakesOrders(),
        TakesMoney(),
        store.unit_of_work,
        store.reads,
        StandingClock(LATER),
    )

    def place() -> Order:
        steps = process.steps(until_done(lambda: begin(store, process, order.id)))
        progress = run(steps, Progress(), Journal().recorded, lambda: process.interruption(order.id))
        ended: Order = until_done(lambda: end(store, process, order.id, progress))
        return ended

    def act(number: int) -> Any:
        return place() if number == 0 else until_done(lambda: ask(store, say(order.id, number), {"n": number}))

    at_once(6, act)
    kept = store.reads.aggregate(ORDERS, order.id, ALL)
    assert (kept.state, kept.bss_order_id) == (State.COMPLETED, "ORD00001")
    assert [entry.trigger for entry in kept.timeline].count(Trigger.ANNOTATE) == 5
    assert [sequence for sequence, _ in store.events(order.id)] == list(range(1, 10))
    assert kept.version == 8, "one for each commit: submitted, begun, five times annotated, completed"
    last = kept.external_identifiers[0].id
    assert document(store, order.id) == {"id": order.id, "state": "COMPLETED", "carried": {"n": int(last)}}


def test_a_draft_is_submitted_or_removed_and_never_half_of_each(store: Store) -> None:
    for number in range(4):
        keep(store, an_order(id=order_id(number), draft=True))

        def act(actor: int, name: str = order_id(number)) -> str:
            try:
                if actor % 2:
                    change(store, name, remove)
                    return "removed"
                ask(store, SubmitDraft(name, ANY_VERSION, a_command()))
                return "submitted"
            except OrderNotFound:
                return "not found"

        outcomes = at_once(4, act)
        done = [outcome for outcome in outcomes if outcome in ("removed", "submitted")]
        assert len(done) == 1, outcomes
        left = {order.id for order in store.reads.aggregates(ORDERS, ALL, Slice(0, 10))[0]}
        submitted = done == ["submitted"]
        assert (order_id(number) in left) is submitted
        assert store.process(PLACE_ORDER, order_id(number)) == ("scheduled" if submitted else None)
        kinds = [kind for _, kind in store.events(order_id(number))]
        assert kinds == ["OrderDrafted", "OrderSubmitted" if submitted else "OrderRemoved"]


def test_an_order_is_amended_before_its_process_begins_or_not_at_all(store: Store) -> None:
    process = PlaceOrder(
        KnowsCustomers(),
        FullShelves(),
        TakesOrders(),
        TakesMoney(),
        store.unit_of_work,
        store.reads,
        StandingClock(LATER),
    )
    for number in range(4):
        keep(store, an_order(id=order_id(number)))

        def act(actor: int, name: str = order_id(number)) -> Order:
            if actor:
                return ask(store, AmendOrder(name, ANY_VERSION, AMENDED))[0]
            begun: Order = until_done(lambda: begin(store, process, name))
            return begun

        begun, amended = at_once(2, act)
        kept = store.reads.aggregate(ORDERS, order_id(number), ALL)
        assert kept.state is State.FULFILLING
        assert begun.items == kept.items, "what is carried out is what is on record"
        if isinstance(amended, Order):
            assert [item.offering and item.offering.id for item in kept.items] == [ROUTER.id, None]
        else:
            assert isinstance(amended, InvalidTransition | ConcurrentChange)
            assert [item.offering for item in kept.items] == [BROADBAND]
            assert kept.submitted_at == NOON
