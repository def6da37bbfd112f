"""The order's states and transitions. The API offers exactly what this table allows."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from canonical.shared.errors import InvalidTransition


class State(StrEnum):
    DRAFT = "DRAFT"
    ACKNOWLEDGED = "ACKNOWLEDGED"
    REJECTED = "REJECTED"
    VALIDATED = "VALIDATED"
    DECOMPOSED = "DECOMPOSED"
    FULFILLING = "FULFILLING"
    PENDING = "PENDING"
    HELD = "HELD"
    PARTIALLY_COMPLETED = "PARTIALLY_COMPLETED"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    FALLOUT = "FALLOUT"
    ASSESSING_CANCELLATION = "ASSESSING_CANCELLATION"
    CANCELLING = "CANCELLING"
    CANCELLED = "CANCELLED"
    CLOSED = "CLOSED"


class Trigger(StrEnum):
    """What can happen to an order. Callers may request those in ACTIONS."""

    DRAFT = "draft"
    SUBMIT = "submit"
    AMEND = "amend"
    ANNOTATE = "annotate"
    REJECT = "reject"
    VALIDATE = "validate"
    DECOMPOSE = "decompose"
    FULFIL = "fulfil"
    AWAIT_INFORMATION = "awaitInformation"
    HOLD = "hold"
    RESUME = "resume"
    COMPLETE = "complete"
    COMPLETE_PARTLY = "completePartly"
    FAIL = "fail"
    FALL_OUT = "fallOut"
    CANCEL = "cancel"
    ACCEPT_CANCELLATION = "acceptCancellation"
    DENY_CANCELLATION = "denyCancellation"
    DENY_CANCELLATION_WHILE_PENDING = "denyCancellationWhilePending"
    DENY_CANCELLATION_WHILE_HELD = "denyCancellationWhileHeld"
    CONFIRM_CANCELLATION = "confirmCancellation"
    CLOSE = "close"


class StateCategory(StrEnum):
    DRAFT = "DRAFT"
    IN_PROGRESS = "IN_PROGRESS"
    SUCCESS = "SUCCESS"
    FAILURE = "FAILURE"
    TERMINAL = "TERMINAL"


TRANSITIONS: Mapping[tuple[State, Trigger], State] = MappingProxyType(
    {
        (State.DRAFT, Trigger.AMEND): State.DRAFT,
        (State.DRAFT, Trigger.SUBMIT): State.ACKNOWLEDGED,
        (State.DRAFT, Trigger.CANCEL): State.CANCELLED,
        (State.ACKNOWLEDGED, Trigger.AMEND): State.ACKNOWLEDGED,
        (State.ACKNOWLEDGED, Trigger.REJECT): State.REJECTED,
        (State.ACKNOWLEDGED, Trigger.VALIDATE): State.VALIDATED,
        (State.ACKNOWLEDGED, Trigger.CANCEL): State.ASSESSING_CANCELLATION,
        (State.VALIDATED, Trigger.DECOMPOSE): State.DECOMPOSED,
        (State.VALIDATED, Trigger.FULFIL): State.FULFILLING,
        (State.VALIDATED, Trigger.CANCEL): State.ASSESSING_CANCELLATION,
        (State.VALIDATED, Trigger.FAIL): State.FAILED,
        (State.DECOMPOSED, Trigger.FULFIL): State.FULFILLING,
        (State.DECOMPOSED, Trigger.CANCEL): State.ASSESSING_CANCELLATION,
        (State.DECOMPOSED, Trigger.FAIL): State.FAILED,
        (State.FULFILLING, Trigger.AWAIT_INFORMATION): State.PENDING,
        (State.FULFILLING, Trigger.HOLD): State.HELD,
        (State.FULFILLING, Trigger.COMPLETE): State.COMPLETED,
        (State.FULFILLING, Trigger.COMPLETE_PARTLY): State.PARTIALLY_COMPLETED,
        (State.FULFILLING, Trigger.FAIL): State.FAILED,
        (State.FULFILLING, Trigger.FALL_OUT): State.FALLOUT,
        (State.FULFILLING, Trigger.CANCEL): State.ASSESSING_CANCELLATION,
        (State.PENDING, Trigger.RESUME): State.FULFILLING,
        (State.PENDING, Trigger.CANCEL): State.ASSESSING_CANCELLATION,
        (State.HELD, Trigger.RESUME): State.FULFILLING,
        (State.HELD, Trigger.CANCEL): State.ASSESSING_CANCELLATION,
        (State.FALLOUT, Trigger.RESUME): State.FULFILLING,
        (State.FALLOUT, Trigger.FAIL): State.FAILED,
        (State.PARTIALLY_COMPLETED, Trigger.CLOSE): State.CLOSED,
        (State.ASSESSING_CANCELLATION, Trigger.ACCEPT_CANCELLATION): State.CANCELLING,
        (State.ASSESSING_CANCELLATION, Trigger.DENY_CANCELLATION): State.FULFILLING,
        (State.ASSESSING_CANCELLATION, Trigger.DENY_CANCELLATION_WHILE_PENDING): State.PENDING,
        (State.ASSESSING_CANCELLATION, Trigger.DENY_CANCELLATION_WHILE_HELD): State.HELD,
        (State.CANCELLING, Trigger.FALL_OUT): State.FALLOUT,
        (State.CANCELLING, Trigger.CONFIRM_CANCELLATION): State.CANCELLED,
        (State.COMPLETED, Trigger.CLOSE): State.CLOSED,
    }
    | {(state, Trigger.ANNOTATE): state for state in State}
)
"""AMEND changes what is ordered and for whom. ANNOTATE changes remarks, which no process reads."""

TERMINAL: frozenset[State] = frozenset(State) - {state for (state, _), to in TRANSITIONS.items() if to is not state}
FINISHED: frozenset[State] = TERMINAL | {State.COMPLETED, State.PARTIALLY_COMPLETED, State.FALLOUT}
"""No process works on the order any more."""

UNSUCCESSFUL: frozenset[State] = frozenset({State.REJECTED, State.FAILED, State.CANCELLED})
"""Nothing came of the order, so its external identifiers are free again."""

REMOVABLE: frozenset[State] = TERMINAL | {State.DRAFT, State.COMPLETED}
"""No process works on the order, and no decision is pending: an administrator may remove it permanently."""

IN_WORDS: Mapping[Trigger, str] = MappingProxyType(
    {
        Trigger.AMEND: "be amended",
        Trigger.ANNOTATE: "be annotated",
        Trigger.SUBMIT: "be submitted",
        Trigger.CANCEL: "be cancelled",
    }
)
"""An order can …"""
ACTIONS: frozenset[Trigger] = frozenset(IN_WORDS)
"""The triggers that a caller may request. The others belong to processes."""

CATEGORIES: Mapping[State, StateCategory] = MappingProxyType(
    {
        State.DRAFT: StateCategory.DRAFT,
        State.ACKNOWLEDGED: StateCategory.IN_PROGRESS,
        State.REJECTED: StateCategory.FAILURE,
        State.VALIDATED: StateCategory.IN_PROGRESS,
        State.DECOMPOSED: StateCategory.IN_PROGRESS,
        State.FULFILLING: StateCategory.IN_PROGRESS,
        State.PENDING: StateCategory.IN_PROGRESS,
        State.HELD: StateCategory.IN_PROGRESS,
        State.PARTIALLY_COMPLETED: StateCategory.IN_PROGRESS,
        State.COMPLETED: StateCategory.SUCCESS,
        State.FAILED: StateCategory.FAILURE,
        State.FALLOUT: StateCategory.IN_PROGRESS,
        State.ASSESSING_CANCELLATION: StateCategory.IN_PROGRESS,
        State.CANCELLING: StateCategory.IN_PROGRESS,
        State.CANCELLED: StateCategory.TERMINAL,
        State.CLOSED: StateCategory.TERMINAL,
    }
)


def next_state(state: State, trigger: Trigger) -> State:
    """The state after `trigger` in `state`. Raises InvalidTransition, which names the allowed actions."""
    try:
        return TRANSITIONS[state, trigger]
    except KeyError:
        allowed = allowed_actions(state)
        can = " or ".join(IN_WORDS.get(action, action) for action in allowed)
        raise InvalidTransition(
            f"an order in state {state} cannot {IN_WORDS.get(trigger, trigger)}; it can {can}",
            state=state.value,
            trigger=trigger.value,
            allowedActions=[action.value for action in allowed],
        ) from None


def allowed_actions(state: State) -> list[Trigger]:
    """The actions that a caller may request in `state`, in the sequence of the table."""
    return [trigger for origin, trigger in TRANSITIONS if origin is state and trigger in ACTIONS]
