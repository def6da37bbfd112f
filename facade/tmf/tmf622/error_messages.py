"""TMF622 v5 `productOrderErrorMessage`: why an order failed or was rejected."""

from collections.abc import Iterator
from typing import Any

from canonical.ordering.order import Order
from canonical.ordering.states import State
from facade.clock import time_text
from facade.tmf.engine.payload import Payload
from facade.tmf.tmf622.wishes import account_of


def error_messages(order: Order, carried: Payload) -> Iterator[Payload]:
    """Why the order failed; of a rejected one a message for each mistake, at the item that it is in."""
    failure = order.failure
    assert failure is not None
    if order.state is not State.REJECTED:
        items = [item.id for item in order.items if failure.details.get("itemId", item.id) == item.id]
        account = failure.details.get("billingAccountId")
        at = None if account is None else _account_at(carried, account)
        told = failure.message if at is None else f"{at}: {failure.message}"
        yield _message(order, failure.code, failure.message, "; ".join((told, *failure.undone)), items)
        return
    for error in failure.details["errors"]:
        item = _item_at(carried, error["pointer"])
        told = f"{error['pointer']}: {error['message']}"
        yield _message(order, error.get("reason", error["code"]), error["message"], told, [item] if item else None)


def _message(order: Order, code: str, reason: str, message: str, items: list[str] | None) -> Payload:
    told: dict[str, Any] = {
        "@type": "ProductOrderErrorMessage",
        "code": code,
        "reason": reason,
        "message": message,
        "timestamp": time_text(order.changed_at),
    }
    if items is None:
        return told
    references = [
        {"@type": "ProductOrderItemRef", "productOrderId": order.id, "productOrderItemId": item} for item in items
    ]
    return told | {"productOrderItem": references}


def _account_at(holder: Payload, account_id: str, at: str = "") -> str | None:
    """The pointer to the first billing account of this id, of the order or in its items."""
    for place, one in ((at, holder), (f"{at}/product", holder.get("product") or {})):
        if account_of(one) == account_id:
            return f"{place}/billingAccount"
    for index, item in enumerate(holder.get("productOrderItem") or ()):
        found = _account_at(item, account_id, f"{at}/productOrderItem/{index}")
        if found is not None:
            return found
    return None


def _item_at(carried: Payload, pointer: str) -> str | None:
    """The id of the item that a pointer leads to or into; of nested ones the innermost."""
    found, here = None, carried
    tokens = pointer.split("/")[1:]
    while len(tokens) > 1 and tokens[0] == "productOrderItem" and tokens[1].isdecimal():
        items = here.get("productOrderItem") or []
        if int(tokens[1]) >= len(items):
            break
        here, tokens = items[int(tokens[1])], tokens[2:]
        found = here["id"]
    return found
