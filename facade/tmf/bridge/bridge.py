"""`Bridge`: one API between v4 and v5."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from facade.contract.pointers import Token, pointer, tokens_of
from facade.tmf.bridge import patches, paths
from facade.tmf.bridge.classes import ClassMapping
from facade.tmf.bridge.converters import Converter
from facade.tmf.bridge.patches import LiftedPatch, Operation
from facade.tmf.bridge.paths import Names
from facade.tmf.bridge.report import Bridged, NotVisible, Run
from facade.tmf.bridge.tables import SHARED

LONGEST_REMEMBERED = 200
"""Characters of a pointer: most resources have the same ones, and nobody may fill the memory with others."""


class Bridge:
    """Translates the resources of one API. `classes` are its own; those that APIs share are there already.

    Resources are named as classes are: `ProductOrder`, and `Hub`, `Error`, `Event` for every API. An unknown name is
    a KeyError. `hidden_events`: event types of v5 that v4 does not have. `ended`: states in which a resource has ended.
    """

    def __init__(
        self,
        classes: Mapping[str, ClassMapping],
        *,
        hidden_events: frozenset[str] = frozenset(),
        ended: frozenset[str] = frozenset(),
    ) -> None:
        self.classes: Mapping[str, ClassMapping] = MappingProxyType({**SHARED, **classes})
        self._hidden_events, self._ended = hidden_events, ended
        self._converters = _connected(self.classes)
        self._remembered = lru_cache(maxsize=4096)(self._lowered_pointer)

    def lift(self, resource: str, body: Any) -> Bridged:
        """A v4 body in v5.

        Whole bodies and merge patches alike: at the top nothing is supplied but `@type`. Expects a body that v4's
        contract accepts; what has another type than the tables expect stays as it is. Raises ContractViolation for a
        duration that v5 cannot hold.
        """
        run = Run()
        return Bridged(self._converters[resource].lift_member(body, (), run), tuple(run.losses))

    def lower(self, resource: str, body: Any) -> Bridged:
        """A v5 body in v4. Raises NotVisible when v4 has no such resource."""
        known = body if isinstance(body, dict) else {}
        if known.get("eventType", known.get("@type")) in self._hidden_events:
            raise NotVisible(f"{known.get('eventType', known.get('@type'))} does not exist in v4")
        run = Run(has_ended=known.get("state") in self._ended)
        return Bridged(self._converters[resource].lower_member(body, (), run), tuple(run.losses))

    def lift_patch(
        self, resource: str, operations: Sequence[Operation], numbers: Sequence[int] | None = None
    ) -> LiftedPatch:
        """A v4 JSON patch as a v5 one. One operation may become two: a characteristic's class follows its value.

        `numbers` are those that losses and errors show for the operations, from 0 by default. Raises ContractViolation
        for a step into the object that a relationship holds, which v5 has no single place for.
        """
        return patches.lift_patch(self._converters[resource], operations, numbers)

    def alike(self, resource: str, source: str, target: str) -> bool:
        """Whether a value may go from one v4 path to another in v5 as it stands there."""
        return patches.alike(self._converters[resource], source, target)

    def lift_names(self, resource: str, names: Sequence[Token]) -> Names:
        """The v5 names for v4 names that lead into a resource, positions in arrays included where they are given.

        Translates a name at a time, so that a longer path starts with the translation of its beginning. The one
        exception is what a relationship holds, whose id, name and address v5 has one level higher.
        """
        return paths.walk(self._converters[resource], names, up=True)[0]

    def lift_path(self, resource: str, path: str) -> str:
        """The v5 path of an attribute to filter or sort by: `relatedParty.id` → `relatedParty.partyOrPartyRole.id`.

        Unlike `lift_names` it ends at a value that can be compared: `externalId` → `externalId.id`.
        """
        return paths.lift_path(self._converters[resource], path)

    def lower_pointer(self, resource: str, text: str) -> str:
        """The v4 JSON pointer of a place in a v5 body, or of the nearest place that v4 has."""
        known = len(text) <= LONGEST_REMEMBERED
        return self._remembered(resource, text) if known else self._lowered_pointer(resource, text)

    def sent_pointer(self, resource: str, text: str, body: Any) -> str:
        """The place in a v4 body that a v5 pointer speaks of.

        v4 clients may use v5's names where v4's are missing; then it is the v5 pointer that leads into what they sent.
        """
        lowered = self.lower_pointer(resource, text)
        return lowered if lowered == text else min((lowered, text), key=lambda place: paths.missing(body, place))

    def hidden_values(self, resource: str) -> dict[str, tuple[str, ...]]:
        """For each top-level attribute, the v5 values that make a resource invisible in v4. Lists must omit them."""
        found = {
            name: tuple(value for value, meant in values.down.items() if meant is None)
            for name, values in self.classes[resource].values.items()
        }
        return {name: values for name, values in found.items() if values}

    def _lowered_pointer(self, resource: str, text: str) -> str:
        return pointer(paths.walk(self._converters[resource], tokens_of(text), up=False)[0])


def _connected(classes: Mapping[str, ClassMapping]) -> Mapping[str, Converter]:
    converters = {name: (mapping.converter or Converter)(mapping) for name, mapping in classes.items()}
    for converter in converters.values():
        converter.connect(converters)
    return converters
