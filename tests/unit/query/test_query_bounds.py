"""No query is costly to answer, whatever it is made of: what would be is refused before it is asked."""

from urllib.parse import quote

import pytest

from adapters.persistence.criteria_sql import Compiled, Searchable
from canonical.ordering.order import ORDERS
from facade.contract.violations import ContractViolation
from facade.tmf.query.listing import read_listing
from tests.unit.query.sample import ATTRIBUTES
from tests.unit.query.stored import INDEX

ITEM = "productOrderItem."


def listing(query: str) -> None:
    read_listing(query.encode(), ATTRIBUTES, "ProductOrder")


def jsonpath(text: str) -> str:
    return f"filter={quote(text)}"


@pytest.mark.parametrize(
    ("most", "too_much", "said"),
    [
        ("priority=a;" * 49 + "priority=b", "priority=a;" * 50 + "priority=b", "50 conditions"),
        (
            "description.regex=a&" * 4 + "description.regex=b",
            "&".join(f"note.text.regex={n}" for n in range(6)),
            "5 reg",
        ),
        (
            jsonpath("$[?(" + "&&".join(["@.category=~/a/"] * 5) + ")]"),
            jsonpath("$[?(" + "&&".join(["@.category=~/a/"] * 6) + ")]"),
            "5 regular expressions",
        ),
        (f"{ITEM * 7}id=1", f"{ITEM * 8}id=1", "lists of lists"),
        (
            jsonpath("$[?(" + "||".join(f"@.{ITEM * 3}note[?(@.id=='{n}')]" for n in range(8)) + ")]"),
            jsonpath("$[?(" + "||".join(f"@.{ITEM * 3}note[?(@.id=='{n}')]" for n in range(9)) + ")]"),
            "lists of lists",
        ),
        (
            jsonpath("$[?(" + "!(" * 11 + "@.id=='1'" + "||@.id=='2'&&@.priority=='3')" * 11 + ")]"),
            jsonpath("$[?(" + "!(" * 12 + "@.id=='1'" + "||@.id=='2'&&@.priority=='3')" * 12 + ")]"),
            "nested too deeply",
        ),
    ],
)
def test_what_is_over_a_bound_is_refused_and_what_reaches_it_is_not(most: str, too_much: str, said: str) -> None:
    listing(most)
    with pytest.raises(ContractViolation) as raised:
        listing(too_much)
    [violation] = raised.value.violations
    assert said in violation.message


def test_of_values_to_be_greater_or_less_than_one_is_compared() -> None:
    values = ",".join(f"{number}" for number in range(100))
    listed = read_listing(f"{ITEM}quantity.gt={values}".encode(), ATTRIBUTES, "ProductOrder")
    assert listed.criterion is not None
    sql = str(Compiled(Searchable.of(ORDERS.name, INDEX), "sqlite").condition(listed.criterion))
    assert sql.count("END > ") == 1
