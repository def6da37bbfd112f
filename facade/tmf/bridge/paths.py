"""Names of attributes from one version to the other: paths in filters, `fields` and `sort`, and JSON pointers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from facade.contract.pointers import Token, pointer
from facade.tmf.bridge.bodies import SHAPES, converter
from facade.tmf.bridge.converters import Convert, Plain
from facade.tmf.bridge.forms import Identifier, RelatedProduct
from facade.tmf.bridge.shapes import Special
from facade.tmf.bridge.wrapped import Wrapped

Names = tuple[Token, ...]

LONGEST_REMEMBERED = 200
"""Characters of a pointer: most orders have the same ones, and nobody may fill the memory with others."""


@dataclass(frozen=True, slots=True)
class Reached:
    """Where one more name leads: the names in the other version, and what stands there.

    `step` leads on from there and `convert` translates a value that stands there; both None where nothing differs.
    """

    names: Names
    step: Step | None = None
    convert: Convert | None = None
    owner: Plain | None = None
    name: str = ""


Step = Callable[[str], Reached]


def lift_names(resource: str, names: Sequence[Token]) -> Names:
    """The v5 names for v4 names that lead into a resource, positions in arrays included where they are given.

    Translates a name at a time, so that a longer path starts with the translation of its beginning. The one exception
    is a related product, whose id, name and address v5 has one level higher.
    """
    return walk(resource, names, up=True)[0]


def lower_names(resource: str, names: Sequence[Token]) -> Names:
    """The v4 names for v5 names. Where v4 has nothing, they lead to the nearest place that it has."""
    return walk(resource, names, up=False)[0]


def lift_path(resource: str, path: str) -> str:
    """The v5 path of an attribute to filter or sort by: `relatedParty.id` → `relatedParty.partyOrPartyRole.id`.

    Unlike `lift_names` it ends at a value that can be compared: `externalId` → `externalId.id`.
    """
    names, reached = walk(resource, path.split("."), up=True)
    leaf = ("id",) if reached is not None and isinstance(reached.owner, Identifier) else ()
    return ".".join(map(str, names + leaf))


def hidden_values(resource: str) -> dict[str, tuple[str, ...]]:
    """For each top-level attribute, the v5 values that make a resource invisible in v4. Lists must leave them out."""
    found = {
        name: tuple(value for value, meant in values.down.items() if meant is Special.HIDDEN)
        for name, values in SHAPES[resource].values.items()
    }
    return {name: values for name, values in found.items() if values}


def lift_pointer(resource: str, text: str) -> str:
    """The v5 JSON pointer of a place in a v4 body."""
    return pointer(lift_names(resource, tokens_of(text)))


def lower_pointer(resource: str, text: str) -> str:
    """The v4 JSON pointer of a place in a v5 body, or of the nearest place that v4 has."""
    return _lowered(resource, text) if len(text) <= LONGEST_REMEMBERED else _lowered.__wrapped__(resource, text)


@lru_cache(maxsize=4096)
def _lowered(resource: str, text: str) -> str:
    return pointer(lower_names(resource, tokens_of(text)))


def sent_pointer(resource: str, text: str, body: Any) -> str:
    """The place in a v4 body that a v5 pointer speaks of.

    Clients of v4 may use v5's names where v4's are missing; then it is the v5 pointer that leads into what they sent.
    """
    lowered = lower_pointer(resource, text)
    return lowered if lowered == text else min((lowered, text), key=lambda place: _missing(body, tokens_of(place)))


def _missing(body: Any, tokens: Sequence[str]) -> tuple[int, int]:
    """Less the deeper the tokens lead into `body`, then the fewer of them lead no further."""
    reached = 0
    for token in tokens:
        if isinstance(body, dict) and token in body:
            body = body[token]
        elif isinstance(body, list) and token.isdecimal() and len(token) < 7 and int(token) < len(body):
            body = body[int(token)]
        else:
            break
        reached += 1
    return -reached, len(tokens) - reached


def tokens_of(text: str) -> list[str]:
    """The unescaped tokens of a JSON pointer."""
    return [token.replace("~1", "/").replace("~0", "~") for token in text.split("/")[1:]]


def is_position(name: Token) -> bool:
    """Whether a token selects entries of an array instead of naming an attribute."""
    return isinstance(name, int) or name in ("-", "*") or name.isdecimal()


def walk(resource: str, names: Sequence[Token], *, up: bool) -> tuple[Names, Reached | None]:
    """The translated names and what stands at their end; None where nothing differs any more."""
    step_of = _step_up if up else _step_down
    root = converter(resource)
    reached: Reached | None = Reached((), step_of(root), root.lift_member if up else root.lower_member, root)
    out: list[Token] = []
    for name in names:
        if reached is not None and isinstance(reached.owner, Identifier) and not up:
            break
        if is_position(name):
            out.append(name)
        elif reached is None or reached.step is None:
            out.append(name)
            reached = None
        else:
            reached = reached.step(str(name))
            out.extend(reached.names)
            if not reached.names and reached.step is None:
                break
    return tuple(out), reached


def _step_up(owner: Plain) -> Step:
    if isinstance(owner, Wrapped):
        return lambda name: _into_wrapping(owner, name)
    if isinstance(owner, RelatedProduct):
        return lambda name: _into_related_product(owner, name)
    return lambda name: _plain(owner, name, up=True)


def _step_down(owner: Plain) -> Step:
    if isinstance(owner, Wrapped):
        return lambda name: _out_of_wrapping(owner, name)
    if isinstance(owner, RelatedProduct):
        return lambda name: _out_of_relationship(owner, name)
    return lambda name: _plain(owner, name, up=False)


def _plain(owner: Plain, name: str, *, up: bool) -> Reached:
    rules = owner.up if up else owner.down
    rule = rules.get(name, (name, None))
    if rule is None:
        return Reached(())
    other, convert = rule
    old = name if up else other
    part = owner.shape.parts.get(old)
    if part is None:
        return Reached((other,), None, convert, owner, old)
    inner = converter(part)
    return Reached((other,), (_step_up if up else _step_down)(inner), convert, inner)


def _into_wrapping(owner: Wrapped, name: str) -> Reached:
    wrapping = owner.wrapping
    outside = name == "role" or (wrapping.inside is not None and name not in wrapping.inside)
    return Reached((name,) if outside or name == wrapping.name else (wrapping.name, name), None, None, owner, name)


def _out_of_wrapping(owner: Wrapped, name: str) -> Reached:
    if name != owner.wrapping.name:
        return Reached((name,), None, None, owner, name)
    return Reached((), lambda inner: Reached((inner,)), None)


def _into_related_product(owner: RelatedProduct, name: str) -> Reached:
    if name != "product":
        return _plain(owner, name, up=True)
    product = converter(owner.shape.parts["product"])

    def into(inner: str) -> Reached:
        if inner in RelatedProduct.HOISTED:
            return Reached((inner,))
        reached = _plain(product, inner, up=True)
        return Reached(("product", *reached.names), reached.step, reached.convert, reached.owner, reached.name)

    return Reached((), into, None, owner, name)


def _out_of_relationship(owner: RelatedProduct, name: str) -> Reached:
    return Reached(("product", name)) if name in RelatedProduct.HOISTED else _plain(owner, name, up=False)
