"""What runs processes, durably: after a crash another run goes on where this one stopped."""

from typing import Protocol

from canonical.ordering.order import Order
from canonical.processes.saga import Progress, Step
from canonical.shared.errors import CanonicalError


class Process(Protocol):
    """A process over one order. `begin` and `end` may be repeated."""

    def begin(self, order_id: str) -> Order: ...

    def steps(self, order: Order) -> list[Step]: ...

    def interruption(self, order_id: str) -> CanonicalError | None:
        """Why the process is to go no further; None to go on."""
        ...

    def end(self, order_id: str, progress: Progress) -> Order: ...


class ProcessEngine(Protocol):
    def start(self, process: str, subject: str) -> None:
        """Begin, unless it has begun. Returns at once."""
        ...

    def take_up_again(self, process: str, subject: str, correlation_id: str | None) -> None:
        """Begin at once what a person decided. Returns at once."""
        ...

    def wait(self, subject: str, seconds: float) -> bool:
        """Whether the process on `subject` ended within `seconds`, here or on another node."""
        ...
