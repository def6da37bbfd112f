"""A store in memory: units of work over it, and what the edge reads of it. `tests/contract` holds it against the same
suite as the real ones.
"""

import copy
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Any, Self

from canonical.audit.record import AuditRecord
from canonical.listeners.listener import Listener
from canonical.ordering.cancellation import Cancellation
from canonical.ordering.events import OrderEvent, OrderRemoved
from canonical.ordering.order import Order
from canonical.ordering.states import State
from canonical.shared.errors import (
    CancellationNotFound,
    ConcurrentChange,
    ListenerNotFound,
    OrderNotFound,
)
from canonical.shared.paging import Found, Position, Slice
from canonical.shared.reader import ALL, Reader
from tests.support.fakes import OfferingsOnSale, SteppingClock


@dataclass(frozen=True)
class KeptInMemory:
    request_hash: str
    order_id: str
    answer: dict[str, Any] | None


@dataclass
class Memory:
    """A store in memory: what units of work committed. `turn` lets one at a time in, as SQLite does."""

    project: Callable[[Order, dict[str, Any]], str] = lambda order, carried: "{}"
    project_cancellation: Callable[[Cancellation, dict[str, Any]], str] = lambda asked, carried: "{}"
    clock: Any = field(default_factory=SteppingClock)
    offerings: OfferingsOnSale = field(default_factory=OfferingsOnSale)
    orders: dict[str, Order] = field(default_factory=dict)
    carried: dict[str, dict[str, Any]] = field(default_factory=dict)
    documents: dict[str, tuple[str, int]] = field(default_factory=dict)
    cancellations: dict[str, Cancellation] = field(default_factory=dict)
    carried_for_cancellations: dict[str, dict[str, Any]] = field(default_factory=dict)
    outbox: list[OrderEvent] = field(default_factory=list)
    processes: dict[tuple[str, str], str] = field(default_factory=dict)
    keys: dict[tuple[str, str], KeptInMemory] = field(default_factory=dict)
    audit: dict[str, AuditRecord] = field(default_factory=dict)
    listeners: dict[str, Listener] = field(default_factory=dict)
    turn: Any = field(default_factory=threading.Lock)

    def unit_of_work(self) -> "UnitOfWorkInMemory":
        return UnitOfWorkInMemory(self)


