"""The simulated backends over HTTP: what they do, refuse, remember, and how they fail when told to.

Every answer goes through `Client.call`, which holds it against the backend's contract.
"""

import sqlite3
import threading
import time
import uuid
from base64 import b64encode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.support.simulators import Backends, check_contract, check_schema, contract, running_backends

NAMES = ["crm", "inventory", "bss", "billing", "scm"]


class Client:
    """Calls the backends with a token and checks each answer against the contract."""

    def __init__(self, backends: Backends) -> None:
        self.backends = backends
        self.token = backends.token()

    def call(
        self, method: str, path: str, body: Any = None, *, key: str | None = None, timeout: float = 20, **more: Any
    ) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.token}"} | more.pop("headers", {})
        if key is not None:
            headers["Idempotency-Key"] = key
        answer = requests.request(method, self.backends.url + path, json=body, headers=headers, timeout=timeout, **more)
        check_contract(method, path, answer)
        return answer

    def order(self, customer: str = "C12345") -> str:
        items = [{"sku": "SKU123", "quantity": 1}]
        body = {"customerId": customer, "externalId": name(), "items": items}
        return str(self.call("POST", "/bss/orders", body).json()["orderId"])

    def charge(self, order: str, key: str | None = None, **more: Any) -> requests.Response:
        body = {"orderId": order, "amount": "25.50", "currency": "EUR"}
        return self.call("POST", "/billing/charges", body, key=key, **more)

    def reserve(self, sku: str = "SKU123", quantity: Any = 1, **more: Any) -> requests.Response:
        reference = more.pop("reference", None)
        body = {"sku": sku, "quantity": quantity} | ({"reference": reference} if reference else {})
        return self.call("POST", "/inventory/reservations", body, **more)


def name() -> str:
    """A key, reference or external id that nothing else uses."""
    return uuid.uuid4().hex


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backends]:
    with running_backends(tmp_path_factory.mktemp("backends")) as backends:
        yield backends


@pytest.fixture
def backends(server: Backends) -> Iterator[Backends]:
    yield server
    server.clear()


@pytest.fixture
def client(backends: Backends) -> Client:
    return Client(backends)


# What they do


def test_crm_knows_the_customers_of_the_documents(client: Client) -> None:
    assert client.call("GET", "/crm/customers/C12345").json() == {
        "id": "C12345", "name": "John Doe", "email": "john.doe@example.com", "status": "verified"
    }  # fmt: skip
    statuses = {"C20000": "pending", "C40200": "verified", "C50000": "suspended", "C12349": "verified"}
    for customer, status in statuses.items():
        assert client.call("GET", f"/crm/customers/{customer}").json()["status"] == status


def test_a_reservation_takes_stock_and_releasing_it_puts_it_back(client: Client) -> None:
    before, reference = client.call("GET", "/inventory/stock/SKU789").json(), name()
    made = client.reserve("SKU789", 5, reference=reference)
    reservation = made.json()
    held = client.call("GET", "/inventory/stock/SKU789").json()
    assert (made.status_code, reservation["status"], reservation["reference"]) == (201, "reserved", reference)
    assert (held["available"], held["reserved"]) == (before["available"] - 5, before["reserved"] + 5)
    path = f"/inventory/reservations/{reservation['reservationId']}"
    assert client.call("GET", path).json() == reservation
    assert client.call("GET", f"/inventory/reservations?reference={reference}").json() == [reservation]
    assert client.call("DELETE", path).json() == {**reservation, "status": "released"}
    assert client.call("GET", "/inventory/stock/SKU789").json() == before


def test_an_order_is_created_found_and_cancelled(client: Client) -> None:
    external_id = name()
    items = [{"sku": "SKU123", "quantity": 2, "reservationId": "RSV001"}, {"sku": "SKU456", "quantity": 1}]
    created = client.call("POST", "/bss/orders", {"customerId": "C12345", "externalId": external_id, "items": items})
    order = created.json()
    path = f"/bss/orders/{order['orderId']}"
    assert (created.status_code, order["status"], order["items"]) == (201, "created", items)
    assert client.call("GET", path).json() == order
    assert client.call("GET", f"/bss/orders?externalId={external_id}").json() == [order]
    assert client.call("GET", f"/bss/orders?externalId={name()}").json() == []
    cancelled = client.call("POST", f"{path}/cancel", {"reason": "payment declined"}).json()
    assert cancelled == {**order, "status": "cancelled", "reason": "payment declined"}
    assert client.call("GET", path).json() == cancelled


