"""What happened in the catalog. In the outbox, each is named after the kind of its item: `ProductOfferingPublished`."""

from dataclasses import dataclass
from datetime import datetime

from canonical.catalog.lifecycle import LifecycleStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemEvent:
    """`item_id` names the item in all its versions, `edition` the version. `sequence` counts the events of one version
    from 1 without gaps.
    """

    item_id: str
    edition: str
    sequence: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Created(ItemEvent):
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed(ItemEvent):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusChanged(ItemEvent):
    """Also when its validity was given another end: `valid_until`."""

    status: LifecycleStatus
    valid_until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Published(StatusChanged):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Retired(StatusChanged):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed(ItemEvent):
    pass
