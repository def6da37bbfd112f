"""What lists of orders on `/api/v1` are filtered by. All filters of a request must hold."""

from collections.abc import Iterator, Mapping

from canonical.ordering.states import State
from canonical.shared.criteria import AllOf, AnyElement, Compare, Constant, Criterion, Operator, PathStep, all_of
from canonical.shared.projection import SearchIndex
from facade.contract.messages import not_one_of
from facade.contract.violations import Code, ContractViolation, Violation
from facade.tmf.query.constants import instant

SHOWN_EXTERNAL_ID = ("externalId", "id")
"""The index of orders by their external ids is that of their TMF622 documents."""
INDEX = SearchIndex(
    {("id",): "id", ("customer_id",): "customer_id", ("state",): "state", ("submitted_at",): "created_at"},
    frozenset({SHOWN_EXTERNAL_ID}),
    of_aggregates=True,
)
DATES: Mapping[str, Operator] = {"submittedFrom": Operator.GREATER_OR_EQUAL, "submittedBefore": Operator.LESS}
FILTERS = ("customerId", "state", *DATES, "externalId", "externalSystem")


def filters_of(query: Mapping[str, str]) -> Criterion | None:
    """What a query asks for; None for everything. Raises ContractViolation."""
    return all_of(*_filters(query))


def _filters(query: Mapping[str, str]) -> Iterator[Criterion | None]:
    if "customerId" in query:
        yield _compared("customer_id", Operator.EQUAL, query["customerId"])
    if "state" in query:
        yield _compared("state", Operator.EQUAL, *_states(query["state"]))
    for name, operator in DATES.items():
        if name in query:
            yield _compared("submitted_at", operator, _time(name, query[name]))
    yield with_external_id(query.get("externalId"), query.get("externalSystem"))


def _compared(name: str, operator: Operator, *constants: Constant) -> Criterion:
    return Compare((PathStep(name),), operator, constants)


def _states(text: str) -> list[str]:
    names = text.split(",")
    if unknown := [name for name in names if name not in State.__members__]:
        raise ContractViolation([not_one_of(("state",), tuple(State), unknown[0])])
    return names


def _time(name: str, text: str) -> Constant:
    found = instant(text)
    if found is None:
        wanted = f"{name} must be a time of RFC 3339, as 2026-05-03T08:00:00Z, or a date, which begins at midnight UTC"
        raise ContractViolation([Violation(f"/{name}", Code.INVALID_FORMAT, wanted)])
    return found


def with_external_id(external_id: str | None, system: str | None) -> Criterion | None:
    """The orders that have this external id, of the system if one is named; None without an id."""
    if external_id is None:
        if system is not None:
            text = "externalSystem says whose the externalId is: send both"
            raise ContractViolation([Violation("/externalId", Code.MISSING_PROPERTY, text)])
        return None
    found_by = Compare(tuple(map(PathStep, SHOWN_EXTERNAL_ID)), Operator.EQUAL, (external_id,))
    if system is None:
        return found_by
    of_system = Compare((PathStep("owner"),), Operator.EQUAL, (system,))
    with_id = Compare((PathStep("id"),), Operator.EQUAL, (external_id,))
    return AllOf((found_by, AnyElement((PathStep("external_identifiers", many=True),), AllOf((of_system, with_id)))))
