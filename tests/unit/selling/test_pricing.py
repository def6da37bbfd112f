"""What a product costs, by what was chosen."""

from dataclasses import replace
from decimal import Decimal

import pytest

from canonical.catalog.characteristics import AllowedValue, CharacteristicUse
from canonical.catalog.configuration import NamedValue, configured
from canonical.catalog.offering import OfferedPrice
from canonical.catalog.price import ChargeType, Commitment, PriceContents, Quantity
from canonical.catalog.pricing import Charges, charges
from canonical.catalog.references import Reference, Relationship
from canonical.shared.errors import CurrenciesDiffer
from canonical.shared.money import Money
from tests.support.builders import euros
from tests.unit.selling.sample_catalog import (
    COLOUR,
    a_price,
    a_specification,
    an_offering,
    by_value,
    discount,
    monthly,
    offered,
    once,
    text,
    use,
)

TERM = Commitment("24M", duration=Quantity(Decimal(24), "month"))


def cost(*prices: PriceContents, chosen: str | None = None, commitments: tuple[Commitment, ...] = ()) -> Charges:
    contents = {"prices": by_value(*prices), "specification": Reference("ps_phone"), "commitments": commitments}
    item = offered(an_offering(contents=contents), a_specification(COLOUR))
    values = [] if chosen is None else [NamedValue("colour", text(chosen))]
    return charges(item, configured(item, values))


def test_what_is_charged_once_and_what_for_each_period() -> None:
    found = cost(once("49.90"), once("10.00"), monthly("39.90"), monthly("100.00", period="year"))
    assert found.one_time == euros("59.90")
    assert found.recurring == ((euros("39.90"), "month"), (euros("100.00"), "year"))
    assert [one.type for one in found.applied].count(ChargeType.ONE_TIME) == 2


def test_what_costs_only_for_each_month_costs_nothing_once_and_what_has_no_price_has_none() -> None:
    assert cost(monthly("39.90")).one_time == euros("0.00")
    assert cost().one_time is None
    assert cost(PriceContents("Kept only", amount=euros("1.00"))).one_time is None


def test_a_period_that_is_not_named_is_a_month() -> None:
    assert cost(monthly("1.00", period=None)).recurring == ((euros("1.00"), "month"),)


@pytest.mark.parametrize(("chosen", "amount"), [(None, "99.00"), ("white", "99.00"), ("black", "119.00")])
def test_a_price_applies_where_its_constraints_hold(chosen: str | None, amount: str) -> None:
    black = once("20.00", constraints=(use("colour", text("black")),))
    assert cost(once("99.00"), black, chosen=chosen).one_time == euros(amount)


def test_a_price_for_a_term_applies_to_offerings_with_that_term() -> None:
    price = once("1.00", commitments=(TERM,))
    assert cost(price).one_time is None
    assert cost(price, commitments=(TERM,)).one_time == euros("1.00")
    named = replace(price, commitments=(Commitment("24M"),))
    assert cost(named, commitments=(TERM,)).one_time == euros("1.00")


def test_tiers_of_usage_are_all_kept_and_none_is_charged() -> None:
    tiers = [
        PriceContents(
            f"tier {low}",
            charge_type=ChargeType.USAGE,
            amount=euros("1.00"),
            unit=Quantity(Decimal(1), "GB"),
            constraints=(CharacteristicUse("volume", allowed=(AllowedValue(low=Decimal(low)),)),),
        )
        for low in (0, 10)
    ]
    found = cost(*tiers)
    assert (found.one_time, found.recurring) == (euros("0.00"), ())
    assert [one.price.contents.name for one in found.applied] == ["tier 0", "tier 10"]


@pytest.mark.parametrize(
    ("less", "one_time", "recurring"),
    [
        (discount(amount=euros("-10.00")), "89.00", ["20.00"]),
        (discount(amount=euros("-5.00"), period="month"), "99.00", ["20.00", "-5.00"]),
        (discount(percentage=Decimal(-20)), "79.20", ["20.00"]),
        (discount(percentage=Decimal("-12.5"), period="month"), "99.00", ["20.00", "-2.50"]),
        (discount(percentage=Decimal(-20), period="year"), "99.00", ["20.00"]),
        (discount(amount=euros("-500.00")), "0.00", ["20.00"]),
        (discount(), "99.00", ["20.00"]),
    ],
)
def test_a_discount_is_part_of_what_it_alters(less: PriceContents, one_time: str, recurring: list[str]) -> None:
    found = cost(once("99.00"), monthly("20.00"), less)
    assert found.one_time == euros(one_time)
    assert [f"{amount.amount}" for amount, _ in found.recurring] == recurring


def test_a_percentage_is_taken_of_the_prices_that_it_is_related_to() -> None:
    first, second = a_price("pop_1", once("100.00")), a_price("pop_2", once("50.00"))
    less = discount(percentage=Decimal(-10), relationships=(Relationship("alters", Reference("pop_2")),))
    prices = (*(OfferedPrice(Reference(one.item_id)) for one in (first, second)), OfferedPrice(contents=less))
    item = offered(an_offering(contents={"prices": prices}), first, second)
    assert charges(item, ()).one_time == euros("145.00")


def test_prices_in_two_currencies_are_not_added() -> None:
    with pytest.raises(CurrenciesDiffer):
        cost(once("1.00"), replace(once("1.00"), amount=Money(Decimal(1), "CZK")))
