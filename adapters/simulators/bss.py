"""BSS: orders and subscriptions."""

from adapters.simulators.crm import get_customer
from adapters.simulators.refusals import Refusal, not_found
from adapters.simulators.world import Change, Row, World, now
from canonical.shared import jsontext

PLANS = ("Basic", "Standard", "Premium")
ORDER = "SELECT orderId, status, customerId, externalId, items, createdAt, reason FROM orders"
SUBSCRIPTION = """
SELECT id, customerId, plan, status,
    1 + (SELECT count(*) FROM ledger WHERE operation = 'changePlan' AND ledger.id = subscriptions.id) AS version
FROM subscriptions"""


def create_order(world: World, body: Row) -> Change:
    get_customer(world, body["customerId"])
    if any("sku" not in item for item in body["items"] if item.get("action", "add") == "add"):
        raise Refusal(400, "INVALID_REQUEST", "What is added has a SKU")
    number = world.write(
        "INSERT INTO orders (status, customerId, externalId, items, createdAt) VALUES ('created', ?, ?, ?, ?)",
        body["customerId"], body["externalId"], jsontext.text(body["items"]), now(),
    )  # fmt: skip
    (created,) = world.rows(f"{ORDER} WHERE number = ?", number)
    return Change(created["orderId"], created, status=201)


def cancel_order(world: World, id_: str, body: Row | None = None) -> Change:
    order = get_order(world, id_)
    if order["status"] == "cancelled":
        return Change(id_, order, happened=False)
    if world.rows("SELECT 1 FROM shipments WHERE orderId = ? AND status IN ('in transit', 'delivered')", id_):
        raise Refusal(409, "ALREADY_SHIPPED", f"Order {id_} has been shipped", orderId=id_)
    world.write("UPDATE shipments SET status = 'cancelled' WHERE orderId = ?", id_)
    world.write("UPDATE orders SET status = 'cancelled', reason = ? WHERE orderId = ?", (body or {}).get("reason"), id_)
    return Change(id_, get_order(world, id_))


def find_orders(world: World, external_id: str) -> list[Row]:
    return world.rows(f"{ORDER} WHERE externalId = ? ORDER BY number", external_id)


def get_order(world: World, id_: str) -> Row:
    order = world.row(f"{ORDER} WHERE orderId = ?", id_)
    if order is None:
        raise not_found("order", orderId=id_)
    return order


def change_plan(world: World, id_: str, body: Row) -> Change:
    plan = body["plan"]
    subscription = world.row(f"{SUBSCRIPTION} WHERE id = ?", id_)
    if subscription is None:
        raise not_found("subscription", subscriptionId=id_)
    if plan not in PLANS:
        raise Refusal(400, "INVALID_PLAN", f"There is no plan {plan}", plan=plan, allowed=PLANS)
    if subscription["status"] != "active":
        raise Refusal(409, "SUBSCRIPTION_TERMINATED", f"Subscription {id_} has ended", subscriptionId=id_)
    version = subscription["version"]
    if body.get("expectedVersion", version) != version:
        text = f"Subscription {id_} is in version {version}"
        raise Refusal(412, "SUBSCRIPTION_CHANGED", text, subscriptionId=id_, version=version)
    changes = subscription["plan"] != plan
    world.write("UPDATE subscriptions SET plan = ? WHERE id = ?", plan, id_)
    return Change(id_, subscription | {"plan": plan, "version": version + changes}, happened=changes)


def get_subscriptions(world: World, id_: str) -> list[Row]:
    return world.rows(f"{SUBSCRIPTION} WHERE customerId = ? ORDER BY number", id_)


def find_subscription(world: World, id_: str) -> list[Row]:
    return world.rows(f"{SUBSCRIPTION} WHERE id = ?", id_)


def get_plans(_: World) -> list[Row]:
    return [{"name": plan, "rank": rank} for rank, plan in enumerate(PLANS, start=1)]
