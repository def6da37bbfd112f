"""What an order asks for, as BSS gets it: all of it, or nothing where BSS keeps an older contract."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from adapters.backends.bss import HttpBssOrders
from adapters.backends.understanding import LOCATED
from adapters.backends.versions import ContractWatch
from canonical.ordering.commands import ItemAction
from canonical.ordering.items import OrderedCharacteristic
from canonical.ordering.wishes import ChosenCharacteristic, WishedPlace, WishedTerm, Wishes
from canonical.processes.errors import WishNotSupported
from canonical.shared.errors import BackendUnavailable
from tests.support.builders import BROADBAND, a_change, a_line, an_order
from tests.support.specs import problems

SPEC = "backends/bss.yaml"
SPEED = ChosenCharacteristic("speed", "NUMBER", "1000.0")
WISHES: dict[str, dict[str, Any]] = {
    "characteristics": {"characteristics": (SPEED,)},
    "places": {"wishes": Wishes(places=(WishedPlace("installed at", "LOC-17"),))},
    "terms": {"wishes": Wishes(terms=(WishedTerm("Minimum term", 24, "month"),))},
    "newCustomerId": {"action": ItemAction.MOVE, "wishes": Wishes(customer_id="C12346")},
}


class Asked:
    """A BSS that notes what it is asked to create."""

    name = "bss"

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []

    def call(self, operation: Any, *path: Any, json: dict[str, Any], key: str) -> dict[str, Any]:
        self.bodies.append(json)
        return {"id": "ORD00001", LOCATED: True}


def created(version: str | None, *lines: Any, offerings: Any = None) -> list[dict[str, Any]]:
    bss: Any = Asked()
    HttpBssOrders(bss, lambda: version).create(an_order(lines=lines, offerings=offerings), {}, "key")
    [body] = bss.bodies
    assert problems(SPEC, "OrderRequest", body) == []
    items: list[dict[str, Any]] = body["items"]
    return items


def test_right_after_the_start_bss_is_asked_for_its_version_before_it_gets_an_order() -> None:
    said = iter([None, "1.1.0", "1.1.0"])
    watch = ContractWatch({"bss": "1.2.0"}, {"bss": "http://bss"}, ask=lambda url, transport: next(said))
    bss: Any = Asked()
    orders = HttpBssOrders(bss, lambda: watch.version_of("bss"))
    order = an_order(lines=[a_change(action=ItemAction.MODIFY, characteristics=(SPEED,))])
    for error in (BackendUnavailable, WishNotSupported):
        with pytest.raises(error):
            orders.create(order, {}, "key")
    assert bss.bodies == []
    orders.create(an_order(lines=[a_change()]), {}, "key")
    assert bss.bodies[0]["items"] == [{"action": "disconnect", "productId": "PRD1", "quantity": 1}]


def test_everything_that_a_change_asks_for_is_sent() -> None:
    until = datetime(2028, 7, 1, tzinfo=UTC)
    wishes = Wishes(
        places=(WishedPlace("installed at", "LOC-17", "12, Main Street"),),
        terms=(WishedTerm("Minimum term", 24, "month"), WishedTerm("Trial", until=until)),
        customer_id="C12346",
    )
    tags = ChosenCharacteristic("tags", "OBJECT", '{"a":[1]}')
    [item] = created("1.2.0", a_change(action=ItemAction.MOVE, characteristics=(SPEED, tags), wishes=wishes))
    assert item == {
        "action": "move",
        "productId": "PRD1",
        "quantity": 1,
        "characteristics": [{"name": "speed", "value": 1000.0}, {"name": "tags", "value": {"a": [1]}}],
        "places": [{"role": "installed at", "id": "LOC-17", "address": "12, Main Street"}],
        "terms": [
            {"name": "Minimum term", "duration": {"amount": 24, "units": "month"}},
            {"name": "Trial", "until": "2028-07-01T00:00:00Z"},
        ],
        "newCustomerId": "C12346",
    }


def test_what_is_added_is_sent_with_its_whole_configuration() -> None:
    values = (OrderedCharacteristic("speed", "NUMBER", "1000", "DEFAULT"),)
    offering = replace(BROADBAND, characteristics=values, terms=(WishedTerm("Minimum term", 12, "month"),))
    [item] = created(None, a_line(), offerings=[offering])
    assert item["characteristics"] == [{"name": "speed", "value": 1000}]
    assert item["terms"] == [{"name": "Minimum term", "duration": {"amount": 12, "units": "month"}}]


@pytest.mark.parametrize("action", [ItemAction.DISCONNECT, ItemAction.NO_CHANGE])
def test_of_what_is_taken_away_or_stays_nothing_else_is_asked(action: ItemAction) -> None:
    line = a_change(action=action, characteristics=(SPEED,), wishes=Wishes(places=(WishedPlace("at", "LOC-17"),)))
    [item] = created("1.1.0", line)
    assert item.keys() == {"action", "productId", "quantity"}


@pytest.mark.parametrize("wish", WISHES)
@pytest.mark.parametrize("version", ["1.0.0", "1.1.9"])
def test_a_bss_with_an_older_contract_gets_no_order_with_a_wish(version: str, wish: str) -> None:
    line = a_change(id="7", **{"action": ItemAction.MODIFY} | WISHES[wish])
    with pytest.raises(WishNotSupported) as refused:
        created(version, a_line(id="1"), line)
    assert dict(refused.value.details) == {"itemId": "7", "wish": wish}


@pytest.mark.parametrize("version", ["1.0.0", "1.1.0"])
def test_a_bss_with_an_older_contract_gets_what_nobody_asked_for_in_particular(version: str) -> None:
    values = (OrderedCharacteristic("speed", "NUMBER", "1000", "DEFAULT"),)
    [item] = created(version, a_line(), offerings=[replace(BROADBAND, characteristics=values)])
    assert item == {"action": "add", "sku": "SKU123", "quantity": 2}


@pytest.mark.parametrize("version", [None, "1.2.0", "1.10.0", "2.0.0"])
def test_every_later_contract_has_wishes(version: str | None) -> None:
    [item] = created(version, a_change(action=ItemAction.MODIFY, characteristics=(SPEED,)))
    assert "characteristics" in item
