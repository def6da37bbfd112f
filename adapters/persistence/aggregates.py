"""Aggregates of any kind: each one row of `documents`, written once for each change."""

from dataclasses import dataclass
from typing import Any, Generic

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from adapters.persistence.encoding import decoded
from adapters.persistence.outbox import Outbox
from adapters.persistence.prepared import Prepared
from adapters.persistence.rows import Rows, encoded_aggregate
from adapters.persistence.tables import documents, process_steps, processes, terms
from adapters.persistence.visibility import is_visible
from canonical.shared import jsontext
from canonical.shared.aggregates import A, Kind
from canonical.shared.errors import ConcurrentChange
from canonical.shared.projection import Projector, Term

CHANGED = (
    "customer_id",
    "reference",
    "state",
    "shown_state",
    "changed_at",
    "carried",
    "aggregate",
    "document",
    "edition",
    "shown_from",
    "shown_until",
)
_INSERT = Prepared(sa.insert(documents))
UPDATE = Prepared(
    sa.update(documents)
    .where(
        documents.c.resource == sa.bindparam("of_resource"),
        documents.c.id == sa.bindparam("of_id"),
        documents.c.version == sa.bindparam("read"),
    )
    .values({name: sa.bindparam(name) for name in (*CHANGED, "version")})
)
_BY_ID = documents.c.id == sa.bindparam("asked")
_FOUND = sa.select(documents.c.aggregate, documents.c.version, documents.c.carried)
_RESOURCE = documents.c.resource == sa.bindparam("resource")
_BY_ID_ALONE = Prepared(_FOUND.where(_RESOURCE, _BY_ID))
_BY_ID_OR_REFERENCE = Prepared(
    _FOUND.where(_RESOURCE, sa.or_(_BY_ID, documents.c.reference == sa.bindparam("asked")))
    # Two aggregates may have one reference, or it may look like an id of ours: our id comes first, then the newest.
    .order_by(_BY_ID.desc(), documents.c.id.desc())
)
_VERSIONS = Prepared(
    sa.select(documents.c.id, documents.c.aggregate, documents.c.version, documents.c.carried)
    .where(_RESOURCE, documents.c.reference == sa.bindparam("asked"), is_visible())
    .order_by(documents.c.id)
)
_INSERT_TERM = Prepared(sa.insert(terms))
_OF_ONE = (terms.c.resource == sa.bindparam("of_resource"), terms.c.id == sa.bindparam("of_id"))
_TERMS = Prepared(sa.select(terms.c.path, terms.c.value).where(*_OF_ONE))
_DELETE_TERM = Prepared(
    sa.delete(terms).where(
        *_OF_ONE, terms.c.path == sa.bindparam("old_path"), terms.c.value == sa.bindparam("old_value")
    )
)


@dataclass(slots=True)
class Seen(Generic[A]):
    """An aggregate in use. `read` is its stored JSON, empty if it is new; `first` is the document that was written
    first.
    """

    aggregate: A
    carried: dict[str, Any]
    read: str = ""
    terms: frozenset[Term] | None = None
    first: tuple[str, int] | None = None
    carried_changed: bool = False

    def has_changed(self) -> bool:
        # Most changes are events; JSON is compared for the few that are none. What an earlier release kept lacks fields
        # that were added since: that alone is no change.
        events = getattr(self.aggregate, "events", ())
        if not self.read or events or self.carried_changed:
            return True
        now = encoded_aggregate(self.aggregate)
        return now != self.read and now != encoded_aggregate(decoded(self.read, type(self.aggregate)))


