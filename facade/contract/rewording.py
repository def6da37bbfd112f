"""Bodies in words of a client's own are read in ours before a contract checks them; so are answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from facade.contract.violations import Violation

if TYPE_CHECKING:
    from facade.contract.validator import Checked


class Reworded(Protocol):
    """A request body that was sent in a client's own words."""

    @property
    def body(self) -> Any:
        """The body in our words."""
        ...

    def told(self, violations: Sequence[Violation]) -> tuple[Violation, ...]:
        """What is wrong with the body, in the client's words."""
        ...


class Rewording(Protocol):
    """The words of the clients of one API. `context` is what Connexion knows of the request."""

    def request(self, context: Mapping[str, Any], operation: str, media_type: str, body: Any, /) -> Reworded | None:
        """None if the client has no words of its own for this operation."""
        ...

    def answer(self, context: Mapping[str, Any], operation: str, body: Any, /) -> Any:
        """An answer in the client's words, in ours."""
        ...


Reword = Callable[[Any], Reworded | None]
C = TypeVar("C", "Checked", "Checked | None")


def in_our_words(check: Callable[[Any], C], reword: Reword) -> Callable[[Any], C]:
    """`check` for a body that may be in the client's own words: it is read in ours, and mistakes are told in the
    client's.
    """

    def checked(body: Any) -> C:
        reworded = reword(body)
        if reworded is None:
            return check(body)
        found = check(reworded.body)
        if found is None:
            return found
        return replace(found, violations=reworded.told(found.violations), reworded=reworded)

    return checked
