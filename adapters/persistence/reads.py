"""Reads: one statement each. An aggregate is loaded only if the document is not enough."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from adapters.persistence.aggregates import aggregate_of, loaded
from adapters.persistence.counts import RememberedCounts
from adapters.persistence.database import Database
from adapters.persistence.encoding import timestamp
from adapters.persistence.prepared import Prepared
from adapters.persistence.readers import Readable, seen
from adapters.persistence.search import LONGEST_SECONDS, Moment, Search, search
from adapters.persistence.slices import sliced
from adapters.persistence.tables import documents, idempotency_keys
from adapters.persistence.visibility import is_visible, shown_at
from canonical.shared import jsontext
from canonical.shared.aggregates import A, Kind
from canonical.shared.criteria import Criterion, SortKey
from canonical.shared.editions import Named
from canonical.shared.idempotency import KeptAnswer
from canonical.shared.paging import Found, Position, Slice
from canonical.shared.projection import Listed, Revision, SearchIndex, StoredDocument
from canonical.shared.reader import Reader

AT_ONCE = 1_000
"""References in one query."""
_KIND = documents.c.resource == sa.bindparam("resource")
_ASKED = documents.c.id == sa.bindparam("asked")
_ONE = sa.select(
    documents.c.id,
    documents.c.aggregate,
    documents.c.carried,
    documents.c.document,
    documents.c.shown_state,
    documents.c.version,
    documents.c.edition,
)
_TEXT = sa.select(
    documents.c.id, documents.c.document, documents.c.shown_state, documents.c.version, documents.c.edition
)


class _Finding:
    """The ways to find one row: by its id, by its reference (if a reference occurs twice, the newest counts), or for
    versions by their reference with an edition or a moment.
    """

    def __init__(self, statement: sa.Select[*tuple[Any, ...]]) -> None:
        referred = statement.where(_KIND, documents.c.reference == sa.bindparam("asked"))
        self.by_id = Readable(statement.where(_KIND, _ASKED))
        self.by_reference = Readable(referred.order_by(documents.c.id.desc()))
        self.by_edition = Readable(referred.where(documents.c.edition == sa.bindparam("edition"), is_visible()))
        self.by_moment = Readable(referred.where(*shown_at(sa.bindparam("at")), is_visible()))

    def find(self, connection: sa.Connection, kind: Kind[Any], asked: str | Named, reader: Reader) -> Any:
        values = {"resource": kind.name}
        if isinstance(asked, Named):
            values |= {"asked": asked.reference, "edition": asked.edition or "", "at": timestamp(asked.at)}
            statement = self.by_moment if asked.edition is None else self.by_edition
            return statement.execute(connection, reader, values).first()
        values["asked"] = asked
        row = self.by_id.execute(connection, reader, values).first()
        if row is None and kind.found_by_reference:
            row = self.by_reference.execute(connection, reader, values).first()
        return row


_AGGREGATE, _DOCUMENT = _Finding(_ONE), _Finding(_TEXT)
_REVISION = _Finding(sa.select(documents.c.shown_state, documents.c.version, documents.c.edition))
_STATE = Prepared(sa.select(documents.c.state).where(_KIND, _ASKED))


class SqlReads:
    """Aggregates and their documents, as far as `reader` sees them. All raise what `Kind.missing` makes."""

    def __init__(self, database: Database, search_seconds: float = LONGEST_SECONDS) -> None:
        self._database = database
        self._search_seconds = search_seconds
        self._counts = RememberedCounts()

    def aggregate(self, kind: Kind[A], asked: str | Named, reader: Reader) -> A:
        return loaded(kind, self._one(_AGGREGATE, kind, asked, reader))

    def to_change(self, kind: Kind[A], asked: str | Named, reader: Reader) -> tuple[A, dict[str, Any], StoredDocument]:
        """The aggregate, its carried attributes and its document, from one read."""
        row = self._one(_AGGREGATE, kind, asked, reader)
        return loaded(kind, row), jsontext.read_kept(row.carried), _shown(row)

    def document(self, kind: Kind[A], asked: str | Named, reader: Reader) -> StoredDocument:
        return _shown(self._one(_DOCUMENT, kind, asked, reader))

    def revision(self, kind: Kind[A], asked: str | Named, reader: Reader) -> Revision:
        row = self._one(_REVISION, kind, asked, reader)
        return Revision(row.shown_state, row.version, row.edition)

    def documents(
        self,
        kind: Kind[A],
        index: SearchIndex,
        reader: Reader,
        part: Slice,
        criterion: Criterion | None = None,
        sort: tuple[SortKey, ...] = (),
        at: datetime | None = None,
    ) -> Found[Listed]:
        """The documents of those that match the criterion, newest first unless sorted; with `at`, of versions that are
        found by their references at that moment.

        Raises InvalidCommand if the search takes too long.
        """
        wanted = Search(criterion, sort, part, self._search_seconds)
        mine = [*seen(reader), *([is_visible()] if kind.versioned else [])]
        if at is None:
            return search(self._database, kind.name, index, mine, wanted)
        # By its text, in which true and 1 are not the same.
        asked = repr((kind.name, index.of_aggregates, reader, criterion))
        return search(self._database, kind.name, index, mine, wanted, Moment(timestamp(at), asked, self._counts))

    def found(
        self,
        kind: Kind[A],
        index: SearchIndex,
        reader: Reader,
        part: Slice,
        criterion: Criterion | None,
        at: datetime | None,
    ) -> Found[A]:
        """The aggregates that meet the criterion, whose paths lead into them; newest first, and with `at` the versions
        that are found by their references at that moment. Raises InvalidCommand when that takes too long.
        """
        found = self.documents(kind, index, reader, part, criterion, (), at)
        return Found([aggregate_of(kind, one.document, one.version) for one in found.members], found.total, found.last)

    def editions(self, kind: str, references: Collection[str], at: datetime) -> frozenset[tuple[str, str | None]]:
        """The versions of these items by reference and name; with None for an item that is found by its reference at
        the moment.
        """
        shown = sa.and_(*shown_at(sa.literal(timestamp(at)))).label("shown")
        columns = (documents.c.reference, documents.c.edition, shown)
        asked, found = sorted(references), set[tuple[str, str | None]]()
        with self._database.reading() as connection:
            for start in range(0, len(asked), AT_ONCE):
                some = documents.c.reference.in_(asked[start : start + AT_ONCE])
                query = sa.select(*columns).where(documents.c.resource == kind, some, is_visible())
                for reference, edition, is_shown in connection.execute(query):
                    found |= {(reference, edition), *([(reference, None)] if is_shown else [])}
        return frozenset(found)

    def aggregates(self, kind: Kind[A], reader: Reader, part: Slice) -> Found[A]:
        """Newest first."""
        mine = [documents.c.resource == kind.name, *seen(reader)]
        page = sa.select(documents.c.aggregate, documents.c.version).where(*mine).order_by(documents.c.id.desc())
        page = sliced(page, part, lambda after: documents.c.id < after.key)
        count = sa.select(sa.func.count()).select_from(documents).where(*mine)
        with self._database.reading() as connection:
            found = [loaded(kind, row) for row in connection.execute(page)]
            total = connection.scalar(count) or 0
        last = Position((), found[part.limit - 1].id) if len(found) > part.limit > 0 else None
        return Found(found[: part.limit], total, last)

    def newest(self, kind: Kind[A], reference: str, but: Collection[str]) -> A | None:
        """The newest aggregate with this reference that is in none of the states `but`."""
        found = (documents.c.resource == kind.name, documents.c.reference == reference)
        query = sa.select(documents.c.aggregate, documents.c.version).where(*found, documents.c.state.not_in(but))
        with self._database.reading() as connection:
            row = connection.execute(query.order_by(documents.c.id.desc()).limit(1)).first()
        return None if row is None else loaded(kind, row)

    def state_of(self, kind: Kind[A], aggregate_id: str) -> str:
        """The state of the aggregate, by its id."""
        with self._database.reading() as connection:
            state = _STATE.execute(connection, {"resource": kind.name, "asked": aggregate_id}).scalar()
        if state is None:
            raise kind.missing(aggregate_id)
        return str(state)

    def kept_answer(self, owner: str, key: str) -> KeptAnswer | None:
        kept = idempotency_keys
        query = sa.select(kept.c.request_hash, kept.c.subject, kept.c.answer)
        with self._database.reading() as connection:
            row = connection.execute(query.where(kept.c.owner == owner, kept.c.key == key)).first()
        if row is None:
            return None
        return KeptAnswer(row.request_hash, row.subject, None if row.answer is None else jsontext.read_kept(row.answer))

    def _one(self, finding: _Finding, kind: Kind[A], asked: str | Named, reader: Reader) -> Any:
        with self._database.reading() as connection:
            row = finding.find(connection, kind, asked, reader)
        if row is None:
            raise kind.missing(asked.reference if isinstance(asked, Named) else asked)
        return row


def _shown(row: Any) -> StoredDocument:
    return StoredDocument(row.shown_state, row.version, row.edition, row.id, row.document)
