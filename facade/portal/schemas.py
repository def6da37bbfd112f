"""The canonical API's shapes (marshmallow): orders in, orders out."""

from collections.abc import Sequence
from datetime import UTC
from typing import Any

from marshmallow import Schema, fields, post_dump, post_load, pre_dump

from canonical.audit.record import AuditRecord, Mapped
from canonical.ordering.commands import ItemAction, OrderLine, SubmitOrder
from canonical.ordering.order import Order
from canonical.ordering.states import State
from canonical.ordering.wishes import ChosenCharacteristic, WishedPlace, WishedTerm, Wishes
from canonical.shared import jsontext
from canonical.shared.external_identifier import ExternalIdentifier
from canonical.shared.reader import Reader
from facade.clock import time_text

STATUS = {State.COMPLETED: "confirmed", State.CLOSED: "confirmed", State.CANCELLED: "cancelled"} | dict.fromkeys(
    (State.FAILED, State.REJECTED, State.FALLOUT), "failed"
)
"""The documents' `status`; any other state is `processing`."""


ONLY_IF_SAID = frozenset({"assetIds", "characteristics", "places", "terms", "newCustomerId", "reason"})
"""Left out of an item's document when there are none."""


class CharacteristicRequest(Schema):
    name = fields.String(required=True)
    value = fields.Raw(required=True)

    @post_load
    def make(self, said: dict[str, Any], **_: Any) -> ChosenCharacteristic:
        return ChosenCharacteristic(said["name"], *jsontext.typed(said["value"]))


class PlaceSchema(Schema):
    role = fields.String(required=True)
    id = fields.String()
    text = fields.String(data_key="address")

    @post_load
    def make(self, said: dict[str, Any], **_: Any) -> WishedPlace:
        return WishedPlace(**said)

    @post_dump
    def leave_out_nothing(self, shown: dict[str, Any], **_: Any) -> dict[str, Any]:
        return _said(shown)


class DurationSchema(Schema):
    amount = fields.Integer(required=True, strict=True)
    units = fields.String(required=True)


class TermSchema(Schema):
    name = fields.String(required=True)
    duration = fields.Nested(DurationSchema)
    until = fields.AwareDateTime(default_timezone=UTC, load_only=True)
    shown_until = fields.String(attribute="until", data_key="until", dump_only=True)

    @post_load
    def make(self, said: dict[str, Any], **_: Any) -> WishedTerm:
        return WishedTerm(said["name"], **said.get("duration", {}), until=said.get("until"))

    @pre_dump
    def unfold(self, term: WishedTerm, **_: Any) -> dict[str, Any]:
        duration = None if term.amount is None else {"amount": term.amount, "units": term.units}
        return {"name": term.name, "duration": duration, "until": term.until and time_text(term.until)}

    @post_dump
    def leave_out_nothing(self, shown: dict[str, Any], **_: Any) -> dict[str, Any]:
        return _said(shown)


class ItemRequest(Schema):
    action = fields.Enum(ItemAction)
    sku = fields.String()
    offering_id = fields.String(data_key="offeringId")
    product_id = fields.String(data_key="assetId")
    quantity = fields.Integer(strict=True)
    characteristics = fields.List(fields.Nested(CharacteristicRequest))
    places = fields.List(fields.Nested(PlaceSchema), load_default=list)
    terms = fields.List(fields.Nested(TermSchema), load_default=list)
    customer_id = fields.String(data_key="newCustomerId", load_default=None)
    reason = fields.String()


class ExternalIdentifierSchema(Schema):
    """`owner` is TM Forum's name for `system`: either is read, `owner` is shown."""

    system = fields.String(load_only=True)
    owner = fields.String()
    type = fields.String(required=True)
    id = fields.String(required=True)

    @post_load
    def make(self, values: dict[str, Any], **_: Any) -> ExternalIdentifier:
        return ExternalIdentifier(values.get("system") or values["owner"], values["type"], values["id"])


class OrderRequest(Schema):
    """Loads to a SubmitOrder; the client that places it is the `owner`, from its token."""

    customer_id = fields.String(required=True, data_key="customerId")
    items = fields.List(fields.Nested(ItemRequest), required=True)
    external_identifiers = fields.List(
        fields.Nested(ExternalIdentifierSchema), data_key="externalIdentifiers", load_default=list
    )

    def to_command(self, body: dict[str, Any], reader: Reader) -> SubmitOrder:
        asked = self.load(body)
        return SubmitOrder(
            owner=reader.client,
            reader=reader,
            customer_id=asked["customer_id"],
            lines=tuple(_line(number, item) for number, item in enumerate(asked["items"], start=1)),
            external_identifiers=tuple(asked["external_identifiers"]),
        )


def _line(number: int, item: dict[str, Any]) -> OrderLine:
    chosen = tuple(item.pop("characteristics", ()))
    quantity = item.pop("quantity", None)
    owner = item.pop("customer_id")
    wishes = Wishes(tuple(item.pop("places")), tuple(item.pop("terms")), customer_id=owner, quantity=quantity)
    return OrderLine(id=str(number), quantity=quantity or 1, characteristics=chosen, wishes=wishes, **item)


