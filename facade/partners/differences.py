"""What two profiles say differently, in words."""

from collections.abc import Iterator, Mapping
from typing import Any

from canonical.shared import jsontext


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """One sentence for each difference, sorted by its place; none for equal profiles. Lists are compared as sets."""
    return list(_of_members("", before, after))


def _of_members(at: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    for name in sorted({*before, *after}):
        place = f"{at}/{name}" if at else name
        if name not in after:
            yield f"{place} is removed; it was {jsontext.text(before[name])}"
        elif name not in before:
            yield f"{place} is added: {jsontext.text(after[name])}"
        elif isinstance(before[name], dict) and isinstance(after[name], dict):
            yield from _of_members(place, before[name], after[name])
        else:
            yield from _of_values(place, before[name], after[name])


def _of_values(place: str, before: Any, after: Any) -> Iterator[str]:
    if not (isinstance(before, list) and isinstance(after, list)):
        if before != after:
            yield f"{place} changes from {jsontext.text(before)} to {jsontext.text(after)}"
        return
    for value in (one for one in after if one not in before):
        yield f"{place} gets {jsontext.text(value)}"
    for value in (one for one in before if one not in after):
        yield f"{place} loses {jsontext.text(value)}"
