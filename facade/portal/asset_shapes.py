"""The canonical API's shapes of customer assets (marshmallow); files of assets have the same."""

from collections.abc import Callable, Mapping
from typing import Any

from marshmallow import Schema, fields, post_load

from canonical.catalog.characteristics import Value, ValueType
from canonical.inventory.asset import CustomerAsset, TimelineEntry
from canonical.inventory.contents import (
    AssetCharacteristic,
    AssetContents,
    AssetOffering,
    AssetOrder,
    AssetParty,
    AssetPlace,
    AssetPrice,
    AssetRelationship,
    AssetTerm,
    RelationshipType,
)
from canonical.processes.eligible_actions import EligibleAction
from canonical.shared import jsontext
from canonical.shared.external_identifier import ExternalIdentifier
from facade.characteristic_values import json_of
from facade.clock import time_text
from facade.portal.catalog_shapes import Moment, MoneyShape, Shape


class OfferingShape(Shape):
    made = AssetOffering
    id = fields.String(required=True)
    version = fields.String()
    name = fields.String()
    sku = fields.String()


class CharacteristicShape(Schema):
    code = fields.String(required=True, attribute="name")
    value = fields.Function(
        lambda one: json_of(Value(ValueType(one.type), one.text)), deserialize=lambda said: said, required=True
    )

    @post_load
    def make(self, said: Mapping[str, Any], **_: Any) -> AssetCharacteristic:
        return AssetCharacteristic(said["name"], *jsontext.typed(said["value"]))


class PriceShape(Shape):
    made = AssetPrice
    type = fields.String(required=True)
    amount = fields.Nested(MoneyShape)
    id = fields.String()
    name = fields.String()
    period = fields.String()
    unit = fields.String()


class TermShape(Shape):
    made = AssetTerm
    name = fields.String(required=True)
    months = fields.Integer(strict=True)
    until = Moment()


class PlaceShape(Shape):
    made = AssetPlace
    role = fields.String(required=True)
    id = fields.String()
    text = fields.String()


class PartyShape(Shape):
    made = AssetParty
    role = fields.String(required=True)
    id = fields.String(required=True)
    name = fields.String()


class AssetRelationshipShape(Shape):
    made = AssetRelationship
    type = fields.Enum(RelationshipType, by_value=True, required=True)
    asset_id = fields.String(required=True)


class IdentifierShape(Shape):
    made = ExternalIdentifier
    owner = fields.String(required=True)
    type = fields.String(required=True)
    id = fields.String(required=True)


class ContentsShape(Shape):
    made = AssetContents
    name = fields.String()
    description = fields.String()
    offering = fields.Nested(OfferingShape, data_key="productOffering")
    specification_id = fields.String()
    quantity = fields.Integer(strict=True)
    bundle = fields.Boolean(data_key="isBundle")
    serial_number = fields.String()
    characteristics = fields.List(fields.Nested(CharacteristicShape))
    prices = fields.List(fields.Nested(PriceShape))
    terms = fields.List(fields.Nested(TermShape))
    places = fields.List(fields.Nested(PlaceShape))
    parties = fields.List(fields.Nested(PartyShape))
    relationships = fields.List(fields.Nested(AssetRelationshipShape))
    billing_account_id = fields.String()
    subscription_id = fields.String()
    external_identifiers = fields.List(fields.Nested(IdentifierShape))
    ordered_at = Moment()
    started_at = Moment()
    ended_at = Moment()


CONTENTS = ContentsShape()


def asset_document(asset: CustomerAsset) -> dict[str, Any]:
    """The canonical API's `CustomerAsset`."""
    told = CONTENTS.dump(asset.contents)
    subscription = told.pop("subscriptionId", None)
    begun = asset.contents.started_at
    return {
        "assetId": asset.id,
        "customerId": asset.customer_id or None,
        "status": asset.state.value,
        "productOffering": None,
        "characteristics": [],
        **told,
        "subscription": None
        if subscription is None
        else {"id": subscription, "status": asset.state.value, "startDate": begun and time_text(begun)},
        "orders": [_order(one) for one in dict.fromkeys(asset.orders)],
        "createdAt": time_text(asset.created_at),
        "changedAt": time_text(asset.changed_at),
    }


def timeline_document(asset: CustomerAsset, is_seen: Callable[[str], bool]) -> list[dict[str, Any]]:
    """What happened to it, oldest first, with each attribute that changed, as long as it was of a customer who is seen.

    Of a time with another customer there is nothing, and nothing of what the asset was like then.
    """
    found: list[dict[str, Any]] = []
    after, own = asset.contents, (*(is_seen(entry.customer_id) for entry in asset.timeline[:-1]), True)
    for entry, seen, seen_before in zip(reversed(asset.timeline), own[::-1], (*own[-2::-1], True), strict=True):
        before = entry.before or after
        if seen:
            found.append(_entry(entry, CONTENTS.dump(before if seen_before else after), CONTENTS.dump(after)))
        after = before
    return found[::-1]


def _entry(entry: TimelineEntry, before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    order = entry.cause.order
    return {
        "at": time_text(entry.at),
        "trigger": entry.trigger.value,
        "status": entry.status.value,
        "customerId": entry.customer_id or None,
        "reason": entry.cause.reason,
        "actor": entry.cause.actor,
        "order": None if order is None else _order(order),
        "changes": [{"attribute": name, "before": before.get(name), "after": after.get(name)} for name in names],
    }


def eligible_document(one: EligibleAction, pending: dict[str, Any] | None) -> dict[str, Any]:
    return {
        "action": one.action.value,
        "allowed": one.allowed,
        "code": one.code,
        "reason": one.reason,
        "until": one.until and time_text(one.until),
        "needs": list(one.needs),
        "pendingOrder": pending,
    }


def _order(one: AssetOrder) -> dict[str, Any]:
    return {"orderId": one.order_id, "itemId": one.item_id, "action": one.action}
