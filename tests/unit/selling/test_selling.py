"""Whether an offering is sold, and what of it can be ordered."""

from datetime import timedelta

import pytest

from canonical.catalog.lifecycle import LifecycleStatus
from canonical.catalog.offering import AllowedAction, OfferedPrice
from canonical.catalog.references import Reference
from canonical.catalog.selling import ONLY_LAUNCHED, SOLD, Reason
from tests.support.builders import NOON
from tests.unit.selling.sample_catalog import a_price, a_specification, an_offering, offered, once

DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("status", "sold", "reasons"),
    [
        (LifecycleStatus.LAUNCHED, SOLD, []),
        (LifecycleStatus.ACTIVE, SOLD, []),
        (LifecycleStatus.LAUNCHED, ONLY_LAUNCHED, []),
        (LifecycleStatus.ACTIVE, ONLY_LAUNCHED, [Reason.NOT_PUBLISHED]),
        (LifecycleStatus.IN_STUDY, SOLD, [Reason.NOT_PUBLISHED]),
        (LifecycleStatus.IN_TEST, SOLD, [Reason.NOT_PUBLISHED]),
        (LifecycleStatus.REJECTED, SOLD, [Reason.NOT_PUBLISHED]),
        (LifecycleStatus.RETIRED, SOLD, [Reason.RETIRED]),
        (LifecycleStatus.OBSOLETE, SOLD, [Reason.RETIRED]),
    ],
)
def test_an_offering_is_sold_in_some_statuses_only(
    status: LifecycleStatus, sold: frozenset[LifecycleStatus], reasons: list[Reason]
) -> None:
    item = offered(an_offering(status=status))
    assert [one.reason for one in item.refusals(sold)] == reasons


@pytest.mark.parametrize(
    ("period", "told"),
    [
        ((None, None), None),
        ((NOON, NOON + DAY), None),
        ((NOON + DAY, None), "Phone is sold from 2026-05-04T12:00:00Z on"),
        ((NOON - DAY, NOON), "Phone was sold until 2026-05-03T12:00:00Z"),
    ],
)
def test_an_offering_is_sold_while_it_is_valid(period: tuple[None, None], told: str | None) -> None:
    valid_from, valid_until = period
    item = offered(an_offering(valid_from=valid_from, valid_until=valid_until))
    assert [one.message for one in item.refusals(SOLD)] == ([] if told is None else [told])


def test_an_offering_whose_references_nobody_knows_is_not_sold() -> None:
    prices = (OfferedPrice(Reference("pop_none")),)
    item = offered(an_offering(contents={"specification": Reference("ps_none", "2"), "prices": prices}))
    [refusal] = item.refusals(SOLD)
    assert refusal.reason is Reason.UNRESOLVED
    assert refusal.message == "Phone refers to specification ps_none in version 2, price pop_none, which nobody knows"


def test_prices_count_while_they_are_published_and_valid() -> None:
    prices = [
        a_price("pop_1", once("1.00")),
        a_price("pop_2", once("2.00"), status=LifecycleStatus.RETIRED),
        a_price("pop_3", once("3.00"), status=LifecycleStatus.IN_STUDY),
        a_price("pop_4", once("4.00"), valid_until=NOON),
        a_price("pop_5", once("5.00"), valid_from=NOON + DAY),
    ]
    references = tuple(OfferedPrice(Reference(one.item_id)) for one in prices)
    item = offered(an_offering(contents={"prices": references}), *prices)
    assert [one.id for one in item.prices] == ["pop_1"]
    assert not list(item.refusals(SOLD))


def test_what_is_taken_from_stock_is_named_by_the_offering_or_else_its_specification() -> None:
    specification = a_specification(number="NR-1")
    assert offered(an_offering(contents={"sku": "SKU1"})).stock_number == "SKU1"
    assert offered(an_offering(contents={"specification": Reference("ps_phone")}), specification).stock_number == "NR-1"
    assert offered(an_offering()).stock_number is None


@pytest.mark.parametrize(
    ("actions", "words", "refused"),
    [
        ((), {"delete"}, False),
        (("Add", "delete"), {"add"}, False),
        (("add",), {"modify", "suspend"}, True),
        (("suspend",), {"modify", "suspend"}, False),
    ],
)
def test_actions_that_an_offering_lists_are_those_that_can_be_ordered(
    actions: tuple[str, ...], words: set[str], *, refused: bool
) -> None:
    item = offered(an_offering(contents={"allowed_actions": tuple(AllowedAction(one) for one in actions)}))
    found = list(item.action_refusals(words))
    assert [one.reason for one in found] == [Reason.ACTION] * refused
    assert [one.message for one in found] == ["what can be ordered of po_phone is: add"] * refused


def test_an_action_that_is_not_allowed_any_more_cannot_be_ordered() -> None:
    item = offered(an_offering(contents={"allowed_actions": (AllowedAction("add", valid_until=NOON),)}))
    [refusal] = item.action_refusals({"add"})
    assert refusal.message == "what can be ordered of po_phone is: nothing"
