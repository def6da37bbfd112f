"""Patches reach the bridge before a contract judges what they make: any JSON may stand anywhere."""

from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest

from facade.tmf.bridge import NotVisible
from facade.tmf.tmf622.v4 import BRIDGE

ODD: tuple[Any, ...] = ({}, {"id": {}}, [], [{}], [[{"@type": []}]], None, True, 7, Decimal("1.5"), "", "x")
COMMON = ("@type", "@referredType", "@baseType", "id", "name", "role", "state", "value", "amount", "units", "event")


def attributes(resource: str) -> set[str]:
    mapping = BRIDGE.classes[resource]
    nested = () if mapping.nesting is None else (mapping.nesting.name, *(mapping.nesting.inside or ()))
    return {*COMMON, *nested, *mapping.parts, *mapping.renamed, *mapping.renamed.values(), *mapping.values} | {
        *mapping.v4_only,
        *mapping.v5_only,
        *mapping.v4_demands,
        *mapping.v5_demands,
    }


@pytest.mark.parametrize("resource", list(BRIDGE.classes))
@pytest.mark.parametrize("odd", ODD, ids=repr)
def test_no_value_of_any_attribute_is_an_error_of_the_bridge(resource: str, odd: Any) -> None:
    for name in attributes(resource):
        for beside in ({}, {"id": "1", "@type": "Other", "value": [1]}):
            for translate in (BRIDGE.lift, BRIDGE.lower):
                with suppress(NotVisible):
                    translate(resource, {**beside, name: odd})
