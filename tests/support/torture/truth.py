"""What the simulated backends did, read from their file: whether they run or not, and whatever they answer."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson


@dataclass(frozen=True)
class Effect:
    """One line of the ledger. `data` is the thing as the effect left it."""

    backend: str
    operation: str
    key: str
    id: str
    data: dict[str, Any]

    @property
    def subject(self) -> str:
        """The id of the order or plan change that it was made for."""
        return self.key.partition(":")[0]

    @property
    def step(self) -> str:
        return self.key.partition(":")[2]


class Truth:
    """All that the backends ever did, by the file that they keep it in."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def effects(self, key: str | None = None) -> list[Effect]:
        """In the order in which they were made; with `key` those that were made under it."""
        query = "SELECT backend, operation, coalesce(key, '') AS key, id, data FROM ledger"
        query += " WHERE ?1 IS NULL OR key = ?1 ORDER BY number"
        with self._open() as connection:
            rows = connection.execute(query, (key,)).fetchall()
        return [Effect(backend, did, of, id_, orjson.loads(data)) for backend, did, of, id_, data in rows]

    def plans(self) -> dict[str, tuple[str, str | None]]:
        """By subscription: the plan it has, and the one that is billed, None where that was never changed."""
        query = "SELECT id, s.plan, b.plan FROM subscriptions AS s LEFT JOIN billed_plans AS b ON b.subscriptionId = id"
        with self._open() as connection:
            return {row[0]: (row[1], row[2]) for row in connection.execute(query)}

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(f"file:{self._file}?mode=ro", uri=True, timeout=30)) as connection:
            yield connection
