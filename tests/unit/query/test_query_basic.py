"""Attribute filters in the query string."""

from datetime import UTC, datetime
from typing import Any

import pytest

from canonical.shared.criteria import AllOf, AnyOf, Compare, Criterion, Not, Operator, PathStep
from facade.contract.violations import ContractViolation
from facade.tmf.query.listing import read_listing
from tests.unit.query.sample import ATTRIBUTES

PRIORITY = (PathStep("priority"),)
CREATED = (PathStep("creationDate"),)
AUTHOR = (PathStep("note", True), PathStep("author"))
DAY = datetime(2013, 4, 20, tzinfo=UTC)


def criterion(query: str) -> Criterion | None:
    return read_listing(query.encode(), ATTRIBUTES, "ProductOrder").criterion


def refused(query: str | bytes) -> tuple[str, str, str | None]:
    with pytest.raises(ContractViolation) as raised:
        read_listing(query.encode() if isinstance(query, str) else query, ATTRIBUTES, "ProductOrder")
    [violation] = raised.value.violations
    return violation.pointer, violation.message, violation.hint


def equal(path: Any, *constants: Any) -> Compare:
    return Compare(path, Operator.EQUAL, constants)


@pytest.mark.parametrize(
    "query",
    [
        "priority=a,b",
        "priority=a&priority=b",
        "priority=a;priority=b",
        "priority=a;b",
        "priority=a%2Cb",
        "priority=a%3Bpriority%3Db",
        "priority.eq=a,b",
        "priority==a,b",
        'priority="a",b',
        "priority=a,b&priority=b&&",
    ],
)
def test_every_way_to_write_or_means_the_same(query: str) -> None:
    assert criterion(query) == equal(PRIORITY, "a", "b")


def test_different_attributes_are_and() -> None:
    assert criterion("priority=a&note.author=b") == AllOf((equal(PRIORITY, "a"), equal(AUTHOR, "b")))


def test_a_semicolon_between_different_attributes_is_or() -> None:
    assert criterion("priority=a;note.author=b") == AnyOf((equal(PRIORITY, "a"), equal(AUTHOR, "b")))


@pytest.mark.parametrize(
    ("query", "operator"),
    [
        ("creationDate.gt=2013-04-20", Operator.GREATER),
        ("creationDate%3E2013-04-20", Operator.GREATER),
        ("creationDate>2013-04-20", Operator.GREATER),
        ("creationDate.gte=2013-04-20", Operator.GREATER_OR_EQUAL),
        ("creationDate%3E%3D2013-04-20", Operator.GREATER_OR_EQUAL),
        ("creationDate%3E=2013-04-20", Operator.GREATER_OR_EQUAL),
        ("creationDate.lt=2013-04-20", Operator.LESS),
        ("creationDate%3C2013-04-20", Operator.LESS),
        ("creationDate.lte=2013-04-20", Operator.LESS_OR_EQUAL),
        ("creationDate%3C%3D2013-04-20", Operator.LESS_OR_EQUAL),
        ("creationDate%3D%3D2013-04-20", Operator.EQUAL),
    ],
)
def test_operators_are_suffixes_or_signs(query: str, operator: Operator) -> None:
    assert criterion(query) == Compare(CREATED, operator, (DAY,))


@pytest.mark.parametrize(
    "query", ["priority.regex=^a%2B$", "priority%3D~^a%2B$", "priority*=^a%2B$", "priority=~^a%2B$"]
)
def test_a_regular_expression_has_three_spellings(query: str) -> None:
    assert criterion(query) == Compare(PRIORITY, Operator.MATCHES, ("(?:^a+$)",))


def test_a_regular_expression_keeps_its_commas() -> None:
    assert criterion("priority.regex=a{1,2},b") == Compare(PRIORITY, Operator.MATCHES, ("(?:a{1,2},b)",))


def test_not_equal_to_several_is_equal_to_none_of_them() -> None:
    assert criterion("priority.ne=a,b") == criterion("priority.ne=a&priority!=b") == Not(equal(PRIORITY, "a", "b"))


@pytest.mark.parametrize(
    ("query", "value"),
    [
        ('priority="a,b;c=d"', "a,b;c=d"),
        ('priority="a \\"b\\""', 'a "b"'),
        ('priority=5" pipe', '5" pipe'),
        ("priority=", ""),
        ("priority=a%20b", "a b"),
        ("priority=a+b", "a b"),
        ("priority=%C3%A9%F0%90%90%B7", "é𐐷"),
        ("priority=a%26b%3Dc", "a&b=c"),
        ("priority=$%7Bx%7D%25'--", "${x}%'--"),
    ],
)
def test_a_value_is_taken_as_it_is(query: str, value: str) -> None:
    assert criterion(query) == equal(PRIORITY, value)