def test_a_charge_makes_a_paid_invoice_and_a_shipment_and_both_end_with_the_order(client: Client) -> None:
    order = client.order("C12349")
    taken = client.charge(order)
    charge = taken.json()
    assert taken.status_code == 201
    assert charge == {
        "chargeId": charge["chargeId"], "orderId": order, "amount": "25.50", "currency": "EUR", "status": "success"
    }  # fmt: skip
    assert client.call("GET", f"/billing/charges?orderId={order}").json() == [charge]
    invoice = client.call("GET", f"/billing/invoices/{order}").json()
    assert (invoice["total"], invoice["status"]) == ("25.50", "paid")
    assert invoice["lines"] == [{"sku": "SKU123", "quantity": 1}]
    (shipment,) = client.call("GET", f"/scm/shipments/{order}").json()
    assert shipment["status"] == "preparing"
    assert shipment in client.call("GET", "/scm/shipments/recent/C12349").json()

    refunded = client.call("POST", f"/billing/charges/{charge['chargeId']}/refund").json()
    client.call("POST", f"/bss/orders/{order}/cancel")
    assert refunded == {**charge, "status": "refunded"}
    assert client.call("GET", f"/billing/invoices/{order}").json()["status"] == "credited"
    assert client.call("GET", f"/scm/shipments/{order}").json() == [{**shipment, "status": "cancelled"}]


def test_a_plan_is_changed(client: Client) -> None:
    plans = {plan["id"]: plan for plan in client.call("GET", "/bss/subscriptions/C12346").json()}
    assert plans["SUB1120"]["plan"] == "Basic"
    changed = client.call("PATCH", "/bss/subscriptions/SUB1120", {"plan": "Standard"}).json()
    assert changed == {"id": "SUB1120", "customerId": "C12346", "plan": "Standard", "status": "active", "version": 2}
    assert changed in client.call("GET", "/bss/subscriptions/C12346").json()
    assert [effect["id"] for effect in client.backends.ledger("bss", id="SUB1120")] == ["SUB1120"]
    assert client.call("GET", "/bss/subscriptions/C99999").json() == []


def test_a_plan_is_changed_in_the_version_it_is_expected_in(client: Client) -> None:
    path = "/bss/subscriptions/SUB1121"
    for plan, version in (("Basic", 1), ("Standard", 2), ("Standard", 3)):
        changed = client.call("PATCH", path, {"plan": plan, "expectedVersion": version})
        assert changed.status_code == 200
        assert client.call("GET", "/bss/subscriptions?id=SUB1121").json() == [changed.json()]
    assert changed.json()["version"] == 3, "moving to the plan it has changes nothing"
    assert client.call("GET", "/bss/subscriptions?id=SUB0000").json() == []
    assert [plan["name"] for plan in client.call("GET", "/bss/plans").json()] == ["Basic", "Standard", "Premium"]


def test_a_subscription_is_billed_by_its_newest_plan(client: Client) -> None:
    path, body = "/billing/subscriptions/SUB1122", {"customerId": "C12345", "plan": "Standard", "version": 3}
    billed = client.call("PUT", path, body).json()
    assert billed == body | {"subscriptionId": "SUB1122"}
    assert client.call("PUT", path, body | {"plan": "Basic", "version": 2}).json() == billed, "came late"
    assert client.call("GET", path).json() == billed
    assert len(client.backends.ledger("billing", id="SUB1122")) == 1


