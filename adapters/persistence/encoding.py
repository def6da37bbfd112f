"""Aggregates and events as JSON: cattrs over `jsontext`, decimals and times as text."""

from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, TypeVar

from cattrs.preconf.orjson import make_converter

from canonical.shared import jsontext

T = TypeVar("T")


@lru_cache(maxsize=1_000)
def timestamp(at: datetime) -> str:
    """ISO 8601 in UTC, always 27 characters, so that text sorts as time."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


converter = make_converter()
converter.register_unstructure_hook(Decimal, str)
converter.register_structure_hook(Decimal, lambda value, _: Decimal(value))
converter.register_unstructure_hook(datetime, timestamp)
converter.register_structure_hook(datetime, lambda value, _: _time(value))


def encoded(value: Any) -> str:
    return jsontext.text(converter.unstructure(value))


def decoded(text: str, kind: type[T]) -> T:
    return converter.structure(jsontext.read_kept(text), kind)


def milliseconds(at: datetime) -> str:
    """In the precision of the documents, so that a client that searches for a time from a document finds
    this document.
    """
    return timestamp(at.replace(microsecond=at.microsecond // 1000 * 1000))


def _time(text: str) -> datetime:
    # 0.1.0 wrote years before 1000 with fewer digits (strftime on Linux), and could not read them again.
    return datetime.fromisoformat(text.rjust(27, "0"))
