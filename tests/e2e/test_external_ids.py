"""What orders refer to, over HTTP: external ids are unique for each client, and related orders are the client's."""

import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa

from facade.tmf.tmf622.v4 import BRIDGE
from tests.support.product import ORDERS, TMF622, Node, partner_order, portal_order, running_product

V4 = TMF622.replace("/v5/", "/v4/")
SAME, FREE, AGREED = "partner-pattern", "conformance", "partner-list"
PROFILES = {
    SAME: "externalIds: {uniqueness: sameOrder}",
    FREE: "externalIds: {uniqueness: free}",
    AGREED: "externalIds: {systems: [acme, CRM], types: [purchaseOrder]}",
}


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    folder = tmp_path_factory.mktemp("external")
    (folder / "partners").mkdir()
    for client, text in PROFILES.items():
        (folder / "partners" / f"{client}.yaml").write_text(text)
    with running_product(folder, PARTNERS=str(folder / "partners")) as node:
        yield node


@pytest.fixture
def po() -> str:
    return f"PO-{uuid4()}"


def known(external_id: str, **changes: str) -> dict[str, str]:
    return {"owner": "acme", "externalIdentifierType": "purchaseOrder", "id": external_id} | changes


def ordering(*identifiers: dict[str, str], **changes: Any) -> dict[str, Any]:
    return partner_order() | {"externalId": list(identifiers)} | changes


def refused(answer: Any, pointer: str) -> str:
    """The address of the order that has the external id already."""
    assert answer.status_code == 409, answer.text
    body = answer.json()
    assert body["code"] == "EXTERNAL_ID_TAKEN"
    assert [entry["pointer"] for entry in body["errors"]] == [pointer]
    return str(body["existingOrder"])


def test_a_second_order_is_refused_with_the_address_of_the_first_in_the_api_that_was_called(
    product: Node, po: str
) -> None:
    first = product.post(TMF622, ordering(known("another-one" + po), known(po)))
    order_id = first.json()["id"]
    assert refused(product.post(TMF622, ordering(known(po))), "/externalId/0") == f"{TMF622}/{order_id}"
    identifier = {"owner": "acme", "type": "purchaseOrder", "id": po}
    answer = product.post(ORDERS, portal_order() | {"externalIdentifiers": [identifier]}, client="qa")
    assert refused(answer, "/externalIdentifiers/0") == f"{ORDERS}/{order_id}"
    assert answer.json()["orderId"] == order_id


def test_a_second_order_of_v4_is_refused_too(product: Node, po: str) -> None:
    body = {
        "externalId": po,
        "relatedParty": [{"id": "C12345", "role": "Customer"}],
        "productOrderItem": [{"id": "1", "action": "add", "quantity": 1, "productOffering": {"id": "po_tv_basic"}}],
    }
    first = product.post(V4, body).json()["id"]
    assert refused(product.post(V4, body), "/externalId") == f"{V4}/{first}"
    assert refused(product.post(TMF622, ordering({"id": po})), "/externalId/0") == f"{TMF622}/{first}"


def test_a_repeated_key_gets_the_first_answer(product: Node, po: str) -> None:
    key = {"Idempotency-Key": po}
    first = product.post(TMF622, ordering(known(po)), headers=key)
    again = product.post(TMF622, ordering(known(po)), headers=key)
    assert (again.status_code, again.json()) == (201, first.json())


def test_another_client_may_use_the_same_id_and_is_told_nothing(product: Node, po: str) -> None:
    product.post(TMF622, ordering(known(po)))
    assert product.post(TMF622, ordering(known(po)), client="partner-acme").status_code == 201


def test_of_requests_at_once_one_makes_the_order(product: Node, po: str) -> None:
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: product.post(TMF622, ordering(known(po))), range(6)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 5


def test_an_id_is_free_again_when_the_order_failed(product: Node, po: str) -> None:
    unknown = ordering(known(po), relatedParty=partner_order("C00404")["relatedParty"])
    first = product.post(TMF622, unknown).json()["id"]
    assert product.until_finished(first)["status"] == "failed"
    assert product.post(TMF622, ordering(known(po))).status_code == 201


