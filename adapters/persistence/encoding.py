"""Aggregates and events as JSON: cattrs over orjson, decimals and times as text."""

from datetime import UTC, datetime
from decimal import Decimal

from cattrs.preconf.orjson import make_converter

converter = make_converter()
converter.register_unstructure_hook(Decimal, str)
converter.register_structure_hook(Decimal, lambda value, _: Decimal(value))
converter.register_unstructure_hook(datetime, lambda value: timestamp(value))
converter.register_structure_hook(datetime, lambda value, _: datetime.fromisoformat(value))


def timestamp(at: datetime) -> str:
    """ISO 8601 in UTC, always 27 characters, so that text sorts as time."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
