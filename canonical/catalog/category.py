"""A branch of the tree that offerings are sorted into."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from canonical.catalog.commands import CategoryContents
from canonical.catalog.errors import CategoryNotFound
from canonical.catalog.events import (
    CategoryChanged,
    CategoryCreated,
    CategoryEvent,
    CategoryRemoved,
    CategoryStatusChanged,
)
from canonical.catalog.lifecycle import FOLLOWING, LifecycleStatus
from canonical.shared.aggregates import Kind
from canonical.shared.errors import InvalidCommand, InvalidTransition


@dataclass(slots=True)
class Category:
    """`owner` is the client that made it; everybody may read it. `state` is its status in the life of the catalog.

    `recorded` counts its events.
    """

    id: str
    owner: str
    created_at: datetime
    changed_at: datetime
    name: str
    description: str | None = None
    edition: str | None = None
    parent_id: str | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    state: LifecycleStatus = LifecycleStatus.IN_STUDY
    recorded: int = 0
    version: int = 0
    events: list[CategoryEvent] = field(default_factory=list)

    @property
    def customer_id(self) -> str:
        return ""

    @property
    def removed(self) -> bool:
        return bool(self.events) and isinstance(self.events[-1], CategoryRemoved)

    @classmethod
    def create(cls, category_id: str, owner: str, contents: CategoryContents, at: datetime) -> "Category":
        """Raises InvalidCommand."""
        category = cls(category_id, owner, at, at, contents.name, state=contents.status or LifecycleStatus.IN_STUDY)
        category._contain(contents)
        category._record(CategoryCreated, at, name=contents.name)
        return category

    def change(self, contents: CategoryContents, at: datetime) -> None:
        """Raises InvalidCommand, or InvalidTransition for a status that does not follow the one it has."""
        status = contents.status or self.state
        if status is not self.state and status not in FOLLOWING[self.state]:
            following = sorted(FOLLOWING[self.state])
            allowed = ", ".join(following) or "nothing"
            raise InvalidTransition(
                f"a category that is {self.state} cannot become {status}; it can become {allowed}",
                pointer="/status",
                state=self.state.value,
                trigger=f"become {status}",
                allowedActions=following,
            )
        self._contain(contents)
        self.changed_at = at
        self._record(CategoryChanged, at)
        if status is not self.state:
            self.state = status
            self._record(CategoryStatusChanged, at, status=status)

    def remove(self, at: datetime) -> None:
        self._record(CategoryRemoved, at)

    def _contain(self, contents: CategoryContents) -> None:
        begin, end = contents.valid_from, contents.valid_until
        if begin is not None and end is not None and end < begin:
            raise InvalidCommand(
                "a category counts until a time after the one from which it counts", pointer="/valid_until"
            )
        self.name, self.description, self.edition = contents.name, contents.description, contents.edition
        self.parent_id, self.valid_from, self.valid_until = contents.parent_id, begin, end

    def _record(self, event: type[CategoryEvent], at: datetime, **facts: Any) -> None:
        self.recorded += 1
        self.events.append(event(category_id=self.id, sequence=self.recorded, at=at, **facts))


CATEGORIES = Kind(
    "category",
    Category,
    missing=lambda category_id: CategoryNotFound("Category not found", categoryId=category_id),
    reference=lambda category: category.parent_id,
    removed=lambda category: category.removed,
)
