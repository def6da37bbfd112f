"""CRM: the customers."""

from adapters.simulators.refusals import not_found
from adapters.simulators.world import Row, World


def get_customer(world: World, id_: str) -> Row:
    customer = world.row("SELECT id, name, email, status FROM customers WHERE id = ?", id_)
    if customer is None:
        raise not_found("customer", customerId=id_)
    return customer


def put_customer(world: World, id_: str, body: Row) -> Row:
    world.write("REPLACE INTO customers VALUES (?, ?, ?, ?)", id_, body["name"], body["email"], body["status"])
    return get_customer(world, id_)
