"""What a line asks for beside the offering: how, where and under which terms the product is to be."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ChosenCharacteristic:
    """A value that the product is to have. `type` is its type in JSON (TEXT, NUMBER, BOOLEAN, OBJECT), `text` the text
    itself, the digits of a number, `true` or `false`, or else JSON.
    """

    name: str
    type: str
    text: str


@dataclass(frozen=True, slots=True)
class WishedPlace:
    """A place in its role, as in "installation address". `id` is that of the system that knows the place; `text` is an
    address in words.
    """

    role: str
    id: str | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class WishedTerm:
    """A commitment for so many `units` ("month"), or until a moment."""

    name: str
    amount: int | None = None
    units: str | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class WishedParty:
    """Somebody who is to have a part in the product, beside the customer."""

    role: str
    id: str
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Wishes:
    """`customer_id` is the customer who is to own the product from then on, None if the owner stays. `quantity` is how
    many there are to be in all of a counted product that is changed, None if that stays.
    """

    places: tuple[WishedPlace, ...] = ()
    terms: tuple[WishedTerm, ...] = ()
    parties: tuple[WishedParty, ...] = ()
    billing_account_id: str | None = None
    customer_id: str | None = None
    quantity: int | None = None


NO_WISHES = Wishes()
