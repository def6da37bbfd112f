"""Places in payloads: an id that another system knows, or an address in words."""

from collections.abc import Iterator
from typing import Any

from facade.tmf.engine.payload import Payload

_OTHERWISE = frozenset({"id", "href", "role"})
"""Attributes of a place that are no part of its address."""


def words_of(place: Payload) -> str | None:
    """What the place says beside its id, in its order and separated by commas; None for nothing."""
    told = _words({name: value for name, value in place.items() if name not in _OTHERWISE})
    return ", ".join(told) or None


def _words(value: Any) -> Iterator[str]:
    """Attributes that begin with @ are about the JSON, not about the place."""
    if isinstance(value, dict):
        for name, member in value.items():
            yield from () if name.startswith("@") else _words(member)
    elif isinstance(value, list):
        for member in value:
            yield from _words(member)
    elif value is not None:
        yield str(value)
