"""What orders hold, make and change of the installed base."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from adapters.backends.bss import to_bss_order
from canonical.customers.errors import CustomerNotFound
from canonical.inventory.commands import RemoveAsset
from canonical.inventory.contents import (
    AssetCharacteristic,
    AssetOrder,
    AssetPlace,
    AssetPrice,
    AssetRelationship,
    AssetTerm,
    RelationshipType,
)
from canonical.inventory.errors import AssetInUse
from canonical.inventory.handlers import remove_asset
from canonical.inventory.states import AssetStatus
from canonical.ordering.commands import AmendOrder, ItemAction, LineRelationship, SubmitDraft
from canonical.ordering.commands import RelationshipType as LineRelation
from canonical.ordering.errors import (
    AssetsTooMany,
)
from canonical.ordering.handlers import amend_order, submit_draft
from canonical.ordering.items import Instantiation, OrderedPrice
from canonical.ordering.order import PaymentStatus
from canonical.ordering.states import State
from canonical.ordering.wishes import WishedPlace, WishedTerm, Wishes
from canonical.processes.place_order import plan
from canonical.shared.errors import BackendRefused, CurrenciesDiffer
from canonical.shared.money import Money
from canonical.shared.reader import CustomerSet, Reader
from tests.support.builders import BROADBAND, ROUTER, a_change, a_command, a_line, an_offering, euros
from tests.support.fakes import DeclinesEverything, NeverLetsGo, OfferingsOnSale, OnSale, SteppingClock
from tests.unit.processes.asset_orders import Base, an_asset, modify, refused

REFUSED = BackendRefused("no", backend="inventory", operation="release", status=409)
BUNDLES, BUNDLED_BY = RelationshipType.BUNDLES, RelationshipType.BUNDLED_BY


# --- added ------------------------------------------------------------------------------------------------------------


def test_each_product_of_a_serialized_item_is_made_at_once_and_active_in_the_end() -> None:
    base = Base()
    placing = base.placing(a_line(id="a", quantity=3))
    [item] = placing.kept.items
    assert len(set(item.assets.ids)) == 3
    assert item.product_id == item.assets.ids[0]
    assert {one.state for one in base.assets.values()} == {AssetStatus.PENDING_ACTIVE}
    assert base.claimed == dict.fromkeys(item.assets.ids, "a")
    placing.carry_out()
    for asset in base.assets.values():
        assert (asset.state, asset.customer_id, asset.owner) == (AssetStatus.ACTIVE, "C12345", "partner-acme")
        assert asset.orders == (AssetOrder(placing.order_id, "a", "ADD"),) * 2
        assert asset.contents.started_at == asset.changed_at
        assert asset.contents.quantity == 1
    assert base.claimed == {}


@pytest.mark.parametrize(("means", "quantities"), [(Instantiation.COUNTED, [17]), (Instantiation.NONE, [])])
def test_the_specification_says_what_a_quantity_means(means: Instantiation, quantities: list[int]) -> None:
    offering = an_offering(id="cable", instantiation=means)
    base = Base(offerings=OfferingsOnSale([offering]))
    order = base.placed(a_line(offering_id="cable", quantity=17))
    assert [one.contents.quantity for one in base.assets.values()] == quantities
    assert len(order.items[0].assets.ids) == len(quantities)


def test_more_products_than_an_item_may_make_are_refused_or_counted() -> None:
    base = Base(most=2)
    error = refused(base, AssetsTooMany, a_line(quantity=3))
    assert (error.pointer, dict(error.details)) == ("/lines/0/quantity", {"quantity": 3, "most": 2})
    base.placed(a_line(quantity=3), command={"tolerated": (AssetsTooMany.code,)})
    assert [one.contents.quantity for one in base.assets.values()] == [3]


def test_an_order_makes_as_many_products_as_one_transaction_can_write() -> None:
    lines = [a_line(id=str(number), quantity=100) for number in range(11)]
    error = refused(Base(), AssetsTooMany, *lines)
    assert (error.pointer, dict(error.details)) == ("/lines/10/quantity", {"quantity": 100, "most": 0})
    base = Base()
    base.placed(*lines[:10])
    assert len(base.assets) == 1_000


def test_what_is_added_is_a_snapshot_of_what_was_ordered() -> None:
    price = OrderedPrice("p1", "Monthly", "RECURRING", euros("9.90"), "month")
    offering = an_offering(id="x", prices=(price,), terms=(WishedTerm("Minimum", 24, "month"),), specification_id="s")
    base = Base(offerings=OfferingsOnSale([offering]))
    wishes = Wishes(places=(WishedPlace("at", "LOC-1"),), billing_account_id="BA1")
    base.placed(a_line(offering_id="x", quantity=1, wishes=wishes))
    [asset] = base.assets.values()
    assert asset.contents.prices == (AssetPrice("RECURRING", euros("9.90"), "p1", "Monthly", "month"),)
    assert asset.contents.terms == (AssetTerm("Minimum", 24),)
    assert asset.contents.places == (AssetPlace("at", "LOC-1"),)
    assert (asset.contents.billing_account_id, asset.contents.specification_id) == ("BA1", "s")


@pytest.mark.parametrize("days", [10**12, -(10**12), 10**6 * 5, -(10**6)])
def test_a_term_that_ends_at_no_time_of_the_calendar_has_no_end(days: int) -> None:
    base = Base()
    order = base.placed(a_line(quantity=1, wishes=Wishes(terms=(WishedTerm("Minimum", days, "days"),))))
    [asset] = base.assets.values()
    assert (order.state, asset.contents.terms) == (State.COMPLETED, (AssetTerm("Minimum"),))


def test_a_bundle_becomes_a_hierarchy() -> None:
    bundle = OnSale(an_offering(id="bundle", bundle=True), members=(BROADBAND.id, ROUTER.id))
    base = Base(offerings=OfferingsOnSale([bundle, BROADBAND, ROUTER]))
    related = (LineRelationship(LineRelation.BUNDLED_BY, "b"), LineRelationship(LineRelation.DEPENDS_ON, "p"))
    lines = (
        a_line(id="b", quantity=2, offering_id="bundle"),
        a_line(id="p", quantity=4, part_of="b"),
        a_line(id="r", quantity=2, offering_id=ROUTER.id, relationships=related),
    )
    order = base.placed(*lines)
    bundles, parts, routers = (item.assets.ids for item in order.items)
    for number, one in enumerate(bundles):
        inside = (*parts[2 * number : 2 * number + 2], routers[number])
        assert base.assets[one].contents.relationships == tuple(AssetRelationship(BUNDLES, part) for part in inside)
        assert all(AssetRelationship(BUNDLED_BY, one) in base.assets[part].contents.relationships for part in inside)
    assert AssetRelationship(RelationshipType.RELIES_ON, parts[0]) in base.assets[routers[0]].contents.relationships


@pytest.mark.parametrize("backends", [{"payments": DeclinesEverything()}], ids=["declined"])
def test_of_a_failed_order_nothing_is_had(backends: dict[str, Any]) -> None:
    base = Base(an_asset("A"))
    before = base.assets["A"]
    order = base.placed(a_line(id="a", quantity=1), modify(), **backends)
    assert order.state is State.FAILED
    assert base.assets[order.items[0].assets.ids[0]].state is AssetStatus.ABORTED
    assert base.assets["A"] == before
    assert base.claimed == {}


def test_of_a_cancelled_order_nothing_is_had() -> None:
    base = Base(an_asset("A"))
    before = base.assets["A"]
    placing = base.placing(a_line(id="a", quantity=1), modify())
    placing.cancel()
    order = placing.carry_out()
    assert order.state is State.CANCELLED
    assert base.assets[order.items[0].assets.ids[0]].state is AssetStatus.CANCELLED
    assert (base.assets["A"], base.claimed) == (before, {})


def test_an_order_in_fallout_holds_its_assets() -> None:
    base = Base(an_asset("A"))
    order = base.placed(
        a_line(id="a", quantity=1), modify(), payments=DeclinesEverything(), stock=NeverLetsGo(refusal=REFUSED)
    )
    assert order.state is State.FALLOUT
    assert base.assets[order.items[0].assets.ids[0]].state is AssetStatus.PENDING_ACTIVE
    assert base.claimed.keys() == {"A", *order.items[0].assets.ids}


def test_a_draft_looks_at_assets_when_it_is_submitted() -> None:
    base = Base(an_asset("A"))
    draft = base.placing(a_line(id="a"), modify(), command={"draft": True})
    assert (base.claimed, len(base.assets)) == ({}, 1)
    contents = replace(draft.command, draft=False)
    with base.memory.unit_of_work() as work:
        submit_draft(SubmitDraft(draft.order_id, 1, contents), work, SteppingClock(), base.identities)
        work.commit()
    assert (base.claimed["A"], len(base.assets)) == ("iA", 3)


def test_an_amended_order_has_the_assets_of_what_it_asks_for_now() -> None:
    base = Base(an_asset("A"), an_asset("B"))
    placing = base.placing(a_line(id="a", quantity=3), modify("A"))
    first = placing.kept.items[0].assets.ids
    amended = a_command(lines=(a_line(id="a", quantity=2), a_line(id="new", quantity=1), modify("B")))
    with base.memory.unit_of_work() as work:
        amend_order(AmendOrder(placing.order_id, 1, amended), work, SteppingClock(), base.identities)
        work.commit()
    again, new, _ = (item.assets.ids for item in placing.kept.items)
    assert again == first[:2]
    assert base.claimed == {**dict.fromkeys(again, "a"), new[0]: "new", "B": "iB"}
    assert base.assets[first[2]].state is AssetStatus.CANCELLED
    placing.carry_out()
    assert {base.assets[one].state for one in (*again, *new)} == {AssetStatus.ACTIVE}


def test_an_asset_is_kept_as_long_as_an_order_names_it() -> None:
    base = Base(an_asset("A"), an_asset("B"))
    added = base.placed(a_line(id="a", quantity=1), modify("A")).items[0].assets.ids[0]
    for asset_id in (added, "A"):
        with base.memory.unit_of_work() as work, pytest.raises(AssetInUse) as refused:
            remove_asset(RemoveAsset(asset_id, "admin", "a mistake"), work, SteppingClock(), base.identities)
        assert refused.value.details["by"] == "order"
    with base.memory.unit_of_work() as work:
        remove_asset(RemoveAsset("B", "admin", "a mistake"), work, SteppingClock(), base.identities)


# --- changed ----------------------------------------------------------------------------------------------------------


def test_an_asset_changes_when_the_order_completes_and_not_before() -> None:
    base = Base(an_asset("A"))
    before = base.assets["A"]
    placing = base.placing(modify(wishes=Wishes(places=(WishedPlace("at", "LOC-1"),))))
    assert (base.assets["A"], base.claimed) == (before, {"A": "iA"})
    placing.carry_out()
    after = base.assets["A"]
    assert after.contents.characteristics == (AssetCharacteristic("colour", "TEXT", "white"),)
    assert after.contents.places == (AssetPlace("at", "LOC-1"),)
    assert after.timeline[-1].before == before.contents
    assert after.timeline[-1].cause.order == AssetOrder(placing.order_id, "iA", "MODIFY")
    assert base.claimed == {}


@pytest.mark.parametrize(
    ("action", "status", "after"),
    [
        (ItemAction.SUSPEND, AssetStatus.ACTIVE, AssetStatus.SUSPENDED),
        (ItemAction.RESUME, AssetStatus.SUSPENDED, AssetStatus.ACTIVE),
        (ItemAction.DISCONNECT, AssetStatus.ACTIVE, AssetStatus.TERMINATED),
        (ItemAction.DISCONNECT, AssetStatus.SUSPENDED, AssetStatus.TERMINATED),
        (ItemAction.DISCONNECT, AssetStatus.PENDING_TERMINATE, AssetStatus.TERMINATED),
    ],
)
def test_a_bundle_takes_its_parts_along(action: ItemAction, status: AssetStatus, after: AssetStatus) -> None:
    bundle = an_asset("A", status, relationships=(AssetRelationship(BUNDLES, "P"),))
    base = Base(bundle, an_asset("P", status), an_asset("Q"))
    placing = base.placing(a_change(action=action, product_id="A"))
    assert base.claimed == {"A": "1", "P": "1"}
    placing.carry_out()
    assert (base.assets["A"].state, base.assets["P"].state) == (after, after)
    assert base.claimed == {}


def test_a_part_that_was_given_away_is_no_part_any_more() -> None:
    base = Base(an_asset("A", relationships=(AssetRelationship(BUNDLES, "P"),)), an_asset("P", customer_id="C99"))
    placing = base.placing(a_change(product_id="A"))
    assert base.claimed == {"A": "1"}
    placing.carry_out()
    assert (base.assets["A"].state, base.assets["P"].state) == (AssetStatus.TERMINATED, AssetStatus.ACTIVE)


def test_a_part_that_comes_back_while_the_bundle_changes_is_left_alone() -> None:
    base = Base(an_asset("A", relationships=(AssetRelationship(BUNDLES, "P"),)), an_asset("P", customer_id="C99"))
    placing = base.placing(a_change(product_id="A"))
    base.assets["P"].customer_id = "C12345"
    placing.carry_out()
    assert base.assets["P"].state is AssetStatus.ACTIVE


def test_a_bundle_of_a_part_that_nobody_knows_can_be_changed() -> None:
    base = Base(an_asset("A", relationships=(AssetRelationship(BUNDLES, "x" * 100),)))
    placing = base.placing(a_change(product_id="A"))
    assert base.claimed == {"A": "1"}
    assert placing.carry_out().state is State.COMPLETED


def test_a_part_with_an_item_of_its_own_is_changed_by_that() -> None:
    bundle = an_asset("A", relationships=(AssetRelationship(BUNDLES, "P"),))
    base = Base(bundle, an_asset("P", AssetStatus.SUSPENDED))
    lines = (
        a_change(id="b", action=ItemAction.SUSPEND, product_id="A"),
        a_change(id="p", action=ItemAction.RESUME, product_id="P", part_of="b"),
    )
    placing = base.placing(*lines)
    assert base.claimed == {"A": "b", "P": "p"}
    placing.carry_out()
    assert (base.assets["A"].state, base.assets["P"].state) == (AssetStatus.SUSPENDED, AssetStatus.ACTIVE)


def test_a_new_part_belongs_to_the_bundle_that_is_changed() -> None:
    base = Base(an_asset("A"))
    order = base.placed(modify(id="b"), a_line(id="p", quantity=1, part_of="b"))
    [part] = order.items[1].assets.ids
    assert base.assets["A"].contents.relationships == (AssetRelationship(BUNDLES, part),)
    assert base.assets[part].contents.relationships == (AssetRelationship(BUNDLED_BY, "A"),)


def test_what_is_replaced_says_what_it_migrated_to() -> None:
    base = Base(an_asset("A"))
    old = a_change(id="old", product_id="A", relationships=(LineRelationship(LineRelation.MIGRATES_TO, "new"),))
    order = base.placed(old, a_line(id="new", quantity=1))
    [new] = order.items[1].assets.ids
    asset = base.assets["A"]
    assert (asset.state, asset.contents.relationships) == (
        AssetStatus.TERMINATED,
        (AssetRelationship(RelationshipType.MIGRATES_TO, new),),
    )


def test_another_plan_brings_its_offering_and_keeps_the_asset() -> None:
    base = Base(an_asset("A"))
    base.placed(modify(offering_id=ROUTER.id))
    offering = base.assets["A"].contents.offering
    assert offering is not None
    assert (offering.id, base.assets["A"].contents.name) == (ROUTER.id, ROUTER.name)
    assert len(base.assets["A"].timeline) == 2


def test_a_counted_asset_gets_the_total_that_is_wished() -> None:
    offering = replace(BROADBAND, instantiation=Instantiation.COUNTED)
    base = Base(an_asset("A", quantity=17), offerings=OfferingsOnSale([offering]))
    base.placed(modify(characteristics=(), wishes=Wishes(quantity=20)))
    assert base.assets["A"].contents.quantity == 20


@pytest.mark.parametrize(("wished", "told"), [(None, 17), (20, 20)])
def test_bss_is_told_how_many_there_are_afterwards(wished: int | None, told: int) -> None:
    offering = replace(BROADBAND, instantiation=Instantiation.COUNTED)
    base = Base(an_asset("A", quantity=17), offerings=OfferingsOnSale([offering]))
    order = base.placed(replace(modify(wishes=Wishes(quantity=wished)), quantity=wished or 1))
    assert to_bss_order(order, {})["items"][0]["quantity"] == told
    assert base.assets["A"].contents.quantity == told


def test_what_is_new_is_charged_once() -> None:
    prices = (
        OrderedPrice("old", "Set-up", "ONE_TIME", euros("49.90")),
        OrderedPrice("new", "Upgrade", "ONE_TIME", euros("10.00")),
        OrderedPrice("promo", "Promotion", "DISCOUNT", euros("-4.00")),
        OrderedPrice("month", "Monthly", "RECURRING", euros("39.90"), "month"),
    )
    base = Base(
        an_asset("A", prices=(AssetPrice("ONE_TIME", euros("59.90"), "old"),)),
        offerings=OfferingsOnSale([replace(BROADBAND, prices=prices)]),
    )
    order = base.placed(modify())
    assert (order.amount, order.payment) == (euros("6.00"), PaymentStatus.SUCCESS)
    kept = {one.id: one.amount for one in base.assets["A"].contents.prices}
    assert kept["old"] == euros("59.90"), "the customer keeps the price of that time"
    assert order.items[0].recurring == BROADBAND.recurring


@pytest.mark.parametrize(("price_id", "charged"), [("setup", None), (None, euros("5.00"))])
def test_another_offering_has_the_same_price_only_if_it_has_the_same_id(price_id: str | None, charged: Any) -> None:
    setup = OrderedPrice(price_id, "Set-up", "ONE_TIME", euros("5.00"))
    asset = an_asset("A", prices=(AssetPrice("ONE_TIME", euros("5.00"), price_id, "Set-up"),))
    base = Base(asset, offerings=OfferingsOnSale([BROADBAND, replace(ROUTER, prices=(setup,))]))
    assert base.placing(modify(offering_id=ROUTER.id)).kept.amount == charged


def test_one_order_is_charged_in_one_currency_also_for_changes() -> None:
    dollars = OrderedPrice("new", "Upgrade", "ONE_TIME", Money(Decimal("10.00"), "USD"))
    base = Base(an_asset("A"), offerings=OfferingsOnSale([replace(BROADBAND, prices=(dollars,)), ROUTER]))
    with pytest.raises(CurrenciesDiffer):
        base.placing(a_line(id="a", offering_id=ROUTER.id), modify())


def test_an_asset_is_given_to_another_customer() -> None:
    base = Base(an_asset("A"))
    give = a_change(action=ItemAction.MOVE, product_id="A", wishes=Wishes(customer_id="C12346"))
    placing = base.placing(give)
    order = placing.carry_out()
    assert (order.state, base.assets["A"].customer_id) == (State.COMPLETED, "C12346")
    steps = [one.step for one in plan(order)]
    assert steps == ["verify-customer", "verify-owner-1", "create-order"]
    assert [step.name for step in placing.process.steps(order)] == steps


def test_an_asset_is_not_given_to_a_customer_whom_the_client_may_not_act_for() -> None:
    base = Base(an_asset("A"))
    reader = Reader("partner-acme", customers=CustomerSet(frozenset({"C12345"})))
    give = a_change(action=ItemAction.MOVE, product_id="A", wishes=Wishes(customer_id="C12346"))
    with pytest.raises(CustomerNotFound) as found:
        base.placing(give, command={"reader": reader})
    assert found.value.pointer == "/lines/0/wishes/customer_id"
