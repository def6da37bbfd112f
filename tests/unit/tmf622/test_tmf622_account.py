"""The account of TMF622 v5's attributes against the contract we serve."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from canonical.ordering.commands import ItemAction
from canonical.ordering.states import ACTIONS, State
from facade.contract.loading import load_spec
from facade.tmf.tmf622 import account
from facade.tmf.tmf622.cancel_mapper import CANCEL_CARRIED, CANCEL_MAPPED, CANCEL_REFUSED

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


def test_every_attribute_of_an_order_is_accounted_for(schemas: dict[str, Any]) -> None:
    published = attributes(schemas, "ProductOrder_FVO") | attributes(schemas, "ProductOrder")
    assert published == account.ORDER_ATTRIBUTES


def test_every_attribute_of_an_item_is_accounted_for(schemas: dict[str, Any]) -> None:
    published = attributes(schemas, "ProductOrderItem_FVO") | attributes(schemas, "ProductOrderItem")
    assert published == account.ITEM_MAPPED | account.ITEM_CARRIED | account.ITEM_REFUSED.keys()


def test_every_attribute_of_a_cancellation_is_accounted_for(schemas: dict[str, Any]) -> None:
    published = attributes(schemas, "CancelProductOrder_FVO") | attributes(schemas, "CancelProductOrder")
    assert published == CANCEL_MAPPED | CANCEL_CARRIED | CANCEL_REFUSED.keys()


@pytest.mark.parametrize(
    "categories",
    [
        (account.ORDER_MAPPED, account.ORDER_CARRIED, frozenset(account.ORDER_REFUSED)),
        (account.ITEM_MAPPED, account.ITEM_CARRIED, frozenset(account.ITEM_REFUSED)),
        (CANCEL_MAPPED, CANCEL_CARRIED, frozenset(CANCEL_REFUSED)),
    ],
    ids=["order", "item", "cancellation"],
)
def test_no_attribute_is_accounted_for_twice(categories: tuple[frozenset[str], ...]) -> None:
    assert sum(map(len, categories)) == len(frozenset().union(*categories))


def test_what_only_we_set_is_refused(schemas: dict[str, Any]) -> None:
    ours = attributes(schemas, "ProductOrder") - attributes(schemas, "ProductOrder_FVO")
    assert ours <= account.ORDER_REFUSED.keys()


def test_every_refusal_has_a_reason() -> None:
    assert all((account.ORDER_REFUSED | account.ITEM_REFUSED).values())


def test_every_state_has_a_published_name(schemas: dict[str, Any]) -> None:
    assert account.STATES.keys() == set(State)
    assert set(account.STATES.values()) <= set(schemas["ProductOrderStateType"]["enum"])


def test_every_state_has_a_published_name_for_items(schemas: dict[str, Any]) -> None:
    assert account.ITEM_STATES.keys() == set(State)
    assert set(account.ITEM_STATES.values()) <= set(schemas["ProductOrderItemStateType"]["enum"])


def test_every_published_action_is_understood(schemas: dict[str, Any]) -> None:
    assert account.ACTIONS.keys() == set(schemas["ItemActionType"]["enum"])


def test_every_action_has_a_published_name(schemas: dict[str, Any]) -> None:
    assert account.ACTION_NAMES.keys() == set(ItemAction)
    assert set(account.ACTION_NAMES.values()) <= set(schemas["ItemActionType"]["enum"])


def test_an_action_that_was_sent_is_answered_under_the_same_name() -> None:
    assert all(account.ACTION_NAMES[action] == name for name, action in account.ACTIONS.items())


def test_the_tables_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        account.STATES[State.DRAFT] = "held"  # type: ignore[index]


def test_what_a_change_asks_for_is_told_for_every_attribute_of_an_order() -> None:
    changed = {"state"} | account.CHANGED_BY.keys() | account.NEVER_CHANGED.keys()
    assert changed == account.ORDER_ATTRIBUTES
    assert not account.CHANGED_BY.keys() & account.NEVER_CHANGED.keys()
    assert set(account.CHANGED_BY.values()) <= ACTIONS


def test_every_status_that_modify_may_name_is_published(schemas: dict[str, Any]) -> None:
    assert account.STATUS_CHANGES.keys() <= set(schemas["ProductStatusType"]["enum"])
