"""TC-05, TC-06, TC-10 and TC-11 of the middleware design over HTTP, and what is answered while a backend is away."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.product import ORDERS, Node, portal_order, running_product
from tests.support.waiting import until

CONTEXT = "/api/v1/customer/{}/context"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    directory: Path = tmp_path_factory.mktemp("product")
    with running_product(directory, THREADS="24") as node:
        yield node


@pytest.fixture
def product(shared: Node) -> Iterator[Node]:
    yield shared
    shared.backends.clear()


def read(product: Node, path: str, client: str = "portal") -> dict[str, Any]:
    answer = product.get(path, client=client)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def placed(product: Node, client: str = "portal") -> dict[str, Any]:
    order: dict[str, Any] = product.post(ORDERS, portal_order(SKU123=2, SKU456=1), client=client).json()
    return order


def recovered(product: Node, path: str) -> dict[str, Any]:
    """The answer once nothing is missing any more: the breaker lets a call through after its pause."""
    body: dict[str, Any] = {}

    def nothing_missing() -> bool:
        body.update(read(product, path))
        return not body["unavailable"]

    until(nothing_missing, lambda: body["unavailable"])
    return body


def test_tc05_an_order_is_read_with_its_record_its_invoice_and_its_shipments(product: Node) -> None:
    order = placed(product)
    for order_id in (order["id"], order["orderId"]):
        snapshot = read(product, f"{ORDERS}/{order_id}")
        assert {name: snapshot[name] for name in order} == order, "everything that placing it answered"
        details = snapshot["orderDetails"]
        assert (details["orderId"], details["status"], details["differences"]) == (order["orderId"], "created", [])
        assert [item["sku"] for item in details["items"]] == ["SKU123", "SKU456"]
        assert all(item["reservationId"].startswith("RSV") for item in details["items"])
        assert (details["total"], details["timeline"]) == (order["total"], order["timeline"])
        invoice = snapshot["invoiceDetails"]
        assert invoice["number"].startswith("INV")
        assert (invoice["status"], invoice["total"]) == ("paid", {"amount": "228.80", "currency": "EUR"})
        assert invoice["lines"] == [{"sku": "SKU123", "quantity": 2}, {"sku": "SKU456", "quantity": 1}]
        assert snapshot["shipmentStatus"] == snapshot["shipments"][0]["status"] == "preparing"
        assert snapshot["unavailable"] == []


def test_tc05_an_order_of_another_channel_is_read_as_bss_has_it(product: Node) -> None:
    snapshot = read(product, f"{ORDERS}/ORD98765")
    assert (snapshot["id"], snapshot["orderId"], snapshot["customerId"]) == (None, "ORD98765", "C12345")
    assert (snapshot["status"], snapshot["paymentStatus"]) == ("confirmed", "success")
    assert snapshot["orderDetails"]["items"][0]["reservationId"] == "RSV001"
    assert snapshot["invoiceDetails"]["number"] == "INV4567"
    assert snapshot["shipmentStatus"] == "in transit"
    assert snapshot["shipments"][0]["tracking"] == "TRK7890"


@pytest.mark.parametrize("order_id", ["ORD00000", "019a4c1e-8c55-7aa2-9d3c-0b2a4f5d6e70", "x" * 100, "%2E%2E", "a%2Fb"])
@pytest.mark.parametrize("client", ["portal", "partner-acme"])
def test_tc06_an_unknown_order_is_not_found(product: Node, order_id: str, client: str) -> None:
    answer = product.get(f"{ORDERS}/{order_id}", client=client)
    assert answer.status_code == 404
    if "%" not in order_id:
        assert (answer.json()["title"], answer.json()["code"]) == ("Order not found", "ORDER_NOT_FOUND")


def test_an_order_of_another_channel_is_nothing_for_a_partner(product: Node) -> None:
    assert product.get(f"{ORDERS}/ORD98765", client="partner-acme").status_code == 404


def test_tc10_a_customer_is_read_with_everything_that_is_known(product: Node) -> None:
    context = read(product, CONTEXT.format("C12345"))
    assert context["profile"] == {
        "id": "C12345",
        "name": "John Doe",
        "email": "john.doe@example.com",
        "status": "verified",
    }
    assert context["subscriptions"] == [{"id": "SUB1122", "plan": "Premium", "status": "active", "version": 1}]
    assert context["outstandingBalances"] == [
        {"amount": {"amount": "49.90", "currency": "EUR"}, "oldestDueDate": "2026-08-15", "openInvoices": 1}
    ]
    assert "SHIP7890" in [shipment["id"] for shipment in context["recentShipments"]]
    assert context["unavailable"] == []


@pytest.mark.parametrize("include", ["", "?include=subscriptions", "?include=none"])
def test_tc11_an_unknown_customer_is_not_found_whatever_is_asked_for(product: Node, include: str) -> None:
    answer = product.get(CONTEXT.format("C99999") + include, client="portal")
    assert (answer.status_code, answer.json()["title"]) == (404, "Customer not found")
    assert answer.json()["code"] == "CUSTOMER_NOT_FOUND"


def test_a_customer_who_has_nothing_has_empty_lists(product: Node) -> None:
    context = read(product, CONTEXT.format("C50000"))
    assert context["profile"]["status"] == "suspended"
    assert [context[name] for name in ("subscriptions", "outstandingBalances", "recentShipments")] == [[], [], []]


def test_a_context_needs_its_scope(product: Node) -> None:
    answer = product.get(CONTEXT.format("C12345"), client="partner-acme")
    assert (answer.status_code, answer.json()["code"]) == (403, "INSUFFICIENT_SCOPE")


def test_parts_are_asked_for_by_name(product: Node) -> None:
    order = placed(product)
    parts = {"orderDetails", "invoiceDetails", "shipmentStatus", "shipments"}
    for include, shown in (
        ("shipments", {"shipmentStatus", "shipments"}),
        ("invoiceDetails,orderDetails", {"orderDetails", "invoiceDetails"}),
    ):
        assert parts & read(product, f"{ORDERS}/{order['id']}?include={include}").keys() == shown
    for backend in ("bss", "billing", "scm"):
        product.backends.fault(backend, status=503)
    assert read(product, f"{ORDERS}/{order['id']}?include=none") == order | {"unavailable": []}


@pytest.mark.parametrize("query", ["include=everything", "include=shipments,%00", "fields=id", "include=" + "x" * 300])
def test_an_unknown_part_is_refused_by_name(product: Node, query: str) -> None:
    for path in (f"{ORDERS}/ORD98765", CONTEXT.format("C12345")):
        answer = product.get(f"{path}?{query}", client="portal")
        assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_REQUEST")


@pytest.mark.parametrize(
    ("fault", "code", "retryable"),
    [
        ({"status": 503}, "BACKEND_UNAVAILABLE", True),
        ({"status": 500}, "BACKEND_UNAVAILABLE", True),
        ({"malformed": True}, "BACKEND_CONTRACT_ERROR", False),
    ],
)
def test_a_missing_part_is_null_and_named_and_comes_back(
    product: Node, fault: dict[str, Any], code: str, retryable: bool
) -> None:
    order = placed(product)
    product.backends.fault("scm", **fault)
    snapshot = read(product, f"{ORDERS}/{order['id']}")
    assert (snapshot["shipmentStatus"], snapshot["shipments"]) == (None, None)
    assert snapshot["invoiceDetails"]["status"] == "paid"
    [missing] = snapshot["unavailable"]
    assert (missing["part"], missing["source"], missing["code"]) == ("shipments", "scm", code)
    assert (missing["retryable"], missing["stale"], missing["asOf"]) == (retryable, False, None)
    again = read(product, f"{ORDERS}/{order['id']}?include=shipments")
    assert again["unavailable"][0]["since"] == missing["since"], "since when, not now"
    product.backends.clear()
    assert recovered(product, f"{ORDERS}/{order['id']}")["shipments"]


def test_without_crm_a_context_shows_what_the_others_know(product: Node) -> None:
    product.backends.fault("crm", status=503)
    context = read(product, CONTEXT.format("C12345"))
    assert context["profile"] is None
    assert context["subscriptions"][0]["id"] == "SUB1122"
    assert [missing["part"] for missing in context["unavailable"]] == ["profile"]
    product.backends.clear()
    assert recovered(product, CONTEXT.format("C12345"))["profile"]


def test_whether_another_channels_order_exists_cannot_be_said_without_bss(product: Node) -> None:
    product.backends.fault("bss", status=503)
    answer = product.get(f"{ORDERS}/ORD98765", client="portal")
    assert (answer.status_code, answer.json()["code"]) == (503, "BACKEND_UNAVAILABLE")
    assert "Retry-After" in answer.headers
    product.backends.clear()
    until(lambda: product.get(f"{ORDERS}/ORD98765", client="portal").status_code == 200)


def test_an_order_without_a_number_in_bss_is_read_without_asking_anybody(product: Node) -> None:
    refused = product.post(ORDERS, portal_order("C99999"), client="portal").json()
    for backend in ("bss", "billing", "scm"):
        product.backends.fault(backend, hang=True)
    snapshot = read(product, f"{ORDERS}/{refused['id']}")
    assert (snapshot["status"], snapshot["orderDetails"], snapshot["invoiceDetails"]) == ("failed", None, None)
    assert (snapshot["shipmentStatus"], snapshot["shipments"], snapshot["unavailable"]) == (None, [], [])
