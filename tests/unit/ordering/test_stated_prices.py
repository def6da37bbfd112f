"""Prices that whoever orders states: equal ones are kept, others refused with both amounts."""

from decimal import Decimal
from typing import Any

import pytest

from canonical.ordering.commands import ItemAction, PriceKind, StatedPrice
from canonical.ordering.errors import PriceDiffers
from canonical.ordering.items import OrderedOffering, RecurringCharge
from canonical.ordering.stated_prices import check_stated_prices
from canonical.shared.money import Money
from tests.support.builders import BROADBAND, a_change, a_command, a_line, an_offering, euros

ONE_TIME, RECURRING = PriceKind


def stated(kind: PriceKind, with_tax: str | None = None, without: str | None = None, **more: Any) -> StatedPrice:
    first, second = (None if one is None else Decimal(one) for one in (with_tax, without))
    return StatedPrice(kind, more.pop("currency", "EUR"), first, second, **more)


def check(*prices: StatedPrice, offering: OrderedOffering = BROADBAND, **changes: Any) -> None:
    line = a_line(quantity=2, stated_prices=prices)
    check_stated_prices(a_command(lines=(line,), **changes), [offering])


@pytest.mark.parametrize(
    "price",
    [
        stated(ONE_TIME, "99.80"),
        stated(ONE_TIME, "99.8"),
        stated(ONE_TIME, "118.76", "99.80"),
        stated(ONE_TIME, "49.90", whole=False),
        stated(RECURRING, "79.80", period="month"),
        stated(RECURRING, "79.80", period="1 month"),
        stated(RECURRING, "79.80", period="Monthly"),
        stated(RECURRING, "79.80"),
        stated(RECURRING, "39.90", period="months", whole=False),
        stated(RECURRING, "0", period="year"),
    ],
)
def test_a_price_that_is_ours_is_taken(price: StatedPrice) -> None:
    check(price)


@pytest.mark.parametrize(
    ("price", "message"),
    [
        (stated(ONE_TIME, "99.81"), "the price once is 99.80 EUR, not 99.81 EUR"),
        (stated(ONE_TIME, "2.00", "1.00"), "the price once is 99.80 EUR, not 2.00 EUR or 1.00 EUR"),
        (stated(ONE_TIME, "99.80", currency="USD"), "the price once is 99.80 EUR, not 99.80 USD"),
        (stated(ONE_TIME, "99.80", whole=False), "the price once is 49.90 EUR, not 99.80 EUR"),
        (stated(RECURRING, "79.80", period="year"), "the price for each year is 0.00 EUR, not 79.80 EUR"),
        (stated(RECURRING, "79.80", period="3 month"), "the price for each 3 month is 0.00 EUR, not 79.80 EUR"),
    ],
)
def test_a_price_that_is_not_ours_is_refused_with_both_amounts(price: StatedPrice, message: str) -> None:
    with pytest.raises(PriceDiffers) as caught:
        check(stated(ONE_TIME, "49.90", whole=False) if price.whole else stated(ONE_TIME, "99.80"), price)
    assert caught.value.message == message
    assert caught.value.pointer == "/lines/0/stated_prices/1"
    assert {"stated", "ours"} == caught.value.details.keys()


def test_prices_of_one_kind_are_added() -> None:
    check(stated(ONE_TIME, "90.00"), stated(RECURRING, "79.80"), stated(ONE_TIME, "9.80"))
    with pytest.raises(PriceDiffers):
        check(stated(ONE_TIME, "90.00"), stated(ONE_TIME, "9.81"))


def test_the_price_of_the_order_is_that_of_all_its_lines() -> None:
    lines = (a_line(quantity=2), a_line(id="2", quantity=1), a_change(id="3"))
    offerings = [BROADBAND, an_offering(one_time=None, recurring=(RecurringCharge(euros("1.00"), "month"),)), None]
    command = a_command(lines=lines, stated_prices=(stated(ONE_TIME, "99.80"), stated(RECURRING, "80.80")))
    check_stated_prices(command, offerings)
    wrong = a_command(lines=lines, stated_prices=(stated(ONE_TIME, "149.70"),))
    with pytest.raises(PriceDiffers) as caught:
        check_stated_prices(wrong, offerings)
    assert caught.value.pointer == "/stated_prices/0"
    assert caught.value.details == {"stated": "149.70 EUR", "ours": "99.80 EUR"}


def test_what_may_differ_is_not_compared() -> None:
    check(stated(ONE_TIME, "1.00"), tolerated=(PriceDiffers.code,))


def test_what_is_not_added_is_not_compared() -> None:
    line = a_change(action=ItemAction.MODIFY, offering_id=BROADBAND.id, stated_prices=(stated(ONE_TIME, "1.00"),))
    check_stated_prices(a_command(lines=(line,)), [BROADBAND])


def test_an_order_in_two_currencies_is_refused_for_that() -> None:
    crowns = an_offering(one_time=Money(Decimal(1), "CZK"))
    command = a_command(lines=(a_line(), a_line(id="2")), stated_prices=(stated(ONE_TIME, "1.00"),))
    check_stated_prices(command, [BROADBAND, crowns])
