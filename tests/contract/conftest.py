"""Every store that keeps orders: SQLite, PostgreSQL, and the one in memory that unit tests use."""

from dataclasses import dataclass
from typing import Any, Protocol

import pytest
import sqlalchemy as sa

from adapters.persistence.audit import SqlAuditTrail
from adapters.persistence.database import Database
from adapters.persistence.listeners import SqlListeners
from adapters.persistence.reads import SqlReads
from adapters.persistence.tables import audit, documents, idempotency_keys, listeners, outbox, processes, publications
from adapters.persistence.unit_of_work import SqlUnitOfWork
from canonical.audit.record import AuditRecord
from canonical.shared import jsontext
from tests.support.fakes import SteppingClock
from tests.support.memory import Memory, projecting
from tests.support.memory_reads import ListenersFromMemory, ReadsFromMemory
from tests.support.waiting import LONG


def shown(aggregate: Any, carried: dict[str, Any]) -> str:
    """The document of an aggregate, as the edge would make one."""
    return jsontext.text({"id": aggregate.id, "state": aggregate.state.value, "carried": carried})


PROJECTORS = dict.fromkeys(("order", "cancellation", "category"), projecting(shown))


class Store(Protocol):
    """A store as the suite sees it. `reads` are what the edge asks of it."""

    reads: Any
    listeners: Any

    def unit_of_work(self) -> Any: ...

    def events(self, order_id: str) -> list[tuple[int, str]]:
        """Number and kind of each event waiting for delivery, in the order of delivery."""
        ...

    def process(self, name: str, subject: str) -> str | None:
        """The state of a process, None where it is not wanted."""
        ...

    def audit(self, audit_id: str) -> AuditRecord: ...

    def published(self) -> int:
        """How often something was published."""
        ...

    def size(self) -> int:
        """How much is kept beside the sample catalog, of everything that units of work write."""
        ...


class SqlStore:
    def __init__(self, database: Database) -> None:
        self.database = database
        self.reads = SqlReads(database, LONG)
        self.listeners = SqlListeners(database)
        self._clock = SteppingClock()
        self._before = 0
        self._before = self.size()

    def unit_of_work(self) -> SqlUnitOfWork:
        return SqlUnitOfWork(self.database, PROJECTORS, self._clock)

    def events(self, order_id: str) -> list[tuple[int, str]]:
        query = sa.select(outbox.c.sequence, outbox.c.type).where(outbox.c.subject == order_id)
        with self.database.reading() as connection:
            return [(row.sequence, row.type) for row in connection.execute(query.order_by(outbox.c.position))]

    def process(self, name: str, subject: str) -> str | None:
        query = sa.select(processes.c.state).where(processes.c.process == name, processes.c.subject == subject)
        with self.database.reading() as connection:
            state: str | None = connection.scalar(query)
            return state

    def audit(self, audit_id: str) -> AuditRecord:
        return SqlAuditTrail(self.database).find(audit_id, None)

    def published(self) -> int:
        with self.database.reading() as connection:
            return connection.scalar(sa.select(publications.c.count)) or 0

    def size(self) -> int:
        tables = (documents, outbox, processes, idempotency_keys, audit, listeners)
        with self.database.reading() as connection:
            counted = (connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0 for table in tables)
            return sum(counted) - self._before


@dataclass
class StoreInMemory:
    memory: Memory

    def __post_init__(self) -> None:
        self.reads = ReadsFromMemory(self.memory)
        self.listeners = ListenersFromMemory(self.memory)
        self.unit_of_work = self.memory.unit_of_work

    def events(self, order_id: str) -> list[tuple[int, str]]:
        told = [event for _, subject, event in self.memory.events if subject == order_id]
        return [(event.sequence, type(event).__name__) for event in told]

    def process(self, name: str, subject: str) -> str | None:
        return self.memory.processes.get((name, subject))

    def audit(self, audit_id: str) -> AuditRecord:
        return self.memory.audit[audit_id]

    def published(self) -> int:
        return self.memory.published

    def size(self) -> int:
        kept = self.memory
        everything = (kept.rows, kept.events, kept.processes, kept.keys, kept.audit, kept.listeners)
        return sum(map(len, everything))


@pytest.fixture(params=["sqlite", "postgresql", "memory"])
def store(request: pytest.FixtureRequest) -> Store:
    if request.param == "memory":
        return StoreInMemory(Memory(PROJECTORS))
    name = "sqlite_database" if request.param == "sqlite" else "postgres_database"
    return SqlStore(request.getfixturevalue(name))
