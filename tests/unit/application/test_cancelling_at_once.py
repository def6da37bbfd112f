"""Requests to cancel, while the process at work changes the order at the same moment."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from canonical.ordering.cancellation import CANCELLATIONS, Cancellation, CancellationState
from canonical.ordering.commands import CancelOrder
from canonical.ordering.errors import OrderNotFound
from canonical.ordering.order import Order, PaymentStatus
from canonical.ordering.states import State, Trigger
from canonical.shared.errors import ConcurrentChange, InvalidTransition
from canonical.shared.overtaken import TRIES
from canonical.shared.reader import Reader
from facade.application.requests import Request, Translation
from facade.application.use_cases import Application
from facade.bootstrap.use_cases import use_cases
from tests.support.builders import NOON, ORDER_ID, a_cancel_command, an_order_in
from tests.support.fakes import CountingIdentities, StandingClock, Starts
from tests.support.memory import Memory, UnitOfWorkInMemory
from tests.support.memory_reads import ReadsFromMemory

ASKING = Request("partner-acme", "cancelOrder", payload={"productOrder": {"id": ORDER_ID}})
CARRIED = {"@type": "CancelProductOrder", "note": [{"text": "x"}]}


@dataclass
class MemoryOthersWriteTo(Memory):
    """Before each of the first units of work saves, somebody else does one of `changes` to the order."""

    changes: list[Callable[[Order], None]] = field(default_factory=list)
    units: int = 0

    def unit_of_work(self) -> UnitOfWorkInMemory:
        self.units += 1
        return Overtaken(self)


class Overtaken(UnitOfWorkInMemory):
    def save(self) -> None:
        memory = self._memory
        assert isinstance(memory, MemoryOthersWriteTo)
        if memory.changes:
            order = memory.orders[ORDER_ID]
            memory.changes.pop(0)(order)
            order.version += 1
        super().save()


def touch(order: Order) -> None:
    """A change after which the order is where it was."""


def complete(order: Order) -> None:
    order.complete("ORD00001", PaymentStatus.SUCCESS, NOON)
    order.events.clear()


def annotate(order: Order) -> None:
    order.annotate((), NOON)
    order.events.clear()


class Taking:
    """Takes requests to cancel in, over a memory that others write to."""

    def __init__(self, *changes: Callable[[Order], None], state: State = State.FULFILLING) -> None:
        self.memory = MemoryOthersWriteTo(changes=list(changes))
        self.memory.hold(an_order_in(state))
        self.reads = ReadsFromMemory(self.memory)
        self._application = Application(
            self.memory.unit_of_work, self.reads, StandingClock(), CountingIdentities(), Starts(), use_cases({})
        )

    @property
    def order(self) -> Order:
        return self.memory.orders[ORDER_ID]

    def accept(self, command: CancelOrder) -> Cancellation:
        result = self._application.execute(ASKING, Translation(command, carried=CARRIED), 202)
        return self.reads.aggregate(CANCELLATIONS, result.subject, Reader("partner-acme"))


def test_a_request_is_kept_with_what_its_sender_wants_back() -> None:
    taking = Taking()
    asked = taking.accept(a_cancel_command())
    assert asked.state is CancellationState.ASSESSING
    assert taking.reads.to_change(CANCELLATIONS, asked.id, Reader("partner-acme"))[:2] == (asked, CARRIED)
    assert taking.order.state is State.ASSESSING_CANCELLATION
    assert taking.memory.units == 1
    [evidence] = taking.memory.audit.values()
    assert (evidence.subject_type, evidence.subject, evidence.status) == ("cancellation", asked.id, 202)
    assert evidence.payload_hash == ASKING.payload_hash


@pytest.mark.parametrize("times", range(1, TRIES))
def test_when_the_order_changes_at_the_same_moment_the_request_is_made_again_on_what_it_became(times: int) -> None:
    taking = Taking(*[touch] * times)
    asked = taking.accept(a_cancel_command())
    assert taking.memory.cancellations == {asked.id: asked}, "of the tries that failed nothing is left"
    assert taking.reads.to_change(CANCELLATIONS, asked.id, Reader("partner-acme"))[1] == CARRIED
    assert taking.order.cancellation_id == asked.id
    assert len(taking.memory.outbox) == 1
    assert taking.memory.units == times + 1


def test_when_it_changes_all_the_time_the_caller_is_told() -> None:
    taking = Taking(*[touch] * TRIES)
    with pytest.raises(ConcurrentChange):
        taking.accept(a_cancel_command())
    assert (taking.memory.cancellations, taking.memory.outbox, taking.memory.units) == ({}, [], TRIES)
    assert taking.order.state is State.FULFILLING


def test_when_it_ends_at_the_same_moment_the_request_is_too_late() -> None:
    taking = Taking(complete)
    with pytest.raises(InvalidTransition) as refused:
        taking.accept(a_cancel_command())
    assert refused.value.details["state"] == "COMPLETED"
    assert (taking.memory.cancellations, taking.memory.units) == ({}, 2)


def test_when_something_is_said_about_it_at_the_same_moment_both_are_kept() -> None:
    taking = Taking(annotate)
    asked = taking.accept(a_cancel_command())
    order = taking.order
    assert (order.state, order.cancellation_id) == (State.ASSESSING_CANCELLATION, asked.id)
    assert [entry.trigger for entry in order.timeline[-2:]] == [Trigger.ANNOTATE, Trigger.CANCEL]
    assert [event.sequence for event in taking.memory.outbox] == [len(order.timeline)]


@pytest.mark.parametrize("state", [State.COMPLETED, State.CANCELLING, State.CANCELLED])
def test_a_request_that_makes_no_sense_is_not_repeated(state: State) -> None:
    taking = Taking(state=state)
    with pytest.raises(InvalidTransition):
        taking.accept(a_cancel_command())
    assert taking.memory.units == 1


def test_an_order_that_is_not_there_cannot_be_cancelled() -> None:
    taking = Taking()
    with pytest.raises(OrderNotFound):
        taking.accept(a_cancel_command(order_id="none"))
    assert taking.memory.units == 1
