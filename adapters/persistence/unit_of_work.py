"""One transaction over orders, their events and documents, plan changes, the process schedule, keys and the audit."""

from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any, Self

import sqlalchemy as sa

import jsontext
from adapters.persistence.audit import insert_record
from adapters.persistence.cancellations import CancellationProjector, SqlCancellationRepository
from adapters.persistence.catalog import SqlOfferings
from adapters.persistence.database import Database, insert_once
from adapters.persistence.encoding import timestamp
from adapters.persistence.listeners import SqlListenerRepository
from adapters.persistence.orders import Projector, SqlOrderRepository
from adapters.persistence.plan_changes import SqlPlanChangeRepository
from adapters.persistence.process_records import SqlProcesses
from adapters.persistence.tables import idempotency_keys
from canonical.audit.record import AuditRecord
from canonical.shared.ports import Clock


class SqlUnitOfWork:
    """Everything changed inside is committed together or not at all."""

    orders: SqlOrderRepository
    cancellations: SqlCancellationRepository
    plan_changes: SqlPlanChangeRepository
    listeners: SqlListenerRepository
    offerings: SqlOfferings
    processes: SqlProcesses

    def __init__(
        self, database: Database, project: Projector, project_cancellation: CancellationProjector, clock: Clock
    ) -> None:
        self._database = database
        self._project = project
        self._project_cancellation = project_cancellation
        self._clock = clock
        self._transaction: AbstractContextManager[sa.Connection]
        self._connection: sa.Connection

    def __enter__(self) -> Self:
        self._transaction = self._database.writing()
        self._connection = self._transaction.__enter__()
        self.orders = SqlOrderRepository(self._connection, self._project)
        self.cancellations = SqlCancellationRepository(self._connection, self._project_cancellation)
        self.plan_changes = SqlPlanChangeRepository(self._connection)
        self.listeners = SqlListenerRepository(self._connection)
        self.offerings = SqlOfferings(self._connection)
        self.processes = SqlProcesses(self._connection, self._clock)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._transaction.__exit__(kind, error, trace)

    def commit(self) -> None:
        self.orders.save()
        self.cancellations.save()
        self.plan_changes.save()
        self._connection.commit()

    def carry(self, order_id: str, carried: dict[str, Any]) -> str:
        """Keep `carried` with an order added or changed here. Returns the text of its document."""
        return self.orders.carry(order_id, carried)

    def claim_key(self, owner: str, key: str, request_hash: str, order_id: str, answer: dict[str, Any] | None) -> bool:
        """Bind the idempotency key to this request and its answer; False when somebody else has it."""
        row = {
            "owner": owner,
            "key": key,
            "request_hash": request_hash,
            "order_id": order_id,
            "answer": None if answer is None else jsontext.text(answer),
            "created_at": timestamp(self._clock.now()),
        }
        return insert_once(self._connection, idempotency_keys, row)

    def record(self, record: AuditRecord) -> None:
        insert_record(self._connection, record)
