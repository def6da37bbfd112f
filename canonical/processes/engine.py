"""What runs processes, durably: after a crash another run goes on where this one stopped."""

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
    """A process over one subject. `begin` and `end` may be repeated."""

    def look(self, subject: str, work: Any, /) -> Worked:
        """The subject as it is kept in this unit of work."""
        ...

    def resume(self, subject: Worked, /) -> None:
        """It has ended with something not undone, which is looked after again."""
        ...

    def begin(self, subject: str, /) -> Worked: ...

    def steps(self, subject: Worked, /) -> list[Step]: ...

    def interruption(self, subject: str, /) -> CanonicalError | None:
        """Why the process is to go no further; None to go on."""
        ...

    def end(self, subject: str, progress: Progress, /) -> Worked: ...


class ProcessEngine(Protocol):
    def start(self, process: str, subject: str) -> None:
        """Begin, unless it has begun. Returns at once."""
        ...

    def take_up_again(self, process: str, subject: str) -> None:
        """Begin at once what a person decided. Returns at once."""
        ...

    def wait(self, process: str, subject: str, seconds: float) -> bool:
        """Whether `process` on `subject` ended within `seconds`, here or on another node."""
        ...
