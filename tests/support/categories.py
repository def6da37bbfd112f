"""TMF620 categories over HTTP: where they are, and how tests create, change and find them."""

import json
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from tests.support.product import Node

API = "/tmf-api/productCatalogManagement"
V5, V4 = f"{API}/v5/category", f"{API}/v4/category"
BOTH = pytest.mark.parametrize("path", [V5, V4], ids=["v5", "v4"])
MERGE, JSON_PATCH, QUERY = (f"application/{name}+json" for name in ("merge-patch", "json-patch", "json-patch-query"))
READER = "partner-acme"
"""A client that may read the catalog and change nothing of it."""


def create(product: Node, path: str = V5, **attributes: Any) -> dict[str, Any]:
    answer = product.post(path, {"name": "Cloud services", **attributes})
    assert answer.status_code == 201, answer.text
    created: dict[str, Any] = answer.json()
    return created


def below(path: str, parent: str) -> dict[str, Any]:
    return {"parentId": parent} if path == V4 else {"parent": {"@type": "CategoryRef", "id": parent}}


def patch(product: Node, address: str, body: Any, media_type: str = MERGE, **headers: str) -> requests.Response:
    told = {"Content-Type": media_type, **headers}
    return product.request("PATCH", address, data=json.dumps(body), headers=told)


def read(product: Node, path: str, named: str, client: str = "qa") -> dict[str, Any]:
    answer = product.get(f"{path}/{named}", client)
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document


def names(product: Node, path: str, **query: str) -> list[str]:
    answer = product.get(path, params=query)
    assert answer.status_code in (200, 206), answer.text
    return [one["name"] for one in answer.json()]


def hub(path: str) -> str:
    return f"{path.rpartition('/')[0]}/hub"


@dataclass(frozen=True)
class Sent:
    method: str
    path: str
    body: Any = None

    def send(self, product: Node, key: str) -> requests.Response:
        return product.request(self.method, self.path, json=self.body, headers={"Idempotency-Key": key})
