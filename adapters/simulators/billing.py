"""Billing: accounts, charges, their invoices, and what is still owed."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from adapters.simulators.bss import get_order
from adapters.simulators.refusals import Refusal, not_found
from adapters.simulators.scm import begin_shipment
from adapters.simulators.world import Change, Row, World
from canonical.shared import jsontext

NEVER_PAYS = "C40200"
PAYMENT_TERM = timedelta(days=30)
BILLED_PLAN = "SELECT subscriptionId, customerId, plan, version FROM billed_plans WHERE subscriptionId = ?"
CHARGE = """
SELECT chargeId, charges.orderId, externalId, amount, currency, charges.status
FROM charges JOIN orders ON orders.orderId = charges.orderId"""

ACCOUNT = """
SELECT accountId, customerId, name FROM billing_accounts JOIN customers ON customers.id = billing_accounts.customerId"""


def find_accounts(world: World, customer_id: str) -> list[Row]:
    return world.rows(f"{ACCOUNT} WHERE customerId = ? ORDER BY accountId", customer_id)


def get_account(world: World, id_: str) -> Row:
    account = world.row(f"{ACCOUNT} WHERE accountId = ?", id_)
    if account is None:
        raise not_found("account", accountId=id_)
    return account


def charge(world: World, body: Row) -> Change:
    """Takes the money, writes the invoice and lets SCM begin to ship."""
    order = get_order(world, body["orderId"])
    if order["status"] == "cancelled":
        raise Refusal(409, "ORDER_CANCELLED", f"Order {order['orderId']} is cancelled", orderId=order["orderId"])
    if body.get("externalId", order["externalId"]) != order["externalId"]:
        text = f"Order {order['orderId']} has another externalId"
        raise Refusal(409, "ORDER_MISMATCH", text, orderId=order["orderId"])
    if order["customerId"] == NEVER_PAYS:
        raise Refusal(402, "PAYMENT_DECLINED", "The payment was declined", orderId=order["orderId"])
    number = world.write(
        "INSERT INTO charges (orderId, amount, currency, status) VALUES (?, ?, ?, 'success')",
        order["orderId"], body["amount"], body["currency"],
    )  # fmt: skip
    (taken,) = world.rows(f"{CHARGE} WHERE charges.number = ?", number)
    _write_invoice(world, order, taken)
    begin_shipment(world, order["orderId"])
    return Change(taken["chargeId"], taken, status=201)


def refund(world: World, id_: str) -> Change:
    taken = get_charge(world, id_)
    standing = taken["status"] == "success"
    if standing:
        world.write("UPDATE charges SET status = 'refunded' WHERE chargeId = ?", id_)
        world.write("UPDATE invoices SET status = 'credited' WHERE chargeId = ?", id_)
    return Change(id_, {**taken, "status": "refunded"}, happened=standing)


def find_charges(world: World, order_id: str) -> list[Row]:
    return world.rows(f"{CHARGE} WHERE charges.orderId = ? ORDER BY charges.number", order_id)


def get_charge(world: World, id_: str) -> Row:
    taken = world.row(f"{CHARGE} WHERE chargeId = ?", id_)
    if taken is None:
        raise not_found("charge", chargeId=id_)
    return taken


def get_invoice(world: World, order_id: str) -> Row:
    invoice = world.row(
        "SELECT invoiceId, orderId, total, currency, dueDate, status, lines FROM invoices"
        " WHERE orderId = ? ORDER BY number DESC LIMIT 1",
        order_id,
    )
    if invoice is None:
        raise Refusal(404, "UNKNOWN_INVOICE", f"Order {order_id} has no invoice", orderId=order_id)
    return invoice


def get_outstanding(world: World, customer_id: str) -> Row:
    unpaid: dict[str, list[Row]] = defaultdict(list)
    for invoice in world.rows(
        "SELECT currency, total, dueDate FROM invoices WHERE status = 'open' AND customerId = ?", customer_id
    ):
        unpaid[invoice["currency"]].append(invoice)
    balances = [
        {
            "currency": currency,
            "amount": str(sum((Decimal(invoice["total"]) for invoice in invoices), Decimal())),
            "oldestDueDate": min(invoice["dueDate"] for invoice in invoices),
            "openInvoices": len(invoices),
        }
        for currency, invoices in sorted(unpaid.items())
    ]
    return {"customerId": customer_id, "balances": balances}


def set_plan(world: World, id_: str, body: Row) -> Change:
    """A version that is not newer than the one known changes nothing."""
    known = world.row(BILLED_PLAN, id_)
    if known is not None and known["version"] >= body["version"]:
        return Change(id_, known, happened=False)
    world.write(
        "INSERT OR REPLACE INTO billed_plans (subscriptionId, customerId, plan, version) VALUES (?, ?, ?, ?)",
        id_, body["customerId"], body["plan"], body["version"],
    )  # fmt: skip
    (billed,) = world.rows(BILLED_PLAN, id_)
    return Change(id_, billed)


def get_billed_plan(world: World, id_: str) -> Row:
    billed = world.row(BILLED_PLAN, id_)
    if billed is None:
        raise not_found("subscription", subscriptionId=id_)
    return billed


def _write_invoice(world: World, order: Row, taken: Row) -> None:
    added = [item for item in order["items"] if item.get("action", "add") == "add"]
    lines = [{"sku": item["sku"], "quantity": item["quantity"]} for item in added]
    world.write(
        "INSERT INTO invoices (chargeId, orderId, customerId, total, currency, dueDate, status, lines)"
        " VALUES (?, ?, ?, ?, ?, ?, 'paid', ?)",
        taken["chargeId"], order["orderId"], order["customerId"], taken["amount"], taken["currency"],
        (datetime.now(UTC) + PAYMENT_TERM).date().isoformat(), jsontext.text(lines),
    )  # fmt: skip
