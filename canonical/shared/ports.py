"""What every context needs from outside: time, identity, transactions and processes."""

from datetime import datetime
from types import TracebackType
from typing import Protocol, Self


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
    """Which processes are wanted, as part of the unit of work that wants them."""

    def schedule(self, process: str, subject: str) -> None:
        """Have `process` carried out on `subject` once this unit of work has committed.

        Raises ConcurrentChange when somebody else has scheduled it.
        """
        ...
