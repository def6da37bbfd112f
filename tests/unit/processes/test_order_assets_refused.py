"""What orders may not do with the installed base."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from canonical.inventory.contents import (
    AssetPlace,
    AssetRelationship,
    AssetTerm,
    RelationshipType,
)
from canonical.inventory.errors import AssetInOrder
from canonical.inventory.states import AssetStatus
from canonical.ordering.commands import ItemAction, OrderLine
from canonical.ordering.errors import (
    ProductNotFound,
    ProductOfAnotherCustomer,
    ProductStatus,
    ProductUnchanged,
    TermNotOver,
    TwoItemsOneAsset,
)
from canonical.ordering.states import State
from canonical.ordering.wishes import ChosenCharacteristic, WishedPlace, WishedTerm, Wishes
from canonical.processes.asset_rules import TRIGGERS, allowed_actions, end_of
from canonical.processes.eligible_actions import eligible_actions
from canonical.shared.reader import CustomerSet, Reader
from tests.support.builders import BROADBAND, NOON, a_change, a_line
from tests.unit.processes.asset_orders import BLACK, Base, an_asset, modify, refused
from tests.unit.processes.placing import WhileInFlight

BUNDLES = RelationshipType.BUNDLES


@pytest.mark.parametrize("product_id", ["nobody's", "x" * 100, " "])
def test_a_product_that_nobody_has_is_refused_or_left_to_bss(product_id: str) -> None:
    base = Base()
    line = modify(product_id)
    assert refused(base, ProductNotFound, line).pointer == "/lines/0/product_id"
    order = base.placed(line, line_of(2, product_id), command={"tolerated": (ProductNotFound.code,)})
    assert (order.state, base.assets, order.items[0].product_id) == (State.COMPLETED, {}, product_id)


def line_of(number: int, product_id: str) -> OrderLine:
    return modify(product_id, id=str(number))


@pytest.mark.parametrize("other", [{"owner": "somebody"}, {"customer_id": "C99"}], ids=["client", "customer"])
def test_what_a_client_does_not_see_is_as_if_nobody_had_it(other: dict[str, Any]) -> None:
    base = Base(an_asset("A", **other))
    reader = Reader("partner-acme", customers=CustomerSet(frozenset({"C12345"})))
    refused(base, ProductNotFound, modify(), reader=reader)


def test_a_product_of_another_customer_whom_the_client_sees_is_refused_by_name() -> None:
    error = refused(Base(an_asset("A", customer_id="C99")), ProductOfAnotherCustomer, modify())
    assert dict(error.details) == {"productId": "A", "customerId": "C99"}


@pytest.mark.parametrize("status", AssetStatus)
@pytest.mark.parametrize("action", TRIGGERS)
def test_the_status_says_what_may_be_ordered(status: AssetStatus, action: ItemAction) -> None:
    base = Base(an_asset("A", status))
    line = modify(action=action)
    if action in allowed_actions(status):
        base.placed(line)
        assert base.assets["A"].version == 2
    else:
        error = refused(base, ProductStatus, line)
        allowed = [one.value for one in allowed_actions(status)]
        assert dict(error.details) == {
            "productId": "A",
            "status": status.value,
            "action": action.value,
            "allowed": allowed,
        }


@pytest.mark.parametrize(
    "line",
    [
        modify(characteristics=()),
        modify(characteristics=(ChosenCharacteristic("colour", "TEXT", "black"),)),
        modify(characteristics=(), offering_id=BROADBAND.id),
        a_change(action=ItemAction.MOVE, product_id="A", wishes=Wishes(places=(WishedPlace("at", "LOC-1"),))),
        a_change(action=ItemAction.MOVE, product_id="A", wishes=Wishes(customer_id="C12345")),
    ],
    ids=["nothing", "the same value", "the same offering", "the same place", "the same customer"],
)
def test_a_change_that_changes_nothing_is_refused(line: OrderLine) -> None:
    base = Base(an_asset("A", places=(AssetPlace("at", "LOC-1"),)))
    refused(base, ProductUnchanged, line)
    order = base.placed(line, command={"tolerated": (ProductUnchanged.code,)})
    assert (order.state, base.assets["A"].version) == (State.COMPLETED, 1)


@pytest.mark.parametrize("term", [AssetTerm("Minimum", until=NOON + timedelta(days=1)), AssetTerm("Minimum", 24)])
def test_a_product_is_not_disconnected_before_its_term_is_over(term: AssetTerm) -> None:
    base = Base(an_asset("A", terms=(term,), started_at=NOON))
    error = refused(base, TermNotOver, a_change(product_id="A"))
    assert (error.details["term"], error.details["until"]) == (
        "Minimum",
        "2026-05-04T12:00:00Z" if term.until else "2028-05-03T12:00:00Z",
    )
    base.placed(a_change(product_id="A"), command={"tolerated": (TermNotOver.code,)})
    assert base.assets["A"].state is AssetStatus.TERMINATED


def test_a_bundle_is_not_disconnected_before_the_term_of_a_part_is_over() -> None:
    bundle = an_asset("A", relationships=(AssetRelationship(BUNDLES, "P"),))
    part = an_asset("P", terms=(AssetTerm("Minimum", 24),), started_at=NOON)
    error = refused(Base(bundle, part), TermNotOver, a_change(product_id="A"))
    assert (error.pointer, error.details["productId"]) == ("/lines/0/product_id", "P")
    told = {one.action: one.code for one in eligible_actions(bundle, (), None, NOON, (), (part,))}
    assert {action for action, code in told.items() if code} == {ItemAction.RESUME, ItemAction.DISCONNECT}
    part.state = AssetStatus.TERMINATED
    assert Base(bundle, part).placed(a_change(product_id="A")).state is State.COMPLETED


EXCUSABLE = {"excusable": (TermNotOver.code,)}


def test_with_a_reason_a_product_is_disconnected_early_and_its_timeline_tells_it() -> None:
    bundle = an_asset("A", relationships=(AssetRelationship(BUNDLES, "P"),))
    base = Base(bundle, an_asset("P", terms=(AssetTerm("Minimum", 24),), started_at=NOON))
    error = refused(base, TermNotOver, a_change(product_id="A"), **EXCUSABLE)
    assert error.message == "Minimum runs until 2028-05-03T12:00:00Z; an item that states a reason is accepted"
    base.placed(a_change(product_id="A", reason="moves abroad"), command=EXCUSABLE)
    for name in ("A", "P"):
        assert base.assets[name].state is AssetStatus.TERMINATED
        assert base.assets[name].timeline[-1].cause.reason == "moves abroad"


def test_a_reason_does_not_help_where_the_client_may_not_give_one() -> None:
    base = Base(an_asset("A", terms=(AssetTerm("Minimum", 24),), started_at=NOON))
    refused(base, TermNotOver, a_change(product_id="A", reason="moves abroad"))
    asset, told = base.assets["A"], {}
    for excusable in ((), (TermNotOver.code,)):
        told[excusable] = {one.action: one for one in eligible_actions(asset, (), None, NOON, (), excusable=excusable)}
    before, after = (found[ItemAction.DISCONNECT] for found in told.values())
    assert (before.allowed, before.code, before.needs) == (False, TermNotOver.code, ())
    assert (after.allowed, after.code, after.needs) == (True, TermNotOver.code, ("reason",))


def test_a_part_that_the_order_names_but_leaves_as_it_is_keeps_its_term() -> None:
    bundle = an_asset("A", relationships=(AssetRelationship(BUNDLES, "P"),))
    base = Base(bundle, an_asset("P", terms=(AssetTerm("Minimum", 24),), started_at=NOON))
    kept = a_change(id="2", action=ItemAction.NO_CHANGE, product_id="P")
    refused(base, TermNotOver, a_change(product_id="A"), kept)


SHORTER = {
    "fewer months": WishedTerm("Minimum", 1, "month"),
    "an earlier end": WishedTerm("Minimum", until=NOON + timedelta(days=1)),
    "no end": WishedTerm("Minimum"),
}


@pytest.mark.parametrize("action", [ItemAction.MODIFY, ItemAction.MOVE, ItemAction.SUSPEND])
@pytest.mark.parametrize("wished", SHORTER.values(), ids=SHORTER)
def test_no_change_ends_a_term_sooner(wished: WishedTerm, action: ItemAction) -> None:
    base = Base(an_asset("A", terms=(AssetTerm("Other"), AssetTerm("Minimum", 24)), started_at=NOON))
    line = modify(action=action, wishes=Wishes(terms=(WishedTerm("Trial", 1, "month"), wished)))
    error = refused(base, TermNotOver, line)
    assert (error.pointer, error.details["term"]) == ("/lines/0/wishes/terms/1", "Minimum")
    base.placed(replace(line, reason="as agreed"), command=EXCUSABLE)
    assert base.assets["A"].timeline[-1].cause.reason == "as agreed"


@pytest.mark.parametrize("months", [24, 36])
def test_a_term_may_stay_or_become_longer(months: int) -> None:
    base = Base(an_asset("A", terms=(AssetTerm("Minimum", 24),), started_at=NOON))
    base.placed(modify(wishes=Wishes(terms=(WishedTerm("Minimum", months, "month"),))))
    assert base.assets["A"].contents.terms == (AssetTerm("Minimum", months),)


@pytest.mark.parametrize(
    ("months", "started", "ends"),
    [(1, NOON.replace(month=1, day=31), NOON.replace(month=2, day=28)), (24, NOON, NOON.replace(year=2028))],
)
def test_months_end_on_the_same_day_or_the_last_one(months: int, started: Any, ends: Any) -> None:
    assert end_of(AssetTerm("x", months), started) == ends
    assert end_of(AssetTerm("x", months), None) is None
    assert end_of(AssetTerm("x", 120_000), started) is None
    assert end_of(AssetTerm("x", -120_000), started) is None


def test_two_items_do_not_change_one_asset() -> None:
    base = Base(an_asset("A"))
    with pytest.raises(TwoItemsOneAsset) as found:
        base.placing(modify(id="1"), modify(id="2"))
    assert (found.value.pointer, found.value.details["other"]) == ("/lines/1/product_id", 0)


@pytest.mark.parametrize("first", ["A", "P"])
def test_a_second_order_is_refused_until_the_first_one_ended(first: str) -> None:
    bundle = an_asset("A", relationships=(AssetRelationship(BUNDLES, "P"),))
    base = Base(bundle, an_asset("P"))
    holding = base.placing(modify(first))
    second = modify("P" if first == "A" else "A")
    with pytest.raises(AssetInOrder) as found:
        base.placing(second)
    assert (found.value.pointer, found.value.details["orderId"]) == ("/lines/0/product_id", holding.order_id)
    holding.carry_out()
    base.placed(second)


def test_who_does_not_see_the_first_order_is_not_told_its_id() -> None:
    base = Base(an_asset("A"))
    base.placing(modify()).kept.owner = "somebody"
    with pytest.raises(AssetInOrder) as found:
        base.placing(modify())
    assert dict(found.value.details) == {"assetId": "A"}


def test_what_is_cancelled_while_bss_has_it_is_free_again() -> None:
    base = Base(an_asset("A"))
    placing = base.placing(a_line(id="a", quantity=1), modify())
    order = placing.carry_out(WhileInFlight("create-order#0", placing.cancel))
    assert order.state is State.CANCELLED
    assert (base.claimed, base.assets["A"].version) == ({}, 1)
    assert base.assets["A"].contents.characteristics == (BLACK,)
