"""The canonical API's shapes of the catalog (marshmallow): contents in, contents out."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, ClassVar

from marshmallow import Schema, ValidationError, fields, post_dump, post_load

from canonical.catalog.category import CategoryContents
from canonical.catalog.characteristics import (
    AllowedValue,
    Characteristic,
    CharacteristicUse,
    Value,
)
from canonical.catalog.offering import AllowedAction, Group, Member, OfferedPrice, OfferingContents
from canonical.catalog.price import ChargeType, Commitment, PriceContents, Quantity
from canonical.catalog.product_catalog import CatalogContents
from canonical.catalog.references import Reference, Relationship
from canonical.catalog.specification import Instantiation, SpecificationContents
from canonical.shared.money import Money
from facade.characteristic_values import json_of, value_of
from facade.clock import instant, time_text


class Shape(Schema):
    """Loads to `made`, a value of the core, and dumps one. Names are in camel case; what says nothing is left out."""

    made: ClassVar[type]

    def on_bind_field(self, name: str, field: fields.Field[Any]) -> None:
        field.data_key = field.data_key or re.sub(r"_(\w)", lambda found: found[1].upper(), name)

    @post_load
    def make(self, values: Mapping[str, Any], **_: Any) -> Any:
        return self.made(**{name: tuple(one) if isinstance(one, list) else one for name, one in values.items()})

    @post_dump
    def without_nothing(self, document: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {name: value for name, value in document.items() if value not in (None, [])}


class Moment(fields.Field[Any]):
    """A time in UTC, RFC 3339."""

    def _serialize(self, value: Any, *_: Any, **__: Any) -> str | None:
        return None if value is None else time_text(value)

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> Any:
        try:
            return instant(value)
        except ValueError as error:
            raise ValidationError(str(error)) from error


class Number(fields.Field[Any]):
    """A decimal with all its digits: a JSON number, or a text as amounts of money are written."""

    def __init__(self, *, as_text: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self._as_text = as_text

    def _serialize(self, value: Any, *_: Any, **__: Any) -> Any:
        return f"{value:f}" if self._as_text and value is not None else value

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> Decimal:
        return Decimal(value)


class Flag(fields.Boolean):
    """True, or else no member."""

    def _serialize(self, value: Any, *_: Any, **__: Any) -> bool | None:
        return True if value else None


class JsonValue(fields.Field[Any]):
    """A value of a characteristic, of any JSON type."""

    def _serialize(self, value: Any, *_: Any, **__: Any) -> Any:
        return None if value is None else json_of(value)

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> Value:
        return value_of(value)


class ReferenceShape(Shape):
    made = Reference
    id = fields.String(required=True)
    edition = fields.String(data_key="version")


class RelationshipShape(Shape):
    made = Relationship
    type = fields.String(required=True)
    to = fields.Nested(ReferenceShape, required=True)
    role = fields.String()
    valid_from = Moment()
    valid_until = Moment()


class MoneyShape(Shape):
    made = Money
    amount = Number(as_text=True, required=True, data_key="value")
    currency = fields.String(required=True)


class QuantityShape(Shape):
    made = Quantity
    amount = Number(load_default=None)
    units = fields.String(load_default=None)


class CommitmentShape(Shape):
    made = Commitment
    name = fields.String()
    description = fields.String()
    duration = fields.Nested(QuantityShape)
    valid_from = Moment()
    valid_until = Moment()


class AllowedValueShape(Shape):
    made = AllowedValue
    value = JsonValue()
    low = Number(data_key="from")
    high = Number(data_key="to")
    open_low = Flag(data_key="withoutFrom")
    open_high = Flag(data_key="withoutTo")
    pattern = fields.String()
    unit = fields.String()
    is_default = Flag(data_key="default")
    valid_from = Moment()
    valid_until = Moment()


class CharacteristicShape(Shape):
    made = Characteristic
    name = fields.String(required=True, data_key="code")
    value_type = fields.String()
    id = fields.String()
    description = fields.String()
    allowed = fields.List(fields.Nested(AllowedValueShape), data_key="allowedValues")
    least = fields.Integer()
    most = fields.Integer()
    pattern = fields.String()
    configurable = fields.Boolean()
    valid_from = Moment()
    valid_until = Moment()


class CharacteristicUseShape(Shape):
    made = CharacteristicUse
    name = fields.String(data_key="code")
    id = fields.String()
    allowed = fields.List(fields.Nested(AllowedValueShape), data_key="allowedValues")
    least = fields.Integer()
    most = fields.Integer()
    specification = fields.Nested(ReferenceShape, data_key="productSpecification")
    valid_from = Moment()
    valid_until = Moment()


class ContentsShape(Shape):
    name = fields.String(required=True)
    description = fields.String()


class CatalogShape(ContentsShape):
    made = CatalogContents
    type = fields.String(data_key="catalogType")
    categories = fields.List(fields.Nested(ReferenceShape))


class CategoryShape(ContentsShape):
    made = CategoryContents
    parent_id = fields.String()


class SpecificationShape(ContentsShape):
    made = SpecificationContents
    brand = fields.String()
    number = fields.String(data_key="productNumber")
    bundle = fields.Boolean()
    characteristics = fields.List(fields.Nested(CharacteristicShape))
    parts = fields.List(fields.Nested(ReferenceShape))
    relationships = fields.List(fields.Nested(RelationshipShape))
    instantiation = fields.Enum(Instantiation)
    categories = fields.List(fields.Nested(ReferenceShape))


class PriceShape(ContentsShape):
    made = PriceContents
    charge_type = fields.Enum(ChargeType)
    amount = fields.Nested(MoneyShape)
    percentage = Number()
    period = fields.String()
    periods = fields.Integer()
    unit = fields.Nested(QuantityShape)
    tax_included = fields.Boolean()
    tax_rate = Number()
    bundle = fields.Boolean()
    parts = fields.List(fields.Nested(ReferenceShape))
    relationships = fields.List(fields.Nested(RelationshipShape))
    constraints = fields.List(fields.Nested(CharacteristicUseShape))
    commitments = fields.List(fields.Nested(CommitmentShape))


class OfferedPriceShape(Shape):
    made = OfferedPrice
    reference = fields.Nested(ReferenceShape, data_key="productOfferingPrice")
    contents = fields.Nested(PriceShape, data_key="price")


class MemberShape(Shape):
    made = Member
    offering = fields.Nested(ReferenceShape, required=True, data_key="productOffering")
    least = fields.Integer()
    most = fields.Integer()
    default = fields.Integer()


class GroupShape(Shape):
    made = Group
    name = fields.String(required=True)
    id = fields.String()
    least = fields.Integer()
    most = fields.Integer()
    members = fields.List(fields.Nested(MemberShape))
    groups = fields.List(fields.Nested(lambda: GroupShape()))  # noqa: PLW0108 - it is not defined yet


class AllowedActionShape(Shape):
    made = AllowedAction
    action = fields.String(required=True)
    channels = fields.List(fields.Nested(ReferenceShape))
    valid_from = Moment()
    valid_until = Moment()


class OfferingShape(ContentsShape):
    made = OfferingContents
    sku = fields.String()
    bundle = fields.Boolean()
    sellable = fields.Boolean()
    specification = fields.Nested(ReferenceShape, data_key="productSpecification")
    categories = fields.List(fields.Nested(ReferenceShape))
    prices = fields.List(fields.Nested(OfferedPriceShape), data_key="productOfferingPrices")
    commitments = fields.List(fields.Nested(CommitmentShape))
    channels = fields.List(fields.Nested(ReferenceShape))
    segments = fields.List(fields.Nested(ReferenceShape))
    places = fields.List(fields.Nested(ReferenceShape))
    uses = fields.List(fields.Nested(CharacteristicUseShape), data_key="characteristicUses")
    members = fields.List(fields.Nested(MemberShape))
    groups = fields.List(fields.Nested(GroupShape))
    relationships = fields.List(fields.Nested(RelationshipShape))
    allowed_actions = fields.List(fields.Nested(AllowedActionShape))
