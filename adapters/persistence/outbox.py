"""Where events are recorded, in the transaction of the change that they tell of.

Only numbers that were given after the commit may be read as a sequence: transactions commit in another order than they
insert, so whoever follows `position` misses events. On SQLite writers take turns, and each numbers its own events. On
PostgreSQL the sequencer numbers what was committed (`adapters.persistence.event_numbers`).
"""

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from adapters.persistence.encoding import converter, timestamp
from adapters.persistence.prepared import Prepared
from adapters.persistence.tables import outbox
from canonical.events.recorded import UNKNOWN, Origin
from canonical.shared import jsontext
from canonical.shared.aggregates import Aggregate, Event, Kind

COLUMNS = ("subject_type", "subject", "sequence", "type", "at", "payload", "document")
CONTEXT = "context"
"""The member of a payload that says whose event it is and why it happened."""
_VALUES: dict[str, Any] = {name: sa.bindparam(name) for name in COLUMNS}
_ZERO: sa.ColumnElement[int] = sa.literal_column("0")
_ONE: sa.ColumnElement[int] = sa.literal_column("1")
_NEXT = sa.select(sa.func.coalesce(sa.func.max(outbox.c.number), _ZERO) + _ONE).scalar_subquery()
_INSERT = {
    "sqlite": Prepared(sa.insert(outbox).values(_VALUES | {"number": _NEXT})),
    "postgresql": Prepared(sa.insert(outbox).values(_VALUES)),
}


class Outbox:
    """The events of one transaction. They are written when their origin is known, at its end."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        self._rows: list[tuple[dict[str, Any], dict[str, Any], dict[str, str]]] = []

    def add(self, kind: Kind[Any], aggregate: Aggregate, events: Iterable[Event], document: str | None) -> None:
        """What happened to an aggregate, which has this document since."""
        whose = {"owner": aggregate.owner, "customer_id": aggregate.customer_id}
        for event in events:
            self._add(kind, aggregate.id, event, document, whose)

    def add_nobodys(self, kind: Kind[Any], subject: str, event: Event) -> None:
        """What happened to several aggregates of a kind at once. `subject` did it."""
        self._add(kind, subject, event, None, {"owner": "", "customer_id": ""})

    def write(self, origin: Origin = UNKNOWN) -> bool:
        """Returns whether there were any."""
        why = {"actor": origin.actor, "correlation_id": origin.correlation_id, "causation_id": origin.causation_id}
        insert = _INSERT[self._connection.dialect.name]
        for row, payload, whose in self._rows:
            text = jsontext.text(payload | {CONTEXT: whose | why})
            insert.execute(self._connection, row | {"payload": text})
        written = bool(self._rows)
        self._rows.clear()
        return written

    def _add(self, kind: Kind[Any], subject: str, event: Event, document: str | None, whose: dict[str, str]) -> None:
        assert isinstance(event, kind.recorded), f"{kind.name} does not record {type(event).__name__}"
        row = {
            "subject_type": kind.name,
            "subject": subject,
            "sequence": event.sequence,
            "type": f"{kind.event_prefix}{type(event).__name__}",
            "at": timestamp(event.at),
            "document": document,
        }
        self._rows.append((row, converter.unstructure(event), whose))
