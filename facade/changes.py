"""Changes orders that were taken in, and removes them: one commit each for the order, its events and the evidence."""

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Protocol, Self
from weakref import WeakValueDictionary

import structlog
from werkzeug.datastructures import ETags

from canonical.audit.record import AuditRecord
from canonical.ordering.commands import SubmitDraft
from canonical.ordering.handlers import PLACE_ORDER, Change, change_order
from canonical.ordering.order import Order
from canonical.ordering.ports import UnitOfWork
from canonical.processes.engine import ProcessEngine
from canonical.shared.errors import CanonicalError, ConcurrentChange, OrderNotFound
from canonical.shared.ports import Clock, Identities
from facade.conditions import check_version
from facade.correlation import correlation_id
from facade.intake import Translation
from facade.repeating import repeatedly

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Asked:
    """Who wants which order changed. `owner` None may change everybody's; `if_match` is the header, None without.

    `exists`: whether there is such an order for those who ask in this way.
    """

    order_id: str
    client: str
    owner: str | None
    operation: str
    if_match: ETags | None
    exists: Callable[[Order], bool] = lambda order: True


@dataclass(frozen=True, slots=True)
class Plan:
    """What a change comes to: nothing, or one change of the order and what is carried for it from then on."""

    change: Change | None
    carried: dict[str, Any]
    translation: Translation | None = None


Decide = Callable[[Order, dict[str, Any]], Plan]
"""What is to become of the order and of what is carried for it."""


class ChangingUnitOfWork(UnitOfWork, Protocol):
    def __enter__(self) -> Self: ...
    def carry(self, order_id: str, carried: dict[str, Any]) -> str: ...
    def record(self, record: AuditRecord) -> None: ...


class OrdersToChange(Protocol):
    def order_to_change(self, order_id: str, owner: str | None) -> tuple[Order, dict[str, Any], str]:
        """The order by our id, what is carried for it and its document, all of one moment. Raises OrderNotFound."""
        ...


class Turns:
    """Lets one at a time in for each name, in this server process."""

    def __init__(self) -> None:
        self._guard = Lock()
        self._known: WeakValueDictionary[str, Lock] = WeakValueDictionary()

    def of(self, name: str) -> Lock:
        with self._guard:
            return self._known.setdefault(name, Lock())


@dataclass(frozen=True)
class OrderChanges:
    """A change is decided outside the transaction that makes it, for a patch may take a second to read.

    The process at work, or another node, may change the order meanwhile: then the change is decided anew on what they
    left. Changes that come to this server process take turns, so that none is decided in vain because of another.
    """

    unit_of_work: Callable[[], ChangingUnitOfWork]
    orders: OrdersToChange
    engine: ProcessEngine
    clock: Clock
    identities: Identities
    turns: Turns = field(default_factory=Turns)

    def change(self, asked: Asked, decide: Decide) -> tuple[str, int]:
        """The order's document and version afterwards.

        Raises OrderNotFound, VersionMismatch, InvalidTransition, and what `decide` and the change raise.
        """
        with self.turns.of(asked.order_id):
            return repeatedly(lambda: self._change(asked, decide))

    def remove(self, asked: Asked) -> None:
        """Raises OrderNotFound, VersionMismatch, or InvalidTransition while anything is under way."""
        repeatedly(lambda: self._remove(asked))
        log.warning("order removed", order_id=asked.order_id, client=asked.client)

    def _change(self, asked: Asked, decide: Decide) -> tuple[str, int]:
        read, carried, document = self.orders.order_to_change(asked.order_id, asked.owner)
        _check(read, asked)
        plan = decide(read, carried)
        if plan.change is None:
            return document, read.version
        with self.unit_of_work() as work:
            order = work.orders.get(read.id)
            if order.version != read.version:
                raise ConcurrentChange(f"order {read.id} was changed by somebody else")
            try:
                change_order(order, plan.change, work, self.clock)
            except CanonicalError as error:
                if error.pointer is not None and plan.translation is not None:
                    error.pointer = plan.translation.source_of(error.pointer)
                raise
            document = work.carry(order.id, plan.carried)
            work.record(self._evidence(asked, order, 200, plan.translation))
            work.commit()
        if isinstance(plan.change, SubmitDraft):
            self.engine.start(PLACE_ORDER, order.id)
        return document, order.version

    def _remove(self, asked: Asked) -> None:
        with self.unit_of_work() as work:
            order = work.orders.get(asked.order_id)
            _check(order, asked)
            order.remove(self.clock.now())
            work.record(self._evidence(asked, order, 204, None))
            work.commit()

    def _evidence(self, asked: Asked, order: Order, status: int, translation: Translation | None) -> AuditRecord:
        return AuditRecord(
            id=self.identities.new_id(),
            at=self.clock.now(),
            client=asked.client,
            operation=asked.operation,
            correlation_id=correlation_id(),
            status=status,
            translation=() if translation is None else translation.trail,
            order_id=order.id,
        )


def _check(order: Order, asked: Asked) -> None:
    """Raises OrderNotFound, VersionMismatch."""
    mine = asked.owner is None or order.owner == asked.owner
    # The store finds orders by their number in BSS too; reads of TMF622 do not.
    if order.id != asked.order_id or not mine or not asked.exists(order):
        raise OrderNotFound("Order not found", orderId=asked.order_id)
    check_version(asked.if_match, order.version)
