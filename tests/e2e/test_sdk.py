"""The tmforum SDK from PyPI, an independent client, against the running product."""

import warnings
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest

from tests.support.product import Node, running_product

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import tmforum


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with running_product(tmp_path_factory.mktemp("sdk")) as node:
        yield node


@pytest.fixture
def context(product: Node) -> tmforum.Context:
    context = tmforum.Context(
        api_base_url=f"{product.url}/tmf-api",
        access_token=product.token("partner-acme"),
        currency_code="EUR",
    )
    context.headers = {"Content-Type": "application/json", "Authorization": f"Bearer {context.access_token}"}
    context.strict_parsing = True
    return context


def test_the_sdk_creates_reads_and_lists_orders(product: Node, context: tmforum.Context) -> None:
    order = tmforum.ProductOrder(
        description="from the SDK",
        relatedParty=[
            tmforum.RelatedPartyRefOrPartyRoleRef(role="Customer", partyOrPartyRole=tmforum.PartyRoleRef(id="C12345"))
        ],
        productOrderItem=[
            tmforum.ProductOrderItem(
                id="1",
                action=tmforum.ItemActionType("add"),
                quantity=1,
                productOffering=tmforum.ProductOfferingRef(id="po_tv_basic"),
            )
        ],
    )
    created = order.create(context)
    assert isinstance(created, tmforum.ProductOrder), created
    assert created.state == tmforum.ProductOrderStateType("acknowledged")
    product.until_finished(created.id)
    read = created.read(context)
    assert read.state == tmforum.ProductOrderStateType("completed")
    assert read.description == "from the SDK"
    assert tmforum.ProductOrder.from_id(created.id, context).id == created.id
    listed = tmforum.ProductOrder.query_get("limit=5", context)
    assert created.id in {found.id for found in listed}


@pytest.fixture
def administrator(product: Node, context: tmforum.Context) -> tmforum.Context:
    context.access_token = product.token("qa")
    context.headers["Authorization"] = f"Bearer {context.access_token}"
    return context


@pytest.mark.parametrize("entity", [tmforum.Category, tmforum.ProductSpecification, tmforum.ProductOffering])
def test_the_sdk_creates_reads_changes_queries_and_deletes_catalog_items(
    administrator: tmforum.Context, entity: type[Any]
) -> None:
    name = f"from the SDK {uuid4()}"
    created = entity(name=name, description="first").create(administrator)
    assert isinstance(created, entity), created
    assert (created.name, created.version, created.lifecycleStatus) == (name, "1.0", "In Study")
    assert created.href.endswith(f"/{created.id}")
    assert isinstance(created.lastUpdate, str)
    read = created.read(administrator)
    assert (read.id, read.description) == (created.id, "first")
    changed = created.update({"description": "second"}, administrator)
    assert changed.description == "second"
    found = entity.query_get(f"name={quote(name)}&lifecycleStatus=In%20Study", administrator)
    assert [(one.id, one.description) for one in found] == [(created.id, "second")]
    created.delete(administrator)
    assert entity.query_get(f"id={created.id}", administrator) == []
