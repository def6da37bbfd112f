"""A file of assets that is brought into the installed base, and how far it is."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from canonical.shared.aggregates import Kind
from canonical.shared.errors import NotFound


class LoadState(StrEnum):
    RUNNING = "RUNNING"
    ENDED = "ENDED"


@dataclass(slots=True)
class AssetLoad:
    """The job that loads one file, in one run or in several.

    `file_hash` is that of the whole file, empty if nobody can read the file twice. The next run begins at the byte
    `position`, after `lines` lines and `transactions`; so many of the lines were `added`, `known` already, `rejected`.
    """

    id: str
    file_hash: str
    created_at: datetime
    changed_at: datetime
    state: LoadState = LoadState.RUNNING
    position: int = 0
    lines: int = 0
    transactions: int = 0
    added: int = 0
    known: int = 0
    rejected: int = 0
    version: int = 0

    @property
    def owner(self) -> str:
        return ""

    @property
    def customer_id(self) -> str:
        return ""

    def go_on(self, position: int, lines: int, added: int, known: int, rejected: int, at: datetime) -> None:
        """One transaction more: it ends at this byte after so many lines, with these outcomes."""
        self.position, self.lines, self.changed_at = position, lines, at
        self.transactions += 1
        self.added += added
        self.known += known
        self.rejected += rejected

    def end(self, at: datetime) -> None:
        self.state, self.changed_at = LoadState.ENDED, at


ASSET_LOADS = Kind(
    "assetLoad",
    AssetLoad,
    missing=lambda load_id: NotFound("Load not found", loadId=load_id),
    reference=lambda load: (load.file_hash or None) if load.state is LoadState.RUNNING else None,
)
"""One that has not ended is found by the hash of its file."""
