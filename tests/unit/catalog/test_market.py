"""Parts of the market, and what is sold in them."""

import pytest

from canonical.catalog.market import EVERYWHERE, Market, sold_at
from canonical.catalog.offering import OfferingContents
from canonical.catalog.references import Reference

WEB = Market(channels=frozenset({"web"}))
CONSUMERS = Market(channels=frozenset({"web", "shop"}), segments=frozenset({"consumer"}))


def sold(**where: str) -> OfferingContents:
    return OfferingContents("x", **{name: tuple(map(Reference, ids.split())) for name, ids in where.items()})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("market", "offering", "taken"),
    [
        (EVERYWHERE, sold(channels="shop", segments="business", places="CZ"), True),
        (WEB, sold(), True),
        (WEB, sold(channels="shop web"), True),
        (WEB, sold(channels="shop"), False),
        (WEB, sold(segments="business"), True),
        (CONSUMERS, sold(channels="shop", segments="consumer"), True),
        (CONSUMERS, sold(channels="shop", segments="business"), False),
        (CONSUMERS, sold(channels="phone", segments="consumer"), False),
        (Market(places=frozenset({"CZ"})), sold(places="SK"), False),
    ],
)
def test_an_offering_is_taken_where_it_is_sold(market: Market, offering: OfferingContents, taken: bool) -> None:
    assert market.takes(offering) is taken


def test_what_names_no_place_is_found_by_all() -> None:
    assert list(sold_at(sold(channels="b a"))) == [
        ("sold channel", "a"),
        ("sold channel", "b"),
        ("sold segment", "*"),
        ("sold place", "*"),
    ]
    assert WEB.terms == (("sold channel", frozenset({"web", "*"})),)
    assert EVERYWHERE.terms == ()
