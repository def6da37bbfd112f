"""The statuses of an asset: one table for orders and corrections."""

import pytest

from canonical.inventory.states import FINAL, TRANSITIONS, AssetStatus, Trigger, next_status, trigger_between
from canonical.shared.errors import InvalidTransition

EVERY = [(status, trigger) for status in AssetStatus for trigger in Trigger]


@pytest.mark.parametrize(("status", "trigger"), EVERY)
def test_the_table_decides_what_can_happen(status: AssetStatus, trigger: Trigger) -> None:
    if (status, trigger) in TRANSITIONS:
        assert next_status(status, trigger) is TRANSITIONS[status, trigger]
        return
    with pytest.raises(InvalidTransition) as refused:
        next_status(status, trigger)
    allowed = {known for known in Trigger if (status, known) in TRANSITIONS} - {Trigger.CORRECT}
    assert set(refused.value.details["allowedActions"]) == allowed


def test_every_status_is_reached_and_every_trigger_leads_somewhere() -> None:
    reached = {after for (before, trigger), after in TRANSITIONS.items() if before is not after}
    assert reached | {AssetStatus.CREATED} == set(AssetStatus)
    assert {trigger for _, trigger in TRANSITIONS} == set(Trigger)


def test_what_has_ended_is_corrected_only() -> None:
    for status in AssetStatus:
        triggers = {trigger for before, trigger in TRANSITIONS if before is status}
        assert (triggers == {Trigger.CORRECT}) == (status in FINAL)


def test_a_disconnection_can_be_called_off_and_what_is_suspended_can_end() -> None:
    assert next_status(AssetStatus.PENDING_TERMINATE, Trigger.KEEP) is AssetStatus.ACTIVE
    assert next_status(AssetStatus.SUSPENDED, Trigger.TERMINATE) is AssetStatus.TERMINATED


@pytest.mark.parametrize("wanted", AssetStatus)
@pytest.mark.parametrize("status", AssetStatus)
def test_a_status_becomes_another_by_the_trigger_between_them(status: AssetStatus, wanted: AssetStatus) -> None:
    following = {after for (before, _), after in TRANSITIONS.items() if before is status}
    if wanted in following:
        assert next_status(status, trigger_between(status, wanted)) is wanted
        return
    with pytest.raises(InvalidTransition) as refused:
        trigger_between(status, wanted)
    assert refused.value.pointer == "/status"
    assert set(refused.value.details["allowedActions"]) == following - {status}
