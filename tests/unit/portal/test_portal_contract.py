"""The contract of the canonical API names every status that a request can meet."""

from typing import Any

import pytest

from facade.app import spec_of
from facade.contract.official import operations

BEFORE_ANY_HANDLER = {"400", "401", "403", "406", "413", "415", "429", "431", "500", "503"}


@pytest.mark.parametrize(
    "described", [one for _, _, one in operations(spec_of("canonical/v1.yaml"))], ids=lambda one: one["operationId"]
)
def test_every_operation_declares_what_is_refused_before_it_is_reached(described: dict[str, Any]) -> None:
    assert set(described["responses"]) >= BEFORE_ANY_HANDLER, described["operationId"]
