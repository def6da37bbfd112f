"""What all aggregates have in common, and how one kind of aggregate is stored."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from canonical.shared.errors import ConcurrentChange, NotFound


class Event(Protocol):
    """Something that happened to one aggregate. `sequence` counts the aggregate's events from 1 without gaps."""

    @property
    def sequence(self) -> int: ...
    @property
    def at(self) -> datetime: ...


class Link(NamedTuple):
    """What an aggregate refers to: the name of its kind, and its id."""

    kind: str
    id: str


class Aggregate(Protocol):
    """`version` is that of the stored aggregate, 0 before it is stored.

    `owner` is the client that it belongs to, `customer_id` the customer it is about; each is empty when there is none.
    An aggregate that records what happens to it has `events`, those that were not kept yet.
    """

    version: int

    @property
    def id(self) -> str: ...
    @property
    def owner(self) -> str: ...
    @property
    def customer_id(self) -> str: ...
    @property
    def state(self) -> StrEnum: ...
    @property
    def created_at(self) -> datetime: ...
    @property
    def changed_at(self) -> datetime: ...


A = TypeVar("A", bound=Aggregate)
EventClasses = tuple[type, ...]


def _no_reference(_: Any) -> str | None:
    return None


def _stays(_: Any) -> bool:
    return False


def _nothing(_: Any) -> tuple[Any, ...]:
    return ()


@dataclass(frozen=True)
class Kind(Generic[A]):
    """One kind of aggregate.

    `name` is its name in the store. `missing` makes the error for an unknown id. `reference` is the id of another
    object that it has or refers to; with `found_by_reference` it is found by this id like by its own. `removed` says
    whether its new events remove it. `dependents` names the kinds that refer to it and are removed with it. `links` are
    the aggregates of other kinds that it names, `found_by` other texts that it is found by, each with its path.

    Several aggregates of a kind that is `versioned` have one reference, each as another `edition` of the same, found by
    it from `shown_from` until before `shown_until`. Events of the kind are kept under the names of their classes after
    `event_prefix`; the classes are those below `recorded`.
    """

    name: str
    type: type[A]
    missing: Callable[[str], NotFound]
    reference: Callable[[A], str | None] = _no_reference
    found_by_reference: bool = False
    removed: Callable[[A], bool] = _stays
    dependents: Sequence[str] = ()
    links: Callable[[A], Collection[Link]] = _nothing
    found_by: Callable[[A], Collection[tuple[str, str]]] = _nothing
    versioned: bool = False
    event_prefix: str = ""
    recorded: EventClasses = ()


class Repository(Protocol[A]):
    """Aggregates of one kind. Those that were read or added are stored, with their events, when the unit of work
    commits.
    """

    def add(self, aggregate: A, /) -> None: ...

    def get(self, aggregate_id: str, /) -> A:
        """Raises what `Kind.missing` makes."""
        ...

    def forget(self, aggregate_id: str, /) -> None:
        """Read it anew when it is got again: what was got is not used any more, and nothing of it was changed."""
        ...

    def versions(self, reference: str, /) -> list[A]:
        """All that have this reference, oldest first."""
        ...


def require_version(aggregate: Aggregate, expected: int | None) -> None:
    """Raises ConcurrentChange if the aggregate has another version than `expected`; None accepts any version."""
    if expected is not None and aggregate.version != expected:
        raise ConcurrentChange(f"{aggregate.id} was changed by somebody else: read it again")
