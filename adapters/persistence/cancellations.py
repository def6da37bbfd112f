"""Cancellations kept as JSON bodies, each with what its sender wants back and the document that lists search."""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

import jsontext
from adapters.persistence.encoding import converter, decoded, milliseconds
from adapters.persistence.orders import Document
from adapters.persistence.readers import seen
from adapters.persistence.tables import cancellations
from canonical.ordering.cancellation import Cancellation
from canonical.shared.errors import CancellationNotFound, ConcurrentChange
from canonical.shared.reader import ALL, Reader

CancellationProjector = Callable[[Cancellation, dict[str, Any]], Document]
"""Makes the document of a cancellation and of what was carried for it."""


class SqlCancellationRepository:
    """Cancellations of one transaction, and with each its document."""

    def __init__(self, connection: sa.Connection, project: CancellationProjector) -> None:
        self._connection = connection
        self._project = project
        self._seen: dict[str, Cancellation] = {}
        self._read: dict[str, str] = {}
        self._carried: dict[str, dict[str, Any]] = {}

    def add(self, cancellation: Cancellation) -> None:
        self._seen[cancellation.id] = cancellation

    def get(self, cancellation_id: str) -> Cancellation:
        if cancellation_id not in self._seen:
            found, self._carried[cancellation_id] = find_cancellation(self._connection, cancellation_id)
            self._seen[found.id], self._read[found.id] = found, _body(found)
        return self._seen[cancellation_id]

    def carry(self, cancellation_id: str, carried: dict[str, Any]) -> None:
        """Keep `carried` with a cancellation added here."""
        self._carried[cancellation_id] = carried

    def save(self) -> None:
        """Write what is new or changed. Raises ConcurrentChange."""
        for known in self._seen.values():
            body = _body(known)
            if known.version == 0:
                self._insert(known, body)
            elif body != self._read.get(known.id):
                self._update(known, body)
            self._read[known.id] = body

    def _insert(self, new: Cancellation, body: str) -> None:
        new.version = 1
        carried = self._carried.setdefault(new.id, {})
        row = {
            "id": new.id,
            "owner": new.owner,
            "order_id": new.order_id,
            "version": 1,
            "body": body,
            "carried": jsontext.text(carried),
            "asked_at": milliseconds(new.created_at),
        }
        self._connection.execute(sa.insert(cancellations), row | self._shown(new))

    def _update(self, known: Cancellation, body: str) -> None:
        where = (cancellations.c.id == known.id, cancellations.c.version == known.version)
        known.version += 1
        changed = sa.update(cancellations).where(*where)
        changed = changed.values(version=known.version, body=body, **self._shown(known))
        if self._connection.execute(changed).rowcount != 1:
            raise ConcurrentChange(f"cancellation {known.id} was changed by somebody else")

    def _shown(self, known: Cancellation) -> dict[str, str]:
        if known.id not in self._carried:
            self._carried[known.id] = find_cancellation(self._connection, known.id)[1]
        document = self._project(known, self._carried[known.id])
        return {"state": document.state, "document": document.text}


def find_cancellation(
    connection: sa.Connection, cancellation_id: str, reader: Reader = ALL
) -> tuple[Cancellation, dict[str, Any]]:
    """The cancellation, if the reader sees it, and what was carried for it. Raises CancellationNotFound."""
    mine = seen(reader, cancellations.c.owner, cancellations.c.order_id)
    row = connection.execute(sa.select(cancellations).where(cancellations.c.id == cancellation_id, *mine)).first()
    if row is None:
        raise CancellationNotFound("Cancellation not found", cancellationId=cancellation_id)
    return load_cancellation(row)


def load_cancellation(row: Any) -> tuple[Cancellation, dict[str, Any]]:
    cancellation = decoded(row.body, Cancellation)
    cancellation.version = row.version
    return cancellation, jsontext.read_kept(row.carried)


def _body(cancellation: Cancellation) -> str:
    kept = converter.unstructure(cancellation)
    del kept["version"]
    return jsontext.text(kept)
