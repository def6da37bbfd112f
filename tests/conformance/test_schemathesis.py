"""Schemathesis against every northbound contract, over HTTP: no 5xx, no undeclared status, every answer as declared."""

import schemathesis

from tests.conformance.fuzzing import base_url, contract, fuzzed, hold_to_contract, product
from tests.support.product import Node

__all__ = ["product"]

TMF622_V5 = contract("tmf/tmf622-v5.yaml")
TMF622_V4 = contract("tmf/tmf622-v4.yaml")
CANONICAL = contract("canonical/v1.yaml")
OPERATIONS = contract("canonical/operations.yaml")
HEALTH = contract("operations.yaml")
DEVELOPMENT_SERVER = contract("oauth.yaml")


def _check(product: Node, case: schemathesis.Case, client: str | None) -> None:
    headers = {"Authorization": f"Bearer {product.token(client)}"} if client else {}
    options = {"base_url": base_url(product, case), "headers": headers, "timeout": 30}
    hold_to_contract(case, case.call(**options), transport_kwargs=options)


@TMF622_V5.parametrize()
@fuzzed
def test_tmf622_v5_keeps_itscontract(product: Node, case: schemathesis.Case) -> None:
    _check(product, case, client="qa")


@TMF622_V4.parametrize()
@fuzzed
def test_tmf622_v4_keeps_itscontract(product: Node, case: schemathesis.Case) -> None:
    _check(product, case, client="qa")


@OPERATIONS.parametrize()
@fuzzed
def test_the_operations_api_keeps_its_contract(product: Node, case: schemathesis.Case) -> None:
    _check(product, case, client="qa")


@CANONICAL.parametrize()
@fuzzed
def test_the_canonical_api_keeps_itscontract(product: Node, case: schemathesis.Case) -> None:
    _check(product, case, client="qa")


@HEALTH.parametrize()
@fuzzed
def test_health_keeps_itscontract(product: Node, case: schemathesis.Case) -> None:
    _check(product, case, client=None)


@DEVELOPMENT_SERVER.parametrize()
@fuzzed
def test_the_development_server_keeps_itscontract(product: Node, case: schemathesis.Case) -> None:
    _check(product, case, client=None)
