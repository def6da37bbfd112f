"""What every store promises about orders that several change at the same time."""

from collections.abc import Callable
from typing import Any

from canonical.ordering.commands import AmendOrder, SubmitDraft
from canonical.ordering.errors import OrderNotFound
from canonical.ordering.handlers import PLACE_ORDER, submit_order
from canonical.ordering.order import ORDERS, Order
from canonical.ordering.states import State, Trigger
from canonical.processes.place_order import PlaceOrder
from canonical.processes.progress import Progress
from canonical.processes.saga import run
from canonical.shared.errors import ConcurrentChange, InvalidTransition
from canonical.shared.paging import Slice
from canonical.shared.reader import ALL
from tests.contract.changing import AMENDED, ask, document, remove, say
from tests.contract.conftest import Store
from tests.contract.keeping import (
    LATER,
    at_once,
    change,
    keep,
    order_id,
)
from tests.support.builders import (
    ANY_VERSION,
    BROADBAND,
    NOON,
    ROUTER,
    a_command,
    an_order,
)
from tests.support.fakes import (
    CountingIdentities,
    FullShelves,
    Journal,
    KnowsAccounts,
    KnowsCustomers,
    StandingClock,
    TakesMoney,
    TakesOrders,
)


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
        KnowsAccounts(),
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
        KnowsAccounts(),
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
