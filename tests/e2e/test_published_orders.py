"""TM Forum's published orders, with our customer and offerings put in, are carried out and come back whole."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from facade.tmf.tmf622.charged import NAME
from tests.support.product import ROOT, TMF622, Node, running_product

PUBLISHED = sorted((ROOT / "fixtures" / "published" / "tmf622" / "v5").glob("*-create-product-order*-request.json"))
OFFERINGS = ("po_broadband_1g", "po_router_premium", "po_tv_basic")


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with running_product(tmp_path_factory.mktemp("published")) as node:
        yield node


def _with_our_references(path: Path) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(path.read_text())
    for party in body["relatedParty"]:
        if party["role"] == "Customer":
            party["partyOrPartyRole"]["id"] = "C12345"
    for number, item in enumerate(body["productOrderItem"]):
        offering = item.setdefault("productOffering", {"@type": "ProductOfferingRef"})
        offering["id"] = OFFERINGS[number % len(OFFERINGS)]
    return body


@pytest.mark.parametrize("path", PUBLISHED, ids=lambda p: p.stem)
def test_a_published_order_is_carried_out(product: Node, path: Path) -> None:
    body = _with_our_references(path)
    answer = product.post(TMF622, body, client="conformance")
    assert answer.status_code == 201, answer.text
    assert product.until_finished(answer.json()["id"])["status"] == "confirmed"
    read = product.get(f"{TMF622}/{answer.json()['id']}", client="conformance").json()
    for name in body.keys() - {"productOrderItem"}:
        assert as_sent(read[name]) == body[name]
    for sent, shown in zip(body["productOrderItem"], read["productOrderItem"], strict=True):
        assert shown["product"].pop("id")
        assert {"@type": "ProductRef", **sent.pop("product", {})} == shown.pop("product")
        assert {name: as_sent(shown[name]) for name in sent} == sent


def as_sent(value: Any) -> Any:
    """Without the prices that we added to what was sent."""
    return [one for one in value if one.get("name") != NAME] if isinstance(value, list) else value


def test_a_published_order_with_unknown_offerings_is_refused_at_the_offering(product: Node) -> None:
    answer = product.post(TMF622, json.loads(PUBLISHED[0].read_text()), client="partner-acme")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["pointer"] == "/productOrderItem/0/productOffering/id"
