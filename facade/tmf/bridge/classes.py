"""The vocabulary of the tables: how one class differs between v4 and v5.

Attributes that no table names are the same in both versions, extensions among them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from facade.tmf.bridge.converters import Converter

Default = Callable[[Mapping[str, Any]], Any]
"""From the object that lacks an attribute to the value that is supplied."""


@dataclass(frozen=True, slots=True)
class ByState:
    """A value of v5 that v4 shows as one word once the resource is in a final state, and as another before."""

    ended: str
    before: str


@dataclass(frozen=True, slots=True)
class Values:
    """Values of one attribute that differ; all others are the same.

    `down` gives None for a value of v5 whose whole resource does not exist in v4.
    """

    up: Mapping[str, str] = field(default_factory=dict)
    down: Mapping[str, str | ByState | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Nesting:
    """The object that v5 has inside a class, where v4 writes all attributes side by side.

    `name`: the attribute that holds it. `inside`: the v4 attributes that go into it; None: all but the role.
    `inner_type` tells its class from them. `referred_type` makes a missing `@referredType`, which v4 demands, from that
    class. `keeps_inner_type`: v4 shows the inner `@type` as its own.
    """

    name: str
    inside: frozenset[str] | None
    inner_type: Callable[[Mapping[str, Any]], str]
    referred_type: Callable[[str], str] | None = None
    keeps_inner_type: bool = False


@dataclass(frozen=True, slots=True)
class Explanation:
    """The v5 attribute with messages (`code`, `message`) that v4 shows as notes. `time`: where their time is."""

    attribute: str
    time: str


@dataclass(frozen=True, slots=True)
class ClassMapping:
    """One class in both versions.

    `v4`, `v5`: its `@type`; None where it has none. `parts`: attributes that hold objects of another class, by their v4
    name. `renamed`: v4 name → v5 name. `misspelt`: wrong → right name of an attribute in v5. `v4_only`, `v5_only`:
    attributes that the other version does not have; those of v4 ride along in v5. `v4_demands`, `v5_demands`: what is
    supplied when it is missing. `is_reference`: an `@type` that does not end in `Ref` names the target. `converter`:
    for classes that differ in more than names. `explained_by`: what v4 shows as notes.
    """

    v4: str | None = None
    v5: str | None = None
    parts: Mapping[str, str] = field(default_factory=dict)
    renamed: Mapping[str, str] = field(default_factory=dict)
    misspelt: Mapping[str, str] = field(default_factory=dict)
    v4_only: tuple[str, ...] = ()
    v5_only: tuple[str, ...] = ()
    values: Mapping[str, Values] = field(default_factory=dict)
    v4_demands: Mapping[str, Default] = field(default_factory=dict)
    v5_demands: Mapping[str, Default] = field(default_factory=dict)
    is_reference: bool = False
    converter: Callable[[ClassMapping], Converter] | None = None
    nesting: Nesting | None = None
    explained_by: Explanation | None = None


def same(name: str, **differences: Any) -> ClassMapping:
    """A class with the same name in both versions."""
    return ClassMapping(v4=name, v5=name, **differences)


def reference(name: str, **differences: Any) -> ClassMapping:
    """A reference: id, href, name, `@referredType`."""
    return ClassMapping(v4=name, v5=name, is_reference=True, **differences)


def always(value: Any) -> Default:
    """The same default for every object."""
    return lambda _: value
