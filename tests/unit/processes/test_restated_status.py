"""Items that state the status which the product has already, beside what is to be different."""

from dataclasses import replace

import pytest

from canonical.inventory.contents import AssetPlace
from canonical.inventory.states import AssetStatus
from canonical.ordering.commands import AmendOrder, ItemAction, OrderLine
from canonical.ordering.errors import AmbiguousChange, ProductNotFound, ProductStatus
from canonical.ordering.handlers import amend_order
from canonical.ordering.wishes import WishedPlace, Wishes
from tests.support.builders import a_change, a_command
from tests.support.fakes import SteppingClock
from tests.unit.processes.asset_orders import WHITE, Base, an_asset, modify, refused


def active(if_active: ItemAction = ItemAction.MODIFY, **wished: object) -> OrderLine:
    """As `modify` with `product.status: active`."""
    line = a_change(id="iA", action=ItemAction.RESUME, product_id="A", if_active=if_active)
    return replace(line, **wished)  # type: ignore[arg-type]


MOVED = Wishes(places=(WishedPlace("at", "LOC-2"),))
WISHED = {
    "a characteristic": (active(characteristics=(WHITE,)), ItemAction.MODIFY),
    "an account": (active(wishes=Wishes(billing_account_id="BA-12345")), ItemAction.MODIFY),
    "a place": (active(ItemAction.MOVE, wishes=MOVED), ItemAction.MOVE),
    "a customer": (active(ItemAction.MOVE, wishes=Wishes(customer_id="C12346")), ItemAction.MOVE),
}


@pytest.mark.parametrize(("line", "action"), WISHED.values(), ids=WISHED)
def test_an_active_product_becomes_as_wished(line: OrderLine, action: ItemAction) -> None:
    base = Base(an_asset("A", places=(AssetPlace("at", "LOC-1"),)))
    order = base.placed(line)
    assert (order.items[0].action, base.assets["A"].version) == (action, 2)
    assert base.assets["A"].state is AssetStatus.ACTIVE


def test_a_suspended_product_is_resumed_and_becomes_as_wished() -> None:
    base = Base(an_asset("A", AssetStatus.SUSPENDED))
    assert base.placed(active(characteristics=(WHITE,))).items[0].action is ItemAction.RESUME
    assert base.assets["A"].state is AssetStatus.ACTIVE
    assert [one.text for one in base.assets["A"].contents.characteristics] == ["white"]


@pytest.mark.parametrize("quantity", [None, 1])
def test_an_active_product_is_not_resumed(quantity: int | None) -> None:
    error = refused(Base(an_asset("A")), ProductStatus, active(wishes=Wishes(quantity=quantity)))
    assert error.details["action"] == "RESUME"


@pytest.mark.parametrize("base", [Base(an_asset("A", AssetStatus.SUSPENDED)), Base()], ids=["suspended", "unknown"])
def test_what_is_not_active_is_not_moved_and_resumed_at_once(base: Base) -> None:
    with pytest.raises(AmbiguousChange) as found:
        base.placing(active(ItemAction.MOVE, wishes=MOVED), command={"tolerated": (ProductNotFound.code,)})
    assert found.value.pointer == "/lines/0/action"
    assert base.claimed == {}


def test_an_amended_order_is_read_anew() -> None:
    base = Base(an_asset("A"))
    placing = base.placing(modify())
    amended = a_command(lines=(active(characteristics=(WHITE,)),))
    with base.memory.unit_of_work() as work:
        amend_order(AmendOrder(placing.order_id, 1, amended), work, SteppingClock(), base.identities)
        work.commit()
    assert placing.carry_out().items[0].action is ItemAction.MODIFY
