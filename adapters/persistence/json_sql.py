"""JSON in SQL, the same on SQLite and PostgreSQL: reaching into a document, comparing what is found.

No expression here fails on any document: a value of an unexpected kind is NULL. Names of attributes are bound
parameters too, although they come from schemas.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from adapters.persistence.sqlite_functions import INSTANT_SHAPE, MOST_MATCHED, digits, number, since_epoch, sortable
from canonical.shared.criteria import Constant, Operator, SortBy
from canonical.shared.paging import SORTED_CHARACTERS

Expression = sa.ColumnElement[Any]


@dataclass(frozen=True, slots=True)
class Node:
    """The JSON value at the path `names` inside `base`."""

    base: Expression
    names: tuple[str, ...] = ()

    def child(self, name: str) -> "Node":
        return Node(self.base, (*self.names, name))


@dataclass(frozen=True, slots=True)
class Elements:
    """The elements of a list as rows; a single value counts as a list of one."""

    rows: sa.FromClause
    node: Node
    scalar: "Scalar"


@dataclass(frozen=True, slots=True)
class Scalar:
    """A value by its JSON kind: each is NULL unless the value is of that kind. `instant` is of texts that name one."""

    text: Expression
    number: Expression
    instant: Expression
    boolean: Expression
    is_null: sa.ColumnElement[bool]


class SqliteJson:
    """Functions of SQLite 3.38 and ours; see sqlite_functions."""

    def document(self, column: sa.Column[str]) -> tuple[Node, sa.FromClause | None]:
        """The document kept as text in `column`, and what must be joined for it."""
        return Node(column), None

    def present(self, node: Node) -> sa.ColumnElement[bool]:
        return self._type(node).is_not(None)

    def is_object(self, node: Node) -> sa.ColumnElement[bool]:
        return self._type(node) == "object"

    def scalar(self, node: Node) -> Scalar:
        found = sa.func.json_extract(node.base, _path(node))
        return self._scalar(self._type(node), found, node.base.op("->")(_path(node)))

    def elements(self, node: Node) -> Elements:
        # Pass the part, not the whole document: json_each parses its argument again for every row.
        part = node.base.op("->")(_path(node)) if node.names else node.base
        each = sa.func.json_each(part).table_valued("key", "value", "type", "atom", "fullkey", "json").alias()
        columns = (each.c.value, each.c.type, each.c.atom, each.c.json.op("->")(each.c.fullkey).label("written"))
        # For a single object json_each gives its members, with texts as keys.
        rows = sa.select(*columns).where(sa.func.typeof(each.c.key) != "text").subquery()
        inside = sa.case((rows.c.type == "object", rows.c.value))
        return Elements(rows, Node(inside), self._scalar(rows.c.type, rows.c.atom, rows.c.written))

    def constant(self, constant: Constant) -> Expression:
        """A constant as it is compared with a value of its kind."""
        if isinstance(constant, datetime):
            return sa.literal(since_epoch(constant))
        if isinstance(constant, int | Decimal) and not isinstance(constant, bool):
            return sa.literal(sortable(constant))
        return sa.literal(constant)

    def matches(self, text: Expression, pattern: str) -> sa.ColumnElement[bool]:
        return sa.func.text_matches(pattern, text) == 1

    def sorted_by(self, value: Scalar, by: SortBy) -> Expression:
        """The sort value: the first characters of a text, or the microseconds of a time since 1970."""
        return sa.func.substr(value.text, 1, SORTED_CHARACTERS) if by is SortBy.TEXT else _part(value, by)

    def digits(self, sorted_by: Any) -> str:
        """The digits of a number, from its sort value."""
        return digits(sorted_by)

    def number(self, digits: str) -> Expression:
        """The sort value of a number, from its digits."""
        return sa.literal(number(digits))

    @staticmethod
    def _type(node: Node) -> Expression:
        return sa.func.json_type(node.base, _path(node))

    @staticmethod
    def _scalar(kind: Expression, value: Expression, written: Expression) -> Scalar:
        """`written`: the value as JSON. SQLite's own numbers have the digits of a double at most."""
        text = sa.case((kind == "text", value))
        return Scalar(
            text=text,
            number=sa.case((kind.in_(_NUMBERS), sa.func.json_number(written))),
            instant=sa.func.json_instant(text),
            boolean=sa.case((kind == "true", sa.true()), (kind == "false", sa.false())),
            is_null=kind == "null",
        )


