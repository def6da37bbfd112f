"""The shelves of the canonical API's catalog, and how tests put items onto them."""

from typing import Any
from uuid import uuid4

import pytest
import requests

from tests.support.product import Node

API = "/api/v1"
OFFERINGS = f"{API}/product-offerings"
TMF = "/tmf-api/productCatalogManagement"
PARTNER = "partner-acme"
SHELVES = (
    "product-catalogs",
    "product-categories",
    "product-specifications",
    "product-offerings",
    "product-offering-prices",
    "product-offering-rules",
    "decomposition-templates",
)
NEEDED: dict[str, dict[str, Any]] = {
    "product-offering-rules": {"type": "REQUIRES", "message": "Premium router requires contract term 24M."},
    "decomposition-templates": {"productOffering": {"id": "po_broadband_1g"}},
}
"""What items of these shelves must have beside a name."""
EVERY_SHELF = pytest.mark.parametrize("shelf", SHELVES)
MONTHLY = {
    "name": "monthly",
    "chargeType": "RECURRING",
    "period": "month",
    "amount": {"value": "39.90", "currency": "EUR"},
}


def add(product: Node, shelf: str = "product-offerings", /, **attributes: Any) -> requests.Response:
    named = {"name": f"Something {uuid4()}", **NEEDED.get(shelf, {})}
    answer = product.post(f"{API}/{shelf}", named | attributes)
    assert answer.status_code == 201, answer.text
    return answer


def change(
    product: Node, method: str, address: str, body: Any, tag: str, client: str = "qa", **headers: str
) -> requests.Response:
    return product.request(method, address, client, json=body, headers={"If-Match": tag, **headers})


def published(product: Node, shelf: str = "product-offerings", **attributes: Any) -> requests.Response:
    made = add(product, shelf, **attributes)
    return change(product, "POST", f"{API}/{shelf}/{made.json()['id']}/publish", {}, made.headers["ETag"])


def names(product: Node, client: str = "qa", **query: str) -> list[str]:
    answer = product.get(OFFERINGS, client, params=query)
    assert answer.status_code == 200, answer.text
    return [one["name"] for one in answer.json()["items"]]
