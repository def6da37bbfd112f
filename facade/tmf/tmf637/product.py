"""TMF637 v5 product: what a customer has. Recorded by orders, and corrected by administrators of the installed base."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from canonical.audit.record import Mapped
from canonical.inventory.asset import USABLE_ID, CustomerAsset
from canonical.inventory.commands import CorrectAsset, RecordAsset, RemoveAsset
from canonical.inventory.contents import AssetContents, AssetOrder, AssetParty, RelationshipType
from canonical.inventory.states import AssetStatus
from facade.application.requests import Translation
from facade.clock import instant, time_text
from facade.contract.violations import Code, ContractViolation, Violation
from facade.tmf.engine.declaration import Sender
from facade.tmf.engine.mapping import Field, Row, Written, carried_trail, read, show
from facade.tmf.engine.parties import customer_of
from facade.tmf.engine.parts import Part, Parts, Spread
from facade.tmf.engine.payload import SERVER_SET, Payload
from facade.tmf.tmf637.shapes import CHARACTERISTIC, OFFERING, PLACE, PRICE, RELATIONSHIP, TERM
from facade.tmf.vocabulary import folded

NO_REASON = "corrected through TMF637"

STATES: Mapping[AssetStatus, str] = MappingProxyType(
    {
        AssetStatus.CREATED: "created",
        AssetStatus.PENDING_ACTIVE: "pendingActive",
        AssetStatus.ACTIVE: "active",
        AssetStatus.SUSPENDED: "suspended",
        AssetStatus.PENDING_TERMINATE: "pendingTerminate",
        AssetStatus.TERMINATED: "terminated",
        AssetStatus.CANCELLED: "cancelled",
        AssetStatus.ABORTED: "aborted",
    }
)
STATUSES: Mapping[str, AssetStatus] = MappingProxyType(
    {shown: status for status, shown in STATES.items()} | {"aborted ": AssetStatus.ABORTED}
)
"""The official schema has a blank after `aborted`, in both versions."""
ITEM_ACTIONS: Mapping[str, str] = MappingProxyType(
    {"add": "add", "modify": "modify", "delete": "delete", "disconnect": "delete", "nochange": "noChange"}
)
"""An item of an order with another action, such as a suspension, modifies the product."""

FIELDS: tuple[Row, ...] = (Written("id", "id"), Written("creationDate", "created_at", time_text))
CONTENTS: tuple[Row, ...] = (
    Field("name", "name"),
    Field("description", "description"),
    Field("isBundle", "bundle"),
    Field("productSerialNumber", "serial_number"),
    Field("orderDate", "ordered_at", instant, time_text, "time in UTC"),
    Field("startDate", "started_at", instant, time_text, "time in UTC"),
    Field("terminationDate", "ended_at", instant, time_text, "time in UTC"),
    Spread("billingAccount", (Field("id", "billing_account_id"),), "BillingAccountRef", reference=True),
    Part("productOffering", "offering", OFFERING),
    Spread("productSpecification", (Field("id", "specification_id"),), "ProductSpecificationRef", reference=True),
    Parts("productCharacteristic", "characteristics", CHARACTERISTIC),
    Parts("productPrice", "prices", PRICE),
    Parts("productTerm", "terms", TERM),
    Parts("place", "places", PLACE),
    Parts("productRelationship", "relationships", RELATIONSHIP),
)
SHAPED = frozenset({"status", "relatedParty", "product", "productOrderItem"})
"""Read and written by hand. `product` shows the parts of a bundle if nobody sent others; `productOrderItem` the items
of orders that touched it, beside those that were sent.
"""
CARRIED = frozenset(
    {
        *("@type", "@baseType", "@schemaLocation", "agreementItem", "intent", "isCustomerVisible"),
        *("realizingResource", "realizingService"),
    }
)
IGNORED = frozenset({"href", "creationDate"})
"""What the server sets; clients may send it as it was shown, here or elsewhere."""
NEVER_CHANGED: Mapping[str, str] = MappingProxyType(
    dict.fromkeys(IGNORED, SERVER_SET)
    | dict.fromkeys(("id", "@type", "@baseType", "@schemaLocation"), "it is what it was at first")
)
ALWAYS: Mapping[str, Any] = MappingProxyType(
    {
        "billingAccount": None,
        "productOffering": None,
        "productCharacteristic": (),
        "productPrice": (),
        "relatedParty": (),
    }
)
"""What every product shows, by TM Forum's conformance profile, where nothing is known."""
NOT_IN_TMF = ("quantity", "subscription_id", "external_identifiers")
"""Fields that no attribute has: a correction leaves them as they are."""
_OWNED = frozenset(name for row in CONTENTS for name in row.attributes) | SHAPED


