"""What the catalog needs from outside."""

from collections.abc import Iterable
from typing import Protocol

from canonical.shared import ports as shared
from canonical.shared.aggregates import Link


class Publications(Protocol):
    """Counts what is published, so that readers notice, and lets changes of the catalog in one after the other."""

    def take_turn(self) -> None:
        """Wait for changes of the catalog that are under way, and keep later ones waiting until this one is committed.

        Otherwise two changes made at once could each be right and together be wrong.
        """
        ...

    def count(self) -> None:
        """Tell readers that what they remember may be old."""
        ...


class UnitOfWork(shared.UnitOfWork, Protocol):
    @property
    def publications(self) -> Publications: ...

    def referring(self, link: Link, kinds: Iterable[str], /) -> str | None:
        """The first of `kinds` of which something that is kept has this link; None for none."""
        ...