def test_a_repetition_is_answered_with_the_first_order_where_that_was_agreed(product: Node, po: str) -> None:
    first = product.post(TMF622, ordering(known(po)), client=SAME)
    again = product.post(TMF622, ordering(known(po)), client=SAME)
    assert (again.status_code, again.json()["id"]) == (201, first.json()["id"])
    assert again.headers["Location"] == first.headers["Location"]
    other = ordering(known(po), relatedParty=partner_order("C12346")["relatedParty"])
    assert refused(product.post(TMF622, other, client=SAME), "/externalId/0") == f"{TMF622}/{first.json()['id']}"


def test_a_repetition_on_the_canonical_api_waits_for_the_first_order(product: Node, po: str) -> None:
    body = portal_order() | {"externalIdentifiers": [{"system": "web", "type": "cart", "id": po}]}
    first, again = (product.post(ORDERS, body, client=SAME) for _ in range(2))
    assert (again.status_code, again.json()) == (201, first.json())


def test_orders_share_an_id_where_that_was_agreed(product: Node, po: str) -> None:
    made = [product.post(TMF622, ordering(known(po)), client=FREE) for _ in range(2)]
    assert len({answer.json()["id"] for answer in made}) == 2


@pytest.mark.parametrize(
    ("changes", "code", "allowed"),
    [
        ({"owner": "mars"}, "UNKNOWN_EXTERNAL_ID_SYSTEM", "acme, CRM"),
        ({"externalIdentifierType": "star"}, "UNKNOWN_EXTERNAL_ID_TYPE", "purchaseOrder"),
    ],
)
def test_a_system_or_type_that_was_not_agreed_is_refused(
    product: Node, po: str, changes: dict[str, str], code: str, allowed: str
) -> None:
    answer = product.post(TMF622, ordering(known(po, **changes)), client=AGREED)
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert allowed in answer.json()["message"]
    assert answer.json()["errors"][0]["pointer"] == "/externalId/0"


def test_a_patch_moves_the_claim_and_is_on_record_with_the_old_and_the_new_id(product: Node, po: str) -> None:
    order_id = product.post(TMF622, ordering(known(po))).json()["id"]
    product.until_finished(order_id)
    merge = {"Content-Type": "application/merge-patch+json"}
    changed = product.request(
        "PATCH", f"{TMF622}/{order_id}", "qa", json={"externalId": [known(f"{po}-2")]}, headers=merge
    )
    assert changed.status_code == 200, changed.text
    assert refused(product.post(TMF622, ordering(known(f"{po}-2"))), "/externalId/0") == f"{TMF622}/{order_id}"
    freed = product.post(TMF622, ordering(known(po)))
    assert freed.status_code == 201
    taken = product.request(
        "PATCH",
        f"{TMF622}/{order_id}",
        "qa",
        json={"externalId": [known(f"{po}-3"), known(po)]},
        headers=merge,
    )
    assert refused(taken, "/externalId/1") == f"{TMF622}/{freed.json()['id']}"
    named = f"changed from {po} (system acme, type purchaseOrder) to {po}-2 (system acme, type purchaseOrder)"
    assert named in trail_of(product, order_id)


def trail_of(product: Node, order_id: str) -> list[str]:
    """The rules in the audit records of the patches of an order."""
    engine = sa.create_engine(product.database)
    with engine.connect() as connection:
        asked = sa.text("SELECT id FROM audit WHERE subject = :id AND operation = 'patchProductOrder'")
        records = list(connection.scalars(asked, {"id": order_id}))
    engine.dispose()
    read = [product.get(f"/api/v1/audit-records/{one}").json() for one in records]
    return [mapped["rule"] for record in read for mapped in record["translation"]]


@pytest.mark.parametrize("address", [TMF622, V4])
def test_orders_are_found_by_their_external_id(product: Node, po: str, address: str) -> None:
    order_id = product.post(TMF622, ordering(known(po))).json()["id"]
    query = f"externalId={po}" if address is V4 else f"externalId.owner=acme&externalId.id={po}"
    assert [one["id"] for one in product.get(f"{address}?{query}").json()] == [order_id]
    assert product.get(f"{TMF622}?externalId.owner=mars&externalId.id={po}").json() == []


def test_the_canonical_api_finds_orders_by_their_external_id(product: Node, po: str) -> None:
    order_id = product.post(TMF622, ordering(known(f"x{po}", owner="CRM"), known(po))).json()["id"]

    def found(query: str) -> list[str]:
        return [one["id"] for one in product.get(f"{ORDERS}?{query}").json()["items"]]

    assert found(f"externalId={po}") == found(f"externalId={po}&externalSystem=acme") == [order_id]
    assert found(f"externalId={po}&externalSystem=CRM") == found("externalId=nobodys") == []
    missing = product.get(f"{ORDERS}?externalSystem=acme")
    assert (missing.status_code, missing.json()["errors"][0]["pointer"]) == (400, "/externalId")