def to_record_asset(body: Payload, sender: Sender) -> Translation:
    """What a valid `Product_FVO` records. Raises ContractViolation with everything that is refused."""
    sent = {name: value for name, value in body.items() if name not in IGNORED}
    contents, customer, status, trail = _read(sent, sender)
    reason = sender.reason or NO_REASON
    command = RecordAsset(sender.client, customer, contents, status, reason, body.get("id"))
    return Translation(command, carried=sent, trail=trail, customer_id=customer or None)


def from_asset(asset: CustomerAsset, carried: Payload) -> Payload:
    """The `Product` as it stands, with everything that is carried; without its address."""
    shown = {"@type": carried.get("@type", "Product"), **show(FIELDS, asset, carried), "status": STATES[asset.state]}
    shown |= show(CONTENTS, asset.contents, carried)
    if parties := _shown_parties(asset, carried.get("relatedParty", [])):
        shown["relatedParty"] = parties
    sent = {name: carried[name] for name in ("product", "productOrderItem") if name in carried}
    if parts := sent.get("product", _bundled(asset)):
        shown["product"] = parts
    items = sent.get("productOrderItem", [])
    if more := [one for one in _orders(asset) if not any(_is_same_item(one, each) for each in items)]:
        shown["productOrderItem"] = [*items, *more]
    kept = {name: value for name, value in carried.items() if name in shown or name not in _OWNED}
    kept |= {name: sent[name] for name in sent if name not in shown}
    nothing = {name: value if value is None else list(value) for name, value in ALWAYS.items()}
    return {**nothing, **kept, **shown}


# --- changes ----------------------------------------------------------------------------------------------------------


def asked_of(asset: CustomerAsset, names: Collection[str], after: Payload, _: Sender) -> Collection[str]:
    """Every attribute asks for a correction; whether the status may follow is the core's to say."""
    return set(names)


def as_created(document: Payload, asset: CustomerAsset) -> Payload:
    """What would have had to be sent to have the product as it is to be."""
    kept = {name: value for name, value in document.items() if name not in IGNORED and value is not None}
    for name, known in (("product", _bundled(asset)), ("productOrderItem", _orders(asset))):
        if known and isinstance(kept.get(name), list):
            kept[name] = [one for one in kept[name] if one not in known]
            if not kept[name]:
                del kept[name]
    return kept


def to_change(
    asked: Collection[str], asset: CustomerAsset, names: Collection[str], body: Payload, sender: Sender
) -> Translation:
    contents, customer, status, trail = _read(body, sender)
    contents = replace(contents, **{name: getattr(asset.contents, name) for name in NOT_IN_TMF})
    before, after = asset.contents.offering, contents.offering
    if before is not None and after is not None and before.id == after.id:
        contents = replace(contents, offering=replace(after, sku=before.sku))
    reason = sender.reason or NO_REASON
    command = CorrectAsset(
        asset.id, sender.client, customer, contents, status, reason, asset.version, changes_carried=True
    )
    return Translation(command, carried=body, trail=trail, customer_id=customer or None)


def to_removal(asset_id: str, expected_version: int | None, one_version: bool, sender: Sender) -> Translation:
    command = RemoveAsset(asset_id, sender.client, sender.reason or NO_REASON, expected_version)
    return Translation(command, changes=asset_id)


# --- what is read and shown by hand -----------------------------------------------------------------------------------


