"""What partner profiles need from outside."""

from dataclasses import dataclass
from typing import Protocol

from canonical.partners.profile_version import ProfileVersion
from canonical.shared.ports import UnitOfWork


@dataclass(frozen=True, slots=True)
class Turn:
    """The turn of one change of a client's versions. `changes` counts those before it, `last` is the number of the
    client's newest version (0 without one).
    """

    changes: int
    last: int


class ProfileChanges(Protocol):
    """Puts changes into an order: those of one client wait for each other until they commit."""

    def take_turn(self, client: str, /) -> Turn:
        """The changes and the newest number, as they are for this transaction until it ends."""
        ...

    def number(self, client: str, last: int, /) -> None:
        """`last` is the newest number from now on."""
        ...

    def announce(self) -> None:
        """Have all nodes look what is in force."""
        ...


class ProfileWork(UnitOfWork, Protocol):
    @property
    def profile_changes(self) -> ProfileChanges: ...


class PublishedProfiles(Protocol):
    """What a node reads to know what is in force."""

    def changes(self) -> int:
        """Another number after each activation or retirement."""
        ...

    def published(self) -> list[ProfileVersion]:
        """All versions that are in force, or come into force later, or ended lately."""
        ...

    def version(self, client: str, number: int, /) -> ProfileVersion | None:
        """The version, in whatever state it is."""
        ...
