"""The catalog as orders see it."""

from decimal import Decimal
from typing import Any

import pytest

from canonical.catalog.condition import Comparison, Condition, Operator
from canonical.catalog.lifecycle import LifecycleStatus
from canonical.catalog.offering import AllowedAction, Member
from canonical.catalog.price import Commitment, Quantity
from canonical.catalog.references import Reference, Relationship
from canonical.catalog.rule import Rule, RuleContents, RuleType
from canonical.catalog.selling import SOLD, Reason
from canonical.catalog.specification import Instantiation
from canonical.ordering.commands import ItemAction, OrderMarket
from canonical.ordering.errors import RULES
from canonical.ordering.items import OrderedCharacteristic, OrderedPrice, RecurringCharge
from canonical.ordering.wishes import ChosenCharacteristic, WishedTerm
from canonical.processes.catalog_offers import ACTION_WORDS, CatalogOffers
from tests.support.builders import NOON, a_change, a_line, euros
from tests.support.fakes import StandingClock
from tests.unit.selling.sample_catalog import (
    COLOUR,
    NUMBER,
    ShelfInMemory,
    a_rule,
    a_specification,
    an_offering,
    by_value,
    monthly,
    offer,
    once,
    text,
)

PHONE = Reference("po_phone")
CONTRACT = an_offering("po_contract")


def test_an_offering_is_remembered_as_it_was_configured() -> None:
    contents = {"prices": by_value(once("99.00"), monthly("5.00")), "specification": Reference("ps_phone"), "sku": "S1"}
    ordered = offer(an_offering(contents=contents), a_specification(COLOUR, NUMBER)).ordered(
        a_line(characteristics=(ChosenCharacteristic("msisdn", "TEXT", "12345678"),))
    )
    assert (ordered.id, ordered.version, ordered.name, ordered.sku, ordered.stocked) == (
        "po_phone",
        "1",
        "Phone",
        "S1",
        True,
    )
    assert (ordered.one_time, ordered.recurring) == (euros("99.00"), (RecurringCharge(euros("5.00"), "month"),))
    assert ordered.characteristics == (
        OrderedCharacteristic("msisdn", "TEXT", "12345678", "CHOSEN"),
        OrderedCharacteristic("colour", "TEXT", "white", "DEFAULT"),
    )
    assert ordered.prices[1] == OrderedPrice(None, "Monthly", "RECURRING", euros("5.00"), "month")


def test_what_takes_nothing_from_stock_is_known_by_its_id() -> None:
    ordered = offer(an_offering()).ordered(a_line())
    assert (ordered.sku, ordered.stocked) == ("po_phone", False)


def test_a_change_gets_no_defaults() -> None:
    offering = an_offering(contents={"specification": Reference("ps_phone")})
    line = a_change(action=ItemAction.MODIFY, offering_id="po_phone")
    assert offer(offering, a_specification(COLOUR)).ordered(line).characteristics == ()


def broken(found: Any) -> list[tuple[str, str]]:
    return [(one.error.code, one.place) for one in found]


RED = (ChosenCharacteristic("colour", "TEXT", "red"),)


@pytest.mark.parametrize(
    ("action", "rules"),
    [
        (
            ItemAction.ADD,
            [
                ("OFFERING_RETIRED", "/offering_id"),
                ("CHARACTERISTIC_NOT_ALLOWED", "/characteristics/0/text"),
                ("CHARACTERISTIC_MISSING", "/characteristics"),
            ],
        ),
        (
            ItemAction.MODIFY,
            [("OFFERING_RETIRED", "/offering_id"), ("CHARACTERISTIC_NOT_ALLOWED", "/characteristics/0/text")],
        ),
        (ItemAction.DISCONNECT, []),
        (ItemAction.SUSPEND, []),
        (ItemAction.NO_CHANGE, []),
    ],
)
def test_what_a_customer_has_may_be_what_is_not_sold_any_more(action: ItemAction, rules: Any) -> None:
    offering = an_offering(contents={"specification": Reference("ps_phone")}, status=LifecycleStatus.RETIRED)
    line = a_change(action=action, offering_id="po_phone", characteristics=RED)
    assert broken(offer(offering, a_specification(COLOUR, NUMBER)).broken(line)) == rules


