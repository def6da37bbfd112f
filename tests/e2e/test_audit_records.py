"""The evidence of requests is found by order, external id, client and time; each client finds its own."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support.product import ORDERS, TMF622, Node, partner_order
from tests.support.waiting import until

RECORDS = "/api/v1/audit-records"
PARTNER, OTHER = "partner-acme", "partner-alpha"
EXTERNAL = {"owner": "CRM", "externalIdentifierType": "po", "id": "audited-1"}


@pytest.fixture(scope="module")
def product(product_on_sqlite: Node) -> Node:
    return product_on_sqlite


def found(product: Node, by: str = "qa", /, **query: Any) -> list[dict[str, Any]]:
    answer = product.get(RECORDS, by, params={name.rstrip("_"): value for name, value in query.items()})
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


@pytest.fixture(scope="module")
def order_id(product: Node) -> str:
    made = product.post(TMF622, partner_order() | {"externalId": [EXTERNAL]}, PARTNER)
    assert made.status_code == 201, made.text
    product.request("PATCH", f"{TMF622}/{made.json()['id']}", PARTNER, json={"description": "audited"})
    return str(made.json()["id"])


def test_an_order_leads_to_its_records(product: Node, order_id: str) -> None:
    records = found(product, PARTNER, orderId=order_id)
    assert [one["operation"] for one in records] == ["patchProductOrder", "createProductOrder"]
    assert {one["orderId"] for one in records} == {order_id}
    assert [one["source"] for one in records[0]["translation"]] == ["/description"]
    assert found(product, orderId=order_id, limit=1) == records[:1]
    assert found(product, PARTNER, externalId="audited-1") == records
    assert found(product, PARTNER, externalId="audited-1", externalSystem="CRM", orderId=order_id) == records
    assert found(product, PARTNER, externalId="audited-1", externalSystem="another") == []


def test_a_client_finds_its_own_records_only(product: Node, order_id: str) -> None:
    assert found(product, OTHER, orderId=order_id) == []
    assert found(product, OTHER, client=PARTNER) == []
    assert found(product, OTHER, externalId="audited-1") == []
    assert {one["client"] for one in found(product, client=PARTNER)} == {PARTNER}
    assert {one["client"] for one in found(product, PARTNER)} == {PARTNER}


def test_a_refused_request_is_found_by_its_time_and_read_by_the_id_of_its_answer(product: Node) -> None:
    begin = datetime.now(UTC)
    refused = product.post(ORDERS, {"customerId": "C12345", "items": []}, PARTNER)
    assert refused.status_code == 400

    def recorded() -> list[dict[str, Any]]:
        return found(product, PARTNER, from_=begin.isoformat(), to=(begin + timedelta(hours=1)).isoformat())

    [record] = until(recorded)
    assert refused.json()["instance"] == f"urn:uuid:{record['id']}"
    assert product.get(f"{RECORDS}/{record['id']}").json() == record
    assert record["code"] == refused.json()["code"]
    assert found(product, PARTNER, to="0001-01-02T00:00:00Z") == []


def test_a_request_that_was_refused_for_a_nul_is_found(product: Node) -> None:
    refused = product.post(TMF622, partner_order() | {"a\0b": 1}, PARTNER)
    assert refused.status_code == 400
    [record] = until(lambda: [one for one in found(product, PARTNER) if one["id"] == refused.json()["id"]])
    assert [field["source"] for field in record["translation"]] == ["/a\ufffdb"]


def test_pages_lead_to_each_other(product: Node, order_id: str) -> None:
    address, seen = f"{RECORDS}?orderId={order_id}&limit=1", list[str]()
    while address:
        page = product.get(address.removeprefix(product.url)).json()
        seen += [one["id"] for one in page["items"]]
        address = page["next"]
    assert seen == sorted((one["id"] for one in found(product, orderId=order_id)), reverse=True)
    for query in ("cursor=x", "externalSystem=CRM", "from=2026-02-30T00:00:00Z", "offset=1"):
        assert product.get(f"{RECORDS}?{query}").status_code == 400
