"""What is recorded of an asset: a snapshot, which later changes of the catalog leave as it is."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from canonical.shared.external_identifier import ExternalIdentifier
from canonical.shared.money import Money


class RelationshipType(StrEnum):
    """How an asset relates to another one. Others are refused."""

    BUNDLES = "BUNDLES"
    BUNDLED_BY = "BUNDLED_BY"
    RELIES_ON = "RELIES_ON"
    TARGETS = "TARGETS"
    IS_TARGETED_BY = "IS_TARGETED_BY"
    MIGRATES_TO = "MIGRATES_TO"


@dataclass(frozen=True, slots=True)
class AssetRelationship:
    """From the asset that has it to the asset `asset_id`, which need not exist (yet)."""

    type: RelationshipType
    asset_id: str


@dataclass(frozen=True, slots=True)
class AssetOffering:
    """The offering that the asset was made from, in the version that was ordered. `sku` is what BSS knows it by."""

    id: str
    version: str | None = None
    name: str | None = None
    sku: str | None = None


@dataclass(frozen=True, slots=True)
class AssetCharacteristic:
    """`type` is the type of the value in JSON (TEXT, NUMBER, BOOLEAN, OBJECT), `text` the text itself, the digits of a
    number, `true` or `false`, or else JSON.
    """

    name: str
    type: str
    text: str


@dataclass(frozen=True, slots=True)
class AssetPrice:
    """A price of one of it. `id` is that of the catalog's price, `period` is set for recurring charges, `unit` says
    what an amount for usage is for, as in "1 GB".
    """

    type: str
    amount: Money | None = None
    id: str | None = None
    name: str | None = None
    period: str | None = None
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class AssetTerm:
    """A commitment of `months` from the asset's start, or until another time when `until` is known."""

    name: str
    months: int | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class AssetPlace:
    """A place that the asset has, in its role, as in "installation address". `id` is that of the system that knows
    the place; `text` is an address in words.
    """

    role: str
    id: str | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class AssetParty:
    """Somebody with a part in it, beside the customer. `role` as in "user"."""

    role: str
    id: str
    name: str | None = None


@dataclass(frozen=True, slots=True)
class AssetOrder:
    """An item of an order that touched the asset. `action` as in "add"."""

    order_id: str
    item_id: str
    action: str


@dataclass(frozen=True, slots=True)
class AssetContents:
    """All that is recorded of an asset, without its status. It never changes; a change makes another one.

    `quantity` is more than 1 only for what is counted: 17 metres of cable are one asset. `subscription_id` is that of
    BSS.
    """

    name: str | None = None
    description: str | None = None
    offering: AssetOffering | None = None
    specification_id: str | None = None
    quantity: int = 1
    bundle: bool | None = None
    serial_number: str | None = None
    characteristics: tuple[AssetCharacteristic, ...] = ()
    prices: tuple[AssetPrice, ...] = ()
    terms: tuple[AssetTerm, ...] = ()
    places: tuple[AssetPlace, ...] = ()
    parties: tuple[AssetParty, ...] = ()
    relationships: tuple[AssetRelationship, ...] = ()
    billing_account_id: str | None = None
    subscription_id: str | None = None
    external_identifiers: tuple[ExternalIdentifier, ...] = ()
    ordered_at: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
