"""The common rules of answers with several parts: how parts are selected, and how a missing one is reported."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, TypeVar

from marshmallow import Schema, fields

from canonical.views.parts import Missing
from canonical.views.records import Shipment
from facade.clock import time_text
from facade.contract.violations import Code, ContractViolation, Violation

Chosen = TypeVar("Chosen", bound=StrEnum)

NONE = "none"


def included(query: Mapping[str, str], parts: type[Chosen]) -> frozenset[Chosen]:
    """The parts that `include` selects: all without it, none for `none`. Raises ContractViolation for an
    unknown part.
    """
    if "include" not in query:
        return frozenset(parts)
    names = {name.strip() for name in query["include"].split(",")} - {"", NONE}
    known = {part.value for part in parts}
    if unknown := sorted(names - known):
        message = f"include names the unknown part {unknown[0][:60]}"
        raise ContractViolation([Violation("/include", Code.INVALID_VALUE, message, (*sorted(known), NONE))])
    return frozenset(part for part in parts if part.value in names)


class MissingSchema(Schema):
    part = fields.String()
    source = fields.String()
    code = fields.String()
    since = fields.Function(lambda missing: time_text(missing.since))
    retryable = fields.Boolean()
    stale = fields.Function(lambda missing: missing.as_of is not None)
    as_of = fields.Function(
        lambda missing: None if missing.as_of is None else time_text(missing.as_of), data_key="asOf"
    )


class ShipmentSchema(Schema):
    id = fields.String()
    order_number = fields.String(data_key="orderId")
    status = fields.String()
    carrier = fields.String()
    tracking = fields.String()
    shipped_at = fields.Function(
        lambda shipment: None if shipment.shipped_at is None else time_text(shipment.shipped_at), data_key="shippedAt"
    )
    estimated_delivery = fields.Date(data_key="estimatedDelivery")


_MISSING = MissingSchema(many=True)
_SHIPMENTS = ShipmentSchema(many=True)


def unavailable(missing: Iterable[Missing]) -> list[dict[str, Any]]:
    """The canonical API's `unavailable`."""
    return list(_MISSING.dump(missing))


def shipment_documents(shipments: Iterable[Shipment] | None) -> list[dict[str, Any]] | None:
    return None if shipments is None else list(_SHIPMENTS.dump(shipments))
