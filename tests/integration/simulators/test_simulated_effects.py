"""What the simulated backends do."""

from tests.support.simulator_client import Client, name
from tests.support.simulators import check_schema, contract


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
    path = made.headers["Location"]
    assert path == f"/inventory/reservations/{reservation['reservationId']}"
    assert client.call("GET", path).json() == reservation
    assert client.call("GET", f"/inventory/reservations?reference={reference}").json() == [reservation]
    assert client.call("DELETE", path).json() == {**reservation, "status": "released"}
    assert client.call("GET", "/inventory/stock/SKU789").json() == before


def test_an_order_is_created_found_and_cancelled(client: Client) -> None:
    external_id = name()
    items = [{"sku": "SKU123", "quantity": 2, "reservationId": "RSV001"}, {"sku": "SKU456", "quantity": 1}]
    created = client.call("POST", "/bss/orders", {"customerId": "C12345", "externalId": external_id, "items": items})
    order = created.json()
    path = created.headers["Location"]
    assert path == f"/bss/orders/{order['orderId']}"
    assert (created.status_code, order["status"], order["items"]) == (201, "created", items)
    assert client.call("GET", path).json() == order
    assert client.call("GET", f"/bss/orders?externalId={external_id}").json() == [order]
    assert client.call("GET", f"/bss/orders?externalId={name()}").json() == []
    cancelled = client.call("POST", f"{path}/cancel", {"reason": "payment declined"}).json()
    assert cancelled == {**order, "status": "cancelled", "reason": "payment declined"}
    assert client.call("GET", path).json() == cancelled


def test_a_charge_makes_a_paid_invoice_and_a_shipment_and_both_end_with_the_order(client: Client) -> None:
    order = client.order("C12349")
    record, taken = client.call("GET", f"/bss/orders/{order}").json(), client.charge(order)
    charge = taken.json()
    assert taken.status_code == 201
    assert charge == {
        "chargeId": charge["chargeId"], "orderId": order, "externalId": record["externalId"],
        "amount": "25.50", "currency": "EUR", "status": "success",
    }  # fmt: skip
    assert taken.headers["Location"] == f"/billing/charges/{charge['chargeId']}"
    assert client.call("GET", taken.headers["Location"]).json() == charge
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
