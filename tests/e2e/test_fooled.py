"""Backends whose answers are about something else: no order is taken for done by them, and nobody pays for another."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from tests.support.product import ORDERS, Node, effects, portal_order
from tests.support.simulators import running_backends
from tests.support.tampering import TamperingProxy, tampering
from tests.support.waiting import until

COMPLETED = {"reserve": 2, "createOrder": 1, "charge": 1}
THEIR_CHARGE = {
    "chargeId": "CHG1234", "orderId": "ORD98765", "externalId": "web-1", "amount": "199.97", "currency": "EUR",
    "status": "success",
}  # fmt: skip
THEIR_RESERVATION = {
    "reservationId": "RSV001", "status": "reserved", "sku": "SKU123", "quantity": 2, "reference": "web-1",
}  # fmt: skip


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Node, TamperingProxy]]:
    directory = tmp_path_factory.mktemp("fooled")
    with running_backends(directory) as backends, tampering(backends.port) as proxy:
        node = Node(directory, backends, {"BACKENDS_URL": proxy.url, "PORTAL_WAIT": "2"})
        node.prepare()
        node.start()
        try:
            yield node, proxy
        finally:
            node.stop()


@pytest.fixture
def product(shared: tuple[Node, TamperingProxy]) -> Node:
    return shared[0]


@pytest.fixture
def proxy(shared: tuple[Node, TamperingProxy]) -> Iterator[TamperingProxy]:
    yield shared[1]
    shared[1].clear()


def placed(product: Node) -> tuple[str, dict[str, Any]]:
    """An order's id, and what is known of it once it is done, or waits and says why."""
    order_id = product.post(ORDERS, portal_order()).json()["id"]
    return order_id, product.get(f"{ORDERS}/{order_id}?include=none").json()


def until_stuck(product: Node, order_id: str) -> dict[str, Any]:
    """The process once it is known why it does not go on."""
    found: dict[str, Any] = {}

    def stuck() -> bool:
        found.update(product.get(f"/api/v1/operations/processes/place-order/{order_id}").json())
        return bool(found["problem"])

    until(stuck, lambda: found)
    return found


def assert_done_once_well(product: Node, proxy: TamperingProxy, order_id: str) -> None:
    proxy.clear()
    order = product.until_finished(order_id)
    assert (order["status"], order["paymentStatus"]) == ("confirmed", "success")
    assert effects(product.backends, order_id) == COMPLETED
    (created,) = product.backends.ledger("bss", key=f"{order_id}:create-order")
    (charged,) = product.backends.ledger("billing", key=f"{order_id}:charge")
    assert order["orderId"] == created["id"] == charged["data"]["orderId"]
    assert_others_untouched(product)


def assert_others_untouched(product: Node) -> None:
    """Nothing was ever done to the order, the charge and the reservation that were there before."""
    assert product.backends.ledger("bss", id="ORD98765") == product.backends.ledger("inventory", id="RSV001") == []
    assert all(entry["data"]["orderId"] != "ORD98765" for entry in product.backends.ledger("billing"))


@pytest.mark.parametrize(
    "change",
    [{"/amount": "-49.90"}, {"/amount": "4990.00"}, {"/amount": "0.01", "/currency": "USD"}, {"/orderId": "ORD98765"}],
    ids=str,
)
def test_a_charge_of_something_else_is_asked_about(
    product: Node, proxy: TamperingProxy, change: dict[str, str]
) -> None:
    for rule in (proxy.when("POST", "/billing/charges"), proxy.when("GET", "/billing/charges(/.*)?")):
        for place, value in change.items():
            rule.edit(partial(_changed, name=place.removeprefix("/"), value=value))
    order_id, order = placed(product)
    assert order["status"] == "processing"
    assert until_stuck(product, order_id)["problem"] == "outcomeUnknown"
    assert_done_once_well(product, proxy, order_id)


def _changed(body: Any, name: str, value: str) -> Any:
    return [one | {name: value} for one in body] if isinstance(body, list) else body | {name: value}


def test_a_charge_that_answers_wrongly_is_found_by_asking(product: Node, proxy: TamperingProxy) -> None:
    proxy.when("POST", "/billing/charges").set("/amount", "0.01")
    order_id, order = placed(product)
    assert order["status"] == "confirmed"
    assert_done_once_well(product, proxy, order_id)


@pytest.mark.parametrize("consistently", [False, True])
def test_an_order_number_of_somebody_else_is_not_taken(
    product: Node, proxy: TamperingProxy, consistently: bool
) -> None:
    rule = proxy.when("POST", "/bss/orders").set("/orderId", "ORD98765")
    if consistently:
        rule.header("Location", "/bss/orders/ORD98765")
    order_id, order = placed(product)
    assert order["orderId"] != "ORD98765"
    assert_others_untouched(product)
    if not consistently:
        assert_done_once_well(product, proxy, order_id)
        return
    stuck = until_stuck(product, order_id)
    assert stuck["problem"] == "outcomeUnknown"
    assert "ORD98765 is not the order that BSS created for us" in stuck["waitingFor"]


@pytest.mark.parametrize(
    ("path", "theirs"),
    [("/billing/charges", THEIR_CHARGE), ("/inventory/reservations", THEIR_RESERVATION)],
    ids=["charge", "reservation"],
)
def test_after_a_lost_call_somebody_elses_effect_is_not_taken_for_ours(
    product: Node, proxy: TamperingProxy, path: str, theirs: dict[str, Any]
) -> None:
    proxy.when("POST", path, nth=1).turn_back(504, {"code": "GATEWAY_TIMEOUT", "message": "no answer"})
    proxy.when("GET", path).set("", [theirs])
    order_id, order = placed(product)
    assert order["status"] == "confirmed"
    assert_done_once_well(product, proxy, order_id)


def test_crm_about_another_customer_verifies_nobody(product: Node, proxy: TamperingProxy) -> None:
    proxy.when("GET", "/crm/customers/.*").set("/id", "C12346")
    order_id, order = placed(product)
    assert order["status"] == "processing"
    assert effects(product.backends, order_id) == {}
    assert "answer of crm to getCustomer contradicts the call" in until_stuck(product, order_id)["waitingFor"]
    assert_done_once_well(product, proxy, order_id)


def test_it_is_counted(product: Node) -> None:
    ready = product.get("/health/ready").json()["backends"]
    assert ready["billing"]["contradictions"] > 0
    assert ready["inventory"]["foreignEntries"] > 0
    page = product.get("/metrics").text
    assert 'facade_backend_contradictions_total{backend="billing",operation="charge"}' in page
    assert 'facade_backend_foreign_entries_total{backend="inventory",operation="findReservations"}' in page