class SqlAggregateRepository(Generic[A]):
    """The aggregates of one kind in one transaction. Without a projector no document is kept for them.

    `outbox` takes their events; aggregates without events need none.
    """

    def __init__(
        self, connection: sa.Connection, kind: Kind[A], project: Projector | None, outbox: Outbox | None = None
    ) -> None:
        self._connection = connection
        self._outbox = outbox
        self._kind = kind
        self._rows = Rows(kind, project)
        self._seen: dict[str, Seen[A]] = {}
        self._carried_for_new: dict[str, Any] = {}

    def add(self, aggregate: A) -> None:
        self._seen[aggregate.id] = Seen(aggregate, self._carried_for_new, terms=frozenset())

    def get(self, aggregate_id: str) -> A:
        if aggregate_id not in self._seen:
            seen = self._find(aggregate_id)
            # By its reference it may have been got before.
            return self._seen.setdefault(seen.aggregate.id, seen).aggregate
        return self._seen[aggregate_id].aggregate

    def forget(self, aggregate_id: str) -> None:
        self._seen.pop(aggregate_id, None)

    def versions(self, reference: str) -> list[A]:
        asked = {"resource": self._kind.name, "asked": reference}
        found = [_seen(self._kind, row) for row in _VERSIONS.execute(self._connection, asked)]
        return [self._seen.setdefault(one.aggregate.id, one).aggregate for one in found]

    def carry(self, aggregate_id: str | None, carried: dict[str, Any]) -> None:
        """Keep `carried` with an aggregate that was got here, or with the one that is added next (None)."""
        if aggregate_id is None:
            self._carried_for_new = carried
        else:
            self.get(aggregate_id)
            self._seen[aggregate_id].carried = carried
            self._seen[aggregate_id].carried_changed = True

    def shown(self, aggregate_id: str) -> tuple[str, int]:
        """The document that `save` wrote first, and its version; if nothing was written, the document that was read."""
        seen = self._seen[aggregate_id]
        if seen.first is not None:
            return seen.first
        return self._rows.projection(seen.aggregate, seen.carried).document, seen.aggregate.version

    def save(self) -> None:
        """Write what is new or changed, with its document, and hand its events over. Raises ConcurrentChange."""
        for seen in list(self._seen.values()):
            aggregate, document = seen.aggregate, ""
            if self._kind.removed(aggregate):
                document = self._rows.projection(aggregate, seen.carried).document
                self._remove(aggregate)
            elif aggregate.version == 0 or seen.has_changed():
                document = self._write(seen)
            events = getattr(aggregate, "events", [])
            if events:
                assert self._outbox is not None, "the events of this kind have nowhere to go"
                self._outbox.add(self._kind, aggregate, events, document or None)
                events.clear()

    def _find(self, aggregate_id: str) -> Seen[A]:
        asked = {"resource": self._kind.name, "asked": aggregate_id}
        statement = _BY_ID_OR_REFERENCE if self._kind.found_by_reference else _BY_ID_ALONE
        row = statement.execute(self._connection, asked).first()
        if row is None:
            raise self._kind.missing(aggregate_id)
        return _seen(self._kind, row)

    def _write(self, seen: Seen[A]) -> str:
        """The document that it has now."""
        aggregate = seen.aggregate
        projection = self._rows.projection(aggregate, seen.carried)
        read, row = aggregate.version, self._rows.next_row(aggregate, seen.carried, projection)
        seen.first = seen.first or (projection.document, aggregate.version)
        if read == 0:
            self._insert(aggregate, row | self._rows.new(aggregate))
        else:
            of = {"of_resource": self._kind.name, "of_id": aggregate.id, "read": read}
            if UPDATE.execute(self._connection, row | of).rowcount != 1:
                raise ConcurrentChange(f"{self._kind.name} {aggregate.id} was changed by somebody else: read it again")
        self._index(seen, self._rows.terms(aggregate, projection))
        seen.read, seen.carried_changed = str(row["aggregate"]), False
        return projection.document

    def _insert(self, aggregate: A, row: dict[str, Any]) -> None:
        try:
            _INSERT.execute(self._connection, row)
        except IntegrityError as error:
            if not self._kind.versioned:
                raise
            text = f"an import that is under way has this version of {row['reference']}: wait until it has ended"
            raise ConcurrentChange(text) from error

    def _index(self, seen: Seen[A], wanted: frozenset[Term]) -> None:
        of = {"of_resource": self._kind.name, "of_id": seen.aggregate.id}
        if seen.terms is None:
            seen.terms = frozenset((row.path, row.value) for row in _TERMS.execute(self._connection, of))
        gone = [of | {"old_path": path, "old_value": value} for path, value in seen.terms - wanted]
        _DELETE_TERM.execute_many(self._connection, gone)
        key = {"resource": self._kind.name, "id": seen.aggregate.id}
        new = [key | {"path": path, "value": value} for path, value in sorted(wanted - seen.terms)]
        _INSERT_TERM.execute_many(self._connection, new)
        seen.terms = wanted

    def _remove(self, aggregate: A) -> None:
        """Delete it and all its data, except its events and audit records."""
        one = (documents.c.resource == self._kind.name, documents.c.id == aggregate.id)
        removed = sa.delete(documents).where(*one, documents.c.version == aggregate.version)
        if self._connection.execute(removed).rowcount != 1:
            raise ConcurrentChange(f"{self._kind.name} {aggregate.id} was changed by somebody else: read it again")
        self._forget_terms(self._kind.name, [aggregate.id])
        for dependent in self._kind.dependents:
            these = (documents.c.resource == dependent, documents.c.reference == aggregate.id)
            ids = list(self._connection.scalars(sa.select(documents.c.id).where(*these)))
            self._connection.execute(sa.delete(documents).where(*these))
            self._forget_terms(dependent, ids)
        for table in (processes, process_steps):
            self._connection.execute(sa.delete(table).where(table.c.subject == aggregate.id))

    def _forget_terms(self, resource: str, ids: list[str]) -> None:
        self._connection.execute(sa.delete(terms).where(terms.c.resource == resource, terms.c.id.in_(ids)))


def _seen(kind: Kind[A], row: Any) -> Seen[A]:
    return Seen(loaded(kind, row), jsontext.read_kept(row.carried), read=row.aggregate)


def loaded(kind: Kind[A], row: Any) -> A:
    """The aggregate in a row that has `aggregate` and `version`."""
    return aggregate_of(kind, row.aggregate, row.version)


def aggregate_of(kind: Kind[A], text: str, version: int) -> A:
    aggregate = decoded(text, kind.type)
    aggregate.version = version
    return aggregate
