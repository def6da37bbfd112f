"""The vocabulary of the tables: what may differ between v4 and v5 in one class.

Attributes that no table names are the same in both versions, extensions among them, and ride along untouched.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any


class Form(Enum):
    """How the instances of a class are written."""

    PLAIN = "attributes side by side, in both versions"
    WRAPPED = "v4 flat; v5 with the reference in an object of its own"
    IDENTIFIER = "v4 one text; v5 a list of identifiers with owner and type"
    CHARACTERISTIC = "v5 typed by the value"
    DURATION = "v5 with whole amounts only"
    PRODUCT = "v4 one class; v5 a reference or a value"
    RELATED_PRODUCT = "v4 the product inside; v5 its reference hoisted"
    EVENT = "an envelope whose class is its eventType"


class Special(Enum):
    """Values of v5 that v4 cannot show as they are."""

    HIDDEN = "the whole resource is not visible"
    BY_ORDER = "failed once the order has ended, inProgress before"


Default = Callable[[Mapping[str, Any]], Any]


@dataclass(frozen=True, slots=True)
class Values:
    """Values of one attribute that differ; those in neither table are the same."""

    up: Mapping[str, str] = field(default_factory=dict)
    down: Mapping[str, str | Special] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Wrapping:
    """The object of its own that v5 has.

    `inside`: the v4 attributes that go into it; None: all but the role. `inner_type` tells its class from them and
    `referred_type` a missing `@referredType`, which v4 demands, from that class.
    """

    name: str
    inside: frozenset[str] | None
    inner_type: Callable[[Mapping[str, Any]], str]
    referred_type: Callable[[str], str] | None = None
    keeps_inner_type: bool = False
    """Whether v4 shows the inner `@type` as its own."""


@dataclass(frozen=True, slots=True)
class Shape:
    """One class in both versions.

    `v4`, `v5`: its `@type`; None where it has none. `parts`: attributes that hold objects of another class, by their v4
    name. `renamed`: v4 name → v5 name. `v5_only`: attributes that v4 does not have. `v4_demands`, `v5_demands`: what is
    supplied when it is missing. `is_reference`: an `@type` that is no reference's names the target.
    """

    v4: str | None = None
    v5: str | None = None
    parts: Mapping[str, str] = field(default_factory=dict)
    renamed: Mapping[str, str] = field(default_factory=dict)
    v5_only: tuple[str, ...] = ()
    values: Mapping[str, Values] = field(default_factory=dict)
    v4_demands: Mapping[str, Default] = field(default_factory=dict)
    v5_demands: Mapping[str, Default] = field(default_factory=dict)
    is_reference: bool = False
    form: Form = Form.PLAIN
    wrapping: Wrapping | None = None


def same(name: str, **differences: Any) -> Shape:
    """A class with the same name in both versions."""
    return Shape(v4=name, v5=name, **differences)


def reference(name: str, **differences: Any) -> Shape:
    """A reference: id, href, name, `@referredType`."""
    return Shape(v4=name, v5=name, is_reference=True, **differences)


def always(value: Any) -> Default:
    """The same default for every object."""
    return lambda _: value
