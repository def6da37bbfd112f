"""What a translation between v4 and v5 gives: the body, and an account of everything that is not the same in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from facade.contract.pointers import Token, pointer

Place = tuple[Any, ...]
"""Where a value stands: `(place of its parent, token)`, and `()` for the body. Made into a pointer only when needed."""


class Kind(StrEnum):
    """How something differs after the translation."""

    LOST = "lost"
    """It stood there and has no counterpart."""
    DEFAULTED = "defaulted"
    """Nothing stood there; the other version demands it and it was supplied."""
    RESHAPED = "reshaped"
    """It stood there and was put in words that do not lead back to it."""


@dataclass(frozen=True, slots=True)
class Loss:
    """One difference. `pointer` leads into the body that was given, also to where something was missing.

    `value` is what was there (lost, reshaped) or what was supplied (defaulted).
    """

    pointer: str
    kind: Kind
    reason: str
    value: Any = None

    def as_document(self) -> dict[str, Any]:
        return {"pointer": self.pointer, "kind": self.kind.value, "reason": self.reason, "value": self.value}


@dataclass(frozen=True, slots=True)
class Bridged:
    """A body in the words of the other version. Parts that needed no change are shared with the one given."""

    body: Any
    losses: tuple[Loss, ...] = ()


class NotVisible(LookupError):
    """The resource or event does not exist in v4: a draft, a milestone. Treat it as not found there."""


@dataclass(frozen=True, slots=True)
class Conventions:
    """What the tables leave to configuration."""

    external_id_owner: str | None = None
    external_id_type: str | None = None
    keep_types: bool = True
    """Whether a lowered body shows every `@type`. False leaves out those that its place tells anyway."""


@dataclass(slots=True)
class Run:
    """One translation under way."""

    conventions: Conventions
    is_final: bool = False
    """Whether the order that is lowered has ended."""
    losses: list[Loss] = field(default_factory=list)

    def lost(self, at: Place, reason: str, value: Any) -> None:
        self.losses.append(Loss(spelled(at), Kind.LOST, reason, value))

    def defaulted(self, at: Place, reason: str, value: Any) -> None:
        self.losses.append(Loss(spelled(at), Kind.DEFAULTED, reason, value))

    def reshaped(self, at: Place, reason: str, value: Any) -> None:
        self.losses.append(Loss(spelled(at), Kind.RESHAPED, reason, value))


def spelled(place: Place) -> str:
    """The JSON pointer of a place."""
    tokens: list[Token] = []
    while place:
        place, token = place
        tokens.append(token)
    return pointer(reversed(tokens))
