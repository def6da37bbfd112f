"""`lift` and `lower`: whole bodies from v4 to v5 and back."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from facade.tmf.bridge.converters import Plain
from facade.tmf.bridge.forms import converter_of
from facade.tmf.bridge.ordering import FINAL, HIDDEN_EVENTS, ORDERING
from facade.tmf.bridge.report import Bridged, Conventions, NotVisible, Run
from facade.tmf.bridge.shapes import Shape
from facade.tmf.bridge.tables import SHARED

SHAPES: Mapping[str, Shape] = MappingProxyType({**SHARED, **ORDERING})
"""Every class, by the name that parts refer to. Another API joins by adding its table here."""

DEFAULT = Conventions()


def _connected(shapes: Mapping[str, Shape]) -> Mapping[str, Plain]:
    converters = {name: converter_of(shape) for name, shape in shapes.items()}
    for converter in converters.values():
        converter.connect(converters)
    return converters


_CONVERTERS = _connected(SHAPES)


def lift(resource: str, body: Any, conventions: Conventions = DEFAULT) -> Bridged:
    """A v4 body of a resource (`ProductOrder`, `CancelProductOrder`, `Hub`, `Error`, `Event`) in v5.

    Whole bodies and merge patches alike: at the top nothing is supplied but `@type`. Expects a body that v4's contract
    accepts; what has another type than the tables expect stays as it is. Raises ContractViolation for a duration that
    v5 cannot hold, and KeyError for an unknown resource.
    """
    run = Run(conventions)
    return Bridged(_CONVERTERS[resource].lift_member(body, (), run), tuple(run.losses))


def lower(resource: str, body: Any, conventions: Conventions = DEFAULT) -> Bridged:
    """A v5 body in v4. Raises NotVisible when v4 has no such resource, and KeyError for an unknown resource."""
    if isinstance(body, dict) and body.get("eventType", body.get("@type")) in HIDDEN_EVENTS:
        raise NotVisible(f"{body.get('eventType', body.get('@type'))} does not exist in v4")
    run = Run(conventions, is_final=isinstance(body, dict) and body.get("state") in FINAL)
    return Bridged(_CONVERTERS[resource].lower_member(body, (), run), tuple(run.losses))


def converter(name: str) -> Plain:
    """The converter of a class by its name in the tables."""
    return _CONVERTERS[name]