class UnitOfWorkInMemory:
    """Works on copies of what the memory keeps and writes them back when it commits."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self.offerings = memory.offerings

    def __enter__(self) -> Self:
        self._memory.turn.acquire()
        self.orders = OrdersInMemory(self._memory)
        self.cancellations = CancellationsInMemory(self._memory)
        self.processes = ScheduleInMemory(self._memory)
        self.listeners = ListenersInMemory(self._memory)
        self._carried: dict[str, dict[str, Any]] = {}
        self._keys: dict[tuple[str, str], KeptInMemory] = {}
        self._audit: dict[str, AuditRecord] = {}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._memory.turn.release()

    def commit(self) -> None:
        memory = self._memory
        self.cancellations.check()
        memory.outbox += self.orders.save(self._carried)
        self.cancellations.save()
        memory.processes |= self.processes.changes
        memory.keys |= self._keys
        memory.audit |= self._audit
        memory.listeners = dict(self.listeners.known)

    def carry(self, order_id: str, carried: dict[str, Any]) -> str:
        self._carried[order_id] = copy.deepcopy(carried)
        return self._memory.project(self.orders.seen[order_id], carried)

    def claim_key(self, owner: str, key: str, request_hash: str, order_id: str, answer: dict[str, Any] | None) -> bool:
        if (owner, key) in self._memory.keys | self._keys:
            return False
        self._keys[owner, key] = KeptInMemory(request_hash, order_id, answer)
        return True

    def record(self, record: AuditRecord) -> None:
        self._audit[record.id] = record


class OrdersInMemory:
    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self.seen: dict[str, Order] = {}

    def add(self, order: Order) -> None:
        self.seen[order.id] = order

    def get(self, order_id: str) -> Order:
        if order_id in self.seen:
            return self.seen[order_id]
        found = _found(self._memory.orders, order_id)
        return self.seen.setdefault(found.id, copy.deepcopy(found))

    def save(self, carried: dict[str, dict[str, Any]]) -> list[OrderEvent]:
        memory, new = self._memory, []
        changed = [order for order in self.seen.values() if order.events]
        for order in changed:
            kept = memory.orders.get(order.id)
            if (kept.version if kept else 0) != order.version:
                raise ConcurrentChange(f"order {order.id} was changed by somebody else")
        for order in changed:
            removed = isinstance(order.events[-1], OrderRemoved)
            order.version = order.version + 1 if order.version else len(order.timeline)
            new += order.events
            order.events.clear()
            if removed:
                self._forget(order.id)
                continue
            memory.carried[order.id] = carried.get(order.id, memory.carried.get(order.id, {}))
            memory.orders[order.id] = copy.deepcopy(order)
            memory.documents[order.id] = (memory.project(order, memory.carried[order.id]), order.version)
        return new

    def _forget(self, order_id: str) -> None:
        memory = self._memory
        for kept in (memory.orders, memory.carried, memory.documents):
            kept.pop(order_id, None)
        for process in [known for known in memory.processes if known[1] == order_id]:
            del memory.processes[process]
        for cancellation in [known for known in memory.cancellations.values() if known.order_id == order_id]:
            del memory.cancellations[cancellation.id]
            memory.carried_for_cancellations.pop(cancellation.id, None)


class CancellationsInMemory:
    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._seen: dict[str, Cancellation] = {}
        self._carried: dict[str, dict[str, Any]] = {}

    def add(self, cancellation: Cancellation) -> None:
        self._seen[cancellation.id] = cancellation

    def get(self, cancellation_id: str) -> Cancellation:
        if cancellation_id not in self._seen:
            self._seen[cancellation_id] = copy.deepcopy(_found_cancellation(self._memory, cancellation_id, ALL))
        return self._seen[cancellation_id]

    def carry(self, cancellation_id: str, carried: dict[str, Any]) -> None:
        self._carried[cancellation_id] = copy.deepcopy(carried)

    def check(self) -> None:
        """Raises ConcurrentChange before anything is written."""
        for changed in self._changed():
            kept = self._memory.cancellations.get(changed.id)
            if (kept.version if kept else 0) != changed.version:
                raise ConcurrentChange(f"cancellation {changed.id} was changed by somebody else")

    def save(self) -> None:
        for changed in self._changed():
            changed.version += 1
            self._memory.cancellations[changed.id] = copy.deepcopy(changed)
            self._memory.carried_for_cancellations.setdefault(changed.id, self._carried.get(changed.id, {}))

    def _changed(self) -> list[Cancellation]:
        return [known for known in self._seen.values() if known != self._memory.cancellations.get(known.id)]


def _found_cancellation(memory: Memory, cancellation_id: str, reader: Reader) -> Cancellation:
    found = memory.cancellations.get(cancellation_id)
    if found is None or not _sees(memory, reader, found):
        raise CancellationNotFound("Cancellation not found", cancellationId=cancellation_id)
    return found


def _part(members: dict[str, Any], part: Slice) -> Found[Any]:
    """The slice of members that stand in their order, newest first, by their keys."""
    keys = [key for key in members if part.after is None or key < part.after.key]
    begun = keys[0 if part.after else part.offset :]
    shown = begun[: part.limit]
    last = Position((), shown[-1]) if shown and len(begun) > part.limit else None
    return Found([members[key] for key in shown], len(members), last)


def _sees(memory: Memory, reader: Reader, kept: Cancellation) -> bool:
    """Who asked for it and of whose order count."""
    order = memory.orders.get(kept.order_id)
    of_its_customer = order is not None and replace(reader, everybody=True).sees(order.owner, order.customer_id)
    return (reader.everybody or kept.owner == reader.client) and (reader.customers is None or of_its_customer)


def _found(orders: dict[str, Order], order_id: str) -> Order:
    """By our id; else by its BSS number, the newest if several have it."""
    named = [order for order in orders.values() if order_id in (order.id, order.bss_order_id)]
    if named:
        return max(named, key=lambda order: (order.id == order_id, order.id))
    raise OrderNotFound("Order not found", orderId=order_id)


class ScheduleInMemory:
    def __init__(self, memory: Memory) -> None:
        self._known = memory.processes
        self.changes: dict[tuple[str, str], str] = {}

    def schedule(self, process: str, subject: str) -> None:
        if (process, subject) in self._known:
            raise ConcurrentChange(f"{process} was scheduled for {subject} by somebody else")
        self.changes[process, subject] = "scheduled"


class ListenersInMemory:
    def __init__(self, memory: Memory) -> None:
        self.known = dict(memory.listeners)

    def of(self, owner: str) -> list[Listener]:
        return sorted((one for one in self.known.values() if one.owner == owner), key=lambda one: one.id)

    def add(self, new: Listener) -> None:
        self.known[new.id] = new

    def remove(self, listener_id: str) -> None:
        self.known.pop(listener_id, None)


@dataclass(frozen=True)
class ListenersFromMemory:
    """The edge's reads of listeners over a Memory."""

    memory: Memory

    def find(self, listener_id: str, owner: str) -> Listener:
        found = self.memory.listeners.get(listener_id)
        if found is None or found.owner != owner:
            raise ListenerNotFound("Listener not found", listenerId=listener_id)
        return found


