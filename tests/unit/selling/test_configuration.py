"""Characteristics: what can be chosen, what has to be, and what is set where nothing was chosen."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from canonical.catalog.characteristics import AllowedValue, Characteristic, CharacteristicUse, Value, ValueType
from canonical.catalog.configuration import NamedValue, allows, configured, effective, refusals
from canonical.catalog.offering import Offering
from canonical.catalog.references import Reference
from canonical.catalog.selling import OfferedItem, Reason
from tests.support.builders import NOON
from tests.unit.selling.sample_catalog import (
    COLOUR,
    NUMBER,
    STORAGE,
    a_specification,
    allowed,
    an_offering,
    number,
    offered,
    text,
    use,
)


def of(*characteristics: Characteristic, **contents: Any) -> OfferedItem:
    offering: Offering = an_offering(contents={"specification": Reference("ps_phone"), **contents})
    return offered(offering, a_specification(*characteristics))


def told(item: OfferedItem, *chosen: NamedValue, complete: bool = True) -> list[str]:
    return [one.message for one in refusals(item, chosen, complete=complete)]


def test_what_is_not_chosen_takes_its_default_and_says_so() -> None:
    found = configured(of(COLOUR, STORAGE, NUMBER), [NamedValue("storage", number("128"))])
    assert [(one.name, one.value.text, one.chosen) for one in found] == [
        ("storage", "128", True),
        ("colour", "white", False),
    ]


def test_a_value_that_is_not_fixed_by_anybody_may_be_chosen() -> None:
    assert not told(of(COLOUR), NamedValue("colour", text("black")))


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (text("red"), "colour is one of white, black, not red"),
        (number("1"), "colour is one of white, black, not 1"),
    ],
)
def test_a_value_that_the_specification_does_not_have_is_refused(value: Value, message: str) -> None:
    [refusal] = refusals(of(COLOUR), [NamedValue("colour", value)], complete=True)
    assert (refusal.reason, refusal.message, refusal.number) == (Reason.CHARACTERISTIC, message, 0)
    assert refusal.details == {"allowed": ["white", "black"]}


def test_a_characteristic_that_the_specification_does_not_have_is_refused() -> None:
    [message] = told(of(COLOUR), NamedValue("smell", text("roses")))
    assert message == "Phone has no characteristic smell; it has: colour"


def test_a_specification_without_characteristics_says_nothing_of_them() -> None:
    assert not told(of(), NamedValue("smell", text("roses")))
    assert not told(offered(an_offering()), NamedValue("smell", text("roses")))


def test_what_has_to_be_chosen_is_asked_for_when_something_is_added() -> None:
    [refusal] = refusals(of(NUMBER), [], complete=True)
    assert (refusal.reason, refusal.message) == (Reason.CHARACTERISTIC_MISSING, "Phone needs 1 of msisdn")
    assert not told(of(NUMBER), complete=False)


def test_more_values_than_there_may_be_are_refused() -> None:
    white, black = (NamedValue("colour", text(one)) for one in ("white", "black"))
    assert told(of(COLOUR), white, black) == ["colour has at most 1 values, not 2"]
    assert not told(of(replace(COLOUR, most=None)), white, black)


def test_an_offering_narrows_what_its_specification_allows() -> None:
    item = of(COLOUR, uses=(use("colour", text("black")),))
    assert told(item, NamedValue("colour", text("white"))) == ["colour is one of black, not white"]
    assert told(item) == ["Phone needs 1 of colour"]


def test_an_offering_keeps_the_default_of_its_specification_as_far_as_it_allows_it() -> None:
    assert [one.value.text for one in configured(of(COLOUR, uses=(use("colour", text("white")),)), [])] == ["white"]
    own = CharacteristicUse("colour", allowed=allowed("white", "black", default="black"))
    assert [one.value.text for one in configured(of(COLOUR, uses=(own,)), [])] == ["black"]


def test_a_use_of_another_specification_narrows_nothing() -> None:
    other = CharacteristicUse("colour", allowed=allowed("black"), specification=Reference("ps_other"))
    assert not told(of(COLOUR, uses=(other,)), NamedValue("colour", text("white")))


def test_a_use_may_name_a_characteristic_by_its_id_or_add_one() -> None:
    by_id = CharacteristicUse(id="c1", allowed=allowed("black"))
    assert effective(of(replace(COLOUR, id="c1"), uses=(by_id,)))["colour"].allowed == allowed("black")
    assert list(effective(of(COLOUR, uses=(use("engraving"),)))) == ["colour", "engraving"]
    assert list(effective(of(COLOUR, uses=(CharacteristicUse(id="c2"),)))) == ["colour"]


def test_what_is_not_valid_now_is_not_there() -> None:
    past = replace(COLOUR, valid_until=NOON)
    assert not effective(of(past))
    sold_out = Characteristic("colour", allowed=(AllowedValue(text("red"), valid_until=NOON), *allowed("white")))
    assert told(of(sold_out), NamedValue("colour", text("red"))) == ["colour is one of white, not red"]


RANGE = AllowedValue(low=Decimal(1), high=Decimal(10), open_high=True)


@pytest.mark.parametrize(
    ("characteristic", "value", "taken"),
    [
        (STORAGE, number("64"), True),
        (STORAGE, text("512"), True),
        (STORAGE, number("512.5"), False),
        (STORAGE, text("a lot"), False),
        (Characteristic("x", allowed=(RANGE,)), number("1"), True),
        (Characteristic("x", allowed=(RANGE,)), number("10"), False),
        (Characteristic("x", allowed=(AllowedValue(low=Decimal(1), open_low=True),)), number("1"), False),
        (Characteristic("x", allowed=(AllowedValue(low=Decimal(1)),)), text("NaN"), False),
        (Characteristic("x", allowed=(AllowedValue(number("1.0")),)), number("1"), True),
        (Characteristic("x", allowed=(AllowedValue(number("1")),)), text("1"), True),
        (Characteristic("x", allowed=(AllowedValue(pattern="[a-z]+"),)), text("abc"), True),
        (Characteristic("x", allowed=(AllowedValue(pattern="[a-z]+"),)), text("abc1"), False),
        (NUMBER, text("12345678"), True),
        (NUMBER, text("1234"), False),
        (Characteristic("x", pattern="("), text("anything"), True),
        (Characteristic("x", "boolean"), Value(ValueType.BOOLEAN, "true"), True),
        (Characteristic("x", "Boolean"), text("True"), True),
        (Characteristic("x", "boolean"), number("1"), False),
        (Characteristic("x", "integer"), text("seven"), False),
        (Characteristic("x", "Color"), Value(ValueType.OBJECT, "{}"), True),
        (Characteristic("x", configurable=False, allowed=allowed("a", "b", default="a")), text("b"), False),
        (Characteristic("x", configurable=False, allowed=allowed("a")), text("a"), True),
        (Characteristic("x", configurable=False), text("a"), True),
    ],
)
def test_what_a_characteristic_takes(characteristic: Characteristic, value: Value, *, taken: bool) -> None:
    assert allows(characteristic, value, NOON) is taken


@pytest.mark.parametrize(
    ("characteristic", "value", "message"),
    [
        (STORAGE, number("1"), "storage is one of from 64 to 512, not 1"),
        (Characteristic("x", allowed=(AllowedValue(low=Decimal(2)),)), number("1"), "x is one of from 2, not 1"),
        (Characteristic("x", allowed=(AllowedValue(high=Decimal(2)),)), number("3"), "x is one of up to 2, not 3"),
        (
            Characteristic("x", allowed=(AllowedValue(pattern="a"),)),
            text("b"),
            "x is one of what matches a, not b",
        ),
        (NUMBER, text("1"), "msisdn matches [0-9]{8}, not 1"),
        (Characteristic("x", "number"), text("y"), "x is of type number, not y"),
        (
            Characteristic("x", configurable=False, allowed=allowed("a", "b", default="a")),
            text("b"),
            "x is always a, not b",
        ),
    ],
)
def test_a_refusal_says_what_is_allowed(characteristic: Characteristic, value: Value, message: str) -> None:
    assert told(of(characteristic), NamedValue(characteristic.name, value), complete=False) == [message]
