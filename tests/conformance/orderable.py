"""Changes generated payloads so that our rules take them; everything else stays as it is."""

from collections.abc import Iterator
from typing import Any

from facade.tmf.tmf620 import jobs
from facade.tmf.tmf622 import cancel_product_order, product_order

Payload = dict[str, Any]
OFFERINGS = ("po_tv_basic", "po_limited", "po_wifi_repeater")
"""Without a specification: their products may be like anything."""
ROLES = ("Seller", "sales agent", "Partner")


def order_v5(body: Payload, _: str) -> Payload:
    for known in body.get("externalId", ()):
        known["id"] = known["id"].strip()[:100] or "x"
        for name in ("owner", "externalIdentifierType"):
            if name in known:
                known[name] = known[name][:100]
    customer = {"@type": "PartyRoleRef", "id": "C12345", "@referredType": "Customer"}
    return _orderable(
        body, {"@type": "RelatedPartyRefOrPartyRoleRef", "role": "Customer", "partyOrPartyRole": customer}
    )


def order_v4(body: Payload, _: str) -> Payload:
    if "externalId" in body:
        body["externalId"] = body["externalId"].strip()[:100] or "x"
    return _orderable(body, {"id": "C12345", "role": "Customer", "@referredType": "Customer"})


def cancellation(body: Payload, order_id: str) -> Payload:
    kept = {name: value for name, value in body.items() if name not in cancel_product_order.REFUSED}
    return kept | {"productOrder": {**body["productOrder"], "id": order_id}}


def job(body: Payload, _: str) -> Payload:
    kept = {name: value for name, value in body.items() if name not in jobs.REFUSED}
    shortened = {name: kept[name][:longest] for name, longest in jobs.LONGEST.items() if name in kept}
    return kept | shortened


def _orderable(body: Payload, customer: Payload) -> Payload:
    unset = {*product_order.REFUSED, "orderDate", "requestedInitialState"}
    body = {name: value for name, value in body.items() if name not in unset}
    parties = [{**party, "role": ROLES[index % 3]} for index, party in enumerate(body.get("relatedParty", ()))]
    body["relatedParty"] = [*parties, customer]
    seen: list[str] = []
    for item in _items(body):
        _make_orderable(item, seen)
    for amount in _amounts([body.get("orderTotalPrice"), body["productOrderItem"]]):
        amount["unit"] = "EUR"
    return body


def _items(holder: Payload) -> Iterator[Payload]:
    for item in holder.get("productOrderItem", ()):
        yield item
        yield from _items(item)


def _make_orderable(item: Payload, seen: list[str]) -> None:
    related = [
        {**one, "id": seen[-1], "relationshipType": "reliesOn"}
        for one in item.pop("productOrderItemRelationship", ())
        if seen
    ]
    item |= {"id": f"item {len(seen)}"} | ({"productOrderItemRelationship": related} if related else {})
    seen.append(item["id"])
    item.pop("state", None)
    item["quantity"] = 1 + len(seen) % 2
    item["productOffering"] = {
        **item.get("productOffering", {"@type": "ProductOfferingRef"}),
        "id": OFFERINGS[len(seen) % 3],
    }
    product = item.get("product")
    if product and "id" not in product and str(product.get("@type")).endswith("Ref"):
        product["@type"] = "Product"
    if product and "billingAccount" in item:
        product.pop("billingAccount", None)
    if product and "id" in product:
        # Another test may have made an offering of any id that is made up.
        product["id"] = f"PRD {product['id']}"[:100]
    if item["action"] in ("modify", "delete"):
        product = item["product"] = {"@type": "Product", **(product or {}), "id": "PRD1"}
        for name in ("status", "place"):
            product.pop(name, None)


def _amounts(value: Any) -> Iterator[Payload]:
    if isinstance(value, list):
        for one in value:
            yield from _amounts(one)
    elif isinstance(value, dict):
        if isinstance(value.get("unit"), str) and "value" in value:
            yield value
        for one in value.values():
            yield from _amounts(one)
