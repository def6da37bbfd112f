"""Queries in SQL that cannot change anything, read another file or run for ever.

DuckDB's settings keep files, extensions and settings away (`store.py`), the transaction is read only, and only single
statements that read are taken.
"""

import datetime as dt
import math
import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from time import monotonic
from typing import Any

import duckdb

from facade.warehouse.errors import QuestionRefused

EXPLAIN = re.compile(r"\s*EXPLAIN\b(\s+ANALYZE\b)?(\s*\([^()]*\))?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Answer:
    """The rows of one query, as JSON has them. `more`: there are rows beyond the limit."""

    columns: list[str]
    rows: list[list[Any]]
    more: bool = False

    def as_json(self) -> dict[str, Any]:
        return {"columns": self.columns, "rows": self.rows, "more": self.more}

    @classmethod
    def of_json(cls, answer: Mapping[str, Any]) -> "Answer":
        return cls(answer["columns"], answer["rows"], answer["more"])


def answers(reader: duckdb.DuckDBPyConnection, statements: Sequence[str], rows: int, seconds: float) -> list[Answer]:
    """What each statement finds, as of one moment. Raises QuestionRefused, after `seconds` at the latest."""
    ends = monotonic() + seconds
    found = []
    reader.execute("BEGIN TRANSACTION READ ONLY")
    try:
        with _interrupted(reader, seconds):
            for statement in statements:
                if monotonic() >= ends:  # DuckDB does not notice an interruption between two statements
                    raise _too_long(seconds)
                found.append(_answer(reader, statement, rows))
        return found
    except duckdb.InterruptException as error:
        raise _too_long(seconds) from error
    except (duckdb.Error, RuntimeError, ValueError, OverflowError) as error:  # also of the conversion to Python
        raise QuestionRefused(f"the query is wrong: {error}") from error
    finally:
        reader.execute("ROLLBACK")


def _too_long(seconds: float) -> QuestionRefused:
    return QuestionRefused(f"the query takes longer than {seconds:g} s: ask for less, or raise WAREHOUSE_QUERY_SECONDS")


def _answer(reader: duckdb.DuckDBPyConnection, statement: str, rows: int) -> Answer:
    found = _single(reader, statement)
    if found.type == duckdb.StatementType.EXPLAIN:  # EXPLAIN ANALYZE executes, also a COMMIT
        _check_reads(_single(reader, EXPLAIN.sub("", statement, count=1)))
    else:
        _check_reads(found)
    reader.execute(found)
    read = reader.fetchmany(rows + 1)
    columns = [str(column[0]) for column in reader.description or ()]
    return Answer(columns, [[shown(value) for value in row] for row in read[:rows]], more=len(read) > rows)


def _single(reader: duckdb.DuckDBPyConnection, statement: str) -> duckdb.Statement:
    found = reader.extract_statements(statement)
    if len(found) != 1:
        raise QuestionRefused(f"{len(found)} statements were given: give one")
    return found[0]


def _check_reads(statement: duckdb.Statement) -> None:
    """FROM, VALUES, WITH, SHOW, DESCRIBE and SUMMARIZE are SELECT, too."""
    if statement.type != duckdb.StatementType.SELECT:
        raise QuestionRefused(
            f"{statement.type.name} is not allowed: only SELECT, FROM, WITH, VALUES, SHOW, DESCRIBE, SUMMARIZE "
            "and EXPLAIN of one of them are"
        )


@contextmanager
def _interrupted(reader: duckdb.DuckDBPyConnection, seconds: float) -> Iterator[None]:
    timer = threading.Timer(seconds, reader.interrupt)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def shown(value: Any) -> Any:
    """A value of DuckDB as JSON has it. What JSON has no type for becomes text."""
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return Decimal(repr(value)) if math.isfinite(value) else str(value)
        case Decimal():
            return value if value.is_finite() else str(value)
        case dt.datetime():
            return value.isoformat(sep=" ")
        case dt.date() | dt.time():
            return value.isoformat()
        case bytes():
            return value.hex()
        case list() | tuple():
            return [shown(one) for one in value]
        case dict():
            return {str(name): shown(one) for name, one in value.items()}
        case _:
            return str(value)
