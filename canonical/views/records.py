"""What other systems have on record, in our words."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from canonical.shared.money import Money


class RecordStatus(StrEnum):
    CREATED = "created"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class RecordedItem:
    """`sku` is None for a change of an installed product, which ships no goods."""

    sku: str | None
    quantity: int
    reservation_id: str | None


@dataclass(frozen=True, slots=True)
class OrderRecord:
    """An order in BSS, with the items as ordered. `external_id` is the id given by the system that placed it."""

    number: str
    status: RecordStatus
    customer_id: str
    external_id: str
    items: tuple[RecordedItem, ...]
    created_at: datetime
    cancellation_reason: str | None


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    sku: str
    quantity: int


class InvoiceStatus(StrEnum):
    OPEN = "open"
    PAID = "paid"
    CREDITED = "credited"


@dataclass(frozen=True, slots=True)
class Invoice:
    number: str
    total: Money
    due_date: date
    status: InvoiceStatus
    lines: tuple[InvoiceLine, ...]


class ShipmentStatus(StrEnum):
    PREPARING = "preparing"
    IN_TRANSIT = "in transit"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Shipment:
    """`order_number` is that in BSS. What is not known before it left is None."""

    id: str
    order_number: str
    status: ShipmentStatus
    carrier: str | None
    tracking: str | None
    shipped_at: datetime | None
    estimated_delivery: date


ADVANCE = (ShipmentStatus.PREPARING, ShipmentStatus.IN_TRANSIT, ShipmentStatus.DELIVERED, ShipmentStatus.CANCELLED)


def overall(shipments: tuple[Shipment, ...]) -> ShipmentStatus | None:
    """One status for all: that of the least advanced shipment. Cancelled ones count only if there are no others."""
    return min((shipment.status for shipment in shipments), key=ADVANCE.index, default=None)
