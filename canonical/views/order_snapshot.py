"""An order with what BSS, Billing and SCM know about it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from canonical.ordering.errors import OrderNotFound
from canonical.ordering.order import ORDERS, Order
from canonical.ordering.states import State
from canonical.shared.errors import BackendUnavailable
from canonical.shared.ports import AggregateReads
from canonical.shared.reader import Reader
from canonical.views.parts import Missing, Part, PartQueries, PartQuery, answers, missing_of
from canonical.views.ports import Invoices, OrderRecords, Shipments
from canonical.views.records import Invoice, OrderRecord, RecordStatus, Shipment

LONGEST_NUMBER = 64
"""BSS has no order with a longer one."""

IN_PROGRESS = "ORDER_IN_PROGRESS"
"""Why a part is missing while the order has no number yet under which its owner could be asked."""


class SnapshotPart(StrEnum):
    DETAILS = "orderDetails"
    INVOICE = "invoiceDetails"
    SHIPMENTS = "shipments"


SOURCES: Mapping[SnapshotPart, str] = MappingProxyType(
    {SnapshotPart.DETAILS: "bss", SnapshotPart.INVOICE: "billing", SnapshotPart.SHIPMENTS: "scm"}
)


@dataclass(frozen=True)
class OrderSnapshot:
    """`order` is None when it was placed through another channel: then `record` is all that is known of it.

    A part that was not asked for is not in `parts`. One that is there and is not named in `missing` is what its owner
    says: no invoice, no shipments.
    """

    order: Order | None
    record: OrderRecord | None
    parts: Mapping[SnapshotPart, Any]
    missing: tuple[Missing, ...]

    @property
    def invoice(self) -> Invoice | None:
        found: Invoice | None = self.parts.get(SnapshotPart.INVOICE)
        return found

    @property
    def shipments(self) -> tuple[Shipment, ...] | None:
        found: tuple[Shipment, ...] | None = self.parts.get(SnapshotPart.SHIPMENTS)
        return found


@dataclass(frozen=True)
class OrderSnapshots:
    orders: AggregateReads
    records: OrderRecords
    invoices: Invoices
    shipments: Shipments
    part_queries: PartQueries

    def snapshot(self, order_id: str, reader: Reader, wanted: frozenset[SnapshotPart]) -> OrderSnapshot:
        """The order and the parts wanted of it. Who sees everybody's orders also sees those of other channels.

        Raises OrderNotFound, and BackendUnavailable where only BSS could say whether there is such an order.
        """
        try:
            order = self.orders.aggregate(ORDERS, order_id, reader)
        except OrderNotFound:
            if not reader.everybody or len(order_id) > LONGEST_NUMBER:
                raise
            return self._of_another_channel(order_id, reader, wanted)
        if order.bss_order_id is None:
            return _without_number(order, wanted)
        found = answers(self.part_queries, self._questions(order.bss_order_id, wanted))
        return _snapshot(order, found, wanted)

    def _of_another_channel(self, number: str, reader: Reader, wanted: frozenset[SnapshotPart]) -> OrderSnapshot:
        def admit(record: OrderRecord) -> None:
            if reader.customers is not None and record.customer_id not in reader.customers:
                raise OrderNotFound("Order not found", orderId=number)

        questions = self._questions(number, wanted | {SnapshotPart.DETAILS})
        found = answers(self.part_queries, questions, SnapshotPart.DETAILS, admit)
        details = found[SnapshotPart.DETAILS]
        if details.value is None:
            raise BackendUnavailable("only BSS knows the order, and it is unavailable") from details.error
        return _snapshot(None, found, wanted)

    def _questions(self, number: str, wanted: frozenset[SnapshotPart]) -> list[PartQuery]:
        asks: Mapping[SnapshotPart, Callable[[], Any]] = {
            SnapshotPart.DETAILS: lambda: self.records.record(number),
            SnapshotPart.INVOICE: lambda: self.invoices.invoice(number),
            SnapshotPart.SHIPMENTS: lambda: self.shipments.of_order(number),
        }
        return [PartQuery(part, SOURCES[part], number, asks[part]) for part in SnapshotPart if part in wanted]


def _snapshot(order: Order | None, found: Mapping[str, Part], wanted: frozenset[SnapshotPart]) -> OrderSnapshot:
    details = found.get(SnapshotPart.DETAILS, Part())
    parts = {part: found[part].value for part in SnapshotPart if part in wanted}
    return OrderSnapshot(order, details.value, parts, missing_of(found))


def _without_number(order: Order, wanted: frozenset[SnapshotPart]) -> OrderSnapshot:
    """Asks no backend. An order that ended without a number has nothing elsewhere; an unfinished order may."""
    if order.finished:
        nothing = {part: () if part is SnapshotPart.SHIPMENTS else None for part in wanted}
        return OrderSnapshot(order, None, nothing, ())
    since = order.submitted_at
    missing = [
        Missing(part, SOURCES[part], IN_PROGRESS, since, retryable=True) for part in SnapshotPart if part in wanted
    ]
    return OrderSnapshot(order, None, dict.fromkeys(wanted), tuple(missing))


@dataclass(frozen=True, slots=True)
class Difference:
    """A field that BSS's record and ours do not agree on."""

    field: str
    ours: str
    theirs: str


EXPECTED: Mapping[State, RecordStatus] = MappingProxyType(
    {
        State.COMPLETED: RecordStatus.CREATED,
        State.CLOSED: RecordStatus.CREATED,
        State.FAILED: RecordStatus.CANCELLED,
        State.CANCELLED: RecordStatus.CANCELLED,
    }
)
"""The status in BSS for each of our states that determines it."""


def differences(order: Order | None, record: OrderRecord) -> tuple[Difference, ...]:
    """The differences between the two records; none if there is only the record of BSS."""
    if order is None:
        return ()
    both = (
        ("customerId", order.customer_id, record.customer_id),
        ("externalId", order.id, record.external_id),
        ("status", EXPECTED.get(order.state, record.status), record.status),
    )
    return tuple(Difference(field, ours, theirs) for field, ours, theirs in both if ours != theirs)