def test_the_example_of_the_documents_is_there(client: Client) -> None:
    assert client.call("GET", "/bss/orders/ORD98765").json()["customerId"] == "C12345"
    assert client.call("GET", "/billing/charges?orderId=ORD98765").json()[0]["chargeId"] == "CHG1234"
    assert client.call("GET", "/billing/invoices/ORD98765").json()["invoiceId"] == "INV4567"
    shipment = client.call("GET", "/scm/shipments/ORD98765").json()[0]
    assert (shipment["shipmentId"], shipment["status"]) == ("SHIP7890", "in transit")
    assert client.call("GET", "/inventory/reservations/RSV001").json()["status"] == "reserved"
    assert client.call("GET", "/bss/subscriptions/C12345").json()[0] == {
        "id": "SUB1122", "customerId": "C12345", "plan": "Premium", "status": "active", "version": 1
    }  # fmt: skip


def test_numbers_continue_after_the_examples(client: Client) -> None:
    order = client.order()
    charge = client.charge(order).json()["chargeId"]
    assert order > "ORD98765"
    assert charge > "CHG1234"
    assert client.reserve().json()["reservationId"] > "RSV001"


def test_what_is_outstanding_is_summed_by_currency(client: Client) -> None:
    assert client.call("GET", "/billing/outstanding/C12345").json()["balances"] == [
        {"currency": "EUR", "amount": "49.90", "oldestDueDate": "2026-08-15", "openInvoices": 1}
    ]
    assert client.call("GET", "/billing/outstanding/C99999").json()["balances"] == []


def test_the_ledger_tells_every_effect_in_order(client: Client) -> None:
    key = name()
    order = client.order("C12347")
    charge = client.charge(order, key).json()
    client.call("POST", f"/billing/charges/{charge['chargeId']}/refund")
    client.call("POST", f"/bss/orders/{order}/cancel")
    effects = client.backends.ledger("billing", id=charge["chargeId"])
    for effect in client.backends.ledger("billing"):
        check_schema(contract("_control")["components"]["schemas"]["Effect"], effect)
    assert [(effect["operation"], effect["key"]) for effect in effects] == [("charge", key), ("refund", None)]
    assert effects[0]["data"] == charge
    assert [effect["id"] for effect in client.backends.ledger("billing", key=key)] == [charge["chargeId"]]
    assert [e["operation"] for e in client.backends.ledger("bss", id=order)] == ["createOrder", "cancelOrder"]


# What they refuse


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
    answer = requests.get(f"{backends.url}/crm/nothing", timeout=10)
    assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")


def test_a_method_outside_the_contracts_is_not_allowed(backends: Backends) -> None:
    answer = requests.put(f"{backends.url}/crm/customers/C12345", timeout=10)
    assert (answer.status_code, answer.json()["code"]) == (405, "METHOD_NOT_ALLOWED")
    assert answer.headers["Allow"] == "GET"
    answer = requests.put(f"{backends.url}/inventory/reservations", timeout=10)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, POST")


@pytest.mark.parametrize("strange", ["%0A", "C12345%0A", "%00", "%F0%9F%98%80", "..%2F", "a%2Fb"])
def test_a_strange_id_is_not_found(client: Client, strange: str) -> None:
    headers = {"Authorization": f"Bearer {client.token}"}
    answer = requests.get(f"{client.backends.url}/crm/customers/{strange}", headers=headers, timeout=10)
    assert answer.status_code == 404
    assert answer.json()["code"] in {"NOT_FOUND", "UNKNOWN_CUSTOMER"}


# What they remember


def test_a_repeated_key_gives_the_first_answer_and_one_effect(client: Client) -> None:
    key, order = name(), client.order()
    first, second = client.charge(order, key), client.charge(order, key)
    assert (second.status_code, second.json()) == (first.status_code, first.json())
    assert "Idempotent-Replayed" not in first.headers
    assert second.headers["Idempotent-Replayed"] == "true"
    assert len(client.backends.ledger("billing", key=key)) == 1


