"""The canonical API's order with what BSS, Billing and SCM know about it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import flask
from marshmallow import Schema, fields

from canonical.ordering.order import Order
from canonical.views.order_snapshot import OrderSnapshot, OrderSnapshots, SnapshotPart, differences
from canonical.views.records import Invoice, InvoiceStatus, OrderRecord, RecordStatus, overall
from facade.clock import time_text
from facade.portal.parts import included, shipment_documents, unavailable
from facade.portal.schemas import MoneySchema, order_document
from facade.security.principal import current_principal
from facade.web.json import answer_json
from facade.web.paging import only

STATUS = MappingProxyType({RecordStatus.CREATED: "confirmed", RecordStatus.CANCELLED: "cancelled"})
"""The documents' `status` of an order that only BSS knows."""

PAYMENTS: Mapping[InvoiceStatus, str] = MappingProxyType(
    {InvoiceStatus.OPEN: "pending", InvoiceStatus.PAID: "success", InvoiceStatus.CREDITED: "refunded"}
)
"""The documents' `paymentStatus` of such an order."""


@dataclass(frozen=True)
class PortalSnapshots:
    snapshots: OrderSnapshots

    def operations(self) -> dict[str, Callable[..., Any]]:
        return {"getOrder": self.get_order}

    def get_order(self, orderId: str) -> flask.Response:
        query = flask.request.args
        only(query, ("include",))
        wanted = included(query, SnapshotPart)
        found = self.snapshots.snapshot(orderId, current_principal().reader(), wanted)
        headers = {} if found.order is None else {"ETag": f'"{found.order.version}"'}
        return answer_json(snapshot_document(found), 200, headers)


class LineSchema(Schema):
    sku = fields.String()
    quantity = fields.Integer()


class InvoiceSchema(Schema):
    number = fields.String()
    total = fields.Nested(MoneySchema)
    due_date = fields.Date(data_key="dueDate")
    status = fields.String()
    lines = fields.List(fields.Nested(LineSchema))


class DifferenceSchema(Schema):
    field = fields.String()
    ours = fields.String()
    theirs = fields.String(data_key="bss")


_INVOICE = InvoiceSchema()
_DIFFERENCES = DifferenceSchema(many=True)


def snapshot_document(found: OrderSnapshot) -> dict[str, Any]:
    """The canonical API's `OrderSnapshot`: the order, and the selected parts."""
    document = _of_record(found) if found.order is None else order_document(found.order)
    shown: dict[SnapshotPart, Callable[[], dict[str, Any]]] = {
        SnapshotPart.DETAILS: lambda: {"orderDetails": _details(found, document)},
        SnapshotPart.INVOICE: lambda: {"invoiceDetails": _invoice(found.invoice)},
        SnapshotPart.SHIPMENTS: lambda: _shipments(found),
    }
    for part in SnapshotPart:
        if part in found.parts:
            document |= shown[part]()
    return document | {"unavailable": unavailable(found.missing)}


def _details(found: OrderSnapshot, document: Mapping[str, Any]) -> dict[str, Any] | None:
    """BSS's record joined with ours; None if BSS has none or is unavailable."""
    record = found.record
    if record is None:
        return None
    return {
        "orderId": record.number,
        "status": record.status.value,
        "createdAt": time_text(record.created_at),
        "cancellationReason": record.cancellation_reason,
        "items": _items(found.order, record, document["items"]),
        **{name: document[name] for name in ("total", "state", "stateCategory", "timeline")},
        "differences": _DIFFERENCES.dump(differences(found.order, record)),
    }


def _items(order: Order | None, record: OrderRecord, items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Our items, each with its reservation: BSS keeps the items in the sequence in which they were sent."""
    if order is not None and len(record.items) != len(items):
        return [item | {"reservationId": None} for item in items]
    return [
        item | {"reservationId": kept.reservation_id if kept.sku == item["sku"] else None}
        for item, kept in zip(items, record.items, strict=True)
    ]


def _invoice(invoice: Invoice | None) -> dict[str, Any] | None:
    return None if invoice is None else dict(_INVOICE.dump(invoice))


def _shipments(found: OrderSnapshot) -> dict[str, Any]:
    status = None if found.shipments is None else overall(found.shipments)
    return {
        "shipmentStatus": None if status is None else status.value,
        "shipments": shipment_documents(found.shipments),
    }


def _of_record(found: OrderSnapshot) -> dict[str, Any]:
    """An order of another channel in our form; values that only its own channel knows are null."""
    record, invoice = found.record, found.invoice
    assert record is not None
    unknown = ("id", "state", "stateCategory", "failure", "timeline")
    paid = None if invoice is None else PAYMENTS[invoice.status]
    return dict.fromkeys(unknown) | {
        "orderId": record.number,
        "bssOrderId": record.number,
        "customerId": record.customer_id,
        "status": STATUS[record.status],
        "paymentStatus": paid,
        "allowedActions": [],
        "submittedAt": time_text(record.created_at),
        "items": [_item_of_record(number, item) for number, item in enumerate(record.items, start=1)],
        "total": None if invoice is None else MoneySchema().dump(invoice.total),
        "externalIdentifiers": None,
    }


def _item_of_record(number: int, item: Any) -> dict[str, Any]:
    unknown = ("action", "productId", "offeringId", "offeringVersion", "name", "oneTimeCharge", "recurringCharges")
    return {"id": str(number), "sku": item.sku, "quantity": item.quantity} | dict.fromkeys(unknown)
