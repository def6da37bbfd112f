"""`Bridge`: one API between v4 and v5."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from canonical.shared import jsontext
from facade.contract.pointers import Token, Tokens, pointer, tokens_of
from facade.contract.validator import Checked
from facade.contract.violations import ContractViolation, Violation
from facade.tmf.bridge import patches, patching, paths
from facade.tmf.bridge.classes import ClassMapping
from facade.tmf.bridge.complement import (
    COMPLEMENT,
    Entry,
    PositionsAside,
    attributes_of,
    concerns,
    difference,
    full_pointer,
    with_complement,
    without_complement,
)
from facade.tmf.bridge.converters import Converter, Object
from facade.tmf.bridge.moving import moved
from facade.tmf.bridge.patches import LiftedPatch, Operation
from facade.tmf.bridge.patching import Lower, Patched
from facade.tmf.bridge.report import Bridged, Kind, Loss, NotVisible, Run
from facade.tmf.bridge.tables import SHARED
from facade.tmf.bridge.unfit import Fitted, Judge, fit
from facade.tmf.patch import changed

EVENT = "Event"

LONGEST_REMEMBERED = 200
"""Characters of a pointer: most resources have the same ones, and nobody may fill the memory with others."""

NONE_ASIDE: PositionsAside = MappingProxyType({})

Needs = Callable[[Any, Tokens], Violation | None]
"""Why a place of a v5 document must not be set aside; None if it may be."""


class Bridge:
    """Translates the resources of one API. `classes` are its own; those that APIs share are there already.

    Resources are named as classes are: `ProductOrder`, and `Hub`, `Error`, `Event` for every API. An unknown name is
    a KeyError. `hidden_events`: event types of v5 that v4 does not have. `ended`: states in which a resource has ended.
    `needs`: what the API's own rules read, so that it cannot be set aside.
    """

    def __init__(
        self,
        classes: Mapping[str, ClassMapping],
        *,
        hidden_events: frozenset[str] = frozenset(),
        ended: frozenset[str] = frozenset(),
        needs: Needs = lambda document, place: None,
    ) -> None:
        self.classes: Mapping[str, ClassMapping] = MappingProxyType({**SHARED, **classes})
        self._hidden_events, self._ended, self._needs = hidden_events, ended, needs
        self._converters = _connected(self.classes)
        self._remembered = lru_cache(maxsize=4096)(self._lowered_pointer)

    def lift(self, resource: str, body: Any) -> Bridged:
        """A v4 body in v5. v5's contract may not take it: `fit`.

        Whole bodies and merge patches alike: at the top nothing is supplied but `@type`. Expects a body that v4's
        contract accepts; what has another type than the tables expect stays as it is.
        """
        run = Run()
        return run.bridged(self._converters[resource].lift_member(body, (), run))

    def fit(self, resource: str, sent: Any, lifted: Bridged, judge: Judge) -> Bridged:
        """`lifted`, the v4 body `sent` in v5, with no more than v5's contract takes; the rest is in its complement.

        Raises ContractViolation, with v5 pointers, for what the API needs and for a body that itself breaks a rule.
        """
        fitted, lost = self._fitted(resource, lifted.body, sent, judge)
        entries = self._difference(resource, fitted.marked, sent)
        return Bridged(with_complement(fitted.document, entries), (*lifted.losses, *lost))

    def lower(self, resource: str, body: Any) -> Bridged:
        """A v5 body in v4. Raises NotVisible when v4 has no such resource."""
        known = body if isinstance(body, dict) else {}
        kind = known.get("eventType", known.get("@type"))
        if resource == EVENT and isinstance(kind, str) and kind in self._hidden_events:
            raise NotVisible(f"{kind} does not exist in v4")
        state = known.get("state")
        run = Run(has_ended=isinstance(state, str) and state in self._ended)
        return run.bridged(self._converters[resource].lower_member(body, (), run))

    def patched(self, resource: str, document: Object, media_type: str, patch: Any, lower: Lower) -> Patched:
        """What a v4 patch makes of a v5 document. v5's contract may not take it: `fit_patched`.

        `lower` tells what v4 shows of a document. A `test` is about that, and an attribute that is given as v4 shows it
        stays as it is kept. Raises what `apply_patch` does, with pointers into the patch.
        """
        return patching.patched(self, resource, document, media_type, patch, lower)

    def told(self, resource: str, document: Object) -> tuple[Object, ...]:
        """The notes that v4 shows instead of a v5 attribute of this document."""
        return self._converters[resource].told(document)

    def fit_patched(self, resource: str, document: Object, patched: Patched, judge: Judge) -> Bridged:
        """The patched document as `fit` gives it. `document` is the one before."""
        names, asked = self.lifted_names(resource, patched.asked), set(patched.asked)

        def concerned(body: Any) -> Checked:
            checked = judge(body)
            first = [(tokens_of(violation.pointer) or [""])[0] for violation in checked.violations]
            found = [one for one, name in zip(checked.violations, first, strict=True) if name in (*names, "")]
            return replace(checked, violations=tuple(found))

        fitted, lost = self._fitted(resource, patched.document, patched.shown, concerned)
        marked = {name: value for name, value in fitted.marked.items() if name in names}
        entries = [entry for entry in document.get(COMPLEMENT, ()) if not concerns(entry, asked)]
        wanted = {name: value for name, value in patched.shown.items() if name in asked}
        entries += self._difference(resource, marked, wanted)
        return Bridged(with_complement(fitted.document, entries), (*patched.losses, *lost))

    def moved(self, resource: str, before: Object, after: Object) -> Object:
        """`after`, which v5 made of `before`, with the complement of `before` as far as it still applies."""
        entries = before.get(COMPLEMENT)
        if not entries:
            return after
        names = changed(without_complement(before), after)
        old, new = (
            self.lower(resource, {name: document[name] for name in names if name in document}).body
            for document in (before, after)
        )
        touched = old.keys() | new.keys()
        kept = [entry for entry in entries if not concerns(entry, touched)]
        kept += moved([entry for entry in entries if concerns(entry, touched)], old, new)
        return with_complement(after, kept)

    def changed(self, resource: str, before: Object, after: Object) -> list[str]:
        """The top-level v5 attributes that differ, also those that only v4 shows differently."""
        names = changed(without_complement(before), without_complement(after))
        old, new = ({jsontext.text(entry): entry for entry in one.get(COMPLEMENT, ())} for one in (before, after))
        differing = [entry for text, entry in (old | new).items() if text not in old or text not in new]
        shown = dict.fromkeys(name for entry in differing for name in attributes_of(entry))
        return list(dict.fromkeys((*names, *self.lifted_names(resource, shown))))

    def lift_patch(
        self, resource: str, operations: Sequence[Operation], numbers: Sequence[int] | None = None
    ) -> LiftedPatch:
        """A v4 JSON patch as a v5 one. One operation may become two: a characteristic's class follows its value.

        `numbers` are those that losses and errors show for the operations, from 0 by default. Raises ContractViolation
        for a step into the object that a relationship holds, which v5 has no single place for.
        """
        return patches.lift_patch(self._converters[resource], operations, numbers)

    def lost_by_patch(self, resource: str, operations: Iterable[tuple[int, Operation]]) -> list[Loss]:
        """What the values in operations of a v4 JSON patch lose in v5. Each operation comes with its number."""
        return patches.lost_by_patch(self._converters[resource], operations)

    def alike(self, resource: str, source: str, target: str) -> bool:
        """Whether a value may go from one v4 path to another in v5 as it stands there."""
        return patches.alike(self._converters[resource], source, target)

    def lift_names(self, resource: str, names: Sequence[Token]) -> Tokens:
        """The v5 names for v4 names that lead into a resource, positions in arrays included where they are given.

        Translates a name at a time, so that a longer path starts with the translation of its beginning. The one
        exception is what a relationship holds, whose id, name and address v5 has one level higher.
        """
        return paths.walk(self._converters[resource], names, up=True)[0]

    def lifted_names(self, resource: str, attributes: Iterable[str]) -> dict[str, None]:
        """The v5 names of top-level v4 attributes, in their order."""
        return dict.fromkeys(str(name) for one in attributes for name in self.lift_names(resource, (one,))[:1])

    def lift_path(self, resource: str, path: str) -> str:
        """The v5 path of an attribute to filter or sort by: `relatedParty.id` → `relatedParty.partyOrPartyRole.id`.

        Unlike `lift_names` it ends at a value that can be compared: `externalId` → `externalId.id`.
        """
        return paths.lift_path(self._converters[resource], path)

    def lower_path(self, resource: str, path: str) -> str:
        """The v4 path of an attribute, dots between the names, or of the nearest one that v4 has."""
        return ".".join(map(str, paths.walk(self._converters[resource], path.split("."), up=False)[0]))

    def form_of(self, resource: str, body: Any) -> str | None:
        """The version that a body is written for, `v4` or `v5`; None if nothing in it tells, or if it mixes both."""
        signs = set(self._converters[resource].signs_in(body))
        return signs.pop() if len(signs) == 1 else None

    def lower_pointer(self, resource: str, text: str) -> str:
        """The v4 JSON pointer of a place in a v5 body, or of the nearest place that v4 has."""
        known = len(text) <= LONGEST_REMEMBERED
        return self._remembered(resource, text) if known else self._lowered_pointer(resource, text)

    def sent_pointer(self, resource: str, text: str, body: Any, aside: PositionsAside = NONE_ASIDE) -> str:
        """The place in a v4 body that a v5 pointer speaks of. `aside`: what the v5 document does not have of it.

        v4 clients may use v5's names where v4's are missing; then it is the v5 pointer that leads into what they sent.
        """
        lowered = self.lower_pointer(resource, text)
        places = [lowered] if lowered == text else [lowered, text]
        if aside:
            places = [full_pointer(place, aside) for place in places]
        return places[0] if len(places) == 1 else min(places, key=lambda place: paths.missing(body, place))

    def hidden_values(self, resource: str) -> dict[str, tuple[str, ...]]:
        """For each top-level attribute, the v5 values that make a resource invisible in v4. Lists must omit them."""
        found = {
            name: tuple(value for value, meant in values.down.items() if meant is None)
            for name, values in self.classes[resource].values.items()
        }
        return {name: values for name, values in found.items() if values}

    def _fitted(self, resource: str, document: Any, shown: Any, judge: Judge) -> tuple[Fitted, list[Loss]]:
        """What v5's contract takes of a lifted document, and the losses with pointers into `shown`, the one in v4."""
        root = self._converters[resource]
        fitted = fit(document, judge, "v5", lambda place: paths.whole(root, place))
        places = list(fitted.places())
        refused = [found for place, _ in places if (found := self._needs(document, place)) is not None]
        if refused:
            raise ContractViolation(refused)
        pointers = [(self.sent_pointer(resource, pointer(place), shown), reason) for place, reason in places]
        return fitted, [Loss(at, Kind.LOST, reason, paths.found(shown, at)) for at, reason in pointers]

    def _difference(self, resource: str, marked: Any, wanted: Any) -> list[Entry]:
        """The complement that makes v4 show a v5 document as `wanted`."""
        try:
            shown = self._converters[resource].lower_member(marked, (), Run(keeps_hidden=True))
        except NotVisible:
            return []
        return difference(shown, wanted)

    def _lowered_pointer(self, resource: str, text: str) -> str:
        return pointer(paths.walk(self._converters[resource], tokens_of(text), up=False)[0])


def _connected(classes: Mapping[str, ClassMapping]) -> Mapping[str, Converter]:
    converters = {name: (mapping.converter or Converter)(mapping) for name, mapping in classes.items()}
    for converter in converters.values():
        converter.connect(converters)
    return converters
