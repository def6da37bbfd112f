"""Changes orders that were taken in, and removes them: one commit each for the order, its events and the evidence."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Protocol
from weakref import WeakValueDictionary

import structlog
from werkzeug.datastructures import ETags

from canonical.audit.record import AuditRecord, Mapped
from canonical.ordering.commands import SubmitDraft
from canonical.ordering.handlers import PLACE_ORDER, Change, change_order
from canonical.ordering.order import Order
from canonical.processes.engine import ProcessEngine
from canonical.shared.deadline import seconds_left
from canonical.shared.errors import ConcurrentChange, OrderNotFound
from canonical.shared.reader import Reader
from facade.conditions import check_version
from facade.intake.once import Intake, Request, repeatedly
from facade.intake.orders import EdgeUnitOfWork, Translation

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Asked:
    """Who wants which order, by our id, changed; `if_match` is the header.

    `exists`: whether there is such an order for those who ask in this way.
    """

    order_id: str
    request: Request
    reader: Reader
    if_match: ETags | None
    exists: Callable[[Order], bool] = lambda order: True


@dataclass(frozen=True, slots=True)
class Plan:
    """What a change comes to: nothing, or one change of the order and what is carried for it from then on.

    `trail` is for the evidence: how what was sent was read.
    """

    change: Change | None
    carried: dict[str, Any]
    translation: Translation | None = None
    trail: tuple[Mapped, ...] = ()


Decide = Callable[[Order, dict[str, Any]], Plan]
"""What is to become of the order and of what is carried for it."""


class OrdersToChange(Protocol):
    def order_to_change(self, order_id: str, reader: Reader) -> tuple[Order, dict[str, Any], str]:
        """The order by our id, what is carried for it and its document, all of one moment. Raises OrderNotFound."""
        ...


PATIENCE = 5.0
"""Seconds to wait for one's turn: whoever patches one order without end gets 409, and not every thread."""


class Turns:
    """Lets one at a time in for each name, in this server process."""

    def __init__(self) -> None:
        self._guard = Lock()
        self._known: WeakValueDictionary[str, Lock] = WeakValueDictionary()

    @contextmanager
    def turn(self, name: str) -> Iterator[None]:
        """Raises ConcurrentChange when the turn does not come in time."""
        with self._guard:
            lock = self._known.setdefault(name, Lock())
        if not lock.acquire(timeout=min(PATIENCE, seconds_left())):
            raise ConcurrentChange(f"order {name} is being changed by other requests all the time")
        try:
            yield
        finally:
            lock.release()


@dataclass(frozen=True)
class OrderChanges(Intake[EdgeUnitOfWork]):
    """A change is decided outside the transaction that makes it, for a patch may take a second to read.

    The process at work, or another node, may change the order meanwhile: then the change is decided anew on what they
    left. Changes that come to this server process take turns, so that none is decided in vain because of another.
    """

    orders: OrdersToChange
    engine: ProcessEngine
    turns: Turns = field(default_factory=Turns)

    def change(self, asked: Asked, decide: Decide) -> tuple[str, int]:
        """The order's document and version afterwards.

        Raises OrderNotFound, VersionMismatch, InvalidTransition, and what `decide` and the change raise.
        """
        with self.turns.turn(asked.order_id):
            return repeatedly(lambda: self._change(asked, decide))

    def remove(self, asked: Asked) -> None:
        """Raises OrderNotFound, VersionMismatch, or InvalidTransition while anything is under way."""

        def take(work: EdgeUnitOfWork) -> tuple[None, AuditRecord]:
            order = work.orders.get(asked.order_id)
            _check(order, asked)
            order.remove(self.clock.now())
            return None, self._evidence(asked.request, 204, order.id)

        repeatedly(lambda: self._commit(take))
        log.warning("order removed", order_id=asked.order_id, client=asked.request.client)

    def _change(self, asked: Asked, decide: Decide) -> tuple[str, int]:
        read, carried, document = self.orders.order_to_change(asked.order_id, asked.reader)
        _check(read, asked)
        plan = decide(read, carried)
        change, translation = plan.change, plan.translation
        if change is None:
            return document, read.version

        def take(work: EdgeUnitOfWork) -> tuple[tuple[str, Order], AuditRecord]:
            order = work.orders.get(read.id)
            if order.version != read.version:
                raise ConcurrentChange(f"order {read.id} was changed by somebody else")
            with translation.carried_out() if translation else nullcontext():
                change_order(order, change, work, self.clock)
            return (work.carry(order.id, plan.carried), order), self._evidence(asked.request, 200, order.id, plan.trail)

        document, order = self._commit(take)
        if isinstance(change, SubmitDraft):
            self.engine.start(PLACE_ORDER, order.id)
        return document, order.version


def _check(order: Order, asked: Asked) -> None:
    """Raises OrderNotFound, VersionMismatch."""
    mine = asked.reader.sees(order.owner, order.customer_id)
    if order.id != asked.order_id or not mine or not asked.exists(order):
        raise OrderNotFound("Order not found", orderId=asked.order_id)
    check_version(asked.if_match, order.version)