class PostgresJson:
    """jsonb, made of the text once for each row; kept beside it, a scan would be 2.6 × as fast in twice the room.

    Conversions stand inside CASE, for PostgreSQL does not promise to evaluate AND from the left.
    """

    def document(self, column: sa.Column[str]) -> tuple[Node, sa.FromClause | None]:
        # OFFSET keeps the planner from repeating the conversion in every condition.
        converted = sa.select(sa.cast(column, JSONB).label("body")).offset(sa.literal_column("0"))
        parsed = converted.correlate(column.table).lateral()
        return Node(parsed.c.body), parsed

    def present(self, node: Node) -> sa.ColumnElement[bool]:
        return _reached(node).is_not(None)

    def is_object(self, node: Node) -> sa.ColumnElement[bool]:
        return sa.func.jsonb_typeof(_reached(node)) == "object"

    def scalar(self, node: Node) -> Scalar:
        return self._scalar(_reached(node))

    def elements(self, node: Node) -> Elements:
        value = _reached(node)
        kind = sa.func.jsonb_typeof(value)
        as_list = sa.case(
            (kind == "array", value), (kind.not_in(("array", "object")), sa.func.jsonb_build_array(value))
        )
        rows = sa.func.jsonb_array_elements(as_list).table_valued(sa.column("value", JSONB)).alias()
        return Elements(rows, Node(rows.c.value), self._scalar(rows.c.value))

    def constant(self, constant: Constant) -> Expression:
        if isinstance(constant, bool):
            return sa.literal(constant)
        if isinstance(constant, datetime):
            return sa.cast(sa.literal(constant.isoformat()), sa.TIMESTAMP(timezone=True))
        if isinstance(constant, int | Decimal):
            return sa.cast(sa.literal(str(constant)), sa.Numeric)
        return sa.literal(constant)

    def matches(self, text: Expression, pattern: str) -> sa.ColumnElement[bool]:
        return sa.func.left(text, MOST_MATCHED).op("~", is_comparison=True)(pattern)

    def sorted_by(self, value: Scalar, by: SortBy) -> Expression:
        match by:
            case SortBy.TEXT:
                return sa.collate(sa.func.left(value.text, SORTED_CHARACTERS), "C")
            case SortBy.INSTANT:
                return sa.cast(sa.extract("epoch", value.instant) * 1_000_000, sa.BigInteger)
            case _:
                return _part(value, by)

    def digits(self, sorted_by: Any) -> str:
        return str(sorted_by)

    def number(self, digits: str) -> Expression:
        return sa.cast(sa.literal(digits, sa.Text), sa.Numeric)

    @staticmethod
    def _scalar(value: Expression) -> Scalar:
        kind = sa.func.jsonb_typeof(value)
        plain = value.op("#>>")(sa.literal_column("'{}'"))
        text = sa.case((kind == "string", sa.cast(plain, sa.Text)))
        exact = sa.func.regexp_replace(text, "([.][0-9]{6})[0-9]+", r"\1")
        shaped = sa.and_(
            text.op("~", is_comparison=True)(INSTANT_SHAPE), sa.func.pg_input_is_valid(exact, "timestamptz")
        )
        return Scalar(
            text=sa.collate(text, "C"),
            number=sa.case((kind == "number", sa.cast(value, sa.Numeric))),
            instant=sa.case((shaped, sa.cast(exact, sa.TIMESTAMP(timezone=True)))),
            boolean=sa.case((kind == "boolean", sa.cast(value, sa.Boolean))),
            is_null=kind == "null",
        )


JsonSql = SqliteJson | PostgresJson
"""One database's way."""


def compared(sql: JsonSql, value: Scalar, operator: Operator, constants: Sequence[Constant]) -> sa.ColumnElement[bool]:
    """That the value relates so to one of the constants; NULL or false where it does not."""
    kinds: dict[str, list[Constant]] = {}
    for constant in constants:
        kinds.setdefault(_KIND_OF[type(constant)], []).append(constant)
    found: list[sa.ColumnElement[bool]] = []
    for kind, alike in kinds.items():
        if kind == "is_null":
            found.append(value.is_null)
        else:
            side: Expression = getattr(value, kind)
            found.append(related(sql, side, operator, alike))
    return sa.or_(*found)


def related(sql: JsonSql, side: Expression, operator: Operator, alike: Sequence[Constant]) -> sa.ColumnElement[bool]:
    """The same for constants of one kind beside an expression of that kind."""
    if operator is Operator.EQUAL:
        return side.in_([sql.constant(one) for one in alike])
    if operator is Operator.MATCHES:
        return sa.or_(*(sql.matches(side, str(one)) for one in alike))
    # Greater than one of them is greater than the least. `side` is costly: it is computed wherever it stands.
    bound = _EXTREME[operator](alike)
    return side.op(operator.value, is_comparison=True)(sql.constant(bound))


def _part(value: Scalar, by: SortBy) -> Expression:
    found: Expression = getattr(value, by.value)
    return found


_EXTREME: dict[Operator, Callable[[Sequence[Any]], Any]] = {
    Operator.GREATER: min,
    Operator.GREATER_OR_EQUAL: min,
    Operator.LESS: max,
    Operator.LESS_OR_EQUAL: max,
}
_NUMBERS = ("integer", "real")
"""How SQLite calls numbers."""
_KIND_OF: dict[type, str] = {
    str: "text",
    bool: "boolean",
    int: "number",
    Decimal: "number",
    datetime: "instant",
    type(None): "is_null",
}


def _path(node: Node) -> str:
    assert not any('"' in name or "\\" in name for name in node.names), "names come from schemas"
    return "$" + "".join(f'."{name}"' for name in node.names)


def _reached(node: Node) -> Expression:
    return sa.type_coerce(sa.func.jsonb_extract_path(node.base, *node.names), JSONB) if node.names else node.base
