"""One transaction over aggregates of every kind, the process schedule, listeners, keys and the audit."""

from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from types import TracebackType
from typing import Any, Self

import sqlalchemy as sa

from adapters.persistence.aggregates import SqlAggregateRepository
from adapters.persistence.asset_claims import SqlClaims
from adapters.persistence.audit import accepted_before, insert_record
from adapters.persistence.catalog import SqlShelf
from adapters.persistence.database import Database, insert_once
from adapters.persistence.encoding import converter, timestamp
from adapters.persistence.external_id_claims import SqlExternalIdClaims
from adapters.persistence.listeners import SqlListenerRepository
from adapters.persistence.origins import origin_at_hand
from adapters.persistence.outbox import Outbox
from adapters.persistence.partner_profiles import SqlProfileChanges
from adapters.persistence.process_records import SqlProcesses
from adapters.persistence.publications import SqlPublications
from adapters.persistence.rows import LINK
from adapters.persistence.search_index import term
from adapters.persistence.tables import idempotency_keys, terms
from adapters.persistence.visible_imports import current, make_visible
from canonical.audit.record import AuditRecord
from canonical.catalog.lifecycle import LifecycleStatus
from canonical.catalog.selling import SOLD
from canonical.processes.catalog_offers import CatalogOffers
from canonical.processes.order_assets import OrderAssets
from canonical.shared import jsontext
from canonical.shared.aggregates import A, Kind, Link
from canonical.shared.ports import Clock
from canonical.shared.projection import Projector

ASSETS_PER_ITEM = 100


def _nobody() -> None:
    pass


class SqlUnitOfWork:
    """Everything changed inside is committed together or not at all. `projectors` by the names of their kinds.

    Orders find offerings that have one of the statuses `sold`, and one item of an order makes at most `assets_per_item`
    assets. `future_claims_at_start`: see `OrderAssets`. `seconds`: for one that does more than others. `told` is
    called after a commit that recorded events.
    """

    assets: OrderAssets
    claims: SqlClaims
    external_ids: SqlExternalIdClaims
    listeners: SqlListenerRepository
    offerings: CatalogOffers
    processes: SqlProcesses
    profile_changes: SqlProfileChanges
    publications: SqlPublications
    shelf: SqlShelf

    def __init__(
        self,
        database: Database,
        projectors: Mapping[str, Projector],
        clock: Clock,
        sold: Collection[LifecycleStatus] = SOLD,
        seconds: float | None = None,
        assets_per_item: int = ASSETS_PER_ITEM,
        future_claims_at_start: bool = False,
        told: Callable[[], None] = _nobody,
    ) -> None:
        self._database = database
        self._projectors = projectors
        self._clock = clock
        self._sold = sold
        self._seconds = seconds
        self._assets_per_item = assets_per_item
        self._future_claims_at_start = future_claims_at_start
        self._told = told
        self._evidence: AuditRecord | None = None
        self._repositories: dict[str, SqlAggregateRepository[Any]] = {}
        self._outbox: Outbox
        self._transaction: AbstractContextManager[sa.Connection]
        self._connection: sa.Connection

    def __enter__(self) -> Self:
        self._transaction = self._database.writing(self._seconds)
        self._connection = self._transaction.__enter__()
        self._outbox = Outbox(self._connection)
        self.claims = SqlClaims(self._connection)
        self.external_ids = SqlExternalIdClaims(self._connection)
        self.assets = OrderAssets(self, self._clock, self._assets_per_item, self._future_claims_at_start)
        self.listeners = SqlListenerRepository(self._connection)
        self.shelf = SqlShelf(self._connection)
        self.offerings = CatalogOffers(self.shelf, self._clock, self._sold)
        self.processes = SqlProcesses(self._connection, self._clock)
        self.profile_changes = SqlProfileChanges(self._connection)
        self.publications = SqlPublications(self._connection)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._transaction.__exit__(kind, error, trace)

    def repository(self, kind: Kind[A]) -> SqlAggregateRepository[A]:
        if kind.name not in self._repositories:
            project = self._projectors.get(kind.name)
            self._repositories[kind.name] = SqlAggregateRepository(self._connection, kind, project, self._outbox)
        return self._repositories[kind.name]

    def referring(self, link: Link, kinds: Iterable[str], but: Collection[str]) -> str | None:
        named = (terms.c.path == f"{LINK}{link.kind}", terms.c.value == term(link.id), terms.c.id.not_in(list(but)))
        for kind in kinds:
            found = sa.select(terms.c.id).where(terms.c.resource == kind, *named).limit(1)
            if self._connection.execute(found).first() is not None:
                return kind
        return None

    def make_visible(self, job_id: str) -> Mapping[str, Collection[str]]:
        """What an import has staged is there from now on. Raises ImportRefused."""
        return make_visible(self._connection, job_id)

    def current(self, kind: Kind[Any], references: Collection[str]) -> Mapping[str, Any]:
        """The contents of versioned items, as the last of their versions has them."""
        return current(self._connection, kind, references)

    def save(self) -> None:
        """Write the changes so far, without a commit. Raises ConcurrentChange."""
        for repository in self._repositories.values():
            repository.save()

    def commit(self) -> None:
        self.save()
        has_events = self._outbox.write(origin_at_hand(self._evidence))
        self._connection.commit()
        if has_events:
            self._told()

    def claim_key(
        self, owner: str, key: str, request_hash: str, subject: tuple[str, str], answer: dict[str, Any] | None
    ) -> bool:
        """Bind the idempotency key to this request and its answer; False if another request has it.

        `subject` is the type and the id of what the request is about.
        """
        subject_type, subject_id = subject
        row = {
            "owner": owner,
            "key": key,
            "request_hash": request_hash,
            "subject_type": subject_type,
            "subject": subject_id,
            "answer": None if answer is None else jsontext.text(answer),
            "created_at": timestamp(self._clock.now()),
        }
        return insert_once(self._connection, idempotency_keys, row)

    def encoded(self, made: Any) -> Any:
        """What was made, as JSON."""
        return converter.unstructure(made)

    def accepted_before(
        self, client: str, operation: str, payload_hash: str, since: datetime, given_up: Iterable[str]
    ) -> str | None:
        """The subject of the last such request since then that was accepted, and is in none of these states."""
        return accepted_before(self._connection, client, operation, payload_hash, since, given_up)

    def record(self, record: AuditRecord) -> None:
        self._evidence = self._evidence or record
        insert_record(self._connection, record)
