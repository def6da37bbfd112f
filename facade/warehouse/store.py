"""The file of the warehouse. One process owns it; queries run beside the writing, each on a connection of its own."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic, sleep
from typing import Any, TypeVar

import duckdb

from facade.warehouse.errors import WarehouseError, WarehouseInUse
from facade.warehouse.questions import Answer, answers
from facade.warehouse.tables import FOLDS, LAYOUT, LISTED, NEW_ASSETS, NEW_EVENTS, PAGE, PRODUCTS, TABLES, VIEWS

MEMORY_MB = 1024
AT_ONCE = 10_000
"""Rows that are read together."""
FREE_WITHIN = 5.0
"""Seconds. A query has the file for a moment only, and so has a process that is about to say how to reach it."""
T = TypeVar("T")


def settings(path: Path, memory_mb: int) -> dict[str, str | bool | int | float | list[str]]:
    """Of DuckDB, locked before the first statement: no statement reads or writes another file, or loads anything."""
    return {
        "enable_external_access": "false",
        "python_enable_replacements": "false",
        "autoload_known_extensions": "false",
        "autoinstall_known_extensions": "false",
        "allow_community_extensions": "false",
        "memory_limit": f"{memory_mb}MB",
        "temp_directory": f"{path}.tmp",
        "max_temp_directory_size": f"{4 * memory_mb}MB",
        "lock_configuration": "true",
    }


class Store:
    """An open file. Nothing of a chunk is visible before all of it is, with its cursor."""

    def __init__(self, path: Path, *, source: str = "", read_only: bool = False, memory_mb: int = MEMORY_MB) -> None:
        """Makes the file if it is missing, for the events of this source. Raises WarehouseError, WarehouseInUse."""
        self.path = path
        self._connection = _connect(path, read_only=read_only, memory_mb=memory_mb)
        try:
            if not read_only and not self._rows("SELECT 1 FROM duckdb_tables() WHERE table_name = 'stream'"):
                self._create(source)
            self._check_layout()
        except BaseException:
            self.close()
            raise

    @property
    def number(self) -> int:
        """The last number of the stream that is stored or passed over."""
        return int(self._one("SELECT number FROM stream"))

    @property
    def source(self) -> str:
        return str(self._one("SELECT source FROM stream"))

    @property
    def newest(self) -> tuple[int, str] | None:
        """Number and id of the last stored event."""
        rows = self._rows("SELECT number, id FROM events ORDER BY number DESC LIMIT 1")
        return (int(rows[0][0]), str(rows[0][1])) if rows else None

    @property
    def oldest(self) -> int | None:
        """The number of the first stored event."""
        found = self._one("SELECT min(number) FROM events")
        return None if found is None else int(found)

    def numbers(self, up_to: int) -> Iterator[int]:
        """The numbers of the stored events, rising."""
        with self._connection.cursor() as reader:
            reader.execute("SELECT number FROM events WHERE number <= ? ORDER BY number", [up_to])
            while rows := reader.fetchmany(AT_ONCE):
                yield from (number for (number,) in rows)

    def take(self, pages: Sequence[str], number: int, last: int) -> int:
        """Store the events in the texts of these pages of the feed, in one transaction with the new cursor.

        Returns how many were new: events that are stored already change nothing. Raises WarehouseError for a page that
        is none.
        """
        try:
            with self._transaction():
                taken = self._take(pages) if pages else 0
                self._connection.execute(
                    "UPDATE stream SET number = greatest(number, ?), last = greatest(last, ?)", [number, last]
                )
        except duckdb.OutOfMemoryException:
            raise
        except duckdb.Error as error:
            raise WarehouseError(f"the feed's events up to {number} cannot be stored: {error}") from error
        return taken

    @property
    def load_to_read(self) -> int | None:
        """The number of the newest event of a load of assets, if they were not read since."""
        found = self._one("SELECT max(number) FROM asset_loads WHERE number > (SELECT assets_read FROM stream)")
        return None if found is None else int(found)

    def take_products(self, page: str) -> int:
        """How many products of this page of the list were stored: those that no event has told of."""
        try:
            with self._transaction():
                self._connection.execute(NEW_ASSETS, {"page": page, "structure": PRODUCTS})
                for statement in LISTED:
                    self._connection.execute(statement)
            return int(self._one("SELECT count(*) FROM listed"))
        except duckdb.OutOfMemoryException:
            raise
        except duckdb.Error as error:
            raise WarehouseError(f"the list of products cannot be stored: {error}") from error

    def assets_are_read(self, load: int) -> None:
        """All assets up to this load are stored."""
        self._connection.execute("UPDATE stream SET assets_read = ?", [load])

    def ask(self, statements: Sequence[str], rows: int, seconds: float) -> list[Answer]:
        """The answers to queries, all as of one moment. Raises QuestionRefused. Safe to call from several threads."""
        with self._connection.cursor() as reader:
            return answers(reader, statements, rows, seconds)

    def close(self) -> None:
        self._connection.close()

    def _take(self, pages: Sequence[str]) -> int:
        self._connection.execute(NEW_EVENTS, {"pages": list(pages), "structure": PAGE})
        found = int(self._one("SELECT count(*) FROM chunk"))
        if found:
            for statement in FOLDS:
                self._connection.execute(statement)
        return found

    def _create(self, source: str) -> None:
        with self._transaction():
            self._connection.execute(TABLES)
            self._connection.execute(VIEWS)
            self._connection.execute("INSERT INTO stream VALUES (0, 0, 0, ?, ?)", [source, LAYOUT])

    def _check_layout(self) -> None:
        if not self._rows("SELECT 1 FROM duckdb_tables() WHERE table_name = 'stream'"):
            raise WarehouseError(f"{self.path} has no warehouse in it: start `tmf-facade warehouse run`")
        if (layout := self._one("SELECT layout FROM stream")) != LAYOUT:
            raise WarehouseError(
                f"{self.path} was written by another release (layout {layout}, this one has {LAYOUT}): "
                "run `tmf-facade warehouse rebuild`"
            )

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN TRANSACTION")
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            with suppress(duckdb.TransactionException):  # a COMMIT that fails or is interrupted has ended it
                self._connection.execute("ROLLBACK")
            raise

    def _rows(self, statement: str) -> list[tuple[Any, ...]]:
        return self._connection.execute(statement).fetchall()

    def _one(self, statement: str) -> Any:
        return self._rows(statement)[0][0]


def when_free(work: Callable[[], T]) -> T:
    """Do it. While another process uses the file, try again for some seconds; then raises WarehouseInUse."""
    ends = monotonic() + FREE_WITHIN
    while True:
        try:
            return work()
        except WarehouseInUse:
            if monotonic() >= ends:
                raise
        sleep(0.1)


def _connect(path: Path, *, read_only: bool, memory_mb: int) -> duckdb.DuckDBPyConnection:
    try:
        return duckdb.connect(path, read_only=read_only, config=settings(path, memory_mb))
    except (duckdb.IOException, duckdb.ConnectionException) as error:  # the latter: in this process
        if "lock" in str(error) or isinstance(error, duckdb.ConnectionException):
            raise WarehouseInUse(
                f"another process uses {path}: only one may have it open. Stop it, or wait until it ends"
            ) from error
        raise WarehouseError(f"{path} cannot be opened: {error}") from error
    except duckdb.Error as error:
        raise WarehouseError(f"{path} cannot be opened: {error}") from error
