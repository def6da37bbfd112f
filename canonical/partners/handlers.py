"""The handlers of the commands. Changes of one client's versions take turns, so two of them never become active."""

from datetime import datetime
from types import MappingProxyType

from canonical.partners.commands import ActivateProfile, ApplyProfile, DraftProfile, ReplaceDraft, RetireProfile
from canonical.partners.errors import ActivationPending, ProfilesChanged
from canonical.partners.ports import ProfileWork, Turn
from canonical.partners.profile_version import PROFILE_VERSIONS, ProfileState, ProfileVersion, in_force
from canonical.shared.aggregates import require_version
from canonical.shared.errors import InvalidCommand
from canonical.shared.ports import Clock, Handlers, Identities


def draft_profile(command: DraftProfile, work: ProfileWork, clock: Clock, identities: Identities) -> ProfileVersion:
    turn = work.profile_changes.take_turn(command.client)
    return _drafted(command, turn, work, clock.now(), identities)


def replace_draft(command: ReplaceDraft, work: ProfileWork, clock: Clock, _: Identities) -> ProfileVersion:
    """Raises InvalidTransition for what is no draft."""
    version, now = _to_change(command, work), clock.now()
    version.replace(command.document, command.content_hash, now)
    return version


def activate_profile(command: ActivateProfile, work: ProfileWork, clock: Clock, _: Identities) -> ProfileVersion:
    """Raises InvalidTransition for what is no draft, ActivationPending, and InvalidCommand for a time that is over."""
    version, now = _to_change(command, work), clock.now()
    if command.effective_at is not None and command.effective_at < now:
        raise InvalidCommand("effectiveAt is over: name a later time, or none", pointer="/effective_at")
    _activate(version, command.by, command.effective_at, work, now)
    return version


def retire_profile(command: RetireProfile, work: ProfileWork, clock: Clock, _: Identities) -> ProfileVersion:
    """Raises InvalidTransition for what is retired."""
    version, now = _to_change(command, work), clock.now()
    if version.state_at(now) is ProfileState.SCHEDULED:
        for other in work.repository(PROFILE_VERSIONS).versions(version.client):
            if other.shown_until == version.shown_from:
                other.go_on(now)
    version.retire(command.by, now)
    work.profile_changes.announce()
    return version


def apply_profile(command: ApplyProfile, work: ProfileWork, clock: Clock, identities: Identities) -> ProfileVersion:
    """Raises ProfilesChanged if the client's versions changed since the caller saw them, and ActivationPending."""
    turn, now = work.profile_changes.take_turn(command.client), clock.now()
    if turn.changes != command.seen:
        raise ProfilesChanged(f"the profiles of {command.client} changed meanwhile: make the plan again")
    asked = DraftProfile(command.client, command.document, command.content_hash, command.by)
    version = _drafted(asked, turn, work, now, identities)
    _activate(version, command.by, None, work, now)
    return version


def _drafted(
    command: DraftProfile, turn: Turn, work: ProfileWork, now: datetime, identities: Identities
) -> ProfileVersion:
    version = ProfileVersion(
        id=identities.new_id(),
        client=command.client,
        number=turn.last + 1,
        document=dict(command.document),
        content_hash=command.content_hash,
        created_at=now,
        created_by=command.by,
        changed_at=now,
    )
    work.profile_changes.number(command.client, version.number)
    work.repository(PROFILE_VERSIONS).add(version)
    return version


def _activate(
    version: ProfileVersion, by: str, effective_at: datetime | None, work: ProfileWork, now: datetime
) -> None:
    every = work.repository(PROFILE_VERSIONS).versions(version.client)
    pending = next((one for one in every if one.state_at(now) is ProfileState.SCHEDULED), None)
    if pending is not None and pending.shown_from is not None:
        text = f"version {pending.number} becomes active at {pending.shown_from.isoformat()}: wait, or retire it first"
        raise ActivationPending(text, number=pending.number, effectiveAt=pending.shown_from.isoformat())
    former = in_force(every, now)
    version.activate(by, now, effective_at)
    if former is not None and version.shown_from is not None:
        former.end(by, version.shown_from, now)
    work.profile_changes.announce()


def _to_change(command: ReplaceDraft | ActivateProfile | RetireProfile, work: ProfileWork) -> ProfileVersion:
    """The version, whose client's turn it is. Raises ProfileNotFound and ConcurrentChange."""
    kept = work.repository(PROFILE_VERSIONS)
    client = kept.get(command.profile_id).client
    work.profile_changes.take_turn(client)
    kept.forget(command.profile_id)  # it may have changed before the turn came
    version = kept.get(command.profile_id)
    require_version(version, command.expected)
    return version


HANDLERS: Handlers = MappingProxyType(
    {
        DraftProfile: draft_profile,
        ReplaceDraft: replace_draft,
        ActivateProfile: activate_profile,
        RetireProfile: retire_profile,
        ApplyProfile: apply_profile,
    }
)