def test_values_have_the_kind_of_their_attribute() -> None:
    quantity = (PathStep("productOrderItem", True), PathStep("quantity"))
    assert criterion("productOrderItem.quantity=2,2.5") == equal(quantity, 2, 2.5)
    bundle = (PathStep("productOrderItem", True), PathStep("product"), PathStep("isBundle"))
    assert criterion("productOrderItem.product.isBundle=true") == equal(bundle, True)


def test_a_value_that_may_be_anything_is_compared_as_all_it_could_be() -> None:
    found = criterion("productOrderItem.product.productCharacteristic.value=1")
    assert isinstance(found, Compare)
    assert found.constants == ("1", 1)
    found = criterion("productOrderItem.product.productCharacteristic.value=true")
    assert isinstance(found, Compare)
    assert found.constants == ("true", True)


@pytest.mark.parametrize("text", ["2026-05-03T12:00:00+02:00", "2026-05-03T12:00:00%2B02:00", "2026-05-03T10:00:00z"])
def test_a_time_survives_a_plus_that_was_not_encoded(text: str) -> None:
    found = criterion(f"creationDate={text}")
    assert isinstance(found, Compare)
    assert found.constants[0] == datetime(2026, 5, 3, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("query", "pointer", "said", "hint"),
    [
        ("stat=x", "/stat", "unknown attribute stat", "did you mean `state`?"),
        ("note.autor=x", "/note.autor", "unknown attribute note.autor", "did you mean `note.author`?"),
        ("State=x", "/State", "unknown attribute State", "did you mean `state`?"),
        ("acmeCampaign.code=x", "/acmeCampaign.code", "unknown attribute acmeCampaign", None),
        ("note=x", "/note", "an object cannot be compared; name one of its attributes", None),
        ("state.gt>x", "/state.gt", "state.gt names two operators", None),
        ("creationDate=yesterday", "/creationDate", "'yesterday' is no time", None),
        ("creationDate=2026-02-30", "/creationDate", "'2026-02-30' is no time", None),
        ("creationDate=0001-01-01T00:00:00%2B14:00", "/creationDate", "'0001-01-01T00:00:00+14:00' is no time", None),
        ("creationDate=9999-12-31T23:59:59-12:00", "/creationDate", "'9999-12-31T23:59:59-12:00' is no time", None),
        ("productOrderItem.quantity=1e9999", "/productOrderItem.quantity", "'1e9999' is no number", None),
        ("productOrderItem.quantity.regex=1", "/productOrderItem.quantity.regex", "a regular expression needs", None),
        ("productOrderItem.product.isBundle.gt=true", "/productOrderItem.product.isBundle.gt", "no order", None),
        ("href=x", "/href", "href depends on the address used", None),
        ('state="x', "/state", "a quote is not closed", None),
        ("state=a%00b", "/state", "the NUL character", None),
        ("state", "/state", "a filter is written", None),
        ("=x", "/=x", "a filter is written", None),
        ("state=%FF", "/state", "a parameter is UTF-8", None),
        ("state=" + "x" * 3000, "/state", "at most 2000 characters", None),
        ("productOrderItem." * 12 + "id=x", "/" + ("productOrderItem." * 12)[:60], "at most 12 names", None),
        ("&".join(f"state=x{n}" for n in range(101)), "/query", "at most 100 parameters", None),
    ],
)
def test_what_cannot_be_answered_is_refused_by_name(query: str, pointer: str, said: str, hint: str | None) -> None:
    at, message, hinted = refused(query)
    assert at == pointer
    assert said in message
    assert hinted == hint


def test_a_query_has_at_most_fifty_conditions_and_a_hundred_values() -> None:
    names = [
        "externalId.owner",
        "id",
        "category",
        "description",
        "priority",
        "note.author",
        "note.text",
        "externalId.id",
        "note.id",
    ]
    tests = [f"{name}.{sign}=1" for name in names for sign in ("eq", "ne", "gt", "lt", "gte", "lte")]
    assert "50 conditions" in refused("&".join(tests))[1]
    assert "50 conditions" in refused(";".join(f"priority=x{n}" for n in range(60)))[1]
    assert "100 values" in refused("priority=" + ",".join(f"x{n}" for n in range(101)))[1]
