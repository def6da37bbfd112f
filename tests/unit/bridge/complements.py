"""Orders of v4 with what v5's contract does not take."""

import copy
from decimal import Decimal
from typing import Any

from facade.bootstrap.versions import versions_of
from facade.tmf.bridge import Bridged
from facade.tmf.tmf622.api import TMF622

ORDER = "ProductOrder"
V5: Any = versions_of(TMF622, "v5")["productOrder"]
V4: Any = versions_of(TMF622, "v4")["productOrder"]
MERGE, JSON_PATCH = "application/merge-patch+json", "application/json-patch+json"
PRICE = {"name": "fee", "priceType": "recurring", "price": {"percentage": Decimal("1.50")}}
NO_PRICE = {"name": "x", "priceType": "recurring"}


def an_item(**attributes: Any) -> dict[str, Any]:
    return {"id": "1", "action": "add", "productOffering": {"id": "po_tv_basic"}, **attributes}


def an_order(*items: dict[str, Any], **attributes: Any) -> dict[str, Any]:
    customer = {"id": "C12345", "role": "Customer", "@referredType": "Customer"}
    return {"relatedParty": [customer], "productOrderItem": list(items) or [an_item()], **attributes}


def lifted(body: dict[str, Any]) -> Bridged:
    sent = copy.deepcopy(body)
    bridged: Bridged = V4.lifted(body)
    assert body == sent, "a body given is not changed"
    return bridged


def document_of(body: dict[str, Any]) -> dict[str, Any]:
    document: dict[str, Any] = lifted(body).body
    return document


def shown(document: dict[str, Any]) -> dict[str, Any]:
    body: dict[str, Any] = V4.lowered(document).body
    return body


def first_item(document: dict[str, Any]) -> dict[str, Any]:
    item: dict[str, Any] = document["productOrderItem"][0]
    return item


def holds(found: Any, sent: Any) -> bool:
    """Whether everything sent is there; classes and what v5 or v4 demands may have been added."""
    if isinstance(sent, dict):
        return isinstance(found, dict) and all(name in found and holds(found[name], sent[name]) for name in sent)
    if isinstance(sent, list):
        return isinstance(found, list) and len(found) == len(sent) and all(map(holds, found, sent))
    return type(found) is type(sent) and found == sent and str(found) == str(sent)


def prices(document: dict[str, Any]) -> list[str]:
    return [price["name"] for price in first_item(shown(document))["itemPrice"]]


def priced(*names: str) -> dict[str, Any]:
    """An order whose prices in capitals have no price in v5."""
    rows = [NO_PRICE | {"name": name} if name.isupper() else PRICE | {"name": name} for name in names]
    return document_of(an_order(an_item(itemPrice=rows)))


AT = "/productOrderItem/0/itemPrice"
