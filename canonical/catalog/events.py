"""What happened in the catalog."""

from dataclasses import dataclass
from datetime import datetime

from canonical.catalog.lifecycle import LifecycleStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryEvent:
    """`sequence` counts the events of one category from 1 without gaps."""

    category_id: str
    sequence: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryCreated(CategoryEvent):
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryChanged(CategoryEvent):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryStatusChanged(CategoryEvent):
    status: LifecycleStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryRemoved(CategoryEvent):
    pass
