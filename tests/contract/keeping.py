"""Keeping and changing orders in units of work of their own, and calls that begin together."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from typing import Any

from canonical.audit.record import AuditRecord, Mapped
from canonical.ordering.cancellation import CANCELLATIONS
from canonical.ordering.order import ORDERS, Order, PaymentStatus
from canonical.shared.errors import Conflict
from tests.contract.conftest import Store
from tests.support.builders import NOON, a_cancellation, an_order

PROCESS = "place-order"
LATER = NOON + timedelta(minutes=1)
CARRIED = {
    "note": [{"text": "Zwei × “ä” \U0001f680"}],
    "n": [Decimal("1.50"), 2**65 + 1, Decimal("1E+400"), Decimal("-0")],
    "none": None,
    "order": {"b": 1, "a": [True, {}]},
}


def order_id(number: int) -> str:
    return f"0197a000-0000-7000-8000-{number:012}"


def keep(store: Store, order: Order, carried: dict[str, Any] | None = None) -> Order:
    """Add the order in a unit of work of its own."""
    with store.unit_of_work() as work:
        work.repository(ORDERS).add(order)
        if carried is not None:
            work.repository(ORDERS).carry(order.id, carried)
        work.commit()
    return order


def change(store: Store, name: str, what: Callable[[Order], None]) -> Order:
    with store.unit_of_work() as work:
        order: Order = work.repository(ORDERS).get(name)
        what(order)
        work.commit()
    return order


def start(order: Order) -> None:
    order.start(LATER)


def complete(order: Order) -> None:
    order.complete("ORD00001", PaymentStatus.SUCCESS, LATER)


def at_once(count: int, call: Callable[[int], Any]) -> list[Any]:
    """The results, or refusals, of calls that begin together, each in a thread."""
    gate = threading.Barrier(count)

    def run(number: int) -> Any:
        gate.wait()
        try:
            return call(number)
        except Conflict as refusal:
            return refusal

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def an_audit_record(record_id: str, order_id: str) -> AuditRecord:
    return AuditRecord(
        id=record_id,
        at=NOON,
        client="partner-acme",
        operation="createProductOrder",
        correlation_id="",
        status=201,
        payload_hash="hash",
        translation=(Mapped("/a", "/b", "as sent"),),
        subject_type="order",
        subject=order_id,
    )


def write_everything(work: Any, number: int = 1) -> None:
    order = an_order(id=order_id(number))
    work.repository(ORDERS).add(order)
    work.repository(ORDERS).carry(order.id, {"note": "x"})
    work.repository(CANCELLATIONS).add(a_cancellation(order_id=order.id))
    work.processes.schedule(PROCESS, order.id, order.owner)
    assert work.claim_key("partner-acme", f"key-{number}", "hash", ("order", order.id), {"a": 1})
    work.record(an_audit_record(f"audit-{number}", order.id))