def test_a_key_reused_with_other_content_is_refused(client: Client) -> None:
    key, order = name(), client.order()
    client.charge(order, key)
    body = {"orderId": order, "amount": "99.00", "currency": "EUR"}
    answer = client.call("POST", "/billing/charges", body, key=key)
    assert (answer.status_code, answer.json()["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")
    assert len(client.backends.ledger("billing", key=key)) == 1


def test_a_key_reused_on_another_order_is_refused(client: Client) -> None:
    key = name()
    assert client.call("POST", f"/bss/orders/{client.order()}/cancel", {}, key=key).status_code == 200
    assert client.call("POST", f"/bss/orders/{client.order()}/cancel", {}, key=key).status_code == 422


def test_a_key_counts_for_one_operation_only(client: Client) -> None:
    key = name()
    assert client.reserve(key=key).status_code == 201
    body = {"customerId": "C12345", "externalId": name(), "items": [{"sku": "SKU123", "quantity": 1}]}
    assert client.call("POST", "/bss/orders", body, key=key).status_code == 201


def test_a_key_that_is_too_long_is_refused(client: Client) -> None:
    assert client.reserve(key="k" * 200).status_code == 201
    assert client.reserve(key="k" * 201).status_code == 400


def test_a_refused_change_is_judged_anew_under_the_same_key(client: Client) -> None:
    key, before = name(), client.call("GET", "/inventory/stock/SKU456").json()["available"]
    everything = client.reserve("SKU456", before).json()["reservationId"]
    assert client.reserve("SKU456", 1, key=key).status_code == 409
    client.call("DELETE", f"/inventory/reservations/{everything}")
    assert client.reserve("SKU456", 1, key=key).status_code == 201


def test_concurrent_repeats_have_one_effect_and_equal_answers(client: Client) -> None:
    key, order = name(), client.order()
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda _: client.charge(order, key).json(), range(24)))
    assert all(answer == answers[0] for answer in answers)
    assert len(client.backends.ledger("billing", key=key)) == 1
    assert len(client.call("GET", f"/billing/charges?orderId={order}").json()) == 1


def test_without_a_key_a_repeated_charge_is_taken_twice_and_the_ledger_shows_it(client: Client) -> None:
    order = client.order()
    charges = [client.charge(order).json()["chargeId"] for _ in range(2)]
    taken = [effect["id"] for effect in client.backends.ledger("billing") if effect["data"].get("orderId") == order]
    assert taken == charges
    assert len(client.call("GET", f"/scm/shipments/{order}").json()) == 1


def test_undoing_twice_is_one_effect(client: Client) -> None:
    reservation, order = client.reserve().json()["reservationId"], client.order()
    charge = client.charge(order).json()["chargeId"]
    undos = [
        ("DELETE", f"/inventory/reservations/{reservation}", "inventory", reservation),
        ("POST", f"/billing/charges/{charge}/refund", "billing", charge),
        ("POST", f"/bss/orders/{order}/cancel", "bss", order),
    ]
    for method, path, backend, thing in undos:
        first, again = client.call(method, path, key=name()), client.call(method, path, key=name())
        assert (first.status_code, again.status_code) == (200, 200)
        assert first.json() == again.json()
        assert len(client.backends.ledger(backend, id=thing)) == 2  # the making and one undoing


@pytest.mark.parametrize("ending", ["kill", "stop"])
def test_state_ledger_keys_and_tokens_outlive_the_process(tmp_path: Path, ending: str) -> None:
    with running_backends(tmp_path) as backends:
        client, key = Client(backends), name()
        order = client.order()
        charge = client.charge(order, key)
        ledgers = {backend: backends.ledger(backend) for backend in NAMES}
        stock = client.call("GET", "/inventory/stock/SKU123").json()
        getattr(backends, ending)()
        backends.start()
        assert {backend: backends.ledger(backend) for backend in NAMES} == ledgers
        assert client.call("GET", "/inventory/stock/SKU123").json() == stock
        assert client.charge(order, key).json() == charge.json()
        assert backends.ledger("billing") == ledgers["billing"]
        assert client.order() > order


