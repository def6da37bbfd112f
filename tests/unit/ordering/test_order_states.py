"""The table of the order's states."""

import pytest

from canonical.ordering import states
from canonical.ordering.states import (
    ACTIONS,
    CATEGORIES,
    FINISHED,
    IN_WORDS,
    REMOVABLE,
    TERMINAL,
    TRANSITIONS,
    State,
    StateCategory,
    Trigger,
    allowed_actions,
    next_state,
)
from canonical.shared.errors import InvalidTransition
from tests.support.builders import way_to

PAIRS = [(state, trigger) for state in State for trigger in Trigger]


@pytest.mark.parametrize("state", State)
def test_every_state_is_reached_from_a_draft(state: State) -> None:
    at = State.DRAFT
    for trigger in way_to(state):
        at = next_state(at, trigger)
    assert at is state


@pytest.mark.parametrize("trigger", sorted(set(Trigger) - {Trigger.DRAFT}))
def test_every_trigger_leads_somewhere(trigger: Trigger) -> None:
    assert [to for (_, taken), to in TRANSITIONS.items() if taken is trigger]


def test_an_order_is_drafted_only_where_it_begins() -> None:
    assert Trigger.DRAFT not in {trigger for _, trigger in TRANSITIONS} | ACTIONS


def test_only_what_is_ordered_and_what_is_said_about_it_change_without_the_state() -> None:
    staying = {(origin, trigger) for (origin, trigger), to in TRANSITIONS.items() if origin is to}
    amended = {(State.DRAFT, Trigger.AMEND), (State.ACKNOWLEDGED, Trigger.AMEND)}
    assert staying == amended | {(state, Trigger.ANNOTATE) for state in State}
    assert {trigger for _, trigger in staying} <= ACTIONS, "a caller asks for them, no process does"


def test_the_table_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        TRANSITIONS[State.CLOSED, Trigger.RESUME] = State.FULFILLING  # type: ignore[index]


def test_the_terminal_states_are_those_that_nothing_leads_out_of() -> None:
    assert {State.REJECTED, State.FAILED, State.CANCELLED, State.CLOSED} == TERMINAL


@pytest.mark.parametrize("state", sorted(TERMINAL))
@pytest.mark.parametrize("trigger", sorted(set(Trigger) - {Trigger.ANNOTATE}))
def test_a_terminal_state_refuses_every_trigger_that_leads_anywhere(state: State, trigger: Trigger) -> None:
    with pytest.raises(InvalidTransition) as refused:
        next_state(state, trigger)
    assert refused.value.details == {"state": state.value, "trigger": trigger.value, "allowedActions": ["annotate"]}
    assert (
        refused.value.message
        == f"an order in state {state} cannot {IN_WORDS.get(trigger, trigger)}; it can be annotated"
    )


@pytest.mark.parametrize(("state", "trigger"), PAIRS)
def test_a_trigger_is_taken_exactly_where_the_table_says(state: State, trigger: Trigger) -> None:
    if (state, trigger) in TRANSITIONS:
        assert next_state(state, trigger) is TRANSITIONS[state, trigger]
    else:
        with pytest.raises(InvalidTransition):
            next_state(state, trigger)


@pytest.mark.parametrize("state", State)
def test_the_actions_offered_are_those_of_the_table_that_callers_may_ask_for(state: State) -> None:
    offered = allowed_actions(state)
    assert offered == [trigger for trigger in _taken_in(state) if trigger in ACTIONS]
    assert len(offered) == len(set(offered))


@pytest.mark.parametrize("state", State)
def test_an_action_offered_is_one_that_works(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(states, "ACTIONS", frozenset(Trigger))
    assert allowed_actions(state) == _taken_in(state)
    for trigger in allowed_actions(state):
        next_state(state, trigger)


def test_a_refusal_names_what_is_allowed_instead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(states, "ACTIONS", frozenset({Trigger.CANCEL, Trigger.HOLD}))
    with pytest.raises(InvalidTransition) as refused:
        next_state(State.FULFILLING, Trigger.SUBMIT)
    assert refused.value.details["allowedActions"] == ["hold", "cancel"]


def test_what_is_offered_today_belongs_to_the_table() -> None:
    assert {trigger for _, trigger in TRANSITIONS} >= ACTIONS


def test_a_draft_offers_everything_that_callers_may_ask_for() -> None:
    assert set(allowed_actions(State.DRAFT)) == ACTIONS


def test_an_order_may_be_removed_where_it_has_ended_or_never_began() -> None:
    assert {State.DRAFT, State.COMPLETED, *TERMINAL} == REMOVABLE
    assert REMOVABLE - {State.DRAFT} < FINISHED
    assert State.FALLOUT not in REMOVABLE, "a person has to look"
    assert State.PARTIALLY_COMPLETED not in REMOVABLE


def test_every_state_has_a_category_and_every_category_a_state() -> None:
    assert CATEGORIES.keys() == set(State)
    assert set(CATEGORIES.values()) == set(StateCategory)


def test_categories_agree_with_the_table() -> None:
    in_progress = {state for state, category in CATEGORIES.items() if category is StateCategory.IN_PROGRESS}
    assert not in_progress & TERMINAL
    assert FINISHED >= TERMINAL
    assert all(CATEGORIES[state] is not StateCategory.DRAFT for state in FINISHED)


def _taken_in(state: State) -> list[Trigger]:
    return [trigger for origin, trigger in TRANSITIONS if origin is state]
