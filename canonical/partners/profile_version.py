"""One version of what was agreed with a client."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from canonical.partners.errors import ProfileNotFound
from canonical.shared.aggregates import Kind
from canonical.shared.errors import InvalidTransition


class ProfileState(StrEnum):
    DRAFT = "draft"
    SCHEDULED = "scheduled"
    ACTIVE = "active"
    RETIRED = "retired"


class ProfileTrigger(StrEnum):
    REPLACE = "replace"
    ACTIVATE = "activate"
    RETIRE = "retire"


ALLOWED: Mapping[ProfileState, tuple[ProfileTrigger, ...]] = MappingProxyType(
    {
        ProfileState.DRAFT: (ProfileTrigger.REPLACE, ProfileTrigger.ACTIVATE, ProfileTrigger.RETIRE),
        ProfileState.SCHEDULED: (ProfileTrigger.RETIRE,),
        ProfileState.ACTIVE: (ProfileTrigger.RETIRE,),
        ProfileState.RETIRED: (),
    }
)
"""What can be done with a version. Only a draft changes; what was published stays as it is."""


@dataclass(slots=True)
class ProfileVersion:
    """Version `number` of the profile of `client`. `document` is what was agreed.

    It is in force from `shown_from` until before `shown_until`, if it has these times. `scheduled`: a time was named
    for its activation, so each node waits for that time by its own clock.
    """

    id: str
    client: str
    number: int
    document: dict[str, Any]
    content_hash: str
    created_at: datetime
    created_by: str
    changed_at: datetime
    activated_at: datetime | None = None
    activated_by: str | None = None
    scheduled: bool = False
    shown_from: datetime | None = None
    shown_until: datetime | None = None
    retired_by: str | None = None
    version: int = 0

    @property
    def owner(self) -> str:
        return ""

    @property
    def customer_id(self) -> str:
        return ""

    @property
    def edition(self) -> str:
        return str(self.number)

    @property
    def name(self) -> str:
        """How audit records name it."""
        return f"{self.client}@{self.number}"

    @property
    def state(self) -> ProfileState:
        """The last that was decided; see `state_at`."""
        if self.shown_until is not None:
            return ProfileState.RETIRED
        return ProfileState.DRAFT if self.shown_from is None else ProfileState.ACTIVE

    def state_at(self, now: datetime) -> ProfileState:
        if self.shown_until is not None and now >= self.shown_until:
            return ProfileState.RETIRED
        if self.shown_from is None:
            return ProfileState.DRAFT
        return ProfileState.SCHEDULED if self.scheduled and now < self.shown_from else ProfileState.ACTIVE

    def replace(self, document: Mapping[str, Any], content_hash: str, now: datetime) -> None:
        self._check(ProfileTrigger.REPLACE, now)
        self.document, self.content_hash, self.changed_at = dict(document), content_hash, now

    def activate(self, by: str, now: datetime, effective_at: datetime | None) -> None:
        self._check(ProfileTrigger.ACTIVATE, now)
        self.activated_at, self.activated_by, self.changed_at = now, by, now
        self.scheduled, self.shown_from = effective_at is not None, effective_at or now

    def retire(self, by: str, now: datetime) -> None:
        self._check(ProfileTrigger.RETIRE, now)
        self.end(by, now, now)

    def end(self, by: str, at: datetime, now: datetime) -> None:
        """Another version takes its place `at` that time."""
        self.shown_until, self.retired_by, self.changed_at = at, by, now

    def go_on(self, now: datetime) -> None:
        """The version that was to take its place does not."""
        self.shown_until, self.retired_by, self.changed_at = None, None, now

    def _check(self, trigger: ProfileTrigger, now: datetime) -> None:
        state = self.state_at(now)
        allowed = ALLOWED[state]
        if trigger not in allowed:
            what = f"a profile version that is {state} cannot be {trigger.removesuffix('e')}ed"
            further = ": draft a new version" if trigger is not ProfileTrigger.RETIRE else ""
            raise InvalidTransition(
                f"{what}{further}",
                state=state.value,
                trigger=trigger.value,
                allowedActions=[one.value for one in allowed],
            )


def in_force(versions: Iterable[ProfileVersion], now: datetime) -> ProfileVersion | None:
    """Which of one client's versions counts at a moment, if any does.

    Of those that have begun it is the last one, unless that one was retired and had no successor. A version without a
    time of its own counts at once, also for a node whose clock is slow.
    """
    begun = [one for one in versions if _has_begun(one, now)]
    last = max(begun, key=lambda one: (one.shown_from, one.number), default=None)
    return None if last is None or last.state_at(now) is ProfileState.RETIRED else last


def _has_begun(one: ProfileVersion, now: datetime) -> bool:
    if one.shown_from is None or (one.shown_until is not None and one.shown_until <= one.shown_from):
        return False
    return not one.scheduled or one.shown_from <= now


PROFILE_VERSIONS = Kind(
    "partnerProfile",
    ProfileVersion,
    missing=lambda name: ProfileNotFound("Profile not found", id=name),
    reference=lambda one: one.client,
    versioned=True,
)
