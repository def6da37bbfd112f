"""What schemathesis runs against, and how long.

FUZZ_EXAMPLES says how many requests each operation gets (default 25; `make fuzz` has many more), and how many scenarios
each contract: a tenth, at least 25. Schemathesis also makes a request for each way to break a schema, thousands for a
large one: `make test` sends a sample of these, `make fuzz` all of them. What is not held against the product is in
waivers.yaml, each with its reason.
"""

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
import yaml
from hypothesis import HealthCheck, settings
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.core.failures import FailureGroup
from schemathesis.generation.meta import TestPhase

from facade.contract.validator import JSON, Contract
from tests.support.product import ROOT, Node, running_product

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "25"))
IN_FULL, ONE_IN = (60, 15) if EXAMPLES <= 25 else (0, 1)
"""Of the requests that the coverage phase makes for one operation, the first ones are sent, and one in so many."""
WAIVERS = yaml.safe_load((Path(__file__).parent / "waivers.yaml").read_text())

load_all_checks()
WAIVED: list[Any] = [CHECKS.get_one(name) for name in WAIVERS["checks"]]
TOO_LARGE = ("413", "414", "431")
"""How a wrong request may be refused as well: what is made up can be longer than any request may be."""
fuzzed = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    derandomize=EXAMPLES <= 25,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with running_product(tmp_path_factory.mktemp("fuzzed"), THREADS="16", EVENTS_WAIT="0") as node:
        yield node


def contract(path: str) -> schemathesis.BaseSchema:
    spec = yaml.load((ROOT / "specs" / path).read_text(), Loader=yaml.CSafeLoader)
    schema = schemathesis.openapi.from_dict(spec)
    rejection = schema.config.checks.negative_data_rejection
    rejection.expected_statuses = [*rejection.expected_statuses, *TOO_LARGE]
    return schema


def hold_to_contract(case: schemathesis.Case[Any], response: Any, **options: Any) -> None:
    """Raises FailureGroup with what is wrong with an answer and not waived."""
    try:
        case.validate_response(response, excluded_checks=WAIVED, **options)
    except FailureGroup as found:
        left = [failure for failure in found.exceptions if not _is_waived(failure, case)]
        if left:
            raise FailureGroup(left) from None


def is_left_out(case: schemathesis.Case[Any], seen: Counter[str]) -> bool:
    """Whether the request is not part of the sample. `seen` counts those of each operation."""
    if case.meta is None or case.meta.phase.name is not TestPhase.COVERAGE:
        return False
    seen[case.operation.label] += 1
    return seen[case.operation.label] > IN_FULL and seen[case.operation.label] % ONE_IN != 0


def _is_waived(failure: BaseException, case: schemathesis.Case[Any]) -> bool:
    name = type(failure).__name__
    told = str(failure).rstrip()
    if name != "AcceptedNegativeData":
        return name in WAIVERS["failures"]
    return told.endswith(tuple(WAIVERS["accepted"])) or _is_wrong_by_nulls(case)


def _is_wrong_by_nulls(case: schemathesis.Case[Any]) -> bool:
    """Whether a body is accepted because nulls in it are read as absent (`NullAsAbsent` in waivers.yaml)."""
    checked = _contract(case.operation.schema).check_request(
        case.operation.definition.raw["operationId"], case.body, case.media_type or JSON
    )
    return bool(checked.nulls) and not checked.violations


_CONTRACTS: dict[str, Contract] = {}
"""By the addresses of their servers: a schema of Schemathesis 4.32 is not hashable."""


def _contract(schema: schemathesis.BaseSchema) -> Contract:
    address = str(schema.raw_schema["servers"][0]["url"])
    if address not in _CONTRACTS:
        _CONTRACTS[address] = Contract(schema.raw_schema)
    return _CONTRACTS[address]


def base_url(product: Node, case: schemathesis.Case[Any]) -> str:
    return product.url + str(case.operation.schema.raw_schema["servers"][0]["url"])
