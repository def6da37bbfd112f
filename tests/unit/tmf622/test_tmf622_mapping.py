"""The mapping tables of TMF622 v5's attributes against the contract we serve."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from canonical.ordering.cancellation import CancellationState
from canonical.ordering.commands import ItemAction
from canonical.ordering.states import ACTIONS, State
from facade.contract.loading import load_spec
from facade.tmf.engine.mapping import Field, Written
from facade.tmf.tmf622 import cancel_product_order, items, product_order

SPEC = Path(__file__).parents[3] / "specs" / "tmf" / "tmf622-v5.yaml"


@pytest.fixture(scope="module")
def schemas(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return dict(load_spec(SPEC, tmp_path_factory.mktemp("cache"))["components"]["schemas"])


def attributes(schemas: dict[str, Any], schema: str | dict[str, Any]) -> set[str]:
    """What a class and the classes it is made of declare."""
    node = schemas[schema] if isinstance(schema, str) else schema
    if "$ref" in node:
        return attributes(schemas, node["$ref"].rpartition("/")[2])
    return set(node.get("properties", {})).union(*(attributes(schemas, part) for part in node.get("allOf", [])))


def test_the_schemas_are_read_in_full(schemas: dict[str, Any]) -> None:
    assert attributes(schemas, "ProductOrder") >= {"@type", "id", "href", "state", "productOrderItem"}
    assert yaml.safe_load(SPEC.read_text())["components"]["schemas"].keys() == schemas.keys()


@dataclass(frozen=True)
class Mapping:
    """The tables of one class, for which every published attribute stands in exactly one of them.

    `extensions`: what it writes that TM Forum does not have.
    """

    schema: str
    fields: tuple[Field | Written, ...]
    shaped: frozenset[str]
    shaped_out: frozenset[str]
    carried: frozenset[str]
    refused: frozenset[str]
    extensions: frozenset[str] = frozenset()

    @property
    def mapped(self) -> frozenset[str]:
        return frozenset(row.attribute for row in self.fields if isinstance(row, Field))

    @property
    def written(self) -> frozenset[str]:
        return frozenset(row.attribute for row in self.fields if isinstance(row, Written)) | self.shaped_out


ORDER = Mapping(
    "ProductOrder",
    product_order.FIELDS,
    product_order.SHAPED,
    product_order.SHAPED_OUT,
    product_order.CARRIED,
    frozenset(product_order.REFUSED),
)
ITEM = Mapping("ProductOrderItem", (), items.SHAPED, frozenset(), items.CARRIED, frozenset(items.REFUSED))
CANCELLATION = Mapping(
    "CancelProductOrder",
    cancel_product_order.FIELDS,
    cancel_product_order.SHAPED,
    frozenset(),
    cancel_product_order.CARRIED,
    frozenset(cancel_product_order.REFUSED),
    frozenset({"outcome", "blockingMilestone"}),
)
MAPPINGS = pytest.mark.parametrize("mapping", [ORDER, ITEM, CANCELLATION], ids=lambda one: one.schema)


@MAPPINGS
def test_every_attribute_is_mapped_shaped_carried_or_refused(mapping: Mapping, schemas: dict[str, Any]) -> None:
    published = attributes(schemas, f"{mapping.schema}_FVO") | attributes(schemas, mapping.schema)
    assert not mapping.extensions & published
    assert mapping.mapped | mapping.shaped | mapping.carried | mapping.refused == published | mapping.extensions


@MAPPINGS
def test_no_attribute_is_accounted_for_twice(mapping: Mapping) -> None:
    categories = (mapping.mapped, mapping.shaped, mapping.carried, mapping.refused)
    assert sum(map(len, categories)) == len(frozenset().union(*categories))
    owned = [row.attribute for row in mapping.fields if isinstance(row, Field | Written)]
    assert len(set(owned)) == len(owned)
    assert not mapping.shaped_out & {*owned}


@MAPPINGS
def test_what_the_server_writes_is_taken_from_no_client(mapping: Mapping) -> None:
    assert mapping.written <= mapping.refused


def test_what_only_we_set_is_refused(schemas: dict[str, Any]) -> None:
    ours = attributes(schemas, "ProductOrder") - attributes(schemas, "ProductOrder_FVO")
    assert ours <= product_order.REFUSED.keys()


def test_every_refusal_has_a_reason() -> None:
    for refused in (product_order.REFUSED, items.REFUSED, cancel_product_order.REFUSED):
        assert all(refused.values())


def test_every_state_has_a_published_name(schemas: dict[str, Any]) -> None:
    assert product_order.STATES.keys() == set(State)
    assert set(product_order.STATES.values()) <= set(schemas["ProductOrderStateType"]["enum"])


def test_every_state_has_a_published_name_for_items(schemas: dict[str, Any]) -> None:
    assert product_order.ITEM_STATES.keys() == set(State)
    assert set(product_order.ITEM_STATES.values()) <= set(schemas["ProductOrderItemStateType"]["enum"])


def test_every_state_of_a_task_has_a_published_name(schemas: dict[str, Any]) -> None:
    assert cancel_product_order.STATES.keys() == set(CancellationState)
    assert set(cancel_product_order.STATES.values()) <= set(schemas["TaskStateType"]["enum"])


def test_every_published_action_is_understood(schemas: dict[str, Any]) -> None:
    assert items.ACTIONS.keys() == set(schemas["ItemActionType"]["enum"])


def test_every_action_has_a_published_name(schemas: dict[str, Any]) -> None:
    assert items.ACTION_NAMES.keys() == set(ItemAction)
    assert set(items.ACTION_NAMES.values()) <= set(schemas["ItemActionType"]["enum"])


def test_an_action_that_was_sent_is_answered_under_the_same_name() -> None:
    assert all(items.ACTION_NAMES[action] == name for name, action in items.ACTIONS.items())


def test_the_tables_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        product_order.STATES[State.DRAFT] = "held"  # type: ignore[index]


def test_what_a_change_asks_for_is_told_for_every_attribute_of_an_order() -> None:
    changed = {"state"} | product_order.CHANGED_BY.keys() | product_order.NEVER_CHANGED.keys()
    assert changed == ORDER.mapped | ORDER.shaped | ORDER.carried | ORDER.refused
    assert not product_order.CHANGED_BY.keys() & product_order.NEVER_CHANGED.keys()
    assert set(product_order.CHANGED_BY.values()) <= ACTIONS


def test_every_status_that_modify_may_name_is_published(schemas: dict[str, Any]) -> None:
    assert items.STATUS_CHANGES.keys() <= set(schemas["ProductStatusType"]["enum"])
