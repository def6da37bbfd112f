"""The dry run says what would happen, and does none of it."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from facade.tmf.tmf622.v4 import BRIDGE
from tests.support.product import ORDERS, TMF622, Node, partner_order, portal_order, running_product
from tests.support.waiting import LONG

TRY = "/api/v1/translations"


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with running_product(tmp_path_factory.mktemp("translations")) as node:
        yield node


def _tried(product: Node, api: str, version: str, operation: str, payload: Any) -> dict[str, Any]:
    body = {"api": api, "version": version, "operation": operation, "payload": payload}
    answer = product.post(TRY, body, client="partner-acme")
    assert answer.status_code == 200, answer.text
    tried: dict[str, Any] = answer.json()
    return tried


def _at(document: Any, pointer: str) -> Any:
    for token in pointer.split("/")[1:]:
        document = document[int(token)] if isinstance(document, list) else document[token]
    return document


def test_a_good_order_is_explained_field_by_field(product: Node) -> None:
    payload = partner_order() | {"description": "kept"}
    tried = _tried(product, "TMF622", "v5", "createProductOrder", payload)
    assert tried["accepted"] is True
    assert tried["command"]["customer_id"] == "C12345"
    assert "/description" in tried["carried"]
    for field in tried["fields"]:
        assert _at(payload, field["source"]) is not None
        if field["rule"] == "as sent":
            assert _at(tried["command"], field["target"]) == _at(payload, field["source"])
    calls = [(call["backend"], call["operation"]) for call in tried["backendCalls"]]
    assert calls == [
        ("crm", "getCustomer"),
        ("inventory", "reserve"),
        ("inventory", "reserve"),
        ("bss", "createOrder"),
        ("billing", "charge"),
    ]
    assert tried["backendCalls"][-1]["what"] == {"amount": "178.90", "currency": "EUR"}


def test_nothing_is_stored_or_called(product: Node) -> None:
    before = product.get(ORDERS).json()["total"]
    _tried(product, "canonical", "v1", "placeOrder", portal_order())
    assert product.get(ORDERS).json()["total"] == before
    assert all(entry["key"] is None for entry in product.backends.ledger("inventory"))


def test_a_bad_order_is_explained_too(product: Node) -> None:
    payload = partner_order("C12345", "po_unknown")
    tried = _tried(product, "TMF622", "v5", "createProductOrder", payload)
    assert tried["accepted"] is False
    assert tried["errors"][0]["pointer"] == "/productOrderItem/0/productOffering/id"
    tried = _tried(product, "TMF622", "v5", "createProductOrder", {"productOrderItem": [{"action": "change"}]})
    assert {error["pointer"] for error in tried["errors"]} >= {"/productOrderItem/0/id", "/productOrderItem/0/action"}


REFUSED: dict[str, tuple[str, str, Any]] = {
    "a rule of ours": ("v5", TMF622, partner_order() | {"id": "mine"}),
    "the contract": ("v5", TMF622, {"productOrderItem": [{"action": "change"}]}),
    "the catalog": ("v5", TMF622, partner_order("C12345", "po_unknown")),
    "the catalog in v4": ("v4", TMF622.replace("v5", "v4"), BRIDGE.lower("ProductOrder", partner_order()).body),
    "the catalog on /api/v1": (
        "v1",
        ORDERS,
        {"customerId": "C12345", "items": [{"sku": "SKU-OF-NOBODY", "quantity": 1}]},
    ),
}
REFUSED["the catalog in v4"][2]["productOrderItem"][0]["productOffering"]["id"] = "po_unknown"


@pytest.mark.parametrize("why", REFUSED)
def test_a_dry_run_and_the_request_refuse_with_the_same_errors_and_leave_the_same_evidence(
    product: Node, why: str
) -> None:
    version, path, payload = REFUSED[why]
    names = ("canonical", "v1", "placeOrder") if version == "v1" else ("TMF622", version, "createProductOrder")
    tried, refused = _tried(product, *names, payload), product.post(path, payload, client="partner-acme")
    assert refused.status_code in (400, 404), refused.text
    assert tried["errors"] == refused.json()["errors"]
    record_id = refused.json().get("id") or refused.json()["instance"]
    record = product.get(f"/api/v1/audit-records/{record_id}").json()
    assert record["translation"] == tried["fields"]
    assert {one["outcome"] for one in tried["fields"]} == {"refused"}


def test_only_members_that_an_item_has_are_named(product: Node) -> None:
    payload = portal_order()
    fields = _tried(product, "canonical", "v1", "placeOrder", payload)["fields"]
    assert "/items/0/sku" in {field["source"] for field in fields}
    for field in fields:
        assert _at(payload, field["source"]) is not None


def test_what_is_forgiven_is_said(product: Node) -> None:
    payload = partner_order()
    del payload["@type"]
    tried = _tried(product, "TMF622", "v5", "createProductOrder", payload)
    assert {"pointer": "/@type", "rule": "typeByPosition", "understood": "ProductOrder"} in tried["leniencies"]


def test_what_the_other_version_would_not_say_is_told(product: Node) -> None:
    identifier = {"id": "x", "@type": "ExternalIdentifier", "owner": "acme"}
    tried = _tried(
        product,
        "TMF622",
        "v5",
        "createProductOrder",
        partner_order() | {"externalId": [identifier, identifier | {"id": "y"}]},
    )
    assert {(loss["kind"], loss["pointer"]) for loss in tried["losses"]} >= {("lost", "/externalId/1")}
    v4 = BRIDGE.lower("ProductOrder", partner_order()).body
    v4["relatedParty"] = [*v4["relatedParty"], {"id": "P1", "@referredType": "Individual"}]
    tried = _tried(product, "TMF622", "v4", "createProductOrder", v4)
    assert tried["accepted"] is True
    assert {(loss["kind"], loss["pointer"]) for loss in tried["losses"]} >= {("defaulted", "/relatedParty/1/role")}
    assert _tried(product, "canonical", "v1", "placeOrder", portal_order())["losses"] == []


def test_an_operation_that_cannot_be_tried_is_refused_with_those_that_can(product: Node) -> None:
    body = {"api": "TMF999", "version": "v5", "operation": "x", "payload": {}}
    answer = product.post(TRY, body)
    assert answer.status_code == 400
    assert "TMF622 v5 createProductOrder" in answer.json()["errors"][0]["allowed"]


@pytest.mark.parametrize("scope", ["order:create", "order:read", "audit:read"])
def test_what_is_tried_or_reported_on_takes_the_scope_of_the_operation_itself(product: Node, scope: str) -> None:
    order_id = product.post(TMF622, partner_order()).json()["id"]
    form = {"grant_type": "client_credentials", "client_id": "qa", "client_secret": "qa-secret", "scope": scope}
    token = requests.post(f"{product.url}/oauth/token", data=form, timeout=LONG).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    tried = {"api": "TMF622", "version": "v5", "operation": "createProductOrder", "payload": partner_order()}
    answers = {
        "order:create": [requests.post(f"{product.url}{TRY}", json=tried, headers=headers, timeout=LONG)],
        "order:read": [
            requests.get(f"{product.url}/api/v1/bridge-reports/productOrder{one}", headers=headers, timeout=LONG)
            for one in ("", f"/{order_id}")
        ],
    }
    for needed, found in answers.items():
        for answer in found:
            assert answer.status_code == (200 if scope == needed else 403), answer.text
            if scope != needed:
                assert answer.json()["code"] == "INSUFFICIENT_SCOPE"
                assert f'scope="{needed}"' in answer.headers["WWW-Authenticate"]
