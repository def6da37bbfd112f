"""What the published contracts refuse beyond those that requests are checked against, the product refuses, too."""

from typing import Any

import pytest

from tests.support.product import Node, partner_order

V1, V4, V5 = "/api/v1", "/tmf-api/productOrderingManagement/v4", "/tmf-api/productOrderingManagement/v5"
JSON_PATCH = {"Content-Type": "application/json-patch+json"}


def an_order(**item: Any) -> dict[str, Any]:
    return {"customerId": "C12345", "items": [item]}


@pytest.mark.parametrize(
    "path",
    [
        f"{V1}/bridge-reports/unknown",
        f"{V1}/product-offerings?status=unknown",
        f"{V1}/product-offerings?status=ACTIVE, LAUNCHED",
        f"{V1}/customer-assets?status=unknown",
        f"{V1}/customer-assets?characteristic=speed",
        f"{V1}/orders?state=unknown",
        f"{V1}/orders?submittedFrom=yesterday",
        f"{V1}/customer/C12345/context?include=unknown",
        f"{V1}/events?subjectType=unknown",
        f"{V1}/operations/processes?state=unknown",
        f"{V4}/productOrder?limit=201",
        f"{V5}/productOrder?offset=10000001",
    ],
)
def test_a_parameter(product_on_sqlite: Node, path: str) -> None:
    assert product_on_sqlite.get(path).status_code == 400


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (f"{V1}/orders", an_order(quantity=2)),
        (f"{V1}/orders", an_order(action="RESUME", sku="SKU123")),
        (f"{V1}/orders", an_order(sku="SKU123", newCustomerId="C12346")),
        (f"{V1}/translations", {"api": "TMF622", "version": "v5", "operation": "placeOrder", "payload": {}}),
        (f"{V1}/operations/processes/place-order/1/decisions", {"action": "skip", "reason": "x"}),
        (f"{V1}/operations/processes/place-order/1/decisions", {"action": "retry", "reason": "x", "call": "charge"}),
        (f"{V4}/hub", {"callback": "https://listener.example", "extra": 1}),
        (f"{V5}/hub", {"callback": "https://listener.example", "@type": "Listener"}),
        (f"{V5}/hub", {"callback": "https://user@listener.example"}),
        (f"{V5}/productOrder", partner_order() | {"creationDate": "2026-01-01T00:00:00Z"}),
    ],
)
def test_a_body(product_on_sqlite: Node, path: str, body: dict[str, Any]) -> None:
    assert product_on_sqlite.post(path, body).status_code == 400


@pytest.mark.parametrize(
    "operation",
    [{"op": "add", "path": "/note"}, {"op": "copy", "path": "/note"}, {"op": "remove", "path": "note"}],
)
def test_a_json_patch(product_on_sqlite: Node, operation: dict[str, Any]) -> None:
    placed = product_on_sqlite.post(f"{V5}/productOrder", partner_order()).json()
    path = f"{V5}/productOrder/{placed['id']}"
    assert product_on_sqlite.request("PATCH", path, json=[operation], headers=JSON_PATCH).status_code == 400
