"""CRM: the customers."""

from adapters.simulators.refusals import not_found
from adapters.simulators.world import Row, World


def get_customer(world: World, id_: str) -> Row:
    customer = world.row("SELECT id, name, email, status FROM customers WHERE id = ?", id_)
    if customer is None:
        raise not_found("customer", customerId=id_)
    return customer
