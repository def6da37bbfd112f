"""Products as each version of TMF637 speaks of them, and contents that the core may have."""

from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from canonical.inventory.asset import Cause, CustomerAsset
from canonical.inventory.contents import (
    AssetCharacteristic,
    AssetContents,
    AssetOffering,
    AssetOrder,
    AssetParty,
    AssetPlace,
    AssetPrice,
    AssetRelationship,
    AssetTerm,
    RelationshipType,
)
from canonical.inventory.states import AssetStatus
from canonical.shared import jsontext
from canonical.shared.money import Money
from facade.application.requests import Translation
from facade.bootstrap.versions import versions_of
from facade.security.principal import Principal
from facade.tmf.engine.changes import Patch, planned
from facade.tmf.engine.declaration import Sender
from facade.tmf.engine.payload import Payload
from facade.tmf.engine.translator import ResourceTranslator
from facade.tmf.engine.versions import Version
from facade.tmf.tmf637 import product
from facade.tmf.tmf637.api import PRODUCT, TMF637
from facade.tmf.vocabulary import STANDARD
from tests.support.builders import NOON
from tests.support.memory import Memory
from tests.support.memory_reads import ReadsFromMemory

ADMIN = Sender("qa", STANDARD, reason="counted again")
ASSET_ID = "0197a000-0000-7000-8000-000000000001"
HREF = "https://x.example/1"
VERSIONS: dict[str, Version] = {version: versions_of(TMF637, version)[PRODUCT.name] for version in ("v5", "v4")}
V5, V4 = VERSIONS["v5"], VERSIONS["v4"]
CAUSE = Cause("ordered", "acme", AssetOrder("o1", "1", "add"))


def translated(version: Version, body: Payload) -> Translation:
    translator = ResourceTranslator(version, ReadsFromMemory(Memory()))
    return translator.translate(body, Principal(ADMIN.client, frozenset({"inventory:correct"})), ADMIN.reason)


def recorded(translation: Translation) -> CustomerAsset:
    asked = translation.command
    cause = Cause(asked.reason, asked.owner)
    asset_id = asked.asset_id or ASSET_ID
    return CustomerAsset.create(asset_id, asked.owner, asked.customer_id, asked.contents, asked.status, cause, NOON)


def document(asset: CustomerAsset, carried: Payload | None = None) -> Payload:
    """The v5 document as it is kept."""
    kept: Payload = jsontext.read_kept(jsontext.text(product.from_asset(asset, carried or {})))
    return kept


def shown(version: Version, asset: CustomerAsset, carried: Payload | None = None) -> Payload:
    answer: Payload = jsontext.read_kept(version.shown(jsontext.text(document(asset, carried)), HREF, None).text)
    return answer


def plan_of(asset: CustomerAsset, patch: Any, carried: Payload | None = None, version: Version = V5) -> Any:
    """The command of a merge patch; None for nothing."""
    assert PRODUCT.patch is not None
    sent = Patch("application/merge-patch+json", patch, HREF)
    translation = planned(version, PRODUCT.patch, sent, asset, carried or {}, ADMIN)
    return translation and translation.command


def an_asset(
    contents: AssetContents, customer: str = "C12345", status: AssetStatus = AssetStatus.ACTIVE, cause: Cause = CAUSE
) -> CustomerAsset:
    return CustomerAsset.create(ASSET_ID, "acme", customer, contents, status, cause, NOON)


TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1, max_size=8)
MAYBE = st.none() | TEXT
MOMENT = st.none() | st.datetimes().map(lambda at: at.replace(microsecond=0, tzinfo=NOON.tzinfo))


def several(one: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(one, max_size=2).map(tuple)


VALUES = (("TEXT", "8"), ("NUMBER", "0.50"), ("BOOLEAN", "true"), ("OBJECT", '{"a":1}'), ("OBJECT", "[1,2]"))
CHARACTERISTIC = st.builds(lambda name, value: AssetCharacteristic(name, *value), TEXT, st.sampled_from(VALUES))
MONEY = st.builds(Money, st.decimals(-1000, 1000, places=2).map(Decimal.normalize), st.sampled_from(["EUR", "USD"]))
PRICE = st.builds(
    AssetPrice,
    st.sampled_from(["ONE_TIME", "RECURRING", "USAGE", "toll"]),
    st.none() | MONEY,
    MAYBE,
    MAYBE,
    MAYBE,
    MAYBE,
)
PLACE = st.builds(AssetPlace, TEXT, MAYBE, MAYBE)
PARTY = st.builds(AssetParty, st.sampled_from(["User", "Payer"]), TEXT.map("P{}".format), MAYBE)
CONTENTS = st.builds(
    AssetContents,
    name=MAYBE,
    description=MAYBE,
    offering=st.none() | st.builds(AssetOffering, TEXT, MAYBE, MAYBE),
    specification_id=MAYBE,
    bundle=st.none() | st.booleans(),
    serial_number=MAYBE,
    characteristics=several(CHARACTERISTIC),
    prices=several(PRICE),
    terms=several(st.builds(AssetTerm, TEXT, st.none() | st.integers(0, 48), MOMENT)),
    places=several(PLACE),
    parties=several(PARTY),
    relationships=several(st.builds(AssetRelationship, st.sampled_from(RelationshipType), TEXT)),
    billing_account_id=MAYBE,
    ordered_at=MOMENT,
    started_at=MOMENT,
    ended_at=MOMENT,
)
