"""What the simulated backends refuse."""

from typing import Any

import pytest
import requests

from tests.support.simulator_client import Client, name
from tests.support.simulators import Backends
from tests.support.waiting import LONG


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("GET", "/crm/customers/C99999", None, 404, "UNKNOWN_CUSTOMER"),
        ("POST", "/inventory/reservations", {"sku": "SKU000", "quantity": 1}, 404, "UNKNOWN_SKU"),
        ("POST", "/inventory/reservations", {"sku": "SKU999", "quantity": 1}, 409, "INSUFFICIENT_STOCK"),
        ("POST", "/inventory/reservations", {"sku": "SKU123", "quantity": 0}, 400, "INVALID_REQUEST"),
        ("POST", "/inventory/reservations", {"sku": "SKU123", "quantity": True}, 400, "INVALID_REQUEST"),
        ("POST", "/inventory/reservations", {"sku": "SKU123"}, 400, "INVALID_REQUEST"),
        ("POST", "/inventory/reservations", None, 400, "INVALID_REQUEST"),
        ("GET", "/inventory/reservations", None, 400, "INVALID_REQUEST"),
        ("GET", "/inventory/reservations/RSV999999", None, 404, "UNKNOWN_RESERVATION"),
        ("DELETE", "/inventory/reservations/RSV999999", None, 404, "UNKNOWN_RESERVATION"),
        ("GET", "/inventory/stock/SKU000", None, 404, "UNKNOWN_SKU"),
        ("POST", "/bss/orders", {"customerId": "C12345", "externalId": "x", "items": []}, 400, "INVALID_REQUEST"),
        ("GET", "/bss/orders/ORD00000", None, 404, "UNKNOWN_ORDER"),
        ("POST", "/bss/orders/ORD00000/cancel", {}, 404, "UNKNOWN_ORDER"),
        ("POST", "/bss/orders/ORD98765/cancel", {}, 409, "ALREADY_SHIPPED"),
        ("PATCH", "/bss/subscriptions/SUB1122", {"plan": "Gold"}, 400, "INVALID_PLAN"),
        ("PATCH", "/bss/subscriptions/SUB0000", {"plan": "Basic"}, 404, "UNKNOWN_SUBSCRIPTION"),
        ("PATCH", "/bss/subscriptions/SUB1122", {"plan": "Basic", "expectedVersion": 9}, 412, "SUBSCRIPTION_CHANGED"),
        ("GET", "/billing/subscriptions/SUB0000", None, 404, "UNKNOWN_SUBSCRIPTION"),
        ("POST", "/billing/charges/CHG0000/refund", None, 404, "UNKNOWN_CHARGE"),
        ("GET", "/billing/charges/CHG0000", None, 404, "UNKNOWN_CHARGE"),
        ("GET", "/billing/invoices/ORD00000", None, 404, "UNKNOWN_INVOICE"),
        ("GET", "/scm/shipments/ORD00000", None, 404, "UNKNOWN_ORDER"),
    ],
)
def test_a_refusal_has_its_status_and_code_and_no_effect(
    client: Client, method: str, path: str, body: Any, status: int, code: str
) -> None:
    backend = path.split("/")[1]
    before = client.backends.ledger(backend)
    answer = client.call(method, path, body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert client.backends.ledger(backend) == before


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"orderId": "ORD00000"}, 404),
        ({"externalId": "web-2"}, 409),
        ({"amount": 25.5}, 400),
        ({"amount": "-1"}, 400),
        ({"amount": "1.2345"}, 400),
        ({"currency": "euro"}, 400),
    ],
)
def test_a_charge_that_makes_no_sense_is_refused(client: Client, change: dict[str, Any], status: int) -> None:
    body = {"orderId": "ORD98765", "amount": "1.00", "currency": "EUR"} | change
    assert client.call("POST", "/billing/charges", body).status_code == status


def test_short_stock_names_the_sku_and_what_there_is(client: Client) -> None:
    assert client.reserve("SKU999", 3).json()["details"] == {"sku": "SKU999", "requested": 3, "available": 0}