def _said(shown: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in shown.items() if value is not None}


class MoneySchema(Schema):
    amount = fields.Function(lambda money: f"{money.amount:f}")
    currency = fields.String()


class RecurringChargeSchema(Schema):
    amount = fields.Nested(MoneySchema)
    period = fields.String()


class CharacteristicSchema(Schema):
    name = fields.String()
    value = fields.Function(
        lambda one: one.text if one.type == "TEXT" else jsontext.read_kept(one.text),
    )
    source = fields.String()


class ItemSchema(Schema):
    id = fields.String()
    action = fields.String()
    quantity = fields.Integer()
    product_id = fields.String(data_key="productId")
    sku = fields.String(attribute="offering.sku", dump_default=None)
    offering_id = fields.String(attribute="offering.id", data_key="offeringId", dump_default=None)
    offering_version = fields.String(attribute="offering.version", data_key="offeringVersion", dump_default=None)
    name = fields.String(attribute="offering.name", dump_default=None)
    one_time_charge = fields.Nested(MoneySchema, data_key="oneTimeCharge")
    recurring_charges = fields.List(
        fields.Nested(RecurringChargeSchema),
        attribute="recurring",
        data_key="recurringCharges",
    )
    characteristics = fields.List(fields.Nested(CharacteristicSchema))
    asset_ids = fields.List(fields.String(), attribute="assets.ids", data_key="assetIds")
    places = fields.List(fields.Nested(PlaceSchema), attribute="wishes.places")
    terms = fields.List(fields.Nested(TermSchema))
    new_customer_id = fields.String(attribute="wishes.customer_id", data_key="newCustomerId")
    reason = fields.String()

    @post_dump
    def leave_out_nothing(self, shown: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {name: value for name, value in shown.items() if name not in ONLY_IF_SAID or value}


class FailureSchema(Schema):
    code = fields.String()
    message = fields.String()
    step = fields.String()
    undone = fields.List(fields.String())
    not_undone = fields.List(fields.String(), data_key="notUndone")


class TimelineEntrySchema(Schema):
    at = fields.Function(lambda entry: time_text(entry.at))
    state = fields.String()
    trigger = fields.String()


class OrderSchema(Schema):
    id = fields.String()
    order_number = fields.Function(lambda order: order.bss_order_id, data_key="orderId")
    bss_order_id = fields.String(data_key="bssOrderId")
    customer_id = fields.String(data_key="customerId")
    status = fields.Function(lambda order: STATUS.get(order.state, "processing"))
    payment = fields.String(data_key="paymentStatus")
    state = fields.String()
    category = fields.String(data_key="stateCategory")
    allowed_actions = fields.Function(
        lambda order: [action.value for action in order.allowed_actions()], data_key="allowedActions"
    )
    submitted_at = fields.Function(
        lambda order: time_text(order.submitted_at),
        data_key="submittedAt",
    )
    items = fields.List(fields.Nested(ItemSchema))
    amount = fields.Nested(MoneySchema, data_key="total")
    external_identifiers = fields.List(fields.Nested(ExternalIdentifierSchema), data_key="externalIdentifiers")
    agreed_version = fields.String(data_key="profileVersion")
    failure = fields.Nested(FailureSchema)
    timeline = fields.List(fields.Nested(TimelineEntrySchema))

    @post_dump
    def leave_out_unknown_agreement(self, shown: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Orders of earlier releases do not say which version they were judged by."""
        return {name: value for name, value in shown.items() if name != "profileVersion" or value is not None}


_ORDER = OrderSchema()


def order_document(order: Order) -> dict[str, Any]:
    """The canonical API's `Order`."""
    return dict(_ORDER.dump(order))


class MappedSchema(Schema):
    source = fields.String()
    target = fields.String()
    rule = fields.String()
    outcome = fields.String()
    agreed = fields.String(data_key="profileRule")

    @post_dump
    def leave_out_nothing(self, shown: dict[str, Any], **_: Any) -> dict[str, Any]:
        return _said(shown)


class AuditRecordSchema(Schema):
    id = fields.String()
    at = fields.Function(lambda record: time_text(record.at))
    client = fields.String()
    operation = fields.String()
    correlation_id = fields.String(data_key="correlationId")
    status = fields.Integer()
    code = fields.String()
    payload_hash = fields.String(data_key="payloadHash")
    subject = fields.String(data_key="orderId")
    reason = fields.String()
    profile = fields.String(data_key="profileVersion")
    translation = fields.List(fields.Nested(MappedSchema))


_AUDIT_RECORD = AuditRecordSchema()
_TRAIL = MappedSchema(many=True)


def trail_document(trail: Sequence[Mapped]) -> list[dict[str, Any]]:
    """The canonical API's `TranslatedField`s."""
    return list(_TRAIL.dump(trail))


def audit_document(record: AuditRecord) -> dict[str, Any]:
    """The canonical API's `AuditRecord`."""
    return dict(_AUDIT_RECORD.dump(record))
