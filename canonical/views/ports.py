"""What views ask of the systems that belong to others.

All raise BackendError; NotFound only where the system asked owns the fact.
"""

from typing import Protocol

from canonical.views.records import Invoice, OrderRecord, Shipment


class OrderRecords(Protocol):
    """BSS, which owns the orders of all channels."""

    def record(self, number: str) -> OrderRecord:
        """Raises OrderNotFound."""
        ...


class Invoices(Protocol):
    def invoice(self, order_number: str) -> Invoice | None:
        """The newest of the order; None while there is none."""
        ...


class Shipments(Protocol):
    def of_order(self, order_number: str) -> tuple[Shipment, ...]:
        """Oldest first; an order that is not known there has none."""
        ...

    def recent(self, customer_id: str) -> tuple[Shipment, ...]:
        """The ten newest of the customer's orders, newest first."""
        ...
