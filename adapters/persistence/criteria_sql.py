"""Criteria over documents as SQL. What a caller wrote becomes bound parameters, never SQL."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import sqlalchemy as sa

from adapters.persistence.json_sql import (
    Elements,
    JsonSql,
    Node,
    PostgresJson,
    Scalar,
    SqliteJson,
    compared,
    related,
)
from adapters.persistence.search_index import term
from adapters.persistence.sorting import SortOrder
from adapters.persistence.tables import documents, terms
from canonical.shared.criteria import (
    AllOf,
    AnyElement,
    AnyOf,
    Compare,
    Criterion,
    Not,
    Operator,
    Path,
    Present,
    SortKey,
    Within,
)
from canonical.shared.projection import SearchIndex, term_of

Names = tuple[str, ...]


@dataclass(frozen=True)
class Searchable:
    """The documents of one kind, or its aggregates, with the columns and terms that serve as their index.

    `columns` are never null and hold texts, or times as `timestamp` writes them. `indexed` are the paths of terms.
    `text` is the column with the JSON that is searched.
    """

    resource: str
    columns: Mapping[Names, sa.Column[str]]
    indexed: frozenset[Names]
    text: sa.Column[str] = documents.c.document

    @classmethod
    def of(cls, resource: str, index: SearchIndex) -> "Searchable":
        columns: Mapping[str, sa.Column[str]] = {name: documents.c[name] for name in index.columns.values()}
        text = documents.c.aggregate if index.of_aggregates else documents.c.document
        return cls(resource, {path: columns[name] for path, name in index.columns.items()}, index.terms, text)


class Compiled:
    """Conditions and sort keys over one table. `joined` is what they need beside the table; None when it is enough."""

    def __init__(self, searchable: Searchable, dialect: str) -> None:
        self._searchable = searchable
        self._sql: JsonSql = SqliteJson() if dialect == "sqlite" else PostgresJson()
        self._root, self._parsed = self._sql.document(searchable.text)
        self.reads_documents = False

    @property
    def text(self) -> sa.Column[str]:
        return self._searchable.text

    @property
    def joined(self) -> sa.FromClause | None:
        return self._parsed if self.reads_documents else None

    def condition(self, criterion: Criterion) -> sa.ColumnElement[bool]:
        return self._met(criterion, None)

    def order(self, keys: tuple[SortKey, ...]) -> list[SortOrder]:
        """The sort keys, then newest first."""
        found: list[SortOrder] = []
        for key in keys:
            column = self._searchable.columns.get(_names(key.path))
            if column is not None:
                found.append(SortOrder(column, key.descending, key.by))
            else:
                value = self._value(self._begin(None), key.path)
                found.append(SortOrder(self._sql.sorted_by(value, key.by), key.descending, key.by, self._sql))
        # In the direction of the first key, so that one index serves both.
        return [*found, SortOrder(documents.c.id, not keys or keys[0].descending)]

    def _met(self, criterion: Criterion, at: Node | None) -> sa.ColumnElement[bool]:
        """`at` is the element that paths begin at; None for the document itself."""
        match criterion:
            case AllOf(parts):
                return sa.and_(*(self._met(part, at) for part in parts))
            case AnyOf(parts):
                return sa.or_(*(self._met(part, at) for part in parts))
            case Not(part):
                # A missing value compares as NULL, and its negation would be NULL again.
                return sa.not_(sa.func.coalesce(self._met(part, at), sa.false()))
            case Present(path):
                return self._reach(
                    self._begin(at), path[:-1], lambda node: self._sql.present(node.child(path[-1].name))
                )
            case Compare():
                return self._compare(criterion, at)
            case Within(path, low, high, selective):
                within = (terms.c.value >= low, terms.c.value < high)
                return self._has_term(".".join(_names(path)), *within, first=selective)
            case AnyElement(path, inside):
                found = self._element(self._begin(at), path, inside)
                return sa.and_(*self._narrowed(path, inside), found) if at is None else found

    def _compare(self, compare: Compare, at: Node | None) -> sa.ColumnElement[bool]:
        indexed = self._indexed(compare) if at is None else None
        if indexed is not None:
            return indexed
        *before, last = compare.path

        def met(node: Node) -> sa.ColumnElement[bool]:
            if last.many:
                elements = self._sql.elements(node.child(last.name))
                return _exists(elements, compared(self._sql, elements.scalar, compare.operator, compare.constants))
            value = self._sql.scalar(node.child(last.name))
            return compared(self._sql, value, compare.operator, compare.constants)

        return self._reach(self._begin(at), tuple(before), met)

    def _indexed(self, compare: Compare) -> sa.ColumnElement[bool] | None:
        """Uses a column or a term instead of the document, if there is one."""
        names = _names(compare.path)
        column = self._searchable.columns.get(names)
        if column is not None:
            values = [_column_text(one) for one in compare.constants]
            return None if None in values else related(self._sql, column, compare.operator, values)
        if names not in self._searchable.indexed or compare.operator is not Operator.EQUAL:
            return None
        path = ".".join(names)
        asked = [term_of(path, one) for one in compare.constants]
        texts: dict[str, list[str]] = {}
        for one in asked:
            if one is None:
                return None
            texts.setdefault(one[0], []).append(term(one[1]))
        return sa.or_(*(self._has_term(path, terms.c.value.in_(values)) for path, values in texts.items()))

    def _has_term(self, path: str, *met: sa.ColumnElement[bool], first: bool = True) -> sa.ColumnElement[bool]:
        """`first`: those that have it are looked up first; or else each that is found otherwise is asked for it."""
        of = terms.c.resource == self._searchable.resource, terms.c.path == path
        if first:
            return documents.c.id.in_(sa.select(terms.c.id).where(*of, *met))
        return sa.exists(sa.select(sa.literal_column("1")).where(*of, terms.c.id == documents.c.id, *met))

    def _narrowed(self, path: Path, inside: Criterion) -> list[sa.ColumnElement[bool]]:
        """What the terms alone say about an element that meets all of `inside`."""
        parts = inside.parts if isinstance(inside, AllOf) else (inside,)
        wider = [
            Compare(path + part.path, part.operator, part.constants) for part in parts if isinstance(part, Compare)
        ]
        found = [self._indexed(compare) for compare in wider if _names(compare.path) in self._searchable.indexed]
        return [condition for condition in found if condition is not None]

    def _element(self, node: Node, path: Path, inside: Criterion) -> sa.ColumnElement[bool]:
        return self._reach(
            node, path, lambda element: sa.and_(self._sql.is_object(element), self._met(inside, element))
        )

    def _reach(self, node: Node, path: Path, then: Callable[[Node], sa.ColumnElement[bool]]) -> sa.ColumnElement[bool]:
        """That `then` holds for some value at `path`."""
        for index, step in enumerate(path):
            node = node.child(step.name)
            if step.many:
                elements = self._sql.elements(node)
                return _exists(elements, self._reach(elements.node, path[index + 1 :], then))
        return then(node)

    def _value(self, node: Node, path: Path) -> Scalar:
        for step in path:
            node = node.child(step.name)
        return self._sql.scalar(node)

    def _begin(self, at: Node | None) -> Node:
        if at is not None:
            return at
        self.reads_documents = True
        return self._root


def _exists(elements: Elements, condition: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    return sa.exists(sa.select(sa.literal_column("1")).select_from(elements.rows).where(condition))


def _names(path: Path) -> Names:
    return tuple(step.name for step in path)


def _column_text(constant: object) -> str | None:
    if isinstance(constant, str):
        return constant
    if not isinstance(constant, datetime):
        return None
    try:
        return constant.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
    except OverflowError:
        return "0" if constant.year < 5000 else "~"  # before and after all times that have four digits for the year
