"""Runs processes durably: after a crash, another run continues where this one stopped."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol, TypeVar

from canonical.processes.progress import Progress, Step
from canonical.shared.errors import CanonicalError


class Subject(Protocol):
    """What a process is carried out on: an order, a plan change."""

    @property
    def state(self) -> StrEnum: ...
    @property
    def finished(self) -> bool: ...
    @property
    def submitted_at(self) -> datetime: ...
    @property
    def changed_at(self) -> datetime: ...


Worked = TypeVar("Worked", bound=Subject)


class Process(Protocol[Worked]):
    """A process over one subject. `begin` and `end` change the subject; the engine commits what they changed."""

    def look(self, subject: str, work: Any, /) -> Worked:
        """The subject as it is kept in this unit of work."""
        ...

    def seconds_ahead(self, subject: Worked, /) -> float:
        """How long it is until work may begin; 0 if it may."""
        ...

    def begin(self, subject: Worked, /) -> None:
        """Note on the subject that work has begun. May be repeated."""
        ...

    def resume(self, subject: Worked, /) -> None:
        """Take up a subject that ended with something not undone."""
        ...

    def steps(self, subject: Worked, /) -> list[Step]: ...

    def interruption(self, subject: str, /) -> CanonicalError | None:
        """The reason to stop the process; None to go on."""
        ...

    def end(self, subject: Worked, progress: Progress, work: Any, /) -> None:
        """Note on the subject, which is not finished, how the process ended."""
        ...


class ProcessEngine(Protocol):
    def start(self, process: str, subject: str) -> None:
        """Run it now, because it was scheduled or a person decided about it. Returns at once and never fails."""
        ...

    def wait(self, process: str, subject: str, seconds: float) -> bool:
        """Whether `process` on `subject` ended within `seconds`, here or on another node."""
        ...
