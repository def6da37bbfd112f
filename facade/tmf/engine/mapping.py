"""One table for each resource: which attribute is which field of the core, and how each is converted to the other."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from canonical.audit.record import Mapped
from facade.contract.violations import Code, Violation

Payload = dict[str, Any]


def _as_is(value: Any) -> Any:
    return value


@dataclass(frozen=True, slots=True)
class Field:
    """An attribute that is one field of the command, and of the aggregate.

    `to` converts the attribute to the field and raises ValueError with what is wrong; `out` converts the field back.
    Without `out`, the aggregate does not have the field, and the attribute is shown as it was sent. `rule` is how the
    audit record tells the conversion.
    """

    attribute: str
    field: str
    to: Callable[[Any], Any] = _as_is
    out: Callable[[Any], Any] | None = _as_is
    rule: str = "as sent"


@dataclass(frozen=True, slots=True)
class Written:
    """An attribute that the server writes from a field of the aggregate; a client that sends it is refused."""

    attribute: str
    field: str
    out: Callable[[Any], Any] = _as_is


Row = Field | Written


def read(
    table: Iterable[Row], body: Payload, at: str = "", to: str = ""
) -> tuple[dict[str, Any], list[Mapped], list[Violation]]:
    """The fields that `body`, the object at the pointer `at`, gives; how each was read; and what is wrong with them.

    `to` is the pointer of what they are fields of.
    """
    fields: dict[str, Any] = {}
    trail: list[Mapped] = []
    violations: list[Violation] = []
    for row in table:
        if isinstance(row, Written) or row.attribute not in body:
            continue
        pointer = f"{at}/{row.attribute}"
        try:
            fields[row.field] = row.to(body[row.attribute])
        except ValueError as error:
            violations.append(Violation(pointer, Code.INVALID_FORMAT, f"{row.attribute} {error}"))
        else:
            trail.append(Mapped(pointer, f"{to}/{row.field}", row.rule))
    return fields, trail, violations


def show(table: Iterable[Row], aggregate: Any, carried: Mapping[str, Any]) -> Payload:
    """The attributes of an aggregate, each written as its sender wrote it where that still means the same."""
    shown: Payload = {}
    for row in table:
        if row.out is None:
            continue
        value = getattr(aggregate, row.field)
        sent = carried.get(row.attribute)
        if isinstance(row, Field) and sent is not None and _means(row, sent, value):
            shown[row.attribute] = sent
        elif value is not None:
            shown[row.attribute] = row.out(value)
    return shown


def _means(row: Field, sent: Any, value: Any) -> bool:
    try:
        return bool(row.to(sent) == value)
    except (ValueError, TypeError, AttributeError):
        return False
