"""Taking requests to cancel in, while the process at work changes the order at the same moment."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from canonical.ordering.cancellation import CancellationState
from canonical.ordering.order import Order, PaymentStatus
from canonical.ordering.states import State, Trigger
from canonical.shared.errors import ConcurrentChange, InvalidTransition, OrderNotFound
from canonical.shared.reader import Reader
from facade.intake.cancellations import CancellationIntake
from facade.intake.once import TRIES, Request
from tests.support.builders import NOON, ORDER_ID, a_cancel_command, an_order_in
from tests.support.fakes import CountingIdentities, StandingClock
from tests.support.memory import Memory, ReadsFromMemory, UnitOfWorkInMemory

SENT = {"productOrder": {"id": ORDER_ID}}
CARRIED = {"@type": "CancelProductOrder", "note": [{"text": "x"}]}


@dataclass
class MemoryOthersWriteTo(Memory):
    """Before each of the first commits somebody else does one of `changes` to the order."""

    changes: list[Callable[[Order], None]] = field(default_factory=list)
    units: int = 0

    def unit_of_work(self) -> UnitOfWorkInMemory:
        self.units += 1
        return Overtaken(self)


class Overtaken(UnitOfWorkInMemory):
    def commit(self) -> None:
        memory = self._memory
        assert isinstance(memory, MemoryOthersWriteTo)
        if memory.changes:
            order = memory.orders[ORDER_ID]
            memory.changes.pop(0)(order)
            order.version += 1
        super().commit()


def touch(order: Order) -> None:
    """A change after which the order is where it was."""


def complete(order: Order) -> None:
    order.complete("ORD00001", PaymentStatus.SUCCESS, NOON)
    order.events.clear()


def annotate(order: Order) -> None:
    order.annotate((), NOON)
    order.events.clear()


def intake(*changes: Callable[[Order], None], state: State = State.FULFILLING) -> tuple[CancellationIntake, Memory]:
    memory = MemoryOthersWriteTo(orders={ORDER_ID: an_order_in(state)}, changes=list(changes))
    reads = ReadsFromMemory(memory)
    return CancellationIntake(memory.unit_of_work, reads, StandingClock(), CountingIdentities()), memory


def units(memory: Memory) -> int:
    assert isinstance(memory, MemoryOthersWriteTo)
    return memory.units


def test_a_request_is_kept_with_what_its_sender_wants_back() -> None:
    taken_in, memory = intake()
    asked = taken_in.accept(a_cancel_command(), SENT, CARRIED)
    assert asked.state is CancellationState.ASSESSING
    assert ReadsFromMemory(memory).cancellation(asked.id, Reader("partner-acme")) == (asked, CARRIED)
    assert memory.orders[ORDER_ID].state is State.ASSESSING_CANCELLATION
    assert units(memory) == 1
    [evidence] = memory.audit.values()
    assert (evidence.order_id, evidence.status) == (ORDER_ID, 202)
    assert evidence.payload_hash == Request("", "cancelOrder", payload=SENT).payload_hash


@pytest.mark.parametrize("times", range(1, TRIES))
def test_when_the_order_changes_at_the_same_moment_the_request_is_made_again_on_what_it_became(times: int) -> None:
    taken_in, memory = intake(*[touch] * times)
    asked = taken_in.accept(a_cancel_command(), SENT, CARRIED)
    assert memory.cancellations == {asked.id: asked}, "of the tries that failed nothing is left"
    assert memory.carried_for_cancellations == {asked.id: CARRIED}
    assert memory.orders[ORDER_ID].cancellation_id == asked.id
    assert len(memory.outbox) == 1
    assert units(memory) == times + 1


def test_when_it_changes_all_the_time_the_caller_is_told() -> None:
    taken_in, memory = intake(*[touch] * TRIES)
    with pytest.raises(ConcurrentChange):
        taken_in.accept(a_cancel_command(), SENT, CARRIED)
    assert (memory.cancellations, memory.outbox, units(memory)) == ({}, [], TRIES)
    assert memory.orders[ORDER_ID].state is State.FULFILLING


def test_when_it_ends_at_the_same_moment_the_request_is_too_late() -> None:
    taken_in, memory = intake(complete)
    with pytest.raises(InvalidTransition) as refused:
        taken_in.accept(a_cancel_command(), SENT, CARRIED)
    assert refused.value.details["state"] == "COMPLETED"
    assert (memory.cancellations, units(memory)) == ({}, 2)


def test_when_something_is_said_about_it_at_the_same_moment_both_are_kept() -> None:
    taken_in, memory = intake(annotate)
    asked = taken_in.accept(a_cancel_command(), SENT, CARRIED)
    order = memory.orders[ORDER_ID]
    assert (order.state, order.cancellation_id) == (State.ASSESSING_CANCELLATION, asked.id)
    assert [entry.trigger for entry in order.timeline[-2:]] == [Trigger.ANNOTATE, Trigger.CANCEL]
    assert [event.sequence for event in memory.outbox] == [len(order.timeline)]


@pytest.mark.parametrize("state", [State.COMPLETED, State.CANCELLING, State.CANCELLED])
def test_a_request_that_makes_no_sense_is_not_repeated(state: State) -> None:
    taken_in, memory = intake(state=state)
    with pytest.raises(InvalidTransition):
        taken_in.accept(a_cancel_command(), SENT, CARRIED)
    assert units(memory) == 1


def test_an_order_that_is_not_there_cannot_be_cancelled() -> None:
    taken_in, memory = intake()
    with pytest.raises(OrderNotFound):
        taken_in.accept(a_cancel_command(order_id="none"), SENT, CARRIED)
    assert units(memory) == 1
