"""What the five backends know and did, in one SQLite file that outlives the process.

An effect, its line in the ledger and the answer kept for its idempotency key are one transaction: after `kill -9`
either all three are there or none. WAL with synchronous=NORMAL keeps every commit through the death of the process;
the newest ones may be lost with the machine, which is enough for a simulation.
"""

import hashlib
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from adapters.simulators.refusals import Refusal, TwinAnswer
from adapters.simulators.seed import ADDED, SCHEMA, SEED
from canonical.shared import jsontext

Row = dict[str, Any]

NESTED = {"items", "lines"}
"""Columns that hold JSON."""


@dataclass(frozen=True)
class Change:
    """What a changing operation did: the thing's id, how it looks now, and whether this call changed it."""

    id: str
    body: Row
    status: int = 200
    happened: bool = True


class World:
    """One connection to the state file, used from one thread: the event loop's."""

    def __init__(self, path: Path | str) -> None:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        # `isolation_level=None` leaves BEGIN and COMMIT to us; the stdlib's implicit ones begin too late.
        self._db = sqlite3.connect(path, isolation_level=None, timeout=10, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.row_factory = sqlite3.Row
        with self._transaction():
            self._prepare()

    def close(self) -> None:
        self._db.close()

    def reset(self) -> None:
        """As on the first day: no effects, no ledger, no answers for keys, and ids begin anew."""
        with self._transaction():
            for table in self.rows("SELECT name FROM sqlite_schema WHERE type = 'table'"):
                self.write(f"DROP TABLE {table['name']}")
            self._prepare()

    def _prepare(self) -> None:
        if not self.rows("SELECT name FROM sqlite_schema WHERE name = 'ledger'"):
            for statement in (SCHEMA + SEED).split(";\n"):
                self._db.execute(statement)
        for statement in ADDED.split(";\n"):
            self._db.execute(statement)

    def rows(self, query: str, *values: Any) -> list[Row]:
        """All rows as they are answered: JSON columns read, what is absent left out."""
        return [_as_answered(row) for row in self._db.execute(query, values)]

    def row(self, query: str, *values: Any) -> Row | None:
        found = self.rows(query, *values)
        return found[0] if found else None

    def write(self, statement: str, *values: Any) -> int:
        """Run one statement, inside the current change if there is one; gives the number of the row inserted."""
        return self._db.execute(statement, values).lastrowid or 0

    def change(
        self, backend: str, operation: str, key: str | None, content: Any, act: Callable[[], Change]
    ) -> TwinAnswer:
        """Do it once. A key seen before answers what was recorded, or refuses when the content differs.

        A refusal raised by `act` undoes everything and is not recorded, so the next attempt is judged anew.
        """
        fingerprint = hashlib.sha256(jsontext.by_value(content)).digest()
        with self._transaction():
            if key is not None and (recorded := self._recorded(operation, key, fingerprint)):
                return recorded
            change = act()
            answer = jsontext.write(change.body)
            if change.happened:
                self.write(
                    "INSERT INTO ledger (backend, at, operation, key, id, data) VALUES (?, ?, ?, ?, ?, ?)",
                    backend, now(), operation, key, change.id, answer,
                )  # fmt: skip
            if key is not None:
                self.write(
                    "INSERT INTO answers (operation, key, fingerprint, status, body) VALUES (?, ?, ?, ?, ?)",
                    operation, key, fingerprint, change.status, answer,
                )  # fmt: skip
        return change.body, change.status, {}

    def ledger(self, backend: str, key: str | None, id_: str | None) -> list[Row]:
        """Every effect of a backend in order, or only those of one key or one thing."""
        lines = self._db.execute(
            "SELECT at, operation, key, id, data FROM ledger WHERE backend = ?"
            " AND (?2 IS NULL OR key = ?2) AND (?3 IS NULL OR id = ?3) ORDER BY number",
            (backend, key, id_),
        )
        return [{**line, "data": jsontext.read_kept(line["data"])} for line in map(dict, lines)]

    def _recorded(self, operation: str, key: str, fingerprint: bytes) -> TwinAnswer | None:
        earlier = self._db.execute(
            "SELECT fingerprint, status, body FROM answers WHERE operation = ? AND key = ?", (operation, key)
        ).fetchone()
        if earlier is None:
            return None
        if earlier["fingerprint"] != fingerprint:
            raise Refusal(422, "IDEMPOTENCY_KEY_REUSED", "This Idempotency-Key was used with another request")
        return jsontext.read_kept(earlier["body"]), earlier["status"], {"Idempotent-Replayed": "true"}

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")


def now() -> str:
    """The present time in UTC to the millisecond, as `2026-07-01T10:00:00.000Z`."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _as_answered(row: sqlite3.Row) -> Row:
    return {
        name: jsontext.read_kept(value) if name in NESTED else value
        for name, value in zip(row.keys(), row, strict=True)
        if value is not None
    }
