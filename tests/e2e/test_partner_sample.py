"""The sample profile of partner-acme over HTTP: who copies from it gets what it says."""

from pathlib import Path
from typing import Any

from tests.support.product import TMF622, running_product
from tests.support.specs import SPECS

SAMPLES = SPECS.parent / "fixtures" / "partner-samples"
CLIENT = "partner-acme"


def order(number: str, action: str = "new", **more: Any) -> dict[str, Any]:
    customer = {"@type": "PartyRoleRef", "@referredType": "Customer", "id": "ACME-C12345"}
    item = {"id": "1", "action": action, "quantity": 1, "productOffering": {"id": "ACME-FIBRE-OLD"}}
    return {
        "externalId": [{"owner": "acme", "externalIdentifierType": "purchaseOrder", "id": number}],
        "relatedParty": [{"role": "End user", "partyOrPartyRole": customer}],
        "productOrderItem": [item],
    } | more


def test_an_order_in_the_words_of_the_sample_is_placed_and_read_back(tmp_path: Path) -> None:
    with running_product(tmp_path, PARTNERS=str(SAMPLES)) as node:
        placed = node.post(TMF622, order("PO-1", campaign="spring"), CLIENT)
        assert placed.status_code == 201, placed.text
        assert (placed.json()["state"], placed.headers["RateLimit-Policy"]) == ("received", '"default";q=500;w=10')
        node.until_finished(placed.json()["id"])
        read = node.get(f"{TMF622}/{placed.json()['id']}", CLIENT)
        item = read.json()["productOrderItem"][0]
        assert (read.json()["state"], item["action"], item["state"]) == ("done", "new", "done")
        assert item["productOffering"]["id"] == "ACME-FIBRE"
        assert item["product"]["id"].startswith("ACME-P-")
        assert read.json()["relatedParty"][0]["partyOrPartyRole"]["id"] == "ACME-C12345"
        old = node.get(f"{TMF622.replace('/v5/', '/v4/')}/{placed.json()['id']}", CLIENT)
        assert (old.json()["state"], old.headers["Sunset"]) == ("done", "Tue, 31 Dec 2030 00:00:00 GMT")
        for body, code in (
            (order("PO-2", action="add"), "ACME-1"),
            (order("PO-1"), "EXTERNAL_ID_TAKEN"),
            (order("PO-3", discount={"percent": 50}), "EXTENSION_NOT_AGREED"),
            (order("PO-4", billingAccount={"id": "BA-4711-ACME"}), "UNKNOWN_BILLING_ACCOUNT"),
            (order("PO-5") | {"externalId": [{"owner": "SAP", "id": "1"}]}, "UNKNOWN_EXTERNAL_ID_SYSTEM"),
        ):
            refused = node.post(TMF622, body, CLIENT)
            assert refused.json()["code"] == code, refused.text
            assert refused.headers["Content-Language"] == ("en, de" if code == "ACME-1" else "en")
