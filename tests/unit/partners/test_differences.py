"""What two profiles say differently is said in words."""

from typing import Any

import pytest

from facade.partners.differences import differences

BEFORE = {"validation": "before", "customers": {"list": ["C1", "C2"]}, "partyRoles": {"Kunde": "Customer"}}


@pytest.mark.parametrize(
    ("after", "told"),
    [
        (BEFORE, []),
        (BEFORE | {"customers": {"list": ["C2", "C1"]}}, []),
        (BEFORE | {"validation": "after"}, ['validation changes from "before" to "after"']),
        (BEFORE | {"customers": {"list": ["C2", "C3"]}}, ['customers/list gets "C3"', 'customers/list loses "C1"']),
        (BEFORE | {"partyRoles": {}}, ['partyRoles/Kunde is removed; it was "Customer"']),
        (BEFORE | {"market": {"places": ["CZ"]}}, ['market is added: {"places":["CZ"]}']),
        (
            BEFORE | {"customers": {"pattern": "C*"}},
            ['customers/list is removed; it was ["C1","C2"]', 'customers/pattern is added: "C*"'],
        ),
        (BEFORE | {"customers": 7}, ['customers changes from {"list":["C1","C2"]} to 7']),
    ],
    ids=str,
)
def test_each_difference_is_one_sentence(after: dict[str, Any], told: list[str]) -> None:
    assert differences(BEFORE, after) == told
