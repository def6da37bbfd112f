"""Between the items of TMF622 v5 orders, nested ones too, and the lines of the core."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from canonical.audit.record import Mapped
from canonical.ordering.commands import ItemAction, LineRelationship, OrderLine
from canonical.ordering.errors import (
    ONE_AFTER_THE_OTHER,
    AmbiguousChange,
    OfferingNotProduct,
    ProductReferenceMissing,
)
from canonical.ordering.items import OrderItem
from canonical.ordering.lines import CHANGES_A_PRODUCT
from canonical.ordering.order import Order
from canonical.shared.errors import CurrenciesDiffer
from facade.contract.pointers import escaped, tokens_of
from facade.contract.violations import Code, Violation
from facade.tmf.bridge import COMPLEMENT
from facade.tmf.engine.parties import LONGEST_CUSTOMER_ID
from facade.tmf.engine.payload import SERVER_SET, Payload, overlong, refused, unusable
from facade.tmf.tmf622.charged import COMPLETED, Ours, charged_for_item, with_ours, without_ours
from facade.tmf.tmf622.stated import ITEM_PRICES, chosen_characteristics, stated_prices
from facade.tmf.tmf622.wishes import owners_named, wishes_of
from facade.tmf.vocabulary import Vocabulary

PRODUCT_OFFERING_MISSING = "PRODUCT_OFFERING_MISSING"
OFFERING_CLASSES = frozenset({"ProductOffering", "ProductOfferingRef"})
PRODUCT_OF_ITEM = re.compile(r"(/productOrderItem/\d+)+/product")
LONGEST_ID = 100
LONGEST_PRODUCT_ID = 100
"""Characters; TM Forum sets no bound, the contract of BSS does."""
LONGEST_REASON = 1_000
"""Characters of a note that the timeline of a product shows."""
REASON_RULE = f"the first note with a text, {LONGEST_REASON:,} characters of it"

SHAPED = frozenset(
    {"id", "action", "quantity", "product", "productOffering", "productOrderItem", "productOrderItemRelationship"}
)
"""Read and written by hand."""
CARRIED = frozenset(
    {
        *("@type", "@baseType", "@schemaLocation", "appointment", "billingAccount", "itemPrice", "itemTerm"),
        *("itemTotalPrice", "note", "payment", "productOfferingQualificationItem", "qualification", "quoteItem"),
    }
)
REFUSED: Mapping[str, str] = MappingProxyType({"state": SERVER_SET})

ACTIONS: Mapping[str, ItemAction] = MappingProxyType(
    {
        "add": ItemAction.ADD,
        "modify": ItemAction.MODIFY,
        "delete": ItemAction.DISCONNECT,
        "noChange": ItemAction.NO_CHANGE,
    }
)
ACTION_NAMES: Mapping[ItemAction, str] = MappingProxyType(
    {
        ItemAction.ADD: "add",
        ItemAction.MODIFY: "modify",
        ItemAction.DISCONNECT: "delete",
        ItemAction.MOVE: "modify",
        ItemAction.SUSPEND: "modify",
        ItemAction.RESUME: "modify",
        ItemAction.NO_CHANGE: "noChange",
    }
)
STATUS_CHANGES: Mapping[str, ItemAction] = MappingProxyType(
    {"suspended": ItemAction.SUSPEND, "active": ItemAction.RESUME}
)
"""What `modify` with a product in this status asks for."""


@dataclass
class ItemReader:
    """Items of an order for `customer` being read: what was found so far, and how it was understood. `notes` are those
    of the order.
    """

    customer: str
    vocabulary: Vocabulary
    trail: list[Mapped]
    violations: list[Violation]
    notes: Sequence[Payload] = ()
    lines: list[OrderLine] = field(default_factory=list)

    def read(self, items: list[Payload], at: str, part_of: str | None = None, units: int = 1) -> None:
        """Append a line for each item, those nested in it after it. `units`: how many of what they are nested in."""
        for index, item in enumerate(items):
            line = self._line(item, f"{at}/{index}", part_of, units)
            self.read(item.get("productOrderItem") or [], f"{at}/{index}/productOrderItem", line.id, line.quantity)

    def _line(self, item: Payload, at: str, part_of: str | None, units: int) -> OrderLine:
        to = f"/lines/{len(self.lines)}"
        self.violations += refused(item, REFUSED, at)
        self.violations += unusable("an item's id", item["id"], LONGEST_ID, f"{at}/id")
        offering = (item.get("productOffering") or {}).get("id")
        if offering is None and item["action"] == "add":
            text = "an item that adds a product names its productOffering"
            self._refuse(f"{at}/productOffering", PRODUCT_OFFERING_MISSING, text, Code.MISSING_PROPERTY)
        self.trail += [
            Mapped(at, to, "a line"),
            Mapped(f"{at}/id", f"{to}/id", "as sent"),
            Mapped(f"{at}/action", f"{to}/action", "table of actions"),
        ]
        if "quantity" in item:
            rule = "as sent" if units == 1 else f"× {units}, the quantity of the item it is nested in"
            self.trail.append(Mapped(f"{at}/quantity", f"{to}/quantity", rule))
        if offering is not None:
            self.trail.append(Mapped(f"{at}/productOffering/id", f"{to}/offering_id", "as sent"))
        owner = self._owner(item, at, to)
        action, if_active = self._action(item, owner, at, to)
        line = OrderLine(
            id=item["id"],
            quantity=item.get("quantity", 1) * units,
            action=action,
            offering_id=offering,
            product_id=self._product(item, action, at, to),
            part_of=part_of,
            relationships=tuple(self._relationships(item, at, to)),
            characteristics=chosen_characteristics(item.get("product") or {}, f"{at}/product", to, self.trail),
            wishes=wishes_of(item, owner, self.vocabulary, at, to, self.trail, self.violations),
            stated_prices=stated_prices(item, ITEM_PRICES, at, to, self.trail),
            reason=self._reason(item, action, at, to),
            if_active=if_active,
        )
        self.lines.append(line)
        return line

    def _owner(self, item: Payload, at: str, to: str) -> str | None:
        """The customer to whom `modify` gives the product, if that is not the one who orders."""
        if ACTIONS[item["action"]] is not ItemAction.MODIFY:
            return None
        named = owners_named(item.get("product") or {}, self.customer, self.vocabulary)
        for number, (owner, place) in enumerate(named.items()):
            pointer = f"{at}/product{place}"
            self.violations += unusable("a customer's id", owner, LONGEST_CUSTOMER_ID, pointer)
            if number:
                self._refuse(pointer, AmbiguousChange.code, "a product is given to one customer")
            else:
                self.trail.append(Mapped(pointer, f"{to}/wishes/customer_id", "another customer than the order's"))
        return next(iter(named), None)

    def _action(self, item: Payload, owner: str | None, at: str, to: str) -> tuple[ItemAction, ItemAction | None]:
        """`modify` may mean more precise things, which the state, the place and the customer of its product tell.

        Returns as well what an item means that states the status `active` of a product which is so already.
        """
        action, product = ACTIONS[item["action"]], item.get("product") or {}
        if action is not ItemAction.MODIFY:
            return action, None
        status = product.get("status")  # of any type on a reference, where v5 does not declare it
        asked = {} if status is None else {"status": STATUS_CHANGES.get(str(status))}
        if None in asked.values():
            allowed = tuple(STATUS_CHANGES)
            text = "an installed product can be brought to one of these states"
            self.violations.append(Violation(f"{at}/product/status", Code.INVALID_VALUE, text, allowed))
        if product.get("place"):
            asked["place"] = ItemAction.MOVE
        if owner is not None:
            asked["relatedParty"] = ItemAction.MOVE
        resumes = asked.get("status") is ItemAction.RESUME
        if "status" in asked and len(asked) > 1 and not resumes:
            self._refuse(f"{at}/product", AmbiguousChange.code, ONE_AFTER_THE_OTHER)
        for name, meant in asked.items():
            if meant is not None:
                unless = ", unless the product is active" if meant is ItemAction.RESUME else ""
                rule = f"modify with {name} is {meant}{unless}"
                self.trail.append(Mapped(f"{at}/product/{name}", f"{to}/action", rule))
                action = meant
        if not resumes:
            return action, None
        return ItemAction.RESUME, ItemAction.MOVE if len(asked) > 1 else ItemAction.MODIFY

    def _product(self, item: Payload, action: ItemAction, at: str, to: str) -> str | None:
        product = item.get("product") or {}
        for name in ("@type", "@referredType"):
            if str(product.get(name)) in OFFERING_CLASSES:
                text = "an offering is named in productOffering, and product is what the customer has of it"
                self._refuse(f"{at}/product/{name}", OfferingNotProduct.code, text)
        if action is ItemAction.ADD:
            return None
        pointer, product_id = f"{at}/product/id", product.get("id")
        if product_id is not None and product_id.strip():
            self.trail.append(Mapped(pointer, f"{to}/product_id", "as sent"))
            self.violations += overlong("a product's id", product_id, LONGEST_PRODUCT_ID, pointer)
        elif action in CHANGES_A_PRODUCT:
            text = f"an item with action {item['action']} names the installed product it is about"
            self._refuse(pointer, ProductReferenceMissing.code, text, Code.MISSING_PROPERTY)
        return product_id or None

    def _reason(self, item: Payload, action: ItemAction, at: str, to: str) -> str | None:
        """Of what changes a product: the first note of the item with a text, or else of the order."""
        if action not in CHANGES_A_PRODUCT:
            return None
        for notes, holder in ((item.get("note") or (), at), (self.notes, "")):
            for index, note in enumerate(notes):
                if (note.get("text") or "").strip():
                    self.trail.append(Mapped(f"{holder}/note/{index}/text", f"{to}/reason", REASON_RULE))
                    return str(note["text"])[:LONGEST_REASON]
        return None

    def _relationships(self, item: Payload, at: str, to: str) -> Iterator[LineRelationship]:
        number = 0
        for index, relationship in enumerate(item.get("productOrderItemRelationship") or ()):
            place, name = f"{at}/productOrderItemRelationship/{index}", relationship["relationshipType"]
            kind = self.vocabulary.relationship(name)
            if kind is None:
                self.violations.append(self.vocabulary.unknown_relationship(name, f"{place}/relationshipType"))
                continue
            self.trail += [
                Mapped(f"{place}/relationshipType", f"{to}/relationships/{number}/type", "table of relationships"),
                Mapped(f"{place}/id", f"{to}/relationships/{number}/line_id", "as sent"),
            ]
            yield LineRelationship(kind, relationship["id"])
            number += 1

    def _refuse(self, pointer: str, reason: str, text: str, code: Code = Code.INVALID_VALUE) -> None:
        self.violations.append(Violation(pointer, code, text, reason=reason))


def carried_places(items: list[Payload], at: str) -> Iterator[str]:
    """Where attributes of items stand that are kept verbatim."""
    for index, item in enumerate(items):
        place = f"{at}/{index}"
        yield from (f"{place}/{escaped(name)}" for name in item if name not in SHAPED)
        yield from (f"{place}/{name}" for name in ("product", "productOrderItemRelationship") if name in item)
        yield from carried_places(item.get("productOrderItem") or [], f"{place}/productOrderItem")


def currencies_differ(body: Payload) -> list[Violation]:
    """Prices that a partner sends are kept, not charged; in several currencies they cannot all be right."""
    sent = list(_amounts(body.get("orderTotalPrice"), "/orderTotalPrice"))
    sent += _prices_of(body["productOrderItem"], "/productOrderItem")
    for pointer, unit in sent:
        if unit != sent[0][1]:
            text = f"the order has prices in {sent[0][1][:10]} and in {unit[:10]}"
            return [Violation(f"{pointer}/unit", Code.INVALID_VALUE, text, reason=CurrenciesDiffer.code)]
    return []


def _prices_of(items: list[Payload], at: str) -> Iterator[tuple[str, str]]:
    for index, item in enumerate(items):
        for name in ("itemPrice", "itemTotalPrice"):
            yield from _amounts(item.get(name), f"{at}/{index}/{name}")
        yield from _prices_of(item.get("productOrderItem") or [], f"{at}/{index}/productOrderItem")


def _amounts(value: Any, at: str) -> Iterator[tuple[str, str]]:
    """Where amounts of money stand, each with its currency."""
    if isinstance(value, list):
        for index, element in enumerate(value):
            yield from _amounts(element, f"{at}/{index}")
    elif isinstance(value, dict):
        if isinstance(value.get("unit"), str) and "value" in value:
            yield at, value["unit"]
        for name, member in value.items():
            yield from _amounts(member, f"{at}/{escaped(name)}")


def shown_items(order: Order, sent: list[Payload] | None, state: str) -> list[Payload]:
    """The items as they stand, each written as it was sent where that still means the same, and nested as it was."""
    if sent is None:
        return [{**_owned(item, {}, 1, state), "state": state} for item in order.items]
    return _shown(sent, {item.id: item for item in order.items}, state, 1)


def without_products_aside(document: Payload, carried: Payload) -> None:
    """Leave out the products that were set aside because v5 cannot hold them: they come back as they were sent."""
    for entry in carried.get(COMPLEMENT, ()):
        if "value" in entry and PRODUCT_OF_ITEM.fullmatch(entry["at"]):
            item: Any = document
            for token in tokens_of(entry["at"])[:-1]:
                item = item[int(token) if isinstance(item, list) else token]
            item.pop("product", None)


def _shown(items: list[Payload], known: Mapping[str, OrderItem], state: str, units: int) -> list[Payload]:
    """`units`: how many there are of the item that these are nested in."""
    return [_shown_item(sent, known.get(sent["id"]), known, state, units) for sent in items]


def _shown_item(
    sent: Payload, item: OrderItem | None, known: Mapping[str, OrderItem], state: str, units: int
) -> Payload:
    """An item that was rejected before it was understood is shown as it was sent."""
    owned = {"quantity": sent.get("quantity", 1)} if item is None else _owned(item, sent, units, state)
    document = {"@type": "ProductOrderItem", **sent, **owned, "state": state}
    if sent.get("productOrderItem"):
        inside = item.quantity if item is not None else 1
        document["productOrderItem"] = _shown(sent["productOrderItem"], known, state, inside)
    return document


def _owned(item: OrderItem, sent: Payload, units: int, state: str) -> Payload:
    """What the core knows of an item."""
    document: Payload = {
        "@type": sent.get("@type", "ProductOrderItem"),
        "id": item.id,
        "action": ACTION_NAMES[item.action],
        "quantity": item.quantity // units,
    }
    offering, named = item.offering, sent.get("productOffering") or {}
    if offering is not None and named.get("id") != offering.id:
        document["productOffering"] = {"@type": "ProductOfferingRef", "id": offering.id, "name": offering.name}
    product = sent.get("product") or {}
    if item.product_id is not None and product.get("id") != item.product_id:
        kind = "Product" if product else "ProductRef"
        document["product"] = {"@type": kind, **product, "id": item.product_id}
    return document | (with_ours(sent, charged_for_item(item)) if state == COMPLETED else {})


def as_created_items(items: list[Any], known: Iterable[OrderItem]) -> list[Any]:
    """What would have had to be sent to have these items. `known` are those of the order."""
    charged = {item.id: charged_for_item(item) for item in known}
    return [_as_created(item, charged) for item in items]


def _as_created(item: Any, charged: Mapping[str, Ours]) -> Any:
    if not isinstance(item, dict):
        return item
    kept = {name: value for name, value in item.items() if name not in REFUSED}
    if isinstance(item.get("productOrderItem"), list):
        kept["productOrderItem"] = [_as_created(one, charged) for one in item["productOrderItem"]]
    return without_ours(kept, charged.get(str(item.get("id")), {})) if item.get("state") == COMPLETED else kept


def changed_states(items: list[Any], at: str, state: str) -> Iterator[Violation]:
    """Items in another state than this one, which the server sets."""
    for index, item in enumerate(items):
        if isinstance(item, dict):
            if item.get("state", state) != state:
                text = f"the state of an item cannot be changed: {SERVER_SET}"
                yield Violation(f"{at}/{index}/state", Code.UNEXPECTED_PROPERTY, text)
            nested = item.get("productOrderItem")
            if isinstance(nested, list):
                yield from changed_states(nested, f"{at}/{index}/productOrderItem", state)