def test_what_a_customer_has_may_change_although_it_is_not_sold_any_more() -> None:
    offering = an_offering(contents={"specification": Reference("ps_phone")}, status=LifecycleStatus.RETIRED)
    line = a_change(action=ItemAction.MODIFY, characteristics=RED)
    found = broken(offer(offering, a_specification(COLOUR, NUMBER)).broken(line, kept=True))
    assert found == [("CHARACTERISTIC_NOT_ALLOWED", "/characteristics/0/text")]


def test_a_changed_product_keeps_what_is_still_allowed_and_gets_defaults_for_the_rest() -> None:
    offering = an_offering(contents={"specification": Reference("ps_phone")})
    had = (*RED, ChosenCharacteristic("msisdn", "TEXT", "12345678"), ChosenCharacteristic("gone", "TEXT", "x"))
    became = offer(offering, a_specification(COLOUR, NUMBER)).become(a_change(action=ItemAction.MODIFY), had)
    assert {one.name: one.text for one in became.characteristics} == {"msisdn": "12345678", "colour": "white"}


def test_an_offering_remembers_its_terms_and_what_a_quantity_of_it_means() -> None:
    term = Commitment("Minimum term", duration=Quantity(Decimal(24), "month"))
    contents = {"specification": Reference("ps_phone"), "commitments": (term,), "bundle": True}
    counted = a_specification(COLOUR, instantiation=Instantiation.COUNTED)
    ordered = offer(an_offering(contents=contents), counted).ordered(a_line())
    assert ordered.terms == (WishedTerm("Minimum term", 24, "month"),)
    assert (ordered.instantiation.value, ordered.specification_id, ordered.bundle) == ("COUNTED", "ps_phone", True)


def test_actions_are_called_as_clients_call_them() -> None:
    assert ACTION_WORDS.keys() == set(ItemAction)
    allowing = offer(an_offering(contents={"allowed_actions": (AllowedAction("delete"),)}))
    assert broken(allowing.broken(a_line())) == [("ACTION_NOT_ALLOWED", "/action")]
    assert not list(allowing.broken(a_change(action=ItemAction.DISCONNECT)))


def with_relationship(type_: str, **more: Any) -> Any:
    return an_offering(contents={"relationships": (Relationship(type_, Reference("po_contract"), **more),)})


@pytest.mark.parametrize(
    ("type_", "together", "sentence"),
    [
        ("requires", (), "Phone requires Contract"),
        ("requires", ("po_contract",), None),
        ("Dependency", (), "Phone requires Contract"),
        ("excludes", ("po_contract",), "Phone excludes Contract"),
        ("exclusivity", ("po_contract",), "Phone excludes Contract"),
        ("excludes", (), None),
        ("substitutes", (), None),
    ],
)
def test_offerings_that_need_or_bar_one_another(type_: str, together: tuple[str, ...], sentence: str | None) -> None:
    counts = dict.fromkeys(("po_phone", *together), 1)
    found = offer(with_relationship(type_), CONTRACT).broken_with(a_line(), counts)
    assert [one.message for one in found] == ([] if sentence is None else [sentence])


def test_a_relationship_counts_while_it_is_valid_and_names_what_nobody_knows_by_its_id() -> None:
    assert not list(offer(with_relationship("requires", valid_until=NOON)).broken_with(a_line(), {"po_phone": 1}))
    [found] = offer(with_relationship("requires")).broken_with(a_line(), {"po_phone": 1})
    assert (found.message, found.details) == ("Phone requires po_contract", {"required": "po_contract"})


def rule(type_: RuleType, **more: Any) -> Rule:
    return a_rule("r1", RuleContents("Rule", type_, "the sentence of the rule", offerings=(PHONE,), **more))


OTHERS = (Reference("po_contract"), Reference("po_case"))
IS_BLACK = Condition(comparison=Comparison("colour", Operator.EQ, (text("black"),)))
OF_AGE = Condition(comparison=Comparison("age", Operator.GTE, (text("18"),)))


