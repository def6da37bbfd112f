"""What ordering knows of the customer's assets: what a line changes, and what an item made or changes."""

from dataclasses import dataclass

from canonical.ordering.commands import ItemAction
from canonical.ordering.wishes import ChosenCharacteristic


@dataclass(frozen=True, slots=True)
class HeldAsset:
    """The asset that a line changes, as it is now. The order holds the claim on it. `action` is what the line asks of
    it, now that its status is known.
    """

    id: str
    action: ItemAction
    offering_id: str | None
    characteristics: tuple[ChosenCharacteristic, ...] = ()
