"""`filter=` as JSONPath, in both dialects."""

from decimal import Decimal
from urllib.parse import quote

import pytest

from canonical.shared.criteria import AllOf, AnyElement, AnyOf, Compare, Criterion, Not, Operator, PathStep, Present
from facade.contract.violations import ContractViolation
from facade.tmf.query.jsonpath import criterion_of
from facade.tmf.query.listing import read_listing
from facade.tmf.query.refusals import NotSupported
from tests.unit.query.sample import ATTRIBUTES

NOTE = (PathStep("note", True),)
ITEM = (PathStep("productOrderItem", True),)
CHARACTERISTIC = (PathStep("product"), PathStep("productCharacteristic", True))


def equal(name: str, value: str) -> Compare:
    return Compare((PathStep(name),), Operator.EQUAL, (value,))


def read(source: str) -> Criterion:
    return criterion_of(source, ATTRIBUTES)


def refused(source: str) -> tuple[str, str]:
    with pytest.raises(ContractViolation) as raised:
        read(source)
    [violation] = raised.value.violations
    return violation.pointer, violation.message


@pytest.mark.parametrize(
    "source",
    [
        "$.note[?(@.author=='X')]",
        "note[?(@.author=='X')]",
        "note[?@.author=='X']",
        '$.note[?(@.author=="X")]',
        "$['note'][?(@['author'] == 'X')]",
        "$.note[*][?('X' == @.author)]",
        "$.note[?(((@.author=='X')))]",
        "$.note[?(!!(@.author=='X'))]",
    ],
)
def test_the_dialects_mean_the_same(source: str) -> None:
    assert read(source) == AnyElement(NOTE, equal("author", "X"))


@pytest.mark.parametrize("source", ["$[?(@.priority=='x')]", "[?(@.priority=='x')]", "$[?@.priority=='x']"])
def test_the_root_may_be_the_collection(source: str) -> None:
    assert read(source) == equal("priority", "x")


def test_conditions_in_one_bracket_are_about_one_element() -> None:
    both = AllOf((equal("author", "X"), equal("text", "Y")))
    assert read("note[?(@.author=='X' && @.text=='Y')]") == AnyElement(NOTE, both)


def test_and_binds_closer_than_or_and_brackets_closer_still() -> None:
    a, b, c = equal("author", "a"), equal("author", "b"), equal("author", "c")
    x, y, z = (f"@.author=='{one}'" for one in "abc")
    assert read(f"note[?({x} || {y} && {z})]") == AnyElement(NOTE, AnyOf((a, AllOf((b, c)))))
    assert read(f"note[?(({x} || {y}) && !({z}))]") == AnyElement(NOTE, AllOf((AnyOf((a, b)), Not(c))))


def test_a_filter_goes_on_inside_the_element_it_found() -> None:
    inner = AnyElement(
        CHARACTERISTIC, AllOf((equal("name", "speed"), Compare((PathStep("value", True),), Operator.GREATER, (5,))))
    )
    found = read("productOrderItem[?(@.action=='add')].product.productCharacteristic[?(@.name=='speed' && @.value>5)]")
    assert found == AnyElement(ITEM, AllOf((equal("action", "add"), inner)))


def test_brackets_within_brackets_keep_their_own_element() -> None:
    found = read("productOrderItem[?(@.note[?(@.author=='X')].text == 'Y')]")
    assert found == AnyElement(ITEM, AnyElement(NOTE, AllOf((equal("author", "X"), equal("text", "Y")))))


def test_a_path_alone_asks_whether_it_is_there() -> None:
    assert read("$.note") == Present(NOTE)
    assert read("note[?(@.author)]") == AnyElement(NOTE, Present((PathStep("author"),)))
    assert read("note[?(!@.author)].text") == AnyElement(
        NOTE, AllOf((Not(Present((PathStep("author"),))), Present((PathStep("text"),))))
    )


def test_not_equal_is_the_negation_of_equal() -> None:
    assert read("note[?(@.author!='X')]") == AnyElement(NOTE, Not(equal("author", "X")))


