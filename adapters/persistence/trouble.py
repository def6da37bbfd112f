"""What drivers and pools report of a database that cannot be used, as errors of the core."""

import sqlite3
from collections.abc import Mapping
from types import MappingProxyType, TracebackType

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from adapters.persistence.postgres import CommitUnknown
from canonical.shared.errors import StoreNotWritable, StoreOutcomeUnknown, StoreUnavailable

POSTGRES_NOT_WRITABLE: Mapping[str, str] = MappingProxyType(
    {"53100": "its disk is full", "58030": "its disk fails", "25006": "it is read-only"}
)
"""By SQLSTATE."""
SQLITE_NOT_WRITABLE: Mapping[int, str] = MappingProxyType(
    {
        sqlite3.SQLITE_FULL: "its disk is full",
        sqlite3.SQLITE_IOERR: "its disk is full or fails",
        sqlite3.SQLITE_READONLY: "it is read-only",
    }
)
"""By primary result code."""
SQLITE_UNREADABLE = frozenset({sqlite3.SQLITE_IOERR_READ, sqlite3.SQLITE_IOERR_SHORT_READ})
SQLITE_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})


class TranslatedErrors:
    """A context manager. Raises StoreUnavailable or a subclass for errors that the database, and not our statement,
    causes.
    """

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, DBAPIError | PoolTimeout):
            known = _known(error)
            if known is not None:
                raise known from error


def _known(error: DBAPIError | PoolTimeout) -> StoreUnavailable | None:
    reported = getattr(error, "orig", None)
    if isinstance(reported, CommitUnknown):
        return StoreOutcomeUnknown("the database did not say whether it kept the change")
    reason = _not_writable(reported)
    if reason is not None:
        return StoreNotWritable(f"the database cannot be written: {reason}; nothing was changed")
    if isinstance(error, OperationalError | InterfaceError | PoolTimeout) or _code(reported) in SQLITE_DAMAGED:
        return StoreUnavailable("the database does not answer")
    return None


def _not_writable(reported: object) -> str | None:
    state = getattr(reported, "sqlstate", None)
    if state is not None:
        return POSTGRES_NOT_WRITABLE.get(state)
    code = _code(reported)
    return None if code in SQLITE_UNREADABLE else SQLITE_NOT_WRITABLE.get(code & 0xFF)


def _code(reported: object) -> int:
    return int(getattr(reported, "sqlite_errorcode", 0))
