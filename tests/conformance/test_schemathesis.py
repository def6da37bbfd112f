"""Schemathesis against every northbound contract, over HTTP: no 5xx, no undeclared status, every answer as declared.

FUZZ_EXAMPLES says how many requests each operation gets (default 25; `make fuzz` sends many more). What is not held
against the product is in waivers.yaml, each with its reason.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import schemathesis
import yaml
from hypothesis import HealthCheck, settings
from schemathesis.checks import CHECKS, load_all_checks

from tests.support.product import ROOT, Node, running_product

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "25"))
WAIVERS = yaml.safe_load((Path(__file__).parent / "waivers.yaml").read_text())

load_all_checks()
WAIVED = [CHECKS.get_one(name) for name in WAIVERS["checks"]]
fuzzed = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    derandomize=EXAMPLES <= 25,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with running_product(tmp_path_factory.mktemp("fuzzed"), THREADS="16") as node:
        yield node


def _contract(path: str) -> schemathesis.BaseSchema:
    return schemathesis.openapi.from_dict(yaml.load((ROOT / "specs" / path).read_text(), Loader=yaml.CSafeLoader))


TMF622_V5 = _contract("tmf/tmf622-v5.yaml")
TMF622_V4 = _contract("tmf/tmf622-v4.yaml")
CANONICAL = _contract("canonical/v1.yaml")
OPERATIONS = _contract("canonical/operations.yaml")
HEALTH = _contract("operations.yaml")
DEVELOPMENT_SERVER = _contract("oauth.yaml")


def _check(product: Node, case: schemathesis.Case, client: str | None) -> None:
    base = product.url + case.operation.schema.raw_schema["servers"][0]["url"]
    headers = {"Authorization": f"Bearer {product.token(client)}"} if client else {}
    case.call_and_validate(base_url=base, headers=headers, excluded_checks=WAIVED, timeout=30)


@TMF622_V5.parametrize()
@fuzzed
def test_tmf622_v5_keeps_its_contract(product: Node, case: schemathesis.Case) -> None:
    _check(product, case, client="qa")


@TMF622_V4.parametrize()
@fuzzed
def test_tmf622_v4_keeps_its_contract(product: Node, case: schemathesis.Case) -> None:
    _check(product, case, client="qa")


@OPERATIONS.parametrize()
@fuzzed
def test_the_operations_api_keeps_its_contract(product: Node, case: schemathesis.Case) -> None:
    _check(product, case, client="qa")


@CANONICAL.parametrize()
@fuzzed
def test_the_canonical_api_keeps_its_contract(product: Node, case: schemathesis.Case) -> None:
    _check(product, case, client="qa")


@HEALTH.parametrize()
@fuzzed
def test_health_keeps_its_contract(product: Node, case: schemathesis.Case) -> None:
    _check(product, case, client=None)


@DEVELOPMENT_SERVER.parametrize()
@fuzzed
def test_the_development_server_keeps_its_contract(product: Node, case: schemathesis.Case) -> None:
    _check(product, case, client=None)
