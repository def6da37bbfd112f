"""Audit records in the database."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from adapters.persistence.database import Database, insert_once
from adapters.persistence.encoding import converter, timestamp
from adapters.persistence.evidence import EvidenceQueue
from adapters.persistence.prepared import Prepared, among
from adapters.persistence.slices import sliced
from adapters.persistence.tables import audit, documents
from canonical.audit.errors import AuditRecordNotFound
from canonical.audit.ports import AuditSearch
from canonical.audit.record import AuditRecord, Mapped, Outcome
from canonical.shared import jsontext
from canonical.shared.paging import Found, Position, Slice

SLACK = 10 * 60 * 1000
"""Milliseconds: a record's id is made shortly before or after its time is read."""
_INSERT = Prepared(sa.insert(audit))
_ACCEPTED_BEFORE = Prepared(
    sa.select(audit.c.subject)
    .join(documents, sa.and_(documents.c.resource == audit.c.subject_type, documents.c.id == audit.c.subject))
    .where(
        audit.c.client == sa.bindparam("of_client"),
        audit.c.id >= sa.bindparam("from_id"),
        audit.c.at >= sa.bindparam("since"),
        audit.c.payload_hash == sa.bindparam("hash"),
        audit.c.operation == sa.bindparam("of_operation"),
        audit.c.code.is_(None),
        audit.c.status < sa.literal_column("300"),
        sa.not_(among(documents.c.state, "given_up")),
    )
    .order_by(audit.c.id.desc())
    .limit(sa.literal_column("1"))
    .offset(sa.literal_column("0"))
)

_WAIT_FOR_EQUAL = "SELECT pg_advisory_xact_lock(hashtextextended(%(equal)s, 0))"


class SqlAuditTrail:
    """Records of requests that changed nothing, written in the background; those of changes are written with the change
    (`insert_record`).
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self.waiting = EvidenceQueue(self._write)

    def record(self, record: AuditRecord) -> None:
        self.waiting.add(record)

    def find(self, record_id: str, client: str | None) -> AuditRecord:
        waiting = self.waiting.find(record_id)
        if waiting is not None and client in (None, waiting.client):
            return waiting
        query = sa.select(audit).where(audit.c.id == record_id)
        if client is not None:
            query = query.where(audit.c.client == client)
        with self._database.reading() as connection:
            row = connection.execute(query).mappings().first()
        if row is None:
            raise AuditRecordNotFound("Audit record not found", recordId=record_id)
        return _record(dict(row))

    def search(self, wanted: AuditSearch, part: Slice) -> Found[AuditRecord]:
        """Newest first, by ids. Those are sortable by time, so a time is looked up among them first."""
        where = _conditions(wanted)
        query = sliced(sa.select(audit).where(*where).order_by(audit.c.id.desc()), part, lambda to: audit.c.id < to.key)
        with self._database.reading() as connection:
            rows = list(connection.execute(query).mappings())
        last = Position((), rows[part.limit - 1]["id"]) if len(rows) > part.limit > 0 else None
        return Found([_record(dict(row)) for row in rows[: part.limit]], 0, last)

    def translations_of(self, subject: str) -> list[Mapped]:
        """The translations of all requests about a subject, oldest first."""
        query = sa.select(audit.c.translation).where(audit.c.subject == subject).order_by(audit.c.id)
        with self._database.reading() as connection:
            texts = connection.scalars(query).all()
        return [mapped for text in texts for mapped in _trail(text)]

    def close(self) -> None:
        """Write the waiting records, as far as the database accepts them now."""
        self.waiting.close()

    def _write(self, records: Sequence[AuditRecord]) -> None:
        """A record may exist already, after a commit that was not confirmed."""
        with self._database.writing() as connection:
            for record in records:
                insert_once(connection, audit, _row(record))
            connection.commit()


def insert_record(connection: sa.Connection, record: AuditRecord) -> None:
    _INSERT.execute(connection, _row(record))


def accepted_before(
    connection: sa.Connection, client: str, operation: str, payload_hash: str, since: datetime, given_up: Iterable[str]
) -> str | None:
    """The subject of the client's last such request since then that was accepted, if it is not in these states.

    Of equal requests at the same time, the second one waits here for the end of the first one's transaction. On SQLite
    there is one writer at a time anyway.
    """
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(_WAIT_FOR_EQUAL, {"equal": f"{client} {payload_hash}"})
    wanted = {
        "of_client": client,
        "from_id": _id_at(since, -1),
        "since": timestamp(since),
        "hash": payload_hash,
        "of_operation": operation,
        "given_up": jsontext.text(sorted(given_up)),
    }
    found: str | None = _ACCEPTED_BEFORE.execute(connection, wanted).scalar()
    return found


def _row(record: AuditRecord) -> dict[str, Any]:
    row = {name: getattr(record, name) for name in _PLAIN}
    return row | {"at": timestamp(record.at), "translation": jsontext.text(list(map(_entry, record.translation)))}


def _entry(mapped: Mapped) -> dict[str, str]:
    """A field of a translation without what goes without saying."""
    entry = {"source": mapped.source, "target": mapped.target, "rule": mapped.rule}
    if mapped.outcome is not _usual(mapped.target):
        entry["outcome"] = mapped.outcome.value
    if mapped.agreed is not None:
        entry["agreed"] = mapped.agreed
    return entry


def _record(row: Mapping[str, Any]) -> AuditRecord:
    values = {name: row[name] for name in _PLAIN}
    return AuditRecord(**values, at=converter.structure(row["at"], datetime), translation=_trail(row["translation"]))


def _trail(text: str) -> tuple[Mapped, ...]:
    return tuple(
        Mapped(
            entry["source"],
            entry["target"],
            entry["rule"],
            Outcome(entry["outcome"]) if "outcome" in entry else _usual(entry["target"]),
            entry.get("agreed"),
        )
        for entry in jsontext.read_kept(text)
    )


def _conditions(wanted: AuditSearch) -> Iterator[sa.ColumnElement[bool]]:
    if wanted.client is not None:
        yield audit.c.client == wanted.client
    if wanted.subjects is not None:
        yield audit.c.subject.in_(wanted.subjects)
    if wanted.begin is not None:
        yield sa.and_(audit.c.at >= timestamp(wanted.begin), audit.c.id >= _id_at(wanted.begin, -SLACK))
    if wanted.end is not None:
        yield made_before(wanted.end)


def made_before(end: datetime) -> sa.ColumnElement[bool]:
    return sa.and_(audit.c.at < timestamp(end), audit.c.id < _id_at(end, SLACK))


def _id_at(at: datetime, slack: int) -> str:
    """What ids of that time, UUIDs of version 7, begin with: the milliseconds since 1970."""
    milliseconds = max(0, int(at.timestamp() * 1000) + slack)
    digits = f"{milliseconds:012x}"
    return f"{digits[:8]}-{digits[8:]}"


def _usual(target: str) -> Outcome:
    """What became of a field that says nothing else, as those of release 0.2.0."""
    return Outcome.CARRIED if target.startswith("/carried") else Outcome.MAPPED


_PLAIN = [name for name in AuditRecord.__dataclass_fields__ if name not in ("at", "translation")]
