"""The steps of placing an order in which tests let the product crash."""

from tests.support.product import Node, effects

COMPLETED = {"reserve": 2, "createOrder": 1, "charge": 1}
COMPENSATED = {"reserve": 2, "createOrder": 1, "cancelOrder": 1, "release": 2}
DECLINED = "C40200"

STEPS = [
    # backend, operation, customer, what is in the ledgers when the call arrives, what is there in the end
    ("crm", "getCustomer", "C12345", {}, COMPLETED),
    ("inventory", "reserve", "C12345", {}, COMPLETED),
    ("bss", "createOrder", "C12345", {"reserve": 2}, COMPLETED),
    ("billing", "charge", "C12345", {"reserve": 2, "createOrder": 1}, COMPLETED),
    ("bss", "cancelOrder", DECLINED, {"reserve": 2, "createOrder": 1}, COMPENSATED),
    ("inventory", "release", DECLINED, {"reserve": 2, "createOrder": 1, "cancelOrder": 1}, COMPENSATED),
]


def assert_ended(node: Node, order_id: str, customer: str, in_the_end: dict[str, int]) -> None:
    """The order ends, and each of its effects happened once."""
    order = node.until_finished(order_id)
    assert order["state"] == ("FAILED" if customer == DECLINED else "COMPLETED")
    assert effects(node.backends, order_id) == in_the_end