def test_the_canonical_api_reads_system_as_owner(product: Node, po: str) -> None:
    identifier = {"type": "cart", "id": po}

    def place(**named: str) -> Any:
        return product.post(ORDERS, portal_order() | {"externalIdentifiers": [identifier | named]})

    assert place(owner="web").json()["externalIdentifiers"] == [identifier | {"owner": "web"}]
    assert place(system="web").json()["code"] == place(system="web", owner="web").json()["code"] == "EXTERNAL_ID_TAKEN"
    differing, neither = place(owner="web", system="CRM"), place()
    assert (differing.status_code, neither.status_code) == (400, 400)
    assert differing.json()["errors"][0]["pointer"] == "/externalIdentifiers/0/owner"


def test_a_dry_run_says_what_the_request_would_be_answered(product: Node, po: str) -> None:
    asked = {"api": "TMF622", "version": "v5", "operation": "createProductOrder", "payload": ordering(known(po))}
    assert product.post("/api/v1/translations", asked).json()["accepted"] is True
    product.post(TMF622, ordering(known(po)))
    tried = product.post("/api/v1/translations", asked).json()
    assert (tried["accepted"], tried["errors"][0]["reason"]) == (False, "EXTERNAL_ID_TAKEN")
    product.post(TMF622, ordering(known(po)), client=SAME)
    same = product.post("/api/v1/translations", asked, client=SAME).json()
    assert (same["accepted"], same["backendCalls"]) == (True, [])


def test_ids_that_orders_share_are_listed(product: Node, po: str) -> None:
    made = [product.post(TMF622, ordering(known(po)), client=FREE).json()["id"] for _ in range(2)]
    with pytest.raises(subprocess.CalledProcessError) as listed:
        product.command("orders", "duplicates")
    named = f"{po} (system acme, type purchaseOrder)"
    assert f"{FREE}: {named}: {', '.join(made)}; it belongs to none of them" in listed.value.stdout.splitlines()


# --- related orders ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", [TMF622, V4])
def test_an_order_is_related_to_one_of_the_clients_and_shows_it(product: Node, address: str) -> None:
    first = product.post(TMF622, partner_order(), client=SAME).json()["id"]
    related = {"orderRelationship": [{"id": first, "relationshipType": "Amends"}]}
    body = partner_order() if address is TMF622 else BRIDGE.lower("ProductOrder", partner_order()).body
    order = product.post(address, body | related, client=SAME)
    assert order.status_code == 201, order.text
    [shown] = product.get(f"{TMF622}/{order.json()['id']}", client=SAME).json()["orderRelationship"]
    assert (shown["id"], shown["relationshipType"]) == (first, "Amends")
    anothers = product.post(address, body | related, client=AGREED)
    nobodys = product.post(address, body | {"orderRelationship": [related["orderRelationship"][0] | {"id": "x"}]})
    for refusal in (anothers, nobodys):
        assert (refusal.status_code, refusal.json()["code"]) == (400, "RELATED_ORDER_NOT_FOUND")
        assert refusal.json()["errors"][0]["pointer"] == "/orderRelationship/0/id"
    assert anothers.json()["message"] == nobodys.json()["message"]


@pytest.mark.parametrize(
    ("word", "code"),
    [("somehow_related", "UNKNOWN_ORDER_RELATIONSHIP_TYPE"), ("derivedFromQuote", "QUOTE_NOT_SUPPORTED")],
)
def test_other_relationships_are_refused_by_name_by_patch_too(product: Node, word: str, code: str) -> None:
    order_id = product.post(TMF622, partner_order()).json()["id"]
    related = {"orderRelationship": [{"id": order_id, "relationshipType": word}]}
    merge = {"Content-Type": "application/merge-patch+json"}
    answers = [
        product.post(TMF622, partner_order() | related),
        product.request("PATCH", f"{TMF622}/{order_id}", "qa", json=related, headers=merge),
    ]
    for answer in answers:
        assert (answer.status_code, answer.json()["code"]) == (400, code), answer.text
        assert answer.json()["errors"][0]["pointer"] == "/orderRelationship/0/relationshipType"
