"""The cancellation aggregate."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from canonical.ordering.cancellation import FOLLOWING, Cancellation, CancellationState
from canonical.ordering.events import (
    CancellationAccepted,
    CancellationCreated,
    CancellationDenied,
    CancellationDone,
)
from canonical.shared.errors import InvalidTransition
from tests.support.builders import NOON, ORDER_ID, a_cancel_command, a_cancellation

LATER = NOON + timedelta(minutes=1)
ASSESSING, ACCEPTED, DONE, DENIED = CancellationState

METHODS: dict[str, tuple[Callable[[Cancellation], None], CancellationState, set[CancellationState]]] = {
    "accept": (lambda asked: asked.accept(LATER), ACCEPTED, {ASSESSING}),
    "done": (lambda asked: asked.done("order ORD00001 cancelled", LATER), DONE, {ACCEPTED}),
    "deny": (lambda asked: asked.deny("charged", "too late", LATER), DENIED, {ASSESSING, ACCEPTED}),
}


def test_a_request_remembers_who_asked_for_what_and_why() -> None:
    command = a_cancel_command(requested_at=LATER)
    asked = Cancellation.of("id-1", command, "C12345", NOON)
    assert asked == Cancellation(
        id="id-1",
        owner="partner-acme",
        order_id=ORDER_ID,
        created_at=NOON,
        reason="ordered by mistake",
        requested_at=LATER,
        state=ASSESSING,
        customer_id="C12345",
        recorded=1,
        version=0,
        events=[CancellationCreated(cancellation_id="id-1", order_id=ORDER_ID, sequence=1, at=NOON)],
    )
    assert (asked.effective_at, asked.milestone, asked.outcome) == (None, None, None)


def test_a_done_one_says_when_and_what_was_undone() -> None:
    asked = a_cancellation()
    asked.accept(LATER)
    asked.done("order ORD00001 cancelled", LATER)
    assert (asked.state, asked.outcome, asked.effective_at, asked.milestone) == (
        DONE,
        "order ORD00001 cancelled",
        LATER,
        None,
    )


def test_a_denied_one_says_why_and_what_the_order_had_reached_and_never_took_effect() -> None:
    asked = a_cancellation()
    asked.deny("charged", "too late", LATER)
    assert (asked.state, asked.milestone, asked.outcome, asked.effective_at) == (DENIED, "charged", "too late", None)


@pytest.mark.parametrize("state", CancellationState)
@pytest.mark.parametrize("method", METHODS)
def test_a_method_works_only_where_it_may_and_changes_nothing_otherwise(method: str, state: CancellationState) -> None:
    call, to, allowed = METHODS[method]
    asked = replace(a_cancellation(), state=state)
    before = replace(asked)
    if state in allowed:
        call(asked)
        assert asked.state is to
        return
    with pytest.raises(InvalidTransition) as refused:
        call(asked)
    assert asked == before
    assert refused.value.details["state"] == state.value


@pytest.mark.parametrize("state", CancellationState)
def test_it_is_decided_when_nothing_follows(state: CancellationState) -> None:
    assert bool(FOLLOWING[state]) is (state not in (DONE, DENIED))


def test_every_state_has_its_followers_and_is_reached() -> None:
    assert FOLLOWING.keys() == set(CancellationState)
    assert {ASSESSING}.union(*FOLLOWING.values()) == set(CancellationState)


def test_each_change_is_recorded_with_its_number() -> None:
    done, denied = a_cancellation(), a_cancellation()
    done.accept(LATER)
    done.done("order ORD00001 cancelled", LATER)
    denied.deny("charged", "too late", LATER)
    about = {"cancellation_id": done.id, "order_id": ORDER_ID}
    assert done.events[1:] == [
        CancellationAccepted(**about, sequence=2, at=LATER),
        CancellationDone(**about, sequence=3, at=LATER),
    ]
    assert denied.events[1:] == [CancellationDenied(**about, sequence=2, at=LATER, milestone="charged")]
