"""Kinds of values in backends' answers."""

import re
from datetime import UTC
from decimal import Decimal
from typing import Any

from marshmallow import fields, validate

from canonical.shared.money import Money

AMOUNT = re.compile(r"^[0-9]{1,20}(\.[0-9]{1,3})?\Z")
"""A decimal text in major units, never a JSON number, and nothing less than none."""


def optional(name: str) -> fields.String:
    """A text that may be absent. `name` is the backend's."""
    return fields.String(data_key=name, load_default=None)


def count(name: str) -> fields.Integer:
    return fields.Integer(required=True, strict=True, data_key=name, validate=validate.Range(min=1))


class Moment(fields.AwareDateTime):
    """A time, converted to UTC; without an offset it is in UTC. Near the ends of the calendar, some times do not exist
    in UTC.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(format="iso", default_timezone=UTC, **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> Any:
        try:
            return super()._deserialize(value, attr, data, **options).astimezone(UTC)
        except OverflowError as error:
            raise self.make_error("invalid", input=value, obj_type=self.OBJ_TYPE) from error


def moment(name: str) -> Moment:
    return Moment(required=True, data_key=name)


def optional_moment(name: str) -> Moment:
    return Moment(load_default=None, data_key=name)


def day(name: str) -> fields.Date:
    return fields.Date(required=True, data_key=name)


def decimal_text(name: str) -> fields.String:
    """An AMOUNT; `money` makes the amount of it."""
    return fields.String(required=True, data_key=name, validate=validate.Regexp(AMOUNT))


def currency_code() -> fields.String:
    return fields.String(required=True, validate=validate.Regexp(r"^[A-Z]{3}\Z"))


def money(answer: dict[str, Any], name: str) -> Money:
    return Money(Decimal(answer[name]), answer["currency"])
