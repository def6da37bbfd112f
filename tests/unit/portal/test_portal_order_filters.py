"""What lists of orders on `/api/v1` are filtered by."""

from datetime import UTC, datetime

import pytest

from canonical.ordering.states import State
from canonical.shared.criteria import AllOf, Compare, Operator, PathStep
from facade.contract.violations import ContractViolation
from facade.portal.order_filters import FILTERS, INDEX, filters_of


def compared(name: str, operator: Operator, *constants: object) -> Compare:
    return Compare((PathStep(name),), operator, constants)  # type: ignore[arg-type]


def test_each_filter_compares_what_it_says() -> None:
    day = datetime(2026, 5, 3, tzinfo=UTC)
    assert filters_of({}) is None
    assert filters_of({"customerId": "C1"}) == compared("customer_id", Operator.EQUAL, "C1")
    assert filters_of({"state": "COMPLETED,FAILED"}) == compared("state", Operator.EQUAL, "COMPLETED", "FAILED")
    assert filters_of({"submittedFrom": "2026-05-03"}) == compared("submitted_at", Operator.GREATER_OR_EQUAL, day)
    assert filters_of({"submittedBefore": "2026-05-03T02:00:00+02:00"}) == compared("submitted_at", Operator.LESS, day)
    both = filters_of({"customerId": "C1", "state": "FAILED", "externalId": "PO-1", "externalSystem": "acme"})
    assert isinstance(both, AllOf)


def test_what_is_filtered_by_alone_stands_in_a_column_or_an_index() -> None:
    assert {"customer_id", "state", "submitted_at"} <= {name for (name,) in INDEX.columns}
    assert len(FILTERS) == 6


@pytest.mark.parametrize(
    ("query", "pointer", "hint"),
    [
        ({"state": "completed"}, "/state", "did you mean `COMPLETED`?"),
        ({"state": "COMPLETED,"}, "/state", None),
        ({"submittedFrom": "yesterday"}, "/submittedFrom", None),
        ({"submittedBefore": "2026-13-01"}, "/submittedBefore", None),
        ({"externalSystem": "acme"}, "/externalId", None),
    ],
)
def test_what_cannot_be_meant_is_refused(query: dict[str, str], pointer: str, hint: str | None) -> None:
    with pytest.raises(ContractViolation) as raised:
        filters_of(query)
    [found] = raised.value.violations
    assert (found.pointer, found.hint) == (pointer, hint)
    assert found.allowed == (tuple(State) if pointer == "/state" else ())
