"""Schemathesis against the simulated backends, over HTTP: no 5xx, no undeclared status, no answer that breaks the
contracts that we hold real backends to.

FUZZ_EXAMPLES says how many requests each operation gets (default 25).
"""

import os
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
import yaml
from hypothesis import HealthCheck, assume, settings
from schemathesis.checks import CHECKS, load_all_checks

from tests.support.simulators import SPECS, Backends, running_backends

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "25"))

load_all_checks()
WAIVED: list[Any] = [
    # A body that fits the schema can still be refused: the customer, SKU or order in it must exist.
    CHECKS.get_one("positive_data_acceptance"),
]
fuzzed = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    derandomize=EXAMPLES <= 25,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def backends(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backends]:
    with running_backends(tmp_path_factory.mktemp("fuzzed-backends")) as running:
        yield running


@pytest.fixture(scope="module")
def token(backends: Backends) -> str:
    return backends.token()


def _contract(name: str) -> schemathesis.BaseSchema:
    return schemathesis.openapi.from_dict(yaml.load((SPECS / f"{name}.yaml").read_text(), Loader=yaml.CSafeLoader))


CRM, INVENTORY, BSS, BILLING, SCM = map(_contract, ("crm", "inventory", "bss", "billing", "scm"))


def _check(backends: Backends, token: str, case: schemathesis.Case[Any]) -> None:
    # Connexion routes no newline in an address, so it is 404 where the contract knows none; no call of ours has one.
    assume("%0A" not in case.formatted_path)
    base = backends.url + case.operation.schema.raw_schema["servers"][0]["url"]
    case.call_and_validate(
        base_url=base, headers={"Authorization": f"Bearer {token}"}, excluded_checks=WAIVED, timeout=30
    )


@CRM.parametrize()
@fuzzed
def test_crm_keeps_its_contract(backends: Backends, token: str, case: schemathesis.Case[Any]) -> None:
    _check(backends, token, case)


@INVENTORY.parametrize()
@fuzzed
def test_inventory_keeps_its_contract(backends: Backends, token: str, case: schemathesis.Case[Any]) -> None:
    _check(backends, token, case)


@BSS.parametrize()
@fuzzed
def test_bss_keeps_its_contract(backends: Backends, token: str, case: schemathesis.Case[Any]) -> None:
    _check(backends, token, case)


@BILLING.parametrize()
@fuzzed
def test_billing_keeps_its_contract(backends: Backends, token: str, case: schemathesis.Case[Any]) -> None:
    _check(backends, token, case)


@SCM.parametrize()
@fuzzed
def test_scm_keeps_its_contract(backends: Backends, token: str, case: schemathesis.Case[Any]) -> None:
    _check(backends, token, case)