@pytest.mark.parametrize(
    ("about", "counts", "told"),
    [
        (rule(RuleType.REQUIRES, others=OTHERS), {}, True),
        (rule(RuleType.REQUIRES, others=OTHERS), {"po_case": 1}, False),
        (rule(RuleType.EXCLUDES, others=OTHERS), {"po_case": 1}, True),
        (rule(RuleType.EXCLUDES, others=OTHERS), {"po_tv": 1}, False),
        (rule(RuleType.COMPATIBLE, others=OTHERS), {"po_case": 1, "po_tv": 1}, True),
        (rule(RuleType.COMPATIBLE, others=OTHERS), {"po_case": 1}, False),
        (rule(RuleType.CARDINALITY, least=3), {}, True),
        (rule(RuleType.CARDINALITY, most=1), {}, True),
        (rule(RuleType.CARDINALITY, least=1, most=2), {}, False),
        (rule(RuleType.ELIGIBILITY, then=IS_BLACK), {}, True),
        (rule(RuleType.ELIGIBILITY, then=Condition(negated=IS_BLACK)), {}, False),
        (rule(RuleType.ELIGIBILITY, then=OF_AGE), {}, False),
        (rule(RuleType.REQUIRES, others=OTHERS, when=IS_BLACK), {}, False),
        (rule(RuleType.REQUIRES, others=OTHERS, when=Condition(negated=IS_BLACK)), {}, True),
    ],
)
def test_rules_are_told_with_their_sentence(about: Rule, counts: dict[str, int], *, told: bool) -> None:
    offering = an_offering(contents={"specification": Reference("ps_phone")})
    found = offer(offering, a_specification(COLOUR), about).broken_with(a_line(), {"po_phone": 2, **counts})
    assert [(one.error.code, one.message, one.details) for one in found] == [
        ("RULE_BROKEN", "the sentence of the rule", {"rule": "r1"})
    ] * told


def test_a_rule_counts_while_it_is_published_and_about_the_offering() -> None:
    draft = a_rule("r1", RuleContents("R", RuleType.CARDINALITY, "m", offerings=(PHONE,), most=0), status=None)
    other = a_rule("r2", RuleContents("R", RuleType.EXCLUDES, "m", offerings=OTHERS, others=(PHONE,)))
    assert not list(offer(an_offering(), draft, other).broken_with(a_line(), {"po_phone": 1, "po_case": 1}))


@pytest.mark.parametrize(
    ("market", "told"),
    [
        (OrderMarket(), []),
        (OrderMarket(channels=("web", "shop")), []),
        (OrderMarket(segments=("students",)), []),
        (OrderMarket(channels=("shop",)), ["Phone is sold only in channels web, phone"]),
        (OrderMarket(channels=("shop",), hides=True), ["po_phone is not sold in your market"]),
    ],
)
def test_an_offering_is_sold_in_its_part_of_the_market(market: OrderMarket, told: list[str]) -> None:
    offering = an_offering(contents={"channels": (Reference("web"), Reference("phone"))})
    found = offer(offering).broken_in((OrderMarket(), market))
    assert [one.message for one in found] == told


def test_members_of_a_bundle_are_told_from_others() -> None:
    bundle = offer(an_offering("po_home", {"members": (Member(PHONE, 1, 1),)}))
    assert bundle.takes("po_phone")
    assert not bundle.takes("po_home")
    assert broken(bundle.broken_by({}, 1)) == [("BUNDLE_CARDINALITY", "")]


def test_an_offering_is_sold_alone_unless_it_says_otherwise() -> None:
    assert [offer(an_offering(contents={"sellable": one})).sold_alone for one in (None, True, False)] == [
        True,
        True,
        False,
    ]


def test_of_several_with_one_sku_the_one_that_is_sold_is_found() -> None:
    old = an_offering("po_a", {"sku": "S1"}, status=LifecycleStatus.RETIRED)
    new = an_offering("po_b", {"sku": "S1"})
    clock = StandingClock()
    for known, found in (((old, new), "po_b"), ((old,), "po_a")):
        offers = CatalogOffers(ShelfInMemory(*known), clock, SOLD)
        by_sku = offers.by_sku("S1")
        assert by_sku is not None
        assert by_sku.id == found
    assert CatalogOffers(ShelfInMemory(old, new), clock, SOLD).by_sku("S2") is None
    assert CatalogOffers(ShelfInMemory(), clock, SOLD).by_id("po_a") is None


def test_every_reason_of_the_catalog_is_an_error_of_orders() -> None:
    assert {reason.value for reason in Reason} <= RULES.keys()