class ReadsFromMemory:
    """The edge's reads over a Memory."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def order(self, order_id: str, reader: Reader) -> Order:
        return copy.deepcopy(_found({order.id: order for order in self._mine(reader)}, order_id))

    def orders(self, reader: Reader, part: Slice) -> Found[Order]:
        found = self._mine(reader)
        return _part({order.id: copy.deepcopy(order) for order in found}, part)

    def document(self, order_id: str, reader: Reader) -> tuple[str, str, int]:
        found = self.order(order_id, reader)
        return found.id, *self._memory.documents[found.id]

    def documents(self, reader: Reader, part: Slice) -> Found[tuple[str, str]]:
        return _part({one.id: (one.id, self._memory.documents[one.id][0]) for one in self._mine(reader)}, part)

    def order_to_change(self, order_id: str, reader: Reader) -> tuple[Order, dict[str, Any], str]:
        with self._memory.turn:
            found, document, _ = self.document(order_id, reader)
            if found != order_id:
                raise OrderNotFound("Order not found", orderId=order_id)
            return self.order(order_id, reader), copy.deepcopy(self._memory.carried[order_id]), document

    def state_of(self, order_id: str) -> State:
        if order_id not in self._memory.orders:
            raise OrderNotFound("Order not found", orderId=order_id)
        return self._memory.orders[order_id].state

    def cancellation(self, cancellation_id: str, reader: Reader) -> tuple[Cancellation, dict[str, Any]]:
        found = _found_cancellation(self._memory, cancellation_id, reader)
        return copy.deepcopy((found, self._memory.carried_for_cancellations[found.id]))

    def cancellations(self, reader: Reader, part: Slice) -> Found[tuple[str, str]]:
        known = self._memory.cancellations.values()
        mine = sorted((kept.id for kept in known if _sees(self._memory, reader, kept)), reverse=True)
        project = self._memory.project_cancellation
        return _part({found: (found, project(*self.cancellation(found, reader))) for found in mine}, part)

    def kept_answer(self, owner: str, key: str) -> KeptInMemory | None:
        return self._memory.keys.get((owner, key))

    def _mine(self, reader: Reader) -> list[Order]:
        mine = [order for order in self._memory.orders.values() if reader.sees(order.owner, order.customer_id)]
        return sorted(mine, key=lambda order: order.id, reverse=True)
