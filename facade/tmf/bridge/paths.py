"""Names of attributes from one version to the other: in filters, `fields`, `sort` and JSON pointers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from facade.contract.pointers import Token, Tokens, tokens_of
from facade.tmf.bridge.converters import Convert, Converter
from facade.tmf.bridge.nested import NestedReference
from facade.tmf.bridge.special import BareId, Relationship


@dataclass(frozen=True, slots=True)
class Reached:
    """Where one more name leads: the names in the other version, and what stands there.

    `step` leads on from there and `convert` translates a value that stands there; both None where nothing differs.
    """

    names: Tokens
    step: NextName | None = None
    convert: Convert | None = None
    owner: Converter | None = None
    name: str = ""


NextName = Callable[[str], Reached]


def lift_path(root: Converter, path: str) -> str:
    """The v5 path of an attribute that can be compared, dots between the names."""
    names, reached = walk(root, path.split("."), up=True)
    leaf = ("id",) if reached is not None and isinstance(reached.owner, BareId) else ()
    return ".".join(map(str, names + leaf))


def missing(body: Any, text: str) -> tuple[int, int]:
    """How badly a pointer leads into `body`: less the deeper it leads, then the fewer tokens lead no further."""
    tokens = tokens_of(text)
    reached = sum(1 for _ in _values(body, tokens))
    return -reached, len(tokens) - reached


def found(body: Any, text: str) -> Any:
    """The value at a pointer, or the nearest one around it."""
    return [body, *_values(body, tokens_of(text))][-1]


def _values(body: Any, tokens: Sequence[str]) -> Iterator[Any]:
    """What stands at each token, as far as they lead."""
    for token in tokens:
        if isinstance(body, dict) and token in body:
            body = body[token]
        elif isinstance(body, list) and token.isdecimal() and len(token) < 7 and int(token) < len(body):
            body = body[int(token)]
        else:
            return
        yield body


def whole(root: Converter, place: tuple[Token, ...]) -> tuple[Token, ...]:
    """The place of the object around a place of a v5 document, if the object says nothing without it."""
    owner: Converter | None = root
    for depth, token in enumerate(place):
        if isinstance(token, int) or owner is None:
            continue
        if depth == len(place) - 1 and token in owner.essential():
            return place[:-1]
        rule = owner.down.get(token)
        owner = owner.parts.get(rule[0] if rule else token)
    return place


def is_position(name: Token) -> bool:
    """Whether a token selects entries of an array instead of naming an attribute."""
    return isinstance(name, int) or name in ("-", "*") or name.isdecimal()


def walk(root: Converter, names: Sequence[Token], *, up: bool) -> tuple[Tokens, Reached | None]:
    """The translated names and what stands at their end; None where nothing differs any more.

    Down, where v4 has nothing, they lead to the nearest place that it has.
    """
    step_of = _step_up if up else _step_down
    reached: Reached | None = Reached((), step_of(root), root.lift_member if up else root.lower_member, root)
    out: list[Token] = []
    for name in names:
        if reached is not None and isinstance(reached.owner, BareId) and not up:
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


def _step_up(owner: Converter) -> NextName:
    if isinstance(owner, NestedReference):
        return lambda name: _into_nesting(owner, name)
    if isinstance(owner, Relationship):
        return lambda name: _into_relationship(owner, name)
    return lambda name: _plain(owner, name, up=True)


def _step_down(owner: Converter) -> NextName:
    if isinstance(owner, NestedReference):
        return lambda name: _out_of_nesting(owner, name)
    if isinstance(owner, Relationship):
        return lambda name: _out_of_relationship(owner, name)
    return lambda name: _plain(owner, name, up=False)


def _plain(owner: Converter, name: str, *, up: bool) -> Reached:
    rules = owner.up if up else owner.down
    rule = rules.get(name, (name, None))
    if rule is None:
        return Reached(())
    other, convert = rule
    old = name if up else other
    inner = owner.parts.get(old)
    if inner is None:
        return Reached((other,), None, convert, owner, old)
    return Reached((other,), (_step_up if up else _step_down)(inner), convert, inner)


def _into_nesting(owner: NestedReference, name: str) -> Reached:
    nesting = owner.nesting
    outside = name == "role" or (nesting.inside is not None and name not in nesting.inside)
    return Reached((name,) if outside or name == nesting.name else (nesting.name, name), None, None, owner, name)


def _out_of_nesting(owner: NestedReference, name: str) -> Reached:
    if name != owner.nesting.name:
        return Reached((name,), None, None, owner, name)
    return Reached((), lambda inner: Reached((inner,)), None)


def _into_relationship(owner: Relationship, name: str) -> Reached:
    if name != owner.held:
        return _plain(owner, name, up=True)
    held = owner.parts[owner.held]

    def into(inner: str) -> Reached:
        if inner in Relationship.HOISTED:
            return Reached((inner,))
        reached = _plain(held, inner, up=True)
        return Reached((owner.held, *reached.names), reached.step, reached.convert, reached.owner, reached.name)

    return Reached((), into, None, owner, name)


def _out_of_relationship(owner: Relationship, name: str) -> Reached:
    return Reached((owner.held, name)) if name in Relationship.HOISTED else _plain(owner, name, up=False)
