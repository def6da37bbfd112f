"""Bodies in words of a client's own are read in ours before a contract checks them; so are answers."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from facade.contract.violations import Violation


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