def test_an_order_of_an_unknown_customer_is_refused(client: Client) -> None:
    body = {"customerId": "C99999", "externalId": name(), "items": [{"sku": "SKU123", "quantity": 1}]}
    answer = client.call("POST", "/bss/orders", body)
    assert (answer.status_code, answer.json()["code"]) == (404, "UNKNOWN_CUSTOMER")


def test_the_payment_of_c40200_is_always_declined_and_leaves_nothing(client: Client) -> None:
    order, key = client.order("C40200"), name()
    for _ in range(2):
        answer = client.charge(order, key)
        assert (answer.status_code, answer.json()["code"]) == (402, "PAYMENT_DECLINED")
    assert client.backends.ledger("billing", key=key) == []
    assert client.call("GET", f"/billing/charges?orderId={order}").json() == []
    assert client.call("GET", f"/scm/shipments/{order}").json() == []


def test_a_cancelled_order_is_not_charged(client: Client) -> None:
    order = client.order()
    client.call("POST", f"/bss/orders/{order}/cancel", {})
    assert client.charge(order).json()["code"] == "ORDER_CANCELLED"


def test_an_order_is_not_charged_as_another(client: Client) -> None:
    order = client.order()
    body = {"orderId": order, "externalId": "web-1", "amount": "1.00", "currency": "EUR"}
    answer = client.call("POST", "/billing/charges", body)
    assert (answer.json()["code"], answer.json()["details"]) == ("ORDER_MISMATCH", {"orderId": order})
    assert client.call("GET", f"/billing/charges?orderId={order}").json() == []


def test_a_body_that_is_not_json_is_refused(client: Client) -> None:
    text = {"Content-Type": "text/plain"}
    broken = {"Content-Type": "application/json"}
    path = "/inventory/reservations"
    assert client.call("POST", path, headers=text, data="hello").json()["code"] == "UNSUPPORTED_MEDIA_TYPE"
    assert client.call("POST", path, headers=broken, data="{broken").json()["code"] == "INVALID_REQUEST"


def test_fields_the_contract_does_not_know_are_let_through(client: Client) -> None:
    body = {"sku": "SKU123", "quantity": 1, "colour": "red"}
    assert client.call("POST", "/inventory/reservations", body).status_code == 201


def test_numbers_of_any_size_in_such_fields_are_let_through(client: Client) -> None:
    for key in (None, name()):
        body = {"sku": "SKU123", "quantity": 1, "weight": 10**30}
        assert client.call("POST", "/inventory/reservations", body, key=key).status_code == 201
        items = [{"sku": "SKU123", "quantity": 1, "weight": 10**30}]
        order = {"customerId": "C12345", "externalId": name(), "items": items}
        assert client.call("POST", "/bss/orders", order, key=key).status_code == 201


def test_an_address_outside_the_contracts_is_not_found(backends: Backends) -> None:
    answer = requests.get(f"{backends.url}/crm/nothing", timeout=LONG)
    assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")


def test_a_method_outside_the_contracts_is_not_allowed(backends: Backends) -> None:
    answer = requests.put(f"{backends.url}/crm/customers/C12345", timeout=LONG)
    assert (answer.status_code, answer.json()["code"]) == (405, "METHOD_NOT_ALLOWED")
    assert answer.headers["Allow"] == "GET"
    answer = requests.put(f"{backends.url}/inventory/reservations", timeout=LONG)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, POST")


@pytest.mark.parametrize("strange", ["%0A", "C12345%0A", "%00", "%F0%9F%98%80", "..%2F", "a%2Fb"])
def test_a_strange_id_is_not_found(client: Client, strange: str) -> None:
    headers = {"Authorization": f"Bearer {client.token}"}
    answer = requests.get(f"{client.backends.url}/crm/customers/{strange}", headers=headers, timeout=LONG)
    assert answer.status_code == 404
    assert answer.json()["code"] in {"NOT_FOUND", "UNKNOWN_CUSTOMER"}
