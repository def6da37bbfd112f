"""The tables account for every attribute in which the two published versions differ."""

from pathlib import Path
from typing import Any

import pytest

from facade.contract.classes import ClassCatalog
from facade.contract.loading import parse_spec
from facade.tmf.bridge.bodies import SHAPES
from facade.tmf.bridge.shapes import Form, Special

SPECS = Path(__file__).parents[3] / "specs" / "tmf"
V5_FILE = SPECS / "tmf622-v5.yaml"
# Schemas whose name is not the `@type` of the table.
V4_NAMES = {"Product": "ProductRefOrValue"}
V5_NAMES = {"Characteristic": "StringCharacteristic"}
# v4 attributes that v5 has not: they ride along.
V4_ONLY = {
    "ProductOfferingQualificationItemRef": {"href", "name"},
    "Product": {"@referredType"},
    "ProductPrice": {"billingAccount"},
    "QuoteItemRef": {"href", "name", "quoteName"},
    "ResourceRef": {"value"},
    "OrderItemRelationship": set(),
}
# v5 attributes that v4 does not declare and shows all the same.
SHOWN = {"ProductRelationship": {"id", "href", "name", "@referredType"}}
WRAPPED = (Form.WRAPPED, Form.IDENTIFIER, Form.EVENT)


@pytest.fixture(scope="module")
def v4() -> ClassCatalog:
    return ClassCatalog(parse_spec((SPECS / "tmf622-v4.yaml").read_bytes())["components"]["schemas"])


@pytest.fixture(scope="module")
def v5() -> ClassCatalog:
    return ClassCatalog(parse_spec(V5_FILE.read_bytes())["components"]["schemas"])


PLAIN = sorted(name for name, shape in SHAPES.items() if shape.form not in WRAPPED and shape.v4 and shape.v5)


def _schema(catalog: ClassCatalog, name: str, names: dict[str, str]) -> dict[str, Any]:
    return catalog.shape(names.get(name, name)).properties


@pytest.mark.parametrize("name", PLAIN)
def test_every_attribute_is_the_same_or_in_a_table(name: str, v4: ClassCatalog, v5: ClassCatalog) -> None:
    shape = SHAPES[name]
    if name == "OrderRelationship":
        return  # v5 only
    assert shape.v4 is not None
    assert shape.v5 is not None
    old, new = _schema(v4, shape.v4, V4_NAMES), _schema(v5, shape.v5, V5_NAMES)
    hoisted = {"product"} if shape.form is Form.RELATED_PRODUCT else set()
    lifted = {shape.renamed.get(attribute, attribute) for attribute in old} - hoisted
    assert lifted - set(new) - {"@baseType", "@schemaLocation"} == V4_ONLY.get(name, set())
    assert set(new) - lifted - SHOWN.get(name, set()) == set(shape.v5_only)
    assert set(shape.parts) <= set(old) | set(shape.v5_only)


@pytest.mark.parametrize("name", sorted(SHAPES))
def test_every_part_is_a_class_of_the_tables(name: str) -> None:
    assert set(SHAPES[name].parts.values()) <= set(SHAPES)


@pytest.mark.parametrize(
    ("name", "v4_enum", "v5_enum"),
    [
        ("ProductOrder", "ProductOrderStateType", "ProductOrderStateType"),
        ("ProductOrderItem", "ProductOrderItemStateType", "ProductOrderItemStateType"),
        ("CancelProductOrder", "TaskStateType", "TaskStateType"),
    ],
)
def test_every_state_that_v4_lacks_has_a_counterpart(
    name: str, v4_enum: str, v5_enum: str, v4: ClassCatalog, v5: ClassCatalog
) -> None:
    old, new = set(v4.schemas[v4_enum]["enum"]), set(v5.schemas[v5_enum]["enum"])
    down = SHAPES[name].values["state"].down
    assert set(down) == new - old
    assert {meant for meant in down.values() if not isinstance(meant, Special)} <= old
