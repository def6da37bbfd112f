"""Commitments that are ended early, by clients that may do so with a reason: over HTTP, v5, v4 and `/api/v1`."""

import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.product import ORDERS, ROOT, TMF622, Node, running_product

ASSETS, PRODUCTS = "/api/v1/customer-assets", "/tmf-api/productInventory/v5/product"
CUSTOMER = [{"role": "Customer", "partyOrPartyRole": {"@type": "PartyRoleRef", "id": "C12345"}}]
BOUND = [{"@type": "ProductTerm", "name": "Contract term", "validFor": {"endDateTime": "2099-01-01T00:00:00Z"}}]
SHORTER = [{"@type": "ProductTerm", "name": "Contract term", "validFor": {"endDateTime": "2030-01-01T00:00:00Z"}}]
WHY = "the customer moves abroad"
NOTE = [{"text": WHY}]


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    folder = tmp_path_factory.mktemp("early")
    shutil.copytree(ROOT / "fixtures" / "partners", folder / "partners")
    for client in ("qa", "portal"):
        (folder / "partners" / f"{client}.yaml").write_text("orderRules: {TERM_NOT_OVER: reason}\n")
    with running_product(folder, PARTNERS=str(folder / "partners")) as node:
        yield node


@pytest.fixture
def bound(product: Node) -> str:
    answer = product.post(PRODUCTS, {"relatedParty": CUSTOMER, "status": "active", "productTerm": BOUND})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def v5(asset_id: str, action: str = "delete", **more: Any) -> tuple[str, dict[str, Any]]:
    described = {"@type": "Product", "id": asset_id} | more.pop("product", {})
    item = {"id": "1", "action": action, "product": described, **more}
    return TMF622, {"relatedParty": CUSTOMER, "productOrderItem": [item]}


def v4(asset_id: str, **more: Any) -> tuple[str, dict[str, Any]]:
    item = {"id": "1", "action": "delete", "product": {"id": asset_id}}
    customer = [{"role": "Customer", "id": "C12345", "@referredType": "Customer"}]
    return TMF622.replace("/v5/", "/v4/"), {"relatedParty": customer, "productOrderItem": [item], **more}


def canonical(asset_id: str, **more: Any) -> tuple[str, dict[str, Any]]:
    return ORDERS, {"customerId": "C12345", "items": [{"action": "DISCONNECT", "assetId": asset_id, **more}]}


SPOKEN = {"v5": (v5, {"note": NOTE}), "v4": (v4, {"note": NOTE}), "canonical": (canonical, {"reason": WHY})}


@pytest.mark.parametrize(("spoken", "reason"), SPOKEN.values(), ids=SPOKEN)
def test_a_reason_ends_a_term_early_and_stands_in_the_timeline(
    product: Node, bound: str, spoken: Any, reason: dict[str, Any]
) -> None:
    refused = product.post(*spoken(bound))
    assert (refused.status_code, refused.json()["code"]) == (400, "TERM_NOT_OVER"), refused.text
    assert "an item that states a reason is accepted" in refused.text
    [said] = [one for one in eligible(product, bound) if one["action"] == "DISCONNECT"]
    assert (said["allowed"], said["code"], said["needs"]) == (True, "TERM_NOT_OVER", ["reason"])

    accepted = product.post(*spoken(bound, **reason))
    assert accepted.status_code == 201, accepted.text
    product.until_finished(accepted.json()["id"])
    last = product.get(f"{ASSETS}/{bound}/timeline", "portal").json()["items"][-1]
    assert (last["status"], last["reason"]) == ("TERMINATED", WHY)


def test_a_term_that_still_runs_becomes_shorter_with_a_reason_only(product: Node, bound: str) -> None:
    wished = {"product": {"productTerm": SHORTER}}
    refused = product.post(*v5(bound, "modify", **wished))
    assert [(one["reason"], one["pointer"]) for one in refused.json()["errors"]] == [
        ("TERM_NOT_OVER", "/productOrderItem/0/product/productTerm/0")
    ]
    wish = {"name": "Contract term", "until": "2030-01-01T00:00:00Z"}
    refused = product.post(*canonical(bound, action="MODIFY", terms=[wish]))
    assert [(one["reason"], one["pointer"]) for one in refused.json()["errors"]] == [
        ("TERM_NOT_OVER", "/items/0/terms/0")
    ]
    assert product.post(*v5(bound, "modify", note=NOTE, **wished)).status_code == 201


def eligible(product: Node, asset_id: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = product.get(f"{ASSETS}/{asset_id}/eligible-actions", "qa").json()["items"]
    return found
