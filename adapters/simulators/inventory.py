"""Inventory: stock and what is reserved of it."""

from adapters.simulators.refusals import Refusal, not_found
from adapters.simulators.world import Change, Row, World

RESERVATION = "SELECT reservationId, status, sku, quantity, reference FROM reservations"


def reserve(world: World, body: Row) -> Change:
    sku, quantity = body["sku"], body["quantity"]
    available = get_stock(world, sku)["available"]
    if available < quantity:
        raise Refusal(
            409, "INSUFFICIENT_STOCK", f"Only {available} of {sku} are available",
            sku=sku, requested=quantity, available=available,
        )  # fmt: skip
    _move(world, sku, quantity)
    number = world.write(
        "INSERT INTO reservations (status, sku, quantity, reference) VALUES ('reserved', ?, ?, ?)",
        sku, quantity, body.get("reference"),
    )  # fmt: skip
    (made,) = world.rows(f"{RESERVATION} WHERE number = ?", number)
    return Change(made["reservationId"], made, status=201)


def release(world: World, id_: str) -> Change:
    reservation = get_reservation(world, id_)
    held = reservation["status"] == "reserved"
    if held:
        _move(world, reservation["sku"], -reservation["quantity"])
        world.write("UPDATE reservations SET status = 'released' WHERE reservationId = ?", id_)
    return Change(id_, {**reservation, "status": "released"}, happened=held)


def find_reservations(world: World, reference: str) -> list[Row]:
    return world.rows(f"{RESERVATION} WHERE reference = ? ORDER BY number", reference)


def get_reservation(world: World, id_: str) -> Row:
    reservation = world.row(f"{RESERVATION} WHERE reservationId = ?", id_)
    if reservation is None:
        raise not_found("reservation", reservationId=id_)
    return reservation


def get_stock(world: World, sku: str) -> Row:
    stock = world.row("SELECT sku, available, reserved FROM stock WHERE sku = ?", sku)
    if stock is None:
        raise not_found("SKU", sku=sku)
    return stock


def put_stock(world: World, sku: str, body: Row) -> Row:
    """Say how much is available. What is reserved stays reserved."""
    world.write(
        "INSERT INTO stock VALUES (?, ?, 0) ON CONFLICT (sku) DO UPDATE SET available = excluded.available",
        sku, body["available"],
    )  # fmt: skip
    return get_stock(world, sku)


def _move(world: World, sku: str, quantity: int) -> None:
    """Take a quantity out of the available stock, or with a negative one put it back."""
    world.write("UPDATE stock SET available = available - ?1, reserved = reserved + ?1 WHERE sku = ?2", quantity, sku)
