"""Changes orders that were taken in, and removes them: one commit each for the order, its events and the evidence."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, Self

import structlog
from werkzeug.datastructures import ETags

from canonical.audit.record import AuditRecord
from canonical.ordering.commands import SubmitDraft
from canonical.ordering.handlers import PLACE_ORDER, Change, change_order
from canonical.ordering.order import Order
from canonical.ordering.ports import UnitOfWork
from canonical.processes.engine import ProcessEngine
from canonical.shared.errors import CanonicalError, OrderNotFound
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
    def carried(self, order_id: str) -> dict[str, Any]: ...
    def carry(self, order_id: str, carried: dict[str, Any]) -> str: ...
    def record(self, record: AuditRecord) -> None: ...


@dataclass(frozen=True)
class OrderChanges:
    """The process at work may change an order at the same moment: then the change is decided anew on what it left."""

    unit_of_work: Callable[[], ChangingUnitOfWork]
    engine: ProcessEngine
    clock: Clock
    identities: Identities

    def change(self, asked: Asked, decide: Decide) -> tuple[str, int]:
        """The order's document and version afterwards.

        Raises OrderNotFound, VersionMismatch, InvalidTransition, and what `decide` and the change raise.
        """
        document, order, change = repeatedly(lambda: self._change(asked, decide))
        if isinstance(change, SubmitDraft):
            self.engine.start(PLACE_ORDER, order.id)
        return document, order.version

    def remove(self, asked: Asked) -> None:
        """Raises OrderNotFound, VersionMismatch, or InvalidTransition while anything is under way."""
        repeatedly(lambda: self._remove(asked))
        log.warning("order removed", order_id=asked.order_id, client=asked.client)

    def _change(self, asked: Asked, decide: Decide) -> tuple[str, Order, Change | None]:
        with self.unit_of_work() as work:
            order = _asked_for(work, asked)
            plan = decide(order, work.carried(order.id))
            if plan.change is None:
                return work.carry(order.id, plan.carried), order, None
            try:
                change_order(order, plan.change, work, self.clock)
            except CanonicalError as error:
                if error.pointer is not None and plan.translation is not None:
                    error.pointer = plan.translation.source_of(error.pointer)
                raise
            document = work.carry(order.id, plan.carried)
            work.record(self._evidence(asked, order, 200, plan.translation))
            work.commit()
        return document, order, plan.change

    def _remove(self, asked: Asked) -> None:
        with self.unit_of_work() as work:
            order = _asked_for(work, asked)
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


def _asked_for(work: UnitOfWork, asked: Asked) -> Order:
    order = work.orders.get(asked.order_id)
    mine = asked.owner is None or order.owner == asked.owner
    # The store finds orders by their number in BSS too; reads of TMF622 do not.
    if order.id != asked.order_id or not mine or not asked.exists(order):
        raise OrderNotFound("Order not found", orderId=asked.order_id)
    check_version(asked.if_match, order.version)
    return order