def test_effects_and_their_ledger_agree_after_a_kill_in_full_flight(tmp_path: Path) -> None:
    with running_backends(tmp_path) as backends:
        client = Client(backends)
        done = threading.Event()

        def reserve_until_killed() -> None:
            try:
                while not done.is_set():
                    client.reserve(key=name())
            except requests.RequestException:
                return

        callers = [threading.Thread(target=reserve_until_killed) for _ in range(4)]
        for caller in callers:
            caller.start()
        time.sleep(0.4)
        backends.kill()
        done.set()
        for caller in callers:
            caller.join()
    state = sqlite3.connect(tmp_path / "backends.sqlite3")
    effects = state.execute("SELECT count(*) FROM ledger").fetchone()[0]
    answers = state.execute("SELECT count(*) FROM answers").fetchone()[0]
    reservations, reserved = state.execute("SELECT count(*) - 1, sum(quantity) FROM reservations").fetchone()
    held = state.execute("SELECT reserved FROM stock WHERE sku = 'SKU123'").fetchone()[0]
    state.close()
    assert effects == answers == reservations
    assert held == reserved
    assert reservations > 0


# Tokens


def test_a_call_without_a_good_token_is_refused_and_told_which_scheme(client: Client) -> None:
    for header in ({"Authorization": ""}, {"Authorization": "Bearer nonsense"}, {"Authorization": "Basic eDp5"}):
        answer = client.call("GET", "/crm/customers/C12345", headers=header)
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    forged = client.token[:-1] + ("0" if client.token[-1] != "0" else "1")
    assert client.call("GET", "/crm/customers/C12345", headers={"Authorization": f"Bearer {forged}"}).status_code == 401


def test_a_token_is_given_for_the_form_and_for_basic_and_only_for_the_right_secret(backends: Backends) -> None:
    url, grant = f"{backends.url}/oauth/token", {"grant_type": "client_credentials"}
    by_form = requests.post(url, data=grant | {"client_id": "facade", "client_secret": "facade-secret"}, timeout=10)
    by_basic = requests.post(url, data=grant, auth=("facade", "facade-secret"), timeout=10)
    for answer in (by_form, by_basic):
        assert answer.status_code == 200
        assert (answer.json()["token_type"], answer.json()["expires_in"]) == ("Bearer", 3600)
        assert answer.headers["Cache-Control"] == "no-store"
    wrong = requests.post(url, data=grant, auth=("facade", "wrong"), timeout=10)
    assert (wrong.status_code, wrong.json()["error"]) == (401, "invalid_client")
    broken = requests.post(url, data=grant, headers={"Authorization": f"Basic {b64encode(b'x')[:1]!r}"}, timeout=10)
    assert broken.status_code == 401
    other = requests.post(url, data={"grant_type": "password"}, auth=("facade", "facade-secret"), timeout=10)
    assert (other.status_code, other.json()["error"]) == (400, "unsupported_grant_type")


def test_a_token_expires(tmp_path: Path) -> None:
    with running_backends(tmp_path, token_seconds=1) as backends:
        client = Client(backends)
        assert client.call("GET", "/crm/customers/C12345").status_code == 200
        time.sleep(1.1)
        answer = client.call("GET", "/crm/customers/C12345")
        assert (answer.status_code, answer.json()["message"]) == (401, "The access token has expired")


# How they fail when told to


def test_latency_delays_the_call_and_then_it_works(client: Client) -> None:
    client.backends.fault("crm", latencyMs=2000)
    began = time.monotonic()
    assert client.call("GET", "/crm/customers/C12345").status_code == 200
    delayed = time.monotonic() - began
    assert delayed >= 2
    began = time.monotonic()
    client.call("GET", "/scm/shipments/ORD98765")
    assert time.monotonic() - began < delayed


def test_waiting_calls_do_not_hold_each_other_up(client: Client) -> None:
    client.backends.fault("crm", latencyMs=1000)
    began = time.monotonic()
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda _: client.call("GET", "/crm/customers/C12345"), range(16)))
    assert time.monotonic() - began < 16, "one after the other they would take 16 s"


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_status_is_answered_without_effect(client: Client, status: int) -> None:
    key = name()
    client.backends.fault("inventory", status=status)
    answer = client.reserve(key=key)
    assert answer.status_code == status
    assert ("Retry-After" in answer.headers) == (status != 500)
    assert client.backends.ledger("inventory", key=key) == []
    client.backends.clear()
    assert client.reserve(key=key).status_code == 201