def _read(body: Payload, sender: Sender) -> tuple[AssetContents, str, AssetStatus, tuple[Mapped, ...]]:
    fields, trail, wrong = read(CONTENTS, body, to="/contents")
    violations = [*wrong, *_wrong_id(body)]
    # Who is bound to customers records nothing that is nobody's: nobody bound would see it again.
    bound = sender.reader is not None and not sender.reader.may_act_for("")
    customer = customer_of(body, "the product", sender.vocabulary, trail, violations, needed=bound)
    parties = tuple(_parties(body, sender, customer, trail))
    status = STATUSES[body.get("status", "created")]
    if "status" in body:
        trail.append(Mapped("/status", "/status", "table of statuses"))
    if "id" in body:
        trail.append(Mapped("/id", "/asset_id", "as sent"))
    if violations:
        raise ContractViolation(violations)
    owned = {name for row in CONTENTS for name in row.attributes} | {"status", "id"}
    return AssetContents(**fields, parties=parties), customer, status, (*trail, *carried_trail(body, owned))


def _wrong_id(body: Payload) -> list[Violation]:
    if "id" not in body or USABLE_ID.fullmatch(body["id"]):
        return []
    text = "an id has 1 to 36 letters, digits and . _ ~ -, and begins with a letter or a digit"
    return [Violation("/id", Code.INVALID_VALUE, text)]


def _parties(body: Payload, sender: Sender, customer: str, trail: list[Mapped]) -> list[AssetParty]:
    """The related parties that have an id, beside the customer."""
    found: list[AssetParty] = []
    for index, party in enumerate(body.get("relatedParty", ())):
        known = _party(party)
        if known is not None and not sender.vocabulary.names_customer(known.role):
            trail.append(Mapped(f"/relatedParty/{index}", f"/contents/parties/{len(found)}", "role, id and name"))
            found.append(known)
    return found


def _party(sent: Payload) -> AssetParty | None:
    named = sent.get("partyOrPartyRole") or {}
    if not isinstance(named.get("id"), str):
        return None
    name = named.get("name")
    return AssetParty(str(sent.get("role", "")), named["id"], name if isinstance(name, str) else None)


def _shown_parties(asset: CustomerAsset, sent: list[Payload]) -> list[Payload]:
    """The parties as they were sent, without those that have no part in it any more, and with those that have one."""
    known = set(asset.contents.parties)
    meant = [(one, _party(one)) for one in sent]
    kept = [one for one, party in meant if party is None or party in known or party.id == asset.customer_id]
    told = {party for _, party in meant}
    shown = [_party_object(one.role, "PartyRef", one.id, one.name) for one in asset.contents.parties if one not in told]
    if asset.customer_id and not any(party is not None and party.id == asset.customer_id for party in told):
        shown.insert(0, _party_object("Customer", "PartyRoleRef", asset.customer_id, None))
    return [*kept, *shown]


def _party_object(role: str, class_name: str, party_id: str, name: str | None) -> Payload:
    referred = {"@referredType": "Customer"} if role == "Customer" else {}
    named = {} if name is None else {"name": name}
    inner = {"@type": class_name, **referred, "id": party_id, **named}
    return {"@type": "RelatedPartyOrPartyRole", "role": role, "partyOrPartyRole": inner}


def _bundled(asset: CustomerAsset) -> list[Payload]:
    """The products that it consists of."""
    parts = [one for one in asset.contents.relationships if one.type is RelationshipType.BUNDLES]
    return [{"@type": "ProductRef", "id": part.asset_id} for part in parts]


def _orders(asset: CustomerAsset) -> list[Payload]:
    """The items of orders that touched it."""
    return [_order(one) for one in dict.fromkeys(asset.orders)]


def _order(one: AssetOrder) -> Payload:
    action = ITEM_ACTIONS.get(folded(one.action), "modify")
    return {
        "@type": "RelatedOrderItem",
        "role": one.action,
        "orderId": one.order_id,
        "orderItemId": one.item_id,
        "orderItemAction": action,
    }


def _is_same_item(known: Payload, sent: Payload) -> bool:
    return all(sent.get(name) == known[name] for name in ("orderId", "orderItemId"))
