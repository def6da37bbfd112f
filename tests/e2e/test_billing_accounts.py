"""Billing accounts that orders name are checked with Billing, on TMF622 v4 and v5."""

from typing import Any

import pytest

from facade.tmf.tmf622.v4 import BRIDGE
from tests.support.product import TMF622, Node, effects, partner_order
from tests.support.waiting import until

V4 = TMF622.replace("/v5/", "/v4/")
ADDRESSES = {"v5": TMF622, "v4": V4}


def ordering(version: str, account: str | None = None, of_item: str | None = None) -> dict[str, Any]:
    body: dict[str, Any] = partner_order() if version == "v5" else BRIDGE.lower("ProductOrder", partner_order()).body
    if account is not None:
        body["billingAccount"] = {"id": account}
    if of_item is not None:
        body["productOrderItem"][1]["billingAccount"] = {"id": of_item}
    return body


def placed(product: Node, version: str, **accounts: str) -> str:
    answer = product.post(ADDRESSES[version], ordering(version, **accounts), client="partner-acme")
    assert answer.status_code == 201, answer.text
    order_id: str = answer.json()["id"]
    return order_id


@pytest.mark.parametrize("version", ADDRESSES)
def test_an_account_of_the_customer_is_accepted_and_shown(product: Node, version: str) -> None:
    order_id = placed(product, version, account="BA-12345", of_item="BA-4711")
    assert product.until_finished(order_id)["status"] == "confirmed"
    shown = product.get(f"{ADDRESSES[version]}/{order_id}").json()
    assert (shown["billingAccount"]["id"], shown["productOrderItem"][1]["billingAccount"]["id"]) == (
        "BA-12345",
        "BA-4711",
    )


@pytest.mark.parametrize("version", ADDRESSES)
@pytest.mark.parametrize("account", ["ba_nobody", "BA-12346"])
def test_an_unknown_account_and_another_customers_end_the_order(product: Node, version: str, account: str) -> None:
    order_id = placed(product, version, account=account)
    order = product.until_finished(order_id)
    assert (order["state"], order["failure"]["code"]) == ("FAILED", "BILLING_ACCOUNT_NOT_FOUND")
    assert effects(product.backends, order_id) == {}
    [message] = product.get(f"{TMF622}/{order_id}").json()["productOrderErrorMessage"]
    assert message["code"] == "BILLING_ACCOUNT_NOT_FOUND"
    assert message["message"] == f"/billingAccount: the customer has no billing account {account}"


def test_the_account_of_an_item_is_pointed_at(product: Node) -> None:
    order_id = placed(product, "v5", account="BA-12345", of_item="ba_nobody")
    product.until_finished(order_id)
    [message] = product.get(f"{TMF622}/{order_id}").json()["productOrderErrorMessage"]
    assert message["message"].startswith("/productOrderItem/1/billingAccount: ")
    assert [item["productOrderItemId"] for item in message["productOrderItem"]] == ["2"]


def test_the_order_waits_while_billing_is_away_and_goes_on_afterwards(product: Node) -> None:
    product.backends.fault("billing", status=503, operations=["getBillingAccount"])
    try:
        order_id = placed(product, "v5", account="BA-12345")
        processes = f"/api/v1/operations/processes/place-order/{order_id}"
        until(lambda: product.get(processes).json()["waitingFor"])
        assert product.get(processes).json()["nextCall"] == "verify-account-1"
        assert effects(product.backends, order_id) == {}
    finally:
        product.backends.clear()
    assert product.until_finished(order_id)["status"] == "confirmed"


def test_a_dry_run_names_the_call(product: Node) -> None:
    asked = {"api": "TMF622", "version": "v5", "operation": "createProductOrder"}
    tried = product.post("/api/v1/translations", asked | {"payload": ordering("v5", account="BA-12345")}).json()
    calls = [(call["backend"], call["operation"]) for call in tried["backendCalls"]]
    assert calls[:2] == [("crm", "getCustomer"), ("billing", "getBillingAccount")]
    assert ("/billingAccount/id", "/billing_account_id") in [(one["source"], one["target"]) for one in tried["fields"]]
