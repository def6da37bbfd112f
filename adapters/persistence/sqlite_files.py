"""Checks whether the files of a SQLite database are still the ones that this process has open.

SQLite continues to write to a file that was removed or replaced (it checks only with a rollback journal): those commits
are lost at the next start. The same holds for the write-ahead log alone.
"""

import os
import sqlite3
import threading
from contextlib import closing

from canonical.shared.errors import StoreOutcomeUnknown, StoreUnavailable

_REPLACED = "the database file was replaced or removed while it was open; put it back, or restart"

Identity = tuple[int, int]
"""Device and inode."""


class OpenedFiles:
    """The database's file and its write-ahead log, as they were when the first connection was opened.

    A connection of its own keeps SQLite from removing the log when the last other connection is closed.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._log = f"{path}-wal"
        self._lock = threading.Lock()
        self._opened: Identity | None = None
        self._opened_log: Identity | None = None
        self._kept_open: sqlite3.Connection | None = None

    def opened(self) -> None:
        """Call after opening a connection. Raises StoreUnavailable if it opened another file than the first
        connection.
        """
        with self._lock:
            if self._kept_open is None:
                connection = sqlite3.connect(self._path, check_same_thread=False)
                with closing(connection.execute("PRAGMA journal_mode")) as looking:  # opens the log too
                    looking.fetchall()
                self._kept_open = connection
                # None for the log where the file system cannot share memory: SQLite keeps none there.
                self._opened, self._opened_log = _identity(self._path), _identity(self._log)
        self.check()

    def check(self) -> None:
        """Before each use. Raises StoreUnavailable."""
        if self._opened is not None and _identity(self._path) != self._opened:
            raise StoreUnavailable(_REPLACED)

    def check_kept(self) -> None:
        """After a commit. Raises StoreOutcomeUnknown if it went into a file that is no longer at the path."""
        if (_identity(self._path), _identity(self._log)) != (self._opened, self._opened_log):
            raise StoreOutcomeUnknown(_REPLACED)

    def close(self) -> None:
        with self._lock:
            if self._kept_open is not None:
                self._kept_open.close()
            self._kept_open = self._opened = self._opened_log = None


def _identity(path: str) -> Identity | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino
