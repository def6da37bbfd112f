"""Placing orders that change installed products, that are free, and that do several things at once."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonical.customers.reference import CustomerReference
from canonical.ordering.cancellation import CancellationState
from canonical.ordering.commands import ItemAction, OrderLine, SubmitOrder
from canonical.ordering.order import ORDERS, Order, PaymentStatus
from canonical.ordering.states import State
from canonical.processes.place_order import PlannedCall, plan
from canonical.processes.ports import ChargeRequest
from canonical.processes.progress import Progress
from canonical.shared.errors import BackendRefused, BackendUnavailable
from tests.support.builders import BROADBAND, FREE, ROUTER, a_change, a_command, a_line, euros
from tests.support.fakes import (
    DeclinesEverything,
    FullShelves,
    KnowsAccounts,
    KnowsCustomers,
    NeverLetsGo,
    NothingInStock,
    TakesMoney,
    TakesOrders,
)
from tests.unit.processes.placing import Placing, WhileInFlight

CHANGES = [action for action in ItemAction if action is not ItemAction.ADD]
ONLY_CHANGES = a_command(
    lines=tuple(a_change(id=action.value, action=action, product_id=f"PRD-{action}") for action in CHANGES)
)
MIXED = a_command(
    lines=(
        a_change(id="old"),
        a_line(id="new", quantity=2),
        a_change(id="other", action=ItemAction.MODIFY, offering_id=ROUTER.id, quantity=9),
        a_line(id="free", quantity=1, offering_id=FREE.id),
    )
)
ALL_FREE = a_command(lines=(a_line(id="a", offering_id=FREE.id), a_line(id="b", offering_id=FREE.id)))


def operations(placing: Placing) -> list[str]:
    return [operation for operation, _ in placing.calls]


def test_an_order_that_only_changes_installed_products_reserves_and_charges_nothing() -> None:
    placing = Placing(command=ONLY_CHANGES)
    order = placing.carry_out()
    assert operations(placing) == ["customer", "create"]
    assert (order.state, order.payment, order.bss_order_id) == (
        State.COMPLETED,
        PaymentStatus.NOT_CHARGED,
        "ORD00001",
    )
    assert (placing.stock.held, placing.bss.reservations, placing.payments.taken) == ({}, {}, {})
    assert [step.name for step in placing.process.steps(order)] == ["verify-customer", "create-order"]


@pytest.mark.parametrize("action", CHANGES)
def test_that_is_so_for_each_action_even_with_an_offering(action: ItemAction) -> None:
    placing = Placing(command=a_command(lines=(a_change(action=action, offering_id=BROADBAND.id, quantity=7),)))
    order = placing.carry_out()
    assert operations(placing) == ["customer", "create"]
    assert (order.state, order.payment) == (State.COMPLETED, PaymentStatus.NOT_CHARGED)


def test_of_a_mixed_order_what_is_added_is_reserved_under_its_item_and_charged() -> None:
    placing = Placing(command=MIXED)
    order = placing.carry_out()
    assert placing.calls == [
        ("customer", None),
        ("reserve", placing.key("reserve-2")),
        ("reserve", placing.key("reserve-4")),
        ("create", placing.key("create-order")),
        ("charge", placing.key("charge")),
    ]
    assert [(held.sku, held.quantity, held.reference) for held in placing.stock.held.values()] == [
        ("SKU123", 2, f"{order.id}:2"),
        ("SKU900", 1, f"{order.id}:4"),
    ]
    assert placing.bss.reservations == {"new": "RSV001", "free": "RSV002"}
    assert placing.payments.taken == {"ORD00001": euros("99.80")}
    assert (order.state, order.payment) == (State.COMPLETED, PaymentStatus.SUCCESS)


def test_what_is_free_is_reserved_and_not_charged() -> None:
    placing = Placing(command=ALL_FREE)
    order = placing.carry_out()
    assert operations(placing) == ["customer", "reserve", "reserve", "create"]
    assert (order.state, order.payment, order.amount) == (State.COMPLETED, PaymentStatus.NOT_CHARGED, euros("0.00"))


def test_what_was_reserved_of_a_mixed_order_is_released_and_nothing_else() -> None:
    placing = Placing(command=MIXED, payments=DeclinesEverything())
    order = placing.carry_out()
    assert placing.calls[5:] == [
        ("cancel", placing.key("undo-create-order")),
        ("release", placing.key("undo-reserve-4")),
        ("release", placing.key("undo-reserve-2")),
    ]
    assert placing.stock.held == {}
    assert order.failure is not None
    assert (order.state, order.failure.undone) == (
        State.FAILED,
        (
            "order ORD00001 cancelled",
            "reservation RSV002 of 1 × SKU900 released",
            "reservation RSV001 of 2 × SKU123 released",
        ),
    )


def test_a_short_item_of_a_mixed_order_is_named_by_its_id() -> None:
    placing = Placing(command=MIXED, stock=NothingInStock(lacking=FREE.sku))
    order = placing.carry_out()
    assert order.failure is not None
    assert (order.failure.step, order.failure.details["itemId"]) == ("reserve-4", "free")
    assert order.failure.undone == ("reservation RSV001 of 2 × SKU123 released",)


REFUSED = BackendRefused("no", backend="bss", operation="createOrder", status=409)


@dataclass
class RefusesOrders(TakesOrders):
    def create(self, order: Order, reservations: Any, key: str) -> str:
        self.calls.append(("create", key))
        raise REFUSED


def test_when_bss_refuses_an_order_of_changes_nothing_has_to_be_undone() -> None:
    placing = Placing(command=ONLY_CHANGES, bss=RefusesOrders())
    order = placing.carry_out()
    assert operations(placing) == ["customer", "create"]
    assert order.failure is not None
    assert (order.state, order.payment, order.failure.undone) == (State.FAILED, PaymentStatus.NOT_CHARGED, ())


# --- given up ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", [ONLY_CHANGES, ALL_FREE], ids=["changes", "free"])
def test_while_an_order_without_a_charge_is_made_in_bss_it_is_too_late(command: SubmitOrder) -> None:
    placing = Placing(command=command)
    order = placing.carry_out(WhileInFlight("create-order#0", placing.cancel))
    assert (order.state, order.payment, order.failure) == (State.COMPLETED, PaymentStatus.NOT_CHARGED, None)
    asked = placing.asked
    assert (asked.state, asked.milestone, asked.outcome, asked.effective_at) == (
        CancellationState.DENIED,
        "created",
        "the order is completed: return its products instead",
        None,
    )
    assert "cancel" not in operations(placing)


def test_between_the_last_step_of_an_order_without_a_charge_and_its_end_it_is_too_late() -> None:
    placing = Placing(command=ONLY_CHANGES)
    progress = placing.part(Progress())
    placing.cancel()
    assert placing.end(progress).state is State.COMPLETED
    assert placing.asked.milestone == "created"


def test_while_bss_is_away_an_order_without_a_charge_is_given_up() -> None:
    @dataclass
    class BssIsAway(TakesOrders):
        def create(self, order: Order, reservations: Any, key: str) -> str:
            self.calls.append(("create", key))
            raise BackendUnavailable("bss cannot be reached")

    placing = Placing(command=ALL_FREE, bss=BssIsAway())
    progress = placing.part(Progress())
    assert progress.waiting
    placing.cancel()
    order = placing.end(placing.part(progress))
    assert (order.state, order.payment) == (State.CANCELLED, PaymentStatus.NOT_CHARGED)
    assert placing.stock.held == {}
    assert placing.asked.state is CancellationState.DONE


def test_a_free_order_that_is_refused_while_somebody_gives_it_up_is_cancelled() -> None:
    placing = Placing(command=ALL_FREE, bss=RefusesOrders())
    order = placing.carry_out(WhileInFlight("create-order#0", placing.cancel))
    assert (order.state, order.payment) == (State.CANCELLED, PaymentStatus.NOT_CHARGED)
    assert operations(placing)[-2:] == ["release", "release"]
    assert placing.asked.outcome is not None
    assert placing.asked.outcome.startswith("the order would have failed: no; reservation")


def test_a_free_order_falls_out_when_its_stock_is_not_let_go() -> None:
    placing = Placing(command=ALL_FREE, bss=RefusesOrders(), stock=NeverLetsGo(refusal=REFUSED))
    order = placing.carry_out()
    assert (order.state, order.payment) == (State.FALLOUT, PaymentStatus.NOT_CHARGED)


# --- said about it meanwhile ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("call", ["reserve-1", "reserve-2", "create-order", "charge"])
def test_what_is_said_about_an_order_while_a_call_is_in_flight_changes_nothing_about_its_placing(call: str) -> None:
    placing = Placing()

    def annotate() -> None:
        with placing.memory.unit_of_work() as work:
            order = work.repository(ORDERS).get(placing.order_id)
            order.annotate((), order.changed_at)
            work.commit()

    order = placing.carry_out(WhileInFlight(f"{call}#0", annotate))
    assert (order.state, order.payment) == (State.COMPLETED, PaymentStatus.SUCCESS)
    assert operations(placing) == ["customer", "reserve", "reserve", "create", "charge"]
    assert [event.sequence for event in placing.memory.outbox] == [1, 2, 3, 4, 5]


def test_a_draft_is_not_begun() -> None:
    placing = Placing(command=a_command(draft=True))
    draft = placing.kept
    assert placing.begin() == draft
    assert (placing.kept, placing.memory.processes, placing.calls) == (draft, {}, [])


# --- the plan ---------------------------------------------------------------------------------------------------------


@dataclass
class Asked:
    """What all backends together were asked, in order, as a plan says it."""

    calls: list[PlannedCall] = field(default_factory=list)

    def note(self, key: str, backend: str, operation: str, **what: Any) -> None:
        self.calls.append(PlannedCall(key.rpartition(":")[2], backend, operation, what))


class Crm(KnowsCustomers):
    def __init__(self, asked: Asked) -> None:
        super().__init__()
        self._asked = asked

    def customer(self, customer_id: str) -> CustomerReference:
        self._asked.note("verify-customer", "crm", "getCustomer", id=customer_id)
        return super().customer(customer_id)


class Inventory(FullShelves):
    def __init__(self, asked: Asked) -> None:
        super().__init__()
        self._asked = asked

    def reserve(self, request: Any, key: str) -> str:
        self._asked.note(key, "inventory", "reserve", sku=request.sku, quantity=request.quantity)
        return super().reserve(request, key)


class Bss(TakesOrders):
    def __init__(self, asked: Asked) -> None:
        super().__init__()
        self._asked = asked

    def create(self, order: Order, reservations: Any, key: str) -> str:
        self._asked.note(key, "bss", "createOrder", customerId=order.customer_id, items=len(order.items))
        return super().create(order, reservations, key)


class Billing(TakesMoney):
    def __init__(self, asked: Asked) -> None:
        super().__init__()
        self._asked = asked

    def charge(self, request: ChargeRequest, key: str) -> str:
        amount = request.amount
        self._asked.note(key, "billing", "charge", amount=f"{amount.amount:f}", currency=amount.currency)
        return super().charge(request, key)


offered = st.sampled_from([BROADBAND.id, ROUTER.id, FREE.id])
quantities = st.integers(1, 100_000)
added = st.builds(OrderLine, st.just(""), quantities, offering_id=offered)
changed = st.builds(
    OrderLine,
    st.just(""),
    quantities,
    st.sampled_from(CHANGES),
    offering_id=st.none() | offered,
    product_id=st.text(min_size=1, max_size=5),
)


@given(st.lists(added | changed, min_size=1, max_size=6), st.sampled_from(["C1", "C12345"]))
def test_what_is_planned_for_any_order_is_what_is_called(lines: list[OrderLine], customer: str) -> None:
    asked = Asked()
    numbered = tuple(
        OrderLine(f"i{number}", line.quantity, line.action, line.offering_id, None, line.product_id)
        for number, line in enumerate(lines)
    )
    placing = Placing(
        Crm(asked),
        Inventory(asked),
        Bss(asked),
        Billing(asked),
        KnowsAccounts(),
        a_command(customer_id=customer, lines=numbered),
    )
    planned = plan(placing.kept)
    order = placing.carry_out()
    assert asked.calls == planned == plan(order)
    assert [call.step for call in planned] == [step.name for step in placing.process.steps(order)]
    assert order.state is State.COMPLETED
    assert placing.bss.reservations.keys() == {line.id for line in numbered if line.action is ItemAction.ADD}
    charged = sum(line.action is ItemAction.ADD and line.offering_id != FREE.id for line in numbered) > 0
    assert order.payment is (PaymentStatus.SUCCESS if charged else PaymentStatus.NOT_CHARGED)
