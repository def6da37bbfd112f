"""Units of work over a store in memory. `tests/contract` holds it against the same suite as the real ones."""

import copy
import threading
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import TracebackType
from typing import Any, Self

from canonical.audit.record import AuditRecord
from canonical.catalog.item import Item
from canonical.inventory.asset import ASSETS, CustomerAsset
from canonical.inventory.ports import Claim
from canonical.listeners.listener import Listener
from canonical.ordering.cancellation import CANCELLATIONS, Cancellation
from canonical.ordering.order import ORDERS, Order
from canonical.ordering.ports import ExternalIdClaim
from canonical.processes.order_assets import OrderAssets
from canonical.shared.aggregates import Kind, Link
from canonical.shared.errors import ConcurrentChange
from canonical.shared.external_identifier import ExternalIdentifier
from canonical.shared.idempotency import KeptAnswer
from canonical.shared.projection import Projection, Projector
from canonical.shared.reader import ALL
from canonical.subscriptions.plan_change import PLAN_CHANGES
from tests.support.fakes import NoAssets, OfferingsOnSale, SteppingClock
from tests.support.memory_rows import Row, row_of, rows_of


def _links(aggregate: Any) -> Collection[Link]:
    if isinstance(aggregate, Item):
        links: Collection[Link] = aggregate.contents.links
        return links
    kinds: dict[type, Kind[Any]] = {Order: ORDERS, CustomerAsset: ASSETS}
    return kinds[type(aggregate)].links(aggregate) if type(aggregate) in kinds else ()


def blank(aggregate: Any, carried: dict[str, Any]) -> Projection:
    return Projection(aggregate.state.value, "{}")


@dataclass
class Memory:
    """A store in memory: what units of work committed. `turn` lets one at a time in, as SQLite does.

    With `assets_per_item` orders make and change assets; without it they are as if nobody knew any product.
    """

    projectors: Mapping[str, Projector] = field(default_factory=dict)
    clock: Any = field(default_factory=SteppingClock)
    offerings: OfferingsOnSale = field(default_factory=OfferingsOnSale)
    rows: dict[tuple[str, str], Row] = field(default_factory=dict)
    events: list[tuple[str, str, Any]] = field(default_factory=list)
    processes: dict[tuple[str, str], str] = field(default_factory=dict)
    keys: dict[tuple[str, str], KeptAnswer] = field(default_factory=dict)
    audit: dict[str, AuditRecord] = field(default_factory=dict)
    listeners: dict[str, Listener] = field(default_factory=dict)
    claims: dict[str, Claim] = field(default_factory=dict)
    external_ids: dict[tuple[str, ExternalIdentifier], ExternalIdClaim] = field(default_factory=dict)
    published: int = 0
    assets_per_item: int | None = None
    future_claims_at_start: bool = False
    turn: Any = field(default_factory=threading.Lock)

    def unit_of_work(self) -> "UnitOfWorkInMemory":
        return UnitOfWorkInMemory(self)

    def hold(self, *aggregates: Any, carried: dict[str, Any] | None = None) -> None:
        """Keep aggregates as if they had been read from here."""
        kinds = {kind.type: kind for kind in (ORDERS, CANCELLATIONS, PLAN_CHANGES, ASSETS)}
        for aggregate in aggregates:
            projection = self.projectors.get(kinds[type(aggregate)].name, blank)(aggregate, carried or {})
            key = (kinds[type(aggregate)].name, aggregate.id)
            self.rows[key] = Row(copy.deepcopy(aggregate), carried or {}, projection)

    @property
    def orders(self) -> dict[str, Order]:
        return {row_id: row.aggregate for (kind, row_id), row in self.rows.items() if kind == "order"}

    @property
    def cancellations(self) -> dict[str, Cancellation]:
        return {row_id: row.aggregate for (kind, row_id), row in self.rows.items() if kind == "cancellation"}

    @property
    def outbox(self) -> list[Any]:
        """The events, without those of cancellations, which tell the same once more."""
        return [event for kind, _, event in self.events if kind != CANCELLATIONS.name]