def test_the_literal_decides_where_the_schema_does_not() -> None:
    path = "$.productOrderItem[?(@.product.productCharacteristic[?(@.value=={})])]"
    for literal, constant in (("'1'", "1"), ("1", 1), ("2.50", Decimal("2.50")), ("true", True), ("null", None)):
        found = repr(read(path.format(literal)))
        assert f"constants=({constant!r},)" in found


def test_operators_turn_round_with_their_sides() -> None:
    assert read("productOrderItem[?(2<@.quantity)]") == read("productOrderItem[?(@.quantity>2)]")


@pytest.mark.parametrize("pattern", ["/^a.b$/i", "'(?i)^a.b$'"])
def test_regular_expressions_stand_between_slashes_or_quotes(pattern: str) -> None:
    found = read(f"note[?(@.text=~{pattern})]")
    assert found == AnyElement(NOTE, Compare((PathStep("text"),), Operator.MATCHES, ("(?:^[Aa].[Bb]$)",)))


def test_the_filter_is_combined_with_the_other_parameters() -> None:
    query = f"state=held&filter={quote(chr(36) + '.note')}"
    assert read_listing(query.encode(), ATTRIBUTES, "ProductOrder").criterion == AllOf(
        (equal("state", "held"), Present(NOTE))
    )


@pytest.mark.parametrize(
    ("source", "feature"),
    [
        ("note[?(length(@.author)>1)]", "the function length"),
        ("note[?(@.author.length()>1)]", "the function length"),
        ("productOrderItem[?(avg(@.quantity)>1)]", "the function avg"),
        ("productOrderItem[?(@.quantity.stddev()>1)]", "the function stddev"),
        ("min($.productOrderItem.quantity)>1", "the function min"),
        ("max($.productOrderItem.quantity)>1", "the function max"),
        ("$..author", "descending with .."),
        ("note[0]", "picking elements by position"),
        ("note[-1]", "picking elements by position"),
        ("note.*", "the wildcard .*"),
        ("note[?(@.author==@.text)]", "comparing two paths"),
        ("note[?(@.author==$.state)]", "a path from the root inside a bracket"),
        ("note[?(@=='x')]", "comparing the element itself"),
        ("note[?(@)]", "the element itself as a condition"),
    ],
)
def test_what_is_optional_and_not_offered_is_named(source: str, feature: str) -> None:
    with pytest.raises(NotSupported) as raised:
        read(source)
    assert str(raised.value) == f"filter: {feature} is not supported"
    assert raised.value.pointer == "/filter"


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("", "is expected at the end"),
        ("$", "is expected at the end"),
        ("note[?(@.author=='x'", "is expected at the end"),
        ("note[?(@.author=='x')] or 1", "the end is expected at character 24"),
        ("note[?(@.author=)]", "cannot be read from character 16"),
        ("note[?(@.author=='x)]", "cannot be read from character 18"),
        ("note[?()]", "a path that begins with @, or a literal is expected"),
        ("note[?(1==1)]", "a path beside a literal is expected"),
        ("note[?('x')]", "an operator is expected"),
        ("note[?(@.autor=='x')]", "unknown attribute note.autor"),
        ("note[?(@.date>'x')]", "'x' is no time"),
        ("note[?(@.author>null)]", "null has no order"),
        ("note[?(@.author==/x/)]", "=~ stands between"),
        ("note[?(@=='x' && @.author)]" + " " * 2000, "at most 2000 characters"),
        ("note[?(" + "(" * 40 + "@.author" + ")" * 40 + ")]", "nested deeper"),
        ("note[?(" + "||".join(["@.id=='1'"] * 51) + ")]", "at most 50 conditions"),
        ("note[?(@.author=='\0')]", "the NUL character"),
        ("note[?(@.text=~/(a)\\1/)]", "\\1 is not taken"),
    ],
)
def test_what_is_wrong_is_refused_where_it_is(source: str, said: str) -> None:
    pointer, message = refused(source)
    assert pointer == "/filter"
    assert said in message


def test_an_ampersand_that_was_not_encoded_is_explained() -> None:
    with pytest.raises(ContractViolation) as raised:
        read_listing(b"filter=note[?(@.author=='X' && @.text=='Y')]", ATTRIBUTES, "ProductOrder")
    [violation] = raised.value.violations
    assert violation.hint == "in an address && is written %26%26"
