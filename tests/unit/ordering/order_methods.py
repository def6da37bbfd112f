"""What may be done to an order, each by name, and the states in which it may."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from canonical.ordering.order import Order, PaymentStatus
from canonical.ordering.states import State
from canonical.shared.failure import Failure
from tests.support.builders import BROADBAND, CANCELLATION_ID, NOON, a_command, a_failure, a_rejection

LATER = NOON + timedelta(minutes=1)
MUCH_LATER = NOON + timedelta(hours=1)


def complete(order: Order) -> None:
    order.complete("ORD00001", PaymentStatus.SUCCESS, MUCH_LATER)


def fail(order: Order) -> None:
    order.fail(a_failure(), PaymentStatus.DECLINED, "ORD00001", MUCH_LATER)


def fall_out(order: Order) -> None:
    order.fall_out(a_failure(not_undone=("x",)), PaymentStatus.DECLINED, "ORD00001", MUCH_LATER)


def request_cancellation(order: Order) -> None:
    order.request_cancellation(CANCELLATION_ID, MUCH_LATER)


def cancel(order: Order) -> None:
    order.cancel(given_up(), PaymentStatus.NOT_CHARGED, "ORD00001", MUCH_LATER)


def given_up() -> Failure:
    return a_failure(code="ORDER_CANCELLED", message="ordered by mistake")


def annotate(order: Order) -> None:
    order.annotate((), MUCH_LATER)


def amend(order: Order) -> None:
    order.amend(a_command(customer_id="C2"), [BROADBAND], MUCH_LATER)


METHODS: dict[str, tuple[Callable[[Order], Any], set[State]]] = {
    "submit_draft": (lambda order: order.submit_draft(a_command(), [BROADBAND], LATER), {State.DRAFT}),
    "amend": (amend, {State.DRAFT, State.ACKNOWLEDGED}),
    "annotate": (annotate, set(State)),
    "reject": (lambda order: order.reject(a_rejection(), LATER), {State.ACKNOWLEDGED}),
    "start": (lambda order: order.start(LATER), {State.ACKNOWLEDGED}),
    "complete": (complete, {State.FULFILLING}),
    "fail": (fail, {State.VALIDATED, State.DECOMPOSED, State.FULFILLING, State.FALLOUT}),
    "fall_out": (fall_out, {State.FULFILLING, State.CANCELLING}),
    "request_cancellation": (
        request_cancellation,
        {
            State.DRAFT,
            State.ACKNOWLEDGED,
            State.VALIDATED,
            State.DECOMPOSED,
            State.FULFILLING,
            State.PENDING,
            State.HELD,
        },
    ),
    "accept_cancellation": (lambda order: order.accept_cancellation(MUCH_LATER), {State.ASSESSING_CANCELLATION}),
    "deny_cancellation": (lambda order: order.deny_cancellation(MUCH_LATER), {State.ASSESSING_CANCELLATION}),
    "cancel": (cancel, {State.CANCELLING}),
    "remove": (
        lambda order: order.remove(MUCH_LATER),
        {State.DRAFT, State.COMPLETED, State.REJECTED, State.FAILED, State.CANCELLED, State.CLOSED},
    ),
}

STAYING = {"amend", "annotate", "remove"}
"""Those that leave the order in its state."""
