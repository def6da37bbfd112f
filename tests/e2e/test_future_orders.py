"""Orders that are to begin later, over HTTP, where they claim what they change when they begin."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support.product import TMF622, Node
from tests.support.simulators import running_backends
from tests.support.stepped import SteppedClock
from tests.support.waiting import until

ASSETS, PRODUCTS = "/api/v1/customer-assets", "/tmf-api/productInventory/v5/product"
PROCESSES = "/api/v1/operations/processes/place-order"
CUSTOMER = [{"role": "Customer", "partyOrPartyRole": {"@type": "PartyRoleRef", "id": "C12345"}}]


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    directory = tmp_path_factory.mktemp("future")
    with running_backends(directory) as backends:
        environment = {"FUTURE_ORDERS_CLAIM": "start"}
        node = Node(directory, backends, environment, clock=SteppedClock(directory / "clock"))
        node.prepare()
        node.start()
        yield node
        node.stop()


def ordered(product: Node, asset_id: str, wished: dict[str, Any], **more: Any) -> str:
    item = {"id": "1", "action": "modify", "product": {"@type": "Product", "id": asset_id, **wished}}
    answer = product.post(TMF622, {"relatedParty": CUSTOMER, "productOrderItem": [item], **more})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def process(product: Node, order_id: str) -> dict[str, Any]:
    found: dict[str, Any] = product.get(f"{PROCESSES}/{order_id}").json()
    return found


def look_again(product: Node, order_id: str) -> None:
    answer = product.post(f"{PROCESSES}/{order_id}/decisions", {"action": "retry", "reason": "its time has come"})
    assert answer.status_code == 202, answer.text


def test_an_order_waits_for_its_start_and_claims_then(product: Node) -> None:
    recorded = product.post(PRODUCTS, {"relatedParty": CUSTOMER, "status": "active"})
    asset_id = str(recorded.json()["id"])
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    wished = {"productCharacteristic": [{"name": "colour", "value": "blue"}]}
    later, overtaken = (ordered(product, asset_id, wished, requestedStartDate=tomorrow) for _ in range(2))
    for one in (later, overtaken):
        until(lambda one=one: process(product, one)["problem"] == "notDue")  # type: ignore[misc]
        assert product.get(f"{TMF622}/{one}").json()["state"] == "acknowledged"

    # Nobody holds the product until then.
    for status in ("suspended", "active"):
        order = product.until_finished(ordered(product, asset_id, {"status": status}))
        assert order["status"] == "confirmed", order

    # What is cancelled does not wait.
    assert process(product, overtaken)["allowedActions"] == ["retry"]
    cancelled = product.post(f"/api/v1/orders/{overtaken}/cancel", {"reason": "changed my mind"})
    assert cancelled.status_code == 202, cancelled.text
    look_again(product, overtaken)
    assert product.until_finished(overtaken)["status"] == "cancelled"

    assert product.clock is not None
    product.clock.step(2 * 86_400)
    until(lambda: product.get("/health/ready").ok)
    look_again(product, later)
    assert product.until_finished(later)["status"] == "confirmed"
    shown = product.get(f"{PRODUCTS}/{asset_id}").json()
    assert [one["value"] for one in shown["productCharacteristic"]] == ["blue"]
