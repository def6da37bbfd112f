"""What every context needs from outside: time, identity, transactions and processes."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from types import TracebackType
from typing import Any, Protocol, Self

from canonical.shared.aggregates import A, Kind, Repository
from canonical.shared.paging import Found, Slice
from canonical.shared.reader import Reader


class Clock(Protocol):
    def now(self) -> datetime:
        """The time now, aware, in UTC."""
        ...


class Identities(Protocol):
    def new_id(self) -> str:
        """A new id, unique everywhere and sortable by the time it was made."""
        ...


class Transaction(Protocol):
    """Leaving without `commit` undoes everything.

    `commit` raises ConcurrentChange when something read here was changed by somebody else since.
    """

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def commit(self) -> None: ...


class ProcessSchedule(Protocol):
    """Schedules processes as part of a unit of work."""

    def schedule(self, process: str, subject: str, client: str) -> None:
        """Run `process` on `subject` for `client` after this unit of work has committed. Clients take turns.

        Raises ConcurrentChange if it is scheduled already.
        """
        ...


class UnitOfWork(Transaction, Protocol):
    """A transaction over aggregates of every kind and the processes scheduled for them."""

    def repository(self, kind: Kind[A]) -> Repository[A]: ...

    @property
    def processes(self) -> ProcessSchedule: ...

    def save(self) -> None:
        """Make what was changed so far a version of its own; `commit` does the same for the rest."""
        ...


class AggregateReads(Protocol):
    """Aggregates read without a transaction. Raise what `Kind.missing` makes."""

    def aggregate(self, kind: Kind[A], aggregate_id: str, reader: Reader, /) -> A:
        """By its id or its reference, as far as the reader sees it."""
        ...

    def state_of(self, kind: Kind[A], aggregate_id: str, /) -> str:
        """The state of the aggregate with this id."""
        ...

    def aggregates(self, kind: Kind[A], reader: Reader, part: Slice, /) -> Found[A]:
        """Newest first."""
        ...

    def newest(self, kind: Kind[A], reference: str, but: Collection[str], /) -> A | None:
        """The newest aggregate with this `reference` that is in none of the states `but`."""
        ...


Handlers = Mapping[type, Callable[[Any, Any, Clock, Identities], Any]]
"""The handler of each command, by the command's class. It takes the command and a unit of work, and returns the
aggregate that it created or changed.
"""
