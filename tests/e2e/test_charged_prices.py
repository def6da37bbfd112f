"""A completed order shows what was charged for it, in both versions of TMF622, beside what its client stated."""

import json
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from canonical.shared import jsontext
from tests.support.product import ROOT, TMF622, Node, partner_order, running_product

V4 = TMF622.replace("/v5/", "/v4/")
KEEPS = "partner-pattern"
PRICES = ("itemPrice", "itemTotalPrice")
Payload = dict[str, Any]


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    folder = tmp_path_factory.mktemp("charged")
    shutil.copytree(ROOT / "fixtures" / "partners", folder / "partners")
    (folder / "partners" / f"{KEEPS}.yaml").write_text("orderRules: {PRICE_DIFFERS: keep}\n")
    with running_product(folder, PARTNERS=str(folder / "partners")) as node:
        yield node


def stated(kind: str, value: Any, **more: Any) -> Payload:
    return {"priceType": kind, "price": {"taxIncludedAmount": {"unit": "EUR", "value": value}}, **more}


def bought(offering: str, quantity: int, **prices: Any) -> Payload:
    return {"id": "1", "action": "add", "quantity": quantity, "productOffering": {"id": offering}, **prices}


def completed(product: Node, item: Payload, client: str = "qa", **more: Any) -> str:
    answer = product.post(TMF622, {**partner_order(), "productOrderItem": [item], **more}, client=client)
    assert answer.status_code == 201, answer.text
    assert not {*PRICES} & answer.json()["productOrderItem"][0].keys() - item.keys(), "nothing is charged yet"
    order_id: str = answer.json()["id"]
    assert product.until_finished(order_id)["status"] == "confirmed"
    return order_id


def read(product: Node, address: str, order_id: str, client: str = "qa") -> Payload:
    """The order, which its list shows in the same way."""
    [listed] = jsontext.read_kept(product.get(f"{address}?id={order_id}", client).content)
    shown: Payload = jsontext.read_kept(product.get(f"{address}/{order_id}", client).content)
    assert listed == shown
    return shown


def amounts(prices: list[Payload]) -> list[tuple[str | None, str, str | None, str, str]]:
    return [
        (one.get("name"), one["priceType"], one.get("recurringChargePeriod"), kind, f"{money['value']} {money['unit']}")
        for one in prices
        for kind, money in one["price"].items()
        if kind != "@type"
    ]


GROSS = "taxIncludedAmount"


@pytest.mark.parametrize("address", [TMF622, V4])
def test_an_order_without_prices_shows_what_was_charged(product: Node, address: str) -> None:
    order = read(product, address, completed(product, bought("po_broadband_1g", 2)))
    [item] = order["productOrderItem"]
    once, monthly = ("charged", "oneTime", None, GROSS), ("charged", "recurring", "month", GROSS)
    assert amounts(item["itemPrice"]) == [(*once, "49.90 EUR"), (*monthly, "39.90 EUR")]
    assert amounts(item["itemTotalPrice"]) == [(*once, "99.80 EUR"), (*monthly, "79.80 EUR")]
    assert amounts(order["orderTotalPrice"]) == [(*once, "99.80 EUR"), (*monthly, "79.80 EUR")]


@pytest.mark.parametrize("address", [TMF622, V4])
def test_a_price_without_tax_is_shown_as_one(product: Node, address: str) -> None:
    order = read(product, address, completed(product, bought("po_business_fibre", 1)))
    for prices in (order["productOrderItem"][0]["itemPrice"], order["orderTotalPrice"]):
        assert [kind for _, name, _, kind, _ in amounts(prices) if name == "recurring"] == ["dutyFreeAmount"]


def test_what_was_stated_rightly_is_not_repeated(product: Node) -> None:
    prices = [stated("oneTime", 49.9), stated("Recurring", 39.9)]
    item = bought("po_broadband_1g", 1, itemPrice=prices, itemTotalPrice=prices)
    order = read(product, TMF622, completed(product, item, orderTotalPrice=[stated("oneTime", 49.9)]))
    [shown] = order["productOrderItem"]
    assert [len(shown[name]) for name in PRICES] == [2, 2]
    assert [one[:2] for one in amounts(order["orderTotalPrice"])] == [(None, "oneTime"), ("charged", "recurring")]


@pytest.mark.parametrize("address", [TMF622, V4])
def test_a_stated_price_that_a_profile_keeps_stands_beside_ours(product: Node, address: str) -> None:
    item = bought("po_router_premium", 1, itemPrice=[stated("oneTime", 99)])
    order_id = completed(product, item, KEEPS)
    before = read(product, address, order_id, KEEPS)
    shown = amounts(before["productOrderItem"][0]["itemPrice"])
    assert [(name, amount) for name, kind, _, _, amount in shown if kind == "oneTime"] == [
        (None, "99 EUR"),
        ("charged", "129.00 EUR"),
    ]
    for text in ("first", "second"):
        body = jsontext.text(before | {"description": text})
        changed = product.request(
            "PATCH", f"{address}/{order_id}", KEEPS, data=body, headers={"Content-Type": "application/json"}
        )
        assert changed.status_code == 200, changed.text
        assert read(product, address, order_id, KEEPS) == before | {"description": text}


@pytest.mark.parametrize("address", [TMF622, V4])
@pytest.mark.parametrize("value", [None, []])
def test_nobody_changes_what_was_charged(product: Node, address: str, value: Any) -> None:
    order_id = completed(product, bought("po_router_premium", 1))
    patch = {"orderTotalPrice": value}
    refused = product.request(
        "PATCH", f"{address}/{order_id}", data=json.dumps(patch), headers={"Content-Type": "application/json"}
    )
    assert (refused.status_code, refused.json()["code"]) == (409, "INVALID_TRANSITION"), refused.text
