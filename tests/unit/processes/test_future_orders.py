"""Orders that are to begin later, and when they claim the products that they change."""

from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from canonical.inventory.errors import AssetInOrder
from canonical.inventory.ports import Claim
from canonical.inventory.states import AssetStatus
from canonical.ordering.commands import ItemAction
from canonical.ordering.order import Order
from canonical.ordering.states import State
from canonical.ordering.wishes import WishedPlace, Wishes
from tests.support.builders import NOON, a_change
from tests.support.memory import ClaimsInMemory
from tests.unit.processes.asset_orders import Base, an_asset, modify
from tests.unit.processes.placing import Placing, WhileInFlight

THERE = Wishes(places=(WishedPlace("at", "LOC-2"),))
LATER: dict[str, Any] = {"requested_start": NOON + timedelta(days=30)}


def suspended(base: Base) -> Order:
    return base.placed(a_change(id="s", action=ItemAction.SUSPEND, product_id="A"))


def placed_later(base: Base, **command: Any) -> Placing:
    placing = base.placing(modify(), command=LATER | command)
    placing.process = replace(placing.process, future_claims_at_start=base.memory.future_claims_at_start)
    return placing


def test_a_future_order_claims_when_it_is_acknowledged() -> None:
    base = Base(an_asset("A"))
    later = placed_later(base)
    assert base.claimed == {"A": "iA"}
    assert later.process.seconds_ahead(later.kept) == 0
    with pytest.raises(AssetInOrder):
        base.placing(modify())
    assert later.carry_out().state is State.COMPLETED


def test_a_future_order_may_claim_when_it_begins() -> None:
    base = Base(an_asset("A"), future_claims_at_start=True)
    later = placed_later(base)
    assert base.claimed == {}
    assert later.process.seconds_ahead(later.kept) > 29 * 86_400
    assert base.placed(a_change(id="m", action=ItemAction.MOVE, product_id="A", wishes=THERE)).state is State.COMPLETED
    while_created = WhileInFlight("create-order#0", lambda: claimed.update(base.claimed))
    claimed: dict[str, str] = {}
    assert later.carry_out(while_created).state is State.COMPLETED
    assert claimed == {"A": "iA"}
    assert base.claimed == {}


def test_a_second_order_fails_at_its_start_with_the_code_of_a_refused_one() -> None:
    base = Base(an_asset("A"), future_claims_at_start=True)
    later = placed_later(base)
    first = base.placing(modify())
    failed = later.carry_out()
    assert failed.failure is not None
    assert (failed.state, failed.failure.code, failed.failure.step) == (
        State.FAILED,
        "ASSET_IN_ORDER",
        "claim-products",
    )
    assert base.claimed == {"A": "iA"}, "of the first order"
    assert first.carry_out().state is State.COMPLETED
    assert later.calls == [("customer", None)]


def test_what_became_of_the_product_meanwhile_counts() -> None:
    base = Base(an_asset("A"), future_claims_at_start=True)
    later = placed_later(base)
    assert suspended(base).state is State.COMPLETED
    failed = later.carry_out()
    assert failed.failure is not None
    assert (failed.failure.code, failed.failure.details["status"]) == ("PRODUCT_STATUS", "SUSPENDED")
    assert base.assets["A"].state is AssetStatus.SUSPENDED
    assert base.claimed == {}


def test_an_order_that_begins_at_once_claims_at_once() -> None:
    base = Base(an_asset("A"), future_claims_at_start=True)
    base.placing(modify(), command={"requested_start": NOON - timedelta(days=1)})
    assert base.claimed == {"A": "iA"}


def test_a_cancelled_future_order_does_not_wait() -> None:
    base = Base(an_asset("A"), future_claims_at_start=True)
    later = placed_later(base)
    later.cancel()
    assert later.process.seconds_ahead(later.kept) == 0
    assert later.carry_out().state is State.CANCELLED
    assert base.assets["A"].version == 1


def test_what_became_of_the_product_until_it_was_claimed_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    base = Base(an_asset("A"), future_claims_at_start=True)
    later, take = placed_later(base), ClaimsInMemory.take

    def after_somebody_else(self: ClaimsInMemory, claims: Collection[Claim]) -> Claim | None:
        key = ("asset", "A")
        row = base.memory.rows[key]
        base.memory.rows[key] = replace(row, aggregate=replace(row.aggregate, state=AssetStatus.TERMINATED))
        return take(self, claims)

    monkeypatch.setattr(ClaimsInMemory, "take", after_somebody_else)
    failed = later.carry_out()
    assert failed.failure is not None
    assert (failed.failure.code, base.assets["A"].state) == ("PRODUCT_STATUS", AssetStatus.TERMINATED)


@pytest.mark.parametrize("at_start", [True, False])
@pytest.mark.parametrize(
    ("status", "command"),
    [
        (AssetStatus.ACTIVE, {"customer_id": "C2", "tolerated": ("PRODUCT_OF_ANOTHER_CUSTOMER",)}),
        (AssetStatus.SUSPENDED, {"tolerated": ("PRODUCT_STATUS",)}),
    ],
)
def test_what_was_tolerated_when_it_was_acknowledged_is_tolerated_when_it_begins(
    status: AssetStatus, command: dict[str, Any], at_start: bool
) -> None:
    base = Base(an_asset("A", status), future_claims_at_start=at_start)
    assert placed_later(base, **command).carry_out().state is State.COMPLETED
