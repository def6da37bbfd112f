"""Orders as BSS gets them, against its contract."""

from collections.abc import Mapping
from typing import Any

import pytest

from adapters.backends.bss import ACTIONS, to_bss_order
from canonical.ordering.commands import ItemAction
from tests.support.builders import BROADBAND, ORDER_ID, ROUTER, a_change, a_line, an_order
from tests.support.specs import problems, validator

SPEC = "backends/bss.yaml"


def schemas() -> Any:
    document = validator(SPEC, "OrderRequest").schema
    assert isinstance(document, Mapping)
    return document["components"]["schemas"]


def sent(*lines: Any, offerings: Any = None, reservations: dict[str, str] | None = None) -> dict[str, Any]:
    order = an_order(lines=lines, offerings=offerings)
    body = to_bss_order(order, reservations or {})
    assert problems(SPEC, "OrderRequest", body) == []
    known = schemas()["OrderItem"]["properties"]
    assert all(item.keys() <= known.keys() for item in body["items"]), "nothing that its contract does not name"
    return body


def test_what_is_added_is_sent_with_its_sku_and_its_reservation() -> None:
    reservations = {"b": "RSV002", "a": "RSV001"}
    lines = (a_line(id="a"), a_line(id="b", quantity=1))
    assert sent(*lines, offerings=[BROADBAND, ROUTER], reservations=reservations) == {
        "customerId": "C12345",
        "externalId": ORDER_ID,
        "items": [
            {"action": "add", "sku": "SKU123", "quantity": 2, "reservationId": "RSV001"},
            {"action": "add", "sku": "SKU456", "quantity": 1, "reservationId": "RSV002"},
        ],
    }


@pytest.mark.parametrize("action", [action for action in ItemAction if action is not ItemAction.ADD])
def test_what_is_done_to_an_installed_product_is_sent_with_the_product(action: ItemAction) -> None:
    lines = (a_change(id="a", action=action), a_change(id="b", action=action, product_id="PRD2", offering_id="x"))
    assert sent(*lines, offerings=[None, ROUTER])["items"] == [
        {"action": ACTIONS[action], "quantity": 1, "productId": "PRD1"},
        {"action": ACTIONS[action], "sku": "SKU456", "quantity": 1, "productId": "PRD2"},
    ]


def test_what_is_left_alone_may_be_nothing_but_its_quantity() -> None:
    line = a_change(action=ItemAction.NO_CHANGE, product_id=None, quantity=3)
    assert sent(line)["items"] == [{"action": "keep", "quantity": 3}]


def test_of_a_mixed_order_each_reservation_stays_with_its_item() -> None:
    lines = (a_change(id="a"), a_line(id="b"), a_change(id="c"), a_line(id="d"))
    items = sent(*lines, reservations={"d": "RSV004", "b": "RSV002"})["items"]
    assert [item.get("reservationId") for item in items] == [None, "RSV002", None, "RSV004"]
    assert [item["action"] for item in items] == ["disconnect", "add", "disconnect", "add"]


def test_every_action_has_a_name_of_its_own_there() -> None:
    assert ACTIONS.keys() == set(ItemAction)
    assert sorted(ACTIONS.values()) == sorted(schemas()["OrderItem"]["properties"]["action"]["enum"])
