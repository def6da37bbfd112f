"""What can be asked of the catalog."""

from dataclasses import dataclass
from datetime import datetime

from canonical.catalog.lifecycle import LifecycleStatus


@dataclass(frozen=True, slots=True)
class CategoryContents:
    """A category as it is to be. `edition` is what its owner calls the version of it; without a parent it is a root.

    It counts from `valid_from` until `valid_until`, each None for no bound. `status` None: as it is, and in study when
    it is new.
    """

    name: str
    description: str | None = None
    edition: str | None = None
    parent_id: str | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    status: LifecycleStatus | None = None


@dataclass(frozen=True, slots=True)
class CreateCategory:
    owner: str
    contents: CategoryContents


@dataclass(frozen=True, slots=True)
class ChangeCategory:
    """Have the category as `contents` say. `expected_version` is the version that the change was planned on."""

    category_id: str
    expected_version: int
    contents: CategoryContents


@dataclass(frozen=True, slots=True)
class RemoveCategory:
    """Remove the category for good. `expected_version` None: in whatever version it is."""

    category_id: str
    expected_version: int | None = None
