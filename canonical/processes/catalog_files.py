"""Files of catalogs, as processes use them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from canonical.catalog.jobs import Task
from canonical.shared.errors import BackendUnavailable, OutcomeUnknown, StoreOutcomeUnknown, StoreUnavailable

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class KeptFile:
    id: str
    media_type: str
    size: int


@dataclass(frozen=True, slots=True)
class LineError:
    """What is wrong in a line of a file, and where; `pointer` leads into the line."""

    line: int
    pointer: str
    code: str
    message: str

    @property
    def text(self) -> str:
        place = f"line {self.line}" + (f", {self.pointer}" if self.pointer else "")
        return f"{place}: {self.message} [{self.code}]"


class CatalogFiles(Protocol):
    """The files that we keep."""

    def fetch(self, task: Task, job_id: str, /) -> KeptFile:
        """The file that the task names, with all its bytes here. Raises FileRefused."""
        ...

    def read(self, file: KeptFile, offset: int, size: int, /) -> bytes:
        """Raises FileRefused for a file that was replaced meanwhile."""
        ...

    def keep(self, owner: str, name: str, media_type: str, content: Iterable[bytes], /) -> KeptFile:
        """Keep a file in place of the one that the owner had under this name. Raises FileRefused if it is too large."""
        ...

    def forget(self, job_id: str, /) -> None:
        """Remove what was fetched for a job."""
        ...


def patiently(act: Callable[[], T]) -> T:
    """A database that is away makes a process wait, and does not end it."""
    try:
        return act()
    except StoreOutcomeUnknown as error:
        raise OutcomeUnknown(error.message) from error
    except StoreUnavailable as error:
        raise BackendUnavailable(error.message) from error