def test_a_dropped_answer_closes_the_connection_after_the_effect(client: Client) -> None:
    key, order = name(), client.order()
    client.backends.fault("billing", dropAnswer=True, operations=["charge"])
    with pytest.raises(requests.ConnectionError):
        client.charge(order, key)
    assert len(client.backends.ledger("billing", key=key)) == 1
    (charge,) = client.call("GET", f"/billing/charges?orderId={order}").json()
    client.backends.clear()
    assert client.charge(order, key).json() == charge
    assert len(client.backends.ledger("billing", key=key)) == 1


def test_the_answer_to_a_refused_call_is_dropped_too(client: Client) -> None:
    client.backends.fault("inventory", dropAnswer=True)
    for body in ({"sku": "SKU999", "quantity": 1}, {"sku": "SKU999"}):
        with pytest.raises(requests.ConnectionError):
            client.call("POST", "/inventory/reservations", body)


def test_a_hanging_call_has_no_effect(client: Client) -> None:
    key = name()
    client.backends.fault("inventory", hang=True)
    with pytest.raises(requests.ReadTimeout):
        client.reserve(key=key, timeout=0.3)
    assert client.backends.ledger("inventory", key=key) == []


def test_a_slow_backend_acts_even_when_its_caller_has_gone(client: Client) -> None:
    key = name()
    client.backends.fault("inventory", latencyMs=800)
    with pytest.raises(requests.ReadTimeout):
        client.reserve(key=key, timeout=0.3)
    assert client.backends.ledger("inventory", key=key) == []
    until = time.monotonic() + 10
    while len(client.backends.ledger("inventory", key=key)) != 1:
        assert time.monotonic() < until
        time.sleep(0.05)


def test_a_call_whose_dropped_answer_hangs_has_its_effect(client: Client) -> None:
    key = name()
    client.backends.fault("inventory", hang=True, dropAnswer=True)
    with pytest.raises(requests.ReadTimeout):
        client.reserve(key=key, timeout=0.3)
    assert len(client.backends.ledger("inventory", key=key)) == 1


def test_clearing_ends_hanging_calls_without_an_answer(client: Client) -> None:
    client.backends.fault("inventory", hang=True)
    keys = [name(), name()]
    with ThreadPoolExecutor(2) as pool:
        calls = [pool.submit(client.reserve, key=key) for key in keys]
        time.sleep(0.3)
        began = time.monotonic()
        client.backends.clear()
        for call in calls:
            assert isinstance(call.exception(timeout=5), requests.ConnectionError)
    assert time.monotonic() - began < 10
    assert [client.backends.ledger("inventory", key=key) for key in keys] == [[], []]
    assert client.reserve(key=keys[0]).status_code == 201


def test_a_malformed_answer_is_broken_json_after_the_effect(client: Client) -> None:
    key = name()
    client.backends.fault("inventory", malformed=True)
    headers = {"Authorization": f"Bearer {client.token}", "Idempotency-Key": key}
    body = {"sku": "SKU123", "quantity": 1}
    url = f"{client.backends.url}/inventory/reservations"
    answer = requests.post(url, json=body, headers=headers, timeout=10)
    assert answer.status_code == 201
    with pytest.raises(requests.JSONDecodeError):
        answer.json()
    assert len(client.backends.ledger("inventory", key=key)) == 1


def test_rate_is_the_share_of_calls_that_is_hit_and_can_be_repeated(client: Client) -> None:
    runs = []
    for _ in range(2):
        client.backends.fault("crm", status=503, rate=0.5)
        runs.append([client.call("GET", "/crm/customers/C12345").status_code for _ in range(60)])
    assert runs[0] == runs[1]
    assert 18 <= runs[0].count(503) <= 42
    client.backends.fault("crm", status=503, rate=0)
    assert client.call("GET", "/crm/customers/C12345").status_code == 200


