"""What the contracts of the backends promise."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.simulator_client import NAMES
from tests.support.simulators import check_schema, contract


@pytest.mark.parametrize("backend", [*NAMES, "_control"])
def test_every_example_in_a_contract_fits_its_schema(backend: str) -> None:
    def examples(node: Any) -> Iterator[tuple[Any, Any]]:
        if isinstance(node, dict):
            if "example" in node and "schema" in node:
                yield node["schema"], node["example"]
            elif "example" in node and "type" in node:
                yield node, node["example"]
        if isinstance(node, dict | list):
            for part in node.values() if isinstance(node, dict) else node:
                yield from examples(part)

    found = list(examples(contract(backend)))
    assert len(found) > 5
    for schema, example in found:
        check_schema(schema, example)


@pytest.mark.parametrize(
    ("backend", "version"),
    [("crm", "2.1.1"), ("inventory", "2.0.0"), ("bss", "1.2.0"), ("billing", "2.1.0"), ("scm", "1.1.0")],
)
def test_every_contract_is_the_version_agreed_and_asks_for_a_token(backend: str, version: str) -> None:
    spec = contract(backend)
    assert spec["info"]["version"] == version
    assert spec["security"] == [{"backend": []}]
    assert spec["components"]["securitySchemes"]["backend"]["type"] == "oauth2"


@pytest.mark.parametrize("backend", NAMES)
def test_every_change_takes_an_idempotency_key(backend: str) -> None:
    for path, methods in contract(backend)["paths"].items():
        for method, operation in methods.items():
            takes = "Idempotency-Key" in [parameter["name"] for parameter in operation.get("parameters", [])]
            assert takes == (method != "get"), f"{method} {path}"
