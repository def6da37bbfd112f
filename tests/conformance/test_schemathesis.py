"""Schemathesis against every northbound contract, over HTTP: no 5xx, no undeclared status, every answer as declared.

Schemathesis reads a contract when its test begins, so that collecting the tests costs nothing. Each operation is a
subtest.
"""

from collections import Counter
from typing import Any

import pytest
import schemathesis

from facade.bootstrap.declared import TMF_APIS
from tests.conformance.fuzzing import base_url, contract, fuzzed, hold_to_contract, is_left_out, product
from tests.support.product import Node

__all__ = ["product"]

CLIENTS: dict[str, str | None] = {
    **{served.spec: "qa" for api in TMF_APIS for served in api.versions.values()},
    "canonical/v1.yaml": "qa",
    "canonical/operations.yaml": "qa",
    "operations.yaml": None,
    "oauth.yaml": None,
}
"""The contracts that are served, and who sends the requests; None for requests without a token."""


@pytest.fixture(params=CLIENTS)
def spec(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def schema(request: pytest.FixtureRequest, spec: str) -> schemathesis.BaseSchema:
    # Schemathesis 4.32.5 reads this member of a test, which pytest 9.2 has no more; without it every test fails.
    request.node._nodeid = request.node.nodeid
    return contract(spec)


@pytest.fixture
def seen() -> Counter[str]:
    """The requests of the coverage phase so far, by operation."""
    return Counter()


@pytest.mark.timeout(36_000)  # for all operations of a contract, of which `make fuzz` makes thousands of requests each
@pytest.mark.usefixtures("spec")
@schemathesis.pytest.from_fixture("schema").parametrize()
@fuzzed
def test_an_api_keeps_its_contract(product: Node, spec: str, seen: Counter[str], case: schemathesis.Case[Any]) -> None:
    if is_left_out(case, seen):
        return
    client = CLIENTS[spec]
    headers = {"Authorization": f"Bearer {product.token(client)}"} if client else {}
    options: dict[str, Any] = {"base_url": base_url(product, case), "headers": headers, "timeout": 30}
    hold_to_contract(case, case.call(**options), transport_kwargs=options)