def test_a_fault_is_limited_to_its_operations(client: Client) -> None:
    client.backends.fault("bss", status=503, operations=["createOrder"])
    assert client.call("GET", "/bss/orders/ORD98765").status_code == 200
    body = {"customerId": "C12345", "externalId": name(), "items": [{"sku": "SKU123", "quantity": 1}]}
    assert client.call("POST", "/bss/orders", body).status_code == 503


def test_faults_are_listed_and_cleared(backends: Backends) -> None:
    backends.fault("billing", dropAnswer=True, operations=["charge"])
    backends.fault("crm", latencyMs=5, rate=0.5)
    assert requests.get(f"{backends.url}/_faults", timeout=10).json() == {
        "billing": {"dropAnswer": True, "operations": ["charge"]},
        "crm": {"latencyMs": 5, "rate": 0.5},
    }
    backends.clear()
    assert requests.get(f"{backends.url}/_faults", timeout=10).json() == {}


def test_faults_are_forgotten_on_restart(tmp_path: Path) -> None:
    with running_backends(tmp_path) as backends:
        backends.fault("crm", status=503)
        backends.restart()
        assert Client(backends).call("GET", "/crm/customers/C12345").status_code == 200


@pytest.mark.parametrize(
    ("backend", "settings", "named"),
    [
        ("erp", {"status": 503}, "erp"),
        ("billing", {"status": 503, "operations": ["pay"]}, "pay"),
        ("billing", {"latency": 5}, "latency"),
        ("billing", {"rate": 2}, "rate"),
        ("billing", {"status": 200}, "status"),
    ],
)
def test_a_fault_that_is_not_understood_is_refused_by_name(
    backends: Backends, backend: str, settings: dict[str, Any], named: str
) -> None:
    answer = requests.put(f"{backends.url}/_faults/{backend}", json=settings, timeout=10)
    assert answer.status_code == 400
    assert named in answer.json()["message"]


def test_the_ledger_of_an_unknown_backend_is_refused_by_name(backends: Backends) -> None:
    answer = requests.get(f"{backends.url}/_ledger/erp", timeout=10)
    assert answer.status_code == 400
    assert "erp" in answer.json()["message"]


def test_the_simulation_stops_at_once_while_calls_hang(tmp_path: Path) -> None:
    with running_backends(tmp_path) as backends:
        backends.fault("crm", hang=True)
        with ThreadPoolExecutor(1) as pool:
            call = pool.submit(Client(backends).call, "GET", "/crm/customers/C12345")
            time.sleep(0.3)
            began = time.monotonic()
            backends.stop()
            assert time.monotonic() - began < 20
            assert isinstance(call.exception(timeout=5), requests.ConnectionError)


# What they promise


@pytest.mark.parametrize("backend", [*NAMES, "_control"])
def test_every_example_in_a_contract_fits_its_schema(backend: str) -> None:
    def examples(node: Any) -> Iterator[tuple[Any, Any]]:
        if isinstance(node, dict):
            if "example" in node and "schema" in node:
                yield node["schema"], node["example"]
            elif "example" in node and "type" in node:
                yield node, node["example"]
        if isinstance(node, dict | list):
            for part in node.values() if isinstance(node, dict) else node:
                yield from examples(part)

    found = list(examples(contract(backend)))
    assert len(found) > 5
    for schema, example in found:
        check_schema(schema, example)


@pytest.mark.parametrize(
    ("backend", "version"),
    [("crm", "2.1.0"), ("inventory", "1.1.0"), ("bss", "1.0.0"), ("billing", "1.2.0"), ("scm", "1.0.0")],
)
def test_every_contract_is_the_version_agreed_and_asks_for_a_token(backend: str, version: str) -> None:
    spec = contract(backend)
    assert spec["info"]["version"] == version
    assert spec["security"] == [{"backend": []}]
    assert spec["components"]["securitySchemes"]["backend"]["type"] == "oauth2"


@pytest.mark.parametrize("backend", NAMES)
def test_every_change_takes_an_idempotency_key(backend: str) -> None:
    for path, methods in contract(backend)["paths"].items():
        for method, operation in methods.items():
            takes = "Idempotency-Key" in [parameter["name"] for parameter in operation.get("parameters", [])]
            assert takes == (method != "get"), f"{method} {path}"
