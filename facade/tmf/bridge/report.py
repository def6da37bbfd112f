"""What a translation between v4 and v5 gives: the body, and everything in it that is not the same afterwards."""

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
    """It was there, and the other version has no place for it."""
    DEFAULTED = "defaulted"
    """It was missing. The other version demands it, so the bridge supplied it."""
    RESHAPED = "reshaped"
    """It is there, in words that do not lead back to the original."""


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
    """A body in the words of the other version. It shares the parts that needed no change with the body given.

    `is_doubtful`: the other version's contract and the way back are to be checked, since the body given uses names of
    the other version or numbers that it writes differently. `nulls` are the places of those that were read
    as absent.
    """

    body: Any
    losses: tuple[Loss, ...] = ()
    is_doubtful: bool = False
    nulls: tuple[str, ...] = ()

    @property
    def leads_back(self) -> bool:
        """Whether the way back is sure to give the body again, and what was supplied."""
        return not self.is_doubtful and all(loss.kind is Kind.DEFAULTED for loss in self.losses)


class NotVisible(LookupError):
    """The resource or event does not exist in v4, such as a draft. Answer as if it were not found."""


@dataclass(slots=True)
class Run:
    """One translation in progress.

    `has_ended`: the resource that is lowered is in a final state. `keeps_hidden`: what v4 does not show is kept as
    Hidden. `is_doubtful`: as in `Bridged`.
    """

    has_ended: bool = False
    keeps_hidden: bool = False
    is_doubtful: bool = False
    losses: list[Loss] = field(default_factory=list)

    def bridged(self, body: Any) -> Bridged:
        return Bridged(body, tuple(self.losses), self.is_doubtful)

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
