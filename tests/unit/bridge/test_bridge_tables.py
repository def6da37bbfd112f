"""The tables account for every attribute in which the two published versions differ."""

from pathlib import Path
from typing import Any

import pytest

from facade.contract.classes import ClassCatalog
from facade.contract.loading import parse_spec
from facade.tmf.bridge.classes import ByState
from facade.tmf.bridge.events import Envelope
from facade.tmf.bridge.nested import NestedReference
from facade.tmf.bridge.special import Identifier, Relationship
from facade.tmf.tmf622.v4 import BRIDGE

SPECS = Path(__file__).parents[3] / "specs" / "tmf"
V5_FILE = SPECS / "tmf622-v5.yaml"
# Schemas whose name is not the `@type` of the table.
V4_NAMES = {"Product": "ProductRefOrValue"}
V5_NAMES = {"Characteristic": "StringCharacteristic"}
# v5 attributes that v4 does not declare and shows all the same.
SHOWN = {"ProductRelationship": {"id", "href", "name", "@referredType"}}
CLASSES = BRIDGE.classes
NOT_COMPARED = (NestedReference, Identifier, Envelope)


@pytest.fixture(scope="module")
def v4() -> ClassCatalog:
    return ClassCatalog(parse_spec((SPECS / "tmf622-v4.yaml").read_bytes())["components"]["schemas"])


@pytest.fixture(scope="module")
def v5() -> ClassCatalog:
    return ClassCatalog(parse_spec(V5_FILE.read_bytes())["components"]["schemas"])


PLAIN = sorted(name for name, row in CLASSES.items() if row.converter not in NOT_COMPARED and row.v4 and row.v5)


def _schema(catalog: ClassCatalog, name: str, names: dict[str, str]) -> dict[str, Any]:
    return catalog.shape(names.get(name, name)).properties


@pytest.mark.parametrize("name", PLAIN)
def test_every_attribute_is_the_same_or_in_a_table(name: str, v4: ClassCatalog, v5: ClassCatalog) -> None:
    row = CLASSES[name]
    if name == "OrderRelationship":
        return  # v5 only
    assert row.v4 is not None
    assert row.v5 is not None
    old, new = _schema(v4, row.v4, V4_NAMES), _schema(v5, row.v5, V5_NAMES)
    hoisted = {"product"} if row.converter is Relationship else set()
    lifted = {row.renamed.get(attribute, attribute) for attribute in old} - hoisted
    assert lifted - set(new) - {"@baseType", "@schemaLocation"} == set(row.v4_only)
    assert set(new) - lifted - SHOWN.get(name, set()) == set(row.v5_only)
    assert set(row.parts) <= set(old) | set(row.v5_only)


@pytest.mark.parametrize("name", sorted(CLASSES))
def test_every_part_is_a_class_of_the_tables(name: str) -> None:
    assert set(CLASSES[name].parts.values()) <= set(CLASSES)


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
    down = CLASSES[name].values["state"].down
    assert set(down) == new - old
    shown = {word for meant in down.values() for word in _words(meant)}
    assert shown <= old


def _words(meant: str | ByState | None) -> tuple[str, ...]:
    if meant is None:
        return ()
    return (meant.ended, meant.before) if isinstance(meant, ByState) else (meant,)
