"""How items of the catalog name one another."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Reference:
    """Another item by its id; in the version `edition`, or in the one that counts at the time. It may be unknown."""

    id: str
    edition: str | None = None

    def __str__(self) -> str:
        return self.id if self.edition is None else f"{self.id} in version {self.edition}"


@dataclass(frozen=True, slots=True)
class Relationship:
    """To another item of the same kind. `type` as in "requires", "excludes", "substitutes"; any other is kept."""

    type: str
    to: Reference
    role: str | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None
