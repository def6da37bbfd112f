"""What a quantity of a product means, as TMF620 says it."""

import pytest

from canonical.catalog.specification import Instantiation
from facade.contract.violations import ContractViolation
from facade.tmf.tmf620.product_specification import MAPPER
from tests.unit.tmf620.offered import ACME


@pytest.mark.parametrize("means", Instantiation)
def test_it_is_read_and_kept(means: Instantiation) -> None:
    command = MAPPER.to_create({"name": "Cable", "instantiation": means.value}, ACME).command
    assert command.definition.contents.instantiation is means


@pytest.mark.parametrize("said", ["counted", 1, [], None])
def test_anything_else_is_refused_with_what_is_allowed(said: object) -> None:
    with pytest.raises(ContractViolation) as refused:
        MAPPER.to_create({"name": "Cable", "instantiation": said}, ACME)
    [violation] = refused.value.violations
    assert (violation.pointer, "SERIALIZED, COUNTED, NONE" in violation.message) == ("/instantiation", True)
