"""Audit records in the database."""

from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from adapters.persistence.database import Database
from adapters.persistence.encoding import converter, timestamp
from adapters.persistence.prepared import Prepared
from adapters.persistence.tables import audit
from canonical.audit.record import AuditRecord, Mapped
from canonical.shared.errors import AuditRecordNotFound, StoreUnavailable

_INSERT = Prepared(sa.insert(audit))


class SqlAuditTrail:
    """Records of requests that changed nothing; those of changes are written with the change (`insert_record`)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(self, record: AuditRecord) -> None:
        try:
            with self._database.writing() as connection:
                insert_record(connection, record)
                connection.commit()
        except SQLAlchemyError as error:
            raise StoreUnavailable("the audit trail cannot be written") from error

    def find(self, record_id: str, client: str | None) -> AuditRecord:
        query = sa.select(audit).where(audit.c.id == record_id)
        if client is not None:
            query = query.where(audit.c.client == client)
        with self._database.reading() as connection:
            row = connection.execute(query).mappings().first()
        if row is None:
            raise AuditRecordNotFound("Audit record not found", recordId=record_id)
        return converter.structure({**row, "translation": orjson.loads(row["translation"])}, AuditRecord)

    def translations_of(self, order_id: str) -> list[Mapped]:
        """How the fields of everything that was sent for an order were read, oldest first."""
        query = sa.select(audit.c.translation).where(audit.c.order_id == order_id).order_by(audit.c.id)
        with self._database.reading() as connection:
            texts = connection.scalars(query).all()
        return [mapped for text in texts for mapped in converter.loads(text, list[Mapped])]


def insert_record(connection: sa.Connection, record: AuditRecord) -> None:
    row: dict[str, Any] = {name: getattr(record, name) for name in _PLAIN}
    row["at"] = timestamp(record.at)
    row["translation"] = orjson.dumps(record.translation).decode()
    _INSERT.execute(connection, row)


_PLAIN = [name for name in AuditRecord.__dataclass_fields__ if name not in ("at", "translation")]