class UnitOfWorkInMemory:
    """Works on copies of what the memory keeps and writes them back when it commits."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self.offerings = memory.offerings
        self.publications = PublicationsInMemory()

    def __enter__(self) -> Self:
        self._memory.turn.acquire()
        self.claims = ClaimsInMemory(self._memory)
        self.external_ids = ExternalIdsInMemory(self._memory)
        most = self._memory.assets_per_item
        at_start = self._memory.future_claims_at_start
        self.assets: Any = NoAssets() if most is None else OrderAssets(self, self._memory.clock, most, at_start)
        self.processes = ScheduleInMemory(self._memory)
        self.listeners = ListenersInMemory(self._memory)
        self._repositories: dict[str, RepositoryInMemory] = {}
        self._keys: dict[tuple[str, str], KeptAnswer] = {}
        self._audit: dict[str, AuditRecord] = {}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._memory.turn.release()

    def repository(self, kind: Kind[Any]) -> "RepositoryInMemory":
        return self._repositories.setdefault(kind.name, RepositoryInMemory(self._memory, kind))

    def referring(self, link: Link, kinds: Iterable[str], but: Collection[str]) -> str | None:
        others = [(name, row.aggregate) for (name, kept), row in self._memory.rows.items() if kept not in but]
        referring = {name for name, one in others if link in _links(one)}
        return next((kind for kind in kinds if kind in referring), None)

    def save(self) -> None:
        for repository in self._repositories.values():
            repository.save()

    def commit(self) -> None:
        self.save()
        memory = self._memory
        for repository in self._repositories.values():
            repository.write_back()
        memory.processes |= self.processes.changes
        memory.keys |= self._keys
        memory.audit |= self._audit
        memory.listeners = dict(self.listeners.known)
        memory.claims = dict(self.claims.known)
        memory.external_ids = dict(self.external_ids.known)
        memory.published += self.publications.counted

    def encoded(self, made: Any) -> Any:
        return {name: getattr(made, name) for name in made.__dataclass_fields__}

    def claim_key(
        self, owner: str, key: str, request_hash: str, subject: tuple[str, str], answer: dict[str, Any] | None
    ) -> bool:
        if (owner, key) in self._memory.keys | self._keys:
            return False
        self._keys[owner, key] = KeptAnswer(request_hash, subject[1], answer)
        return True

    def record(self, record: AuditRecord) -> None:
        self._audit[record.id] = record

    def accepted_before(
        self, client: str, operation: str, payload_hash: str, since: datetime, given_up: Collection[str]
    ) -> str | None:
        wanted, rows = (client, operation, payload_hash), self._memory.rows
        found = [
            one.subject
            for one in self._memory.audit.values()
            if (one.client, one.operation, one.payload_hash) == wanted
            and one.at >= since
            and one.code is None
            and (kept := rows.get((str(one.subject_type), str(one.subject)))) is not None
            and kept.aggregate.state not in given_up
        ]
        return found[-1] if found else None


@dataclass
class PublicationsInMemory:
    """One unit of work is at it at a time anyway."""

    counted: int = 0

    def take_turn(self) -> None:
        pass

    def count(self) -> None:
        self.counted += 1


class RepositoryInMemory:
    def __init__(self, memory: Memory, kind: Kind[Any]) -> None:
        self._memory = memory
        self._kind = kind
        self._seen: dict[str, Any] = {}
        self._read: dict[str, Any] = {}
        self._carried: dict[str | None, dict[str, Any]] = {}
        self._carried_changed: set[str] = set()
        self._first: dict[str, tuple[str, int]] = {}
        self._written: dict[str, Row] = {}
        self._removed: list[str] = []
        self._events: list[tuple[str, str, Any]] = []

    def add(self, aggregate: Any) -> None:
        self._seen[aggregate.id] = aggregate
        if None in self._carried:
            self._carried[aggregate.id] = self._carried[None]

    def get(self, aggregate_id: str) -> Any:
        if aggregate_id in self._seen:
            return self._seen[aggregate_id]
        found = row_of(self._memory.rows, self._kind, aggregate_id, ALL).aggregate
        if found.id not in self._seen:
            self._seen[found.id], self._read[found.id] = copy.deepcopy(found), copy.deepcopy(found)
        return self._seen[found.id]

    def forget(self, aggregate_id: str) -> None:
        self._seen.pop(aggregate_id, None)

    def versions(self, reference: str) -> list[Any]:
        rows = reversed(rows_of(self._memory.rows, self._kind, ALL))
        return [self.get(row.aggregate.id) for row in rows if self._kind.reference(row.aggregate) == reference]

    def carry(self, aggregate_id: str | None, carried: dict[str, Any]) -> None:
        if aggregate_id is not None:
            self.get(aggregate_id)
            self._carried_changed.add(aggregate_id)
        self._carried[aggregate_id] = copy.deepcopy(carried)

    def shown(self, aggregate_id: str) -> tuple[str, int]:
        seen = self._seen[aggregate_id]
        return self._first.get(aggregate_id) or (self._row(seen).projection.document, seen.version)

    def save(self) -> None:
        for aggregate in list(self._seen.values()):
            if self._kind.removed(aggregate):
                self._check(aggregate)
                self._removed.append(aggregate.id)
            elif aggregate.version == 0 or self._has_changed(aggregate):
                self._check(aggregate)
                aggregate.version += 1
                row = self._row(aggregate)
                self._first.setdefault(aggregate.id, (row.projection.document, aggregate.version))
            new = getattr(aggregate, "events", [])
            self._events += [(self._kind.name, aggregate.id, event) for event in new]
            new.clear()
            self._read[aggregate.id] = copy.deepcopy(aggregate)
            self._carried_changed.discard(aggregate.id)
            if aggregate.id in self._first:
                self._written[aggregate.id] = self._row(copy.deepcopy(aggregate))

    def write_back(self) -> None:
        rows = self._memory.rows
        rows |= {(self._kind.name, one): row for one, row in self._written.items()}
        for gone in self._removed:
            dependent = [
                known
                for known, row in rows.items()
                if known[0] in self._kind.dependents and getattr(row.aggregate, "order_id", None) == gone
            ]
            for known in [(self._kind.name, gone), *dependent]:
                rows.pop(known, None)
            for process in [known for known in self._memory.processes if known[1] == gone]:
                del self._memory.processes[process]
        self._memory.events += self._events

    def _has_changed(self, aggregate: Any) -> bool:
        return aggregate != self._read.get(aggregate.id) or aggregate.id in self._carried_changed

    def _check(self, aggregate: Any) -> None:
        """Raises ConcurrentChange."""
        kept = self._written.get(aggregate.id) or self._memory.rows.get((self._kind.name, aggregate.id))
        if (kept.aggregate.version if kept else 0) != aggregate.version:
            raise ConcurrentChange(f"{self._kind.name} {aggregate.id} was changed by somebody else")

    def _row(self, aggregate: Any) -> Row:
        kept = self._memory.rows.get((self._kind.name, aggregate.id))
        carried = self._carried.get(aggregate.id, kept.carried if kept else {})
        return Row(aggregate, carried, self._memory.projectors.get(self._kind.name, blank)(aggregate, carried))


class ScheduleInMemory:
    def __init__(self, memory: Memory) -> None:
        self._known = memory.processes
        self.changes: dict[tuple[str, str], str] = {}

    @property
    def wanted(self) -> list[tuple[str, str]]:
        return list(self.changes)

    def schedule(self, process: str, subject: str, client: str) -> None:
        if (process, subject) in self._known:
            raise ConcurrentChange(f"{process} was scheduled for {subject} by somebody else")
        self.changes[process, subject] = "scheduled"


class ClaimsInMemory:
    def __init__(self, memory: Memory) -> None:
        self.known = dict(memory.claims)

    def take(self, claims: Collection[Claim]) -> Claim | None:
        others = self.of([one.asset_id for one in claims])
        if others:
            return others[0]
        self.known |= {one.asset_id: one for one in claims}
        return None

    def of(self, asset_ids: Collection[str]) -> list[Claim]:
        return [self.known[one] for one in sorted(asset_ids) if one in self.known]

    def release(self, order_id: str) -> None:
        self.known = {asset: one for asset, one in self.known.items() if one.order_id != order_id}


class ExternalIdsInMemory:
    def __init__(self, memory: Memory) -> None:
        self.known = dict(memory.external_ids)

    def take(self, claims: Collection[ExternalIdClaim]) -> ExternalIdClaim | None:
        wanted = {(one.owner, one.identifier): one for one in claims}
        others = [self.known[one] for one in wanted if one in self.known]
        if taken := next((one for one in others if one not in wanted.values()), None):
            return taken
        self.known |= wanted
        return None

    def release(self, order_id: str, only: Collection[ExternalIdentifier] | None = None) -> None:
        self.known = {
            name: one
            for name, one in self.known.items()
            if one.order_id != order_id or (only is not None and one.identifier not in only)
        }


class ListenersInMemory:
    def __init__(self, memory: Memory) -> None:
        self.known = dict(memory.listeners)

    def of(self, owner: str) -> list[Listener]:
        return sorted((one for one in self.known.values() if one.owner == owner), key=lambda one: one.id)

    def add(self, new: Listener) -> None:
        self.known[new.id] = new

    def remove(self, listener_id: str) -> None:
        self.known.pop(listener_id, None)


Make = Callable[[Any, dict[str, Any]], str]


def projecting(make: Make) -> Projector:
    """A projector that makes documents with `make`."""
    return lambda aggregate, carried: Projection(aggregate.state.value, make(aggregate, carried))
