"""Statements on the hot paths, compiled once for each kind of database."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class Prepared:
    """A statement whose values are bound by name; for an insert the names are the table's columns.

    The driver gets it as text: finding a compiled expression in SQLAlchemy's cache and building its context costs more
    than the statement itself. Values and rows are not converted, so use it for texts and numbers only.
    """

    def __init__(self, statement: sa.Select[Any] | sa.Insert | sa.Update | sa.Delete) -> None:
        self._statement = statement
        self._compiled: dict[str, tuple[str, list[str] | None]] = {}

    def execute(self, connection: sa.Connection, values: Mapping[str, Any]) -> sa.CursorResult[Any]:
        dialect = connection.dialect
        text, names = self._compiled.get(dialect.name) or self._compile(dialect)
        if names is None:
            return connection.exec_driver_sql(text, dict(values))
        return connection.exec_driver_sql(text, tuple(values[name] for name in names))

    def execute_many(self, connection: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> int:
        """Once for each row. Returns how many rows of the table that changed; for an insert it may be -1."""
        if not rows:
            return 0
        dialect = connection.dialect
        text, names = self._compiled.get(dialect.name) or self._compile(dialect)
        given: Any = [dict(row) if names is None else tuple(row[name] for name in names) for row in rows]
        return connection.exec_driver_sql(text, given).rowcount

    def _compile(self, dialect: sa.Dialect) -> tuple[str, list[str] | None]:
        compiled: Any = self._statement.compile(dialect=dialect)
        prepared = (compiled.string, compiled.positiontup)
        self._compiled[dialect.name] = prepared
        return prepared


class _Among(FunctionElement[Any]):
    """That a column is one of the texts in a JSON array: so a prepared statement takes any number of them."""

    name = "among"
    inherit_cache = True
    type = sa.types.NULLTYPE  # SQLAlchemy compares a boolean with 1 on SQLite, which would not use the index then


def among(column: sa.ColumnElement[str], parameter: str) -> sa.ColumnElement[bool]:
    """The value of the parameter is a JSON array of texts."""
    return _Among(column, sa.bindparam(parameter, type_=sa.Text))


@compiles(_Among, "sqlite")
def _of_sqlite(found: _Among, compiler: SQLCompiler, **options: Any) -> str:
    column, texts = found.clauses
    each = sa.func.json_each(texts).table_valued("value")
    return compiler.process(column.in_(sa.select(each.c.value)), **options)


@compiles(_Among, "postgresql")
def _of_postgres(found: _Among, compiler: SQLCompiler, **options: Any) -> str:
    # As an array: PostgreSQL looks each up in an index then, and never joins with all rows of the table.
    column, texts = found.clauses
    each = sa.select(sa.func.json_array_elements_text(sa.cast(texts, sa.JSON)))
    return compiler.process(column == sa.any_(sa.func.array(each.scalar_subquery())), **options)
