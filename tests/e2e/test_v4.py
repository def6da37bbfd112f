"""TMF622 v4 over the same core as v5: what one version takes in the other shows."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from facade.tmf.tmf622.charged import NAME
from tests.support.product import ORDERS, ROOT, TMF622, Node, effects, partner_order, running_product
from tests.support.waiting import until

V4 = TMF622.replace("/v5/", "/v4/")
TASKS_V4 = V4.rpartition("/")[0] + "/cancelProductOrder"


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with running_product(tmp_path_factory.mktemp("v4")) as node:
        yield node


def _order(customer: str = "C12345", offering: str = "po_tv_basic") -> dict[str, Any]:
    return {
        "externalId": f"PO-{uuid4()}",
        "description": "in v4's words",
        "relatedParty": [{"id": customer, "role": "Customer", "name": "John Doe", "@referredType": "Customer"}],
        "channel": [{"id": "1", "name": "Online", "role": "order capture"}],
        "productOrderItem": [
            {
                "id": "100",
                "action": "add",
                "quantity": 1,
                "productOffering": {"id": offering},
                "product": {"productCharacteristic": [{"name": "colour", "value": "red"}]},
            }
        ],
        "acmeExtension": {"kept": [1, None]},
    }


def _holds(shown: Any, sent: Any) -> bool:
    """Whether everything sent is shown; classes (`@type`) may have been added."""
    if isinstance(sent, dict):
        return all(name in shown and _holds(shown[name], value) for name, value in sent.items())
    if isinstance(sent, list):
        return len(shown) == len(sent) and all(map(_holds, shown, sent))
    return bool(shown == sent)


def test_an_order_placed_on_v4_is_carried_out_and_reads_on_both(product: Node) -> None:
    sent = _order()
    answer = product.post(V4, sent, client="partner-acme")
    assert answer.status_code == 201, answer.text
    order = answer.json()
    assert order["state"] == "acknowledged"
    assert order["orderDate"]
    assert order["href"] == answer.headers["Location"] == f"{product.url}{V4}/{order['id']}"
    assert product.until_finished(order["id"])["status"] == "confirmed"
    v4 = product.get(f"{V4}/{order['id']}", client="partner-acme").json()
    assert v4["state"] == "completed"
    for name, value in sent.items():
        assert _holds(v4[name], value), name
    v5 = product.get(f"{TMF622}/{order['id']}", client="partner-acme").json()
    assert v5["relatedParty"][0]["partyOrPartyRole"]["id"] == "C12345"
    assert v5["externalId"][0]["id"] == sent["externalId"]
    assert v5["creationDate"] == v4["orderDate"]


def test_an_order_placed_on_v5_reads_on_v4(product: Node) -> None:
    order_id = product.post(TMF622, partner_order()).json()["id"]
    product.until_finished(order_id)
    answer = product.get(f"{V4}/{order_id}")
    assert answer.json()["relatedParty"][0]["id"] == "C12345"
    assert answer.json()["state"] == "completed"
    assert int(answer.headers["X-Bridge-Losses"]) >= 0
    assert product.get(f"{V4}/{order_id}?fields=state").json().keys() <= {"id", "href", "@type", "state"}


def test_filters_give_the_same_orders_on_both(product: Node) -> None:
    for customer in ("C12345", "C12346"):
        order = product.post(V4, _order(customer)).json()
        product.until_finished(order["id"])
    known = order["externalId"]
    queries = [
        ("relatedParty.id=C12346", "relatedParty.partyOrPartyRole.id=C12346"),
        (f"externalId={known}", f"externalId.id={known}"),
        ("orderDate.gt=2020-01-01", "creationDate.gt=2020-01-01"),
        ("state=completed&sort=-orderDate", "state=completed&sort=-creationDate"),
    ]
    for v4, v5 in queries:
        answers = [product.get(f"{path}?{query}") for path, query in ((V4, v4), (TMF622, v5))]
        assert all(answer.ok for answer in answers), [answer.text for answer in answers]
        found = [[order["id"] for order in answer.json()] for answer in answers]
        assert found[0] == found[1] != [], v4
    assert product.get(f"{V4}?creationDate=x").status_code == 400


def test_mistakes_are_pointed_at_in_v4s_words(product: Node) -> None:
    body = _order() | {"requestedStartDate": "0001-01-01T00:00:00+14:00", "state": "completed"}
    found = {error["pointer"] for error in product.post(V4, body).json()["errors"]}
    assert found >= {"/requestedStartDate", "/state"}
    body = _order() | {"creationDate": "2026-05-03T08:00:00Z"}
    assert product.post(V4, body).json()["errors"][0]["pointer"] == "/creationDate"
    several = _order()
    several["relatedParty"] += [{"id": "C12346", "role": "Customer", "@referredType": "Customer"}]
    assert product.post(V4, several).json()["errors"][0]["pointer"] == "/relatedParty/1/id"
    unknown = product.post(V4, _order(offering="po_none")).json()
    assert unknown["errors"][0]["pointer"] == "/productOrderItem/0/productOffering/id"


def test_a_body_for_the_other_version_is_told_so(product: Node) -> None:
    for path, body, other in ((V4, partner_order(), "v5"), (TMF622, _order(), "v4")):
        for sent in (body, body | {"description": 7}):
            answer = product.post(path, sent)
            assert answer.status_code == 400, answer.text
            assert f"The body is written for {other}, " in answer.json()["message"]
    wrong = product.post(V4, _order() | {"description": 7}).json()
    assert wrong["message"] == wrong["errors"][0]["message"]
    assert (
        product.get(f"{V4}?creationDate=2026-01-01").json()["errors"][0]["hint"].startswith("did you mean `orderDate`?")
    )


def test_the_same_key_on_v4_and_v5_is_not_the_same_request(product: Node) -> None:
    key = {"Idempotency-Key": "both-versions"}
    sent = _order()
    first = product.post(V4, sent, headers=key)
    assert product.post(V4, sent, headers=key).text == first.text
    assert product.post(TMF622, partner_order(), headers=key).json()["code"] == "IDEMPOTENCY_KEY_REUSED"


def test_an_order_is_cancelled_on_v4(product: Node) -> None:
    product.backends.fault("billing", status=503, operations=["charge"])
    order_id = product.post(V4, _order(), client="partner-acme").json()["id"]
    until(lambda: effects(product.backends, order_id).get("createOrder") == 1)
    task = product.post(TASKS_V4, {"productOrder": {"id": order_id}, "cancellationReason": "no"}, client="partner-acme")
    assert task.status_code == 201, task.text
    assert product.until_finished(order_id)["state"] == "CANCELLED"
    product.backends.clear()
    assert product.get(f"{TASKS_V4}/{task.json()['id']}", client="partner-acme").json()["state"] == "done"
    assert product.get(f"{V4}/{order_id}", client="partner-acme").json()["state"] == "cancelled"


def test_a_failed_order_says_why_on_v4_wherever_it_is_shown(product: Node) -> None:
    placed = product.post(V4, _order("C40200") | {"note": [{"text": "call first"}]}, client="partner-acme").json()
    product.until_finished(placed["id"])
    path = f"{V4}/{placed['id']}"
    patched = product.request("PATCH", path, "partner-acme", json={"description": "read the note"})
    shown = [
        product.get(path, client="partner-acme").json(),
        *product.get(f"{V4}?id={placed['id']}", client="partner-acme").json(),
        *product.get(f"{V4}?id={placed['id']}&fields=note,state", client="partner-acme").json(),
        patched.json(),
    ]
    [message] = product.get(f"{TMF622}/{placed['id']}", client="partner-acme").json()["productOrderErrorMessage"]
    for order in shown:
        [own, told] = order["note"]
        assert own["text"] == "call first"
        assert (told["id"], told["author"]) == ("PAYMENT_DECLINED", "provider")
        assert told["text"] == f"PAYMENT_DECLINED: {message['message']}"
    report = product.get(f"/api/v1/bridge-reports/productOrder/{placed['id']}", client="partner-acme").json()
    kinds = {one["pointer"]: one["kind"] for one in report["lowered"]}
    assert kinds["/productOrderErrorMessage"] == "reshaped"


def test_another_partners_order_is_not_found_on_v4(product: Node) -> None:
    order_id = product.post(V4, _order(), client="portal").json()["id"]
    assert product.get(f"{V4}/{order_id}", client="partner-acme").status_code == 404
    assert product.get(f"{ORDERS}/{order_id}", client="portal").json()["customerId"] == "C12345"


def test_the_published_v4_order_with_our_references_is_carried_out(product: Node) -> None:
    body = json.loads((ROOT / "fixtures" / "published" / "tmf622" / "v4" / "01-sample-product-order.json").read_text())
    for name in ("id", "href", "state", "orderDate", "completionDate", "expectedCompletionDate"):
        body.pop(name, None)
    for party in body["relatedParty"]:
        if party["@referredType"] == "Customer" or party.get("role") == "Customer":
            party["id"] = "C12345"
    for item in body["productOrderItem"]:
        item.pop("state", None)
        item["action"] = "add"
        item["productOffering"] = item.get("productOffering", {}) | {"id": "po_tv_basic"}
    answer = product.post(V4, body, client="conformance")
    assert answer.status_code == 201, answer.text
    assert product.until_finished(answer.json()["id"])["status"] == "confirmed"


def test_the_account_of_what_the_bridge_left_out_is_a_link_away(product: Node) -> None:
    sent = _order() | {"relatedParty": [{"id": "C12345", "role": "Customer"}], "notAttributeOfV5": 1}
    created = product.post(V4, sent, client="partner-acme")
    order_id = created.json()["id"]
    product.until_finished(order_id)
    for answer in (created, product.get(f"{V4}/{order_id}", client="partner-acme")):
        address = answer.links["describedby"]["url"]
        assert address == f"{product.url}/api/v1/bridge-reports/productOrder/{order_id}"
    report = product.get(address.removeprefix(product.url), client="partner-acme").json()
    assert len(report["lowered"]) == int(answer.headers["X-Bridge-Losses"]) > 0
    assert all(loss["pointer"] and loss["reason"] for loss in report["lowered"])
    assert all(told["pointer"] and told["difference"] for told in report["lifted"])
    assert product.get(f"/api/v1/bridge-reports/productOrder/{order_id}", client="conformance").status_code == 404
    assert "describedby" not in product.get(f"{TMF622}/{order_id}").headers.get("Link", "")
    first = product.post(V4, _order(), client="partner-acme").json()["id"]
    related = {"orderRelationship": [{"id": first, "@type": "ProductOrder", "relationshipType": "amends"}]}
    assert product.request("PATCH", f"{V4}/{order_id}", client="partner-acme", json=related).status_code == 200
    lifted = product.get(address.removeprefix(product.url), client="partner-acme").json()["lifted"]
    assert "/orderRelationship/0/@type" in {told["pointer"] for told in lifted}


def test_the_same_for_a_cancellation(product: Node) -> None:
    product.backends.fault("crm", status=503)
    order_id = product.post(V4, _order(), client="partner-acme").json()["id"]
    sent = {"productOrder": {"id": order_id, "@type": "ProductOrder"}, "cancellationReason": "no"}
    task = product.post(TASKS_V4, sent, client="partner-acme")
    product.backends.clear()
    assert task.status_code == 201, task.text
    address = task.links["describedby"]["url"].removeprefix(product.url)
    report = product.get(address, client="partner-acme").json()
    assert "/creationDate" in {loss["pointer"] for loss in report["lowered"]}
    assert "/productOrder/@type" in {told["pointer"] for told in report["lifted"]}
    shown = product.get(f"{TASKS_V4}/{task.json()['id']}", client="partner-acme").json()
    assert shown["productOrder"]["@type"] == "ProductOrder"


def test_the_account_of_a_page_is_a_link_away_too(product: Node) -> None:
    for path, query in (
        (V4, "relatedParty.id=C12345&sort=-orderDate&limit=3&offset=1"),
        (TASKS_V4, "state=done&limit=2"),
    ):
        page = product.get(f"{path}?{query}", client="partner-acme")
        assert page.links["self"]["url"].startswith(product.url + path)
        address = page.links["describedby"]["url"].removeprefix(product.url)
        reports = product.get(address, client="partner-acme").json()
        assert [report["id"] for report in reports] == [one["id"] for one in page.json()] != []
        assert sum(len(report["lowered"]) for report in reports) == int(page.headers["X-Bridge-Losses"])
    assert "describedby" not in product.get(f"{TMF622}?limit=1").links
    assert product.get("/api/v1/bridge-reports/productOrder?nonsense=1").status_code == 400


def test_what_v5_cannot_hold_is_accepted_on_v4_and_shown_there(product: Node) -> None:
    sent = _order()
    sent["productOrderItem"][0] |= {
        "itemPrice": [{"name": "x", "priceType": "recurring"}],
        "itemTerm": [{"name": "half", "duration": {"amount": 1.5, "units": "month"}}],
        "product": {
            "place": [{"role": "installation"}],
            "agreement": [{"id": "a1"}],
            "productOrderItem": [{"productOrderId": "7", "orderItemId": "1", "orderItemAction": "swap"}],
        },
    }
    created = product.post(V4, sent, client="partner-acme", headers={"Idempotency-Key": "set-aside"})
    assert created.status_code == 201, created.text
    assert product.post(V4, sent, client="partner-acme", headers={"Idempotency-Key": "set-aside"}).text == created.text
    order_id = created.json()["id"]
    assert product.until_finished(order_id)["status"] == "confirmed"
    answer = product.get(f"{V4}/{order_id}", client="partner-acme")
    [listed] = product.get(f"{V4}?id={order_id}").json()
    assert _holds(created.json()["productOrderItem"], sent["productOrderItem"])
    for shown in (answer.json(), listed):
        assert _holds(_as_sent(shown)["productOrderItem"], sent["productOrderItem"])
    v5 = product.get(f"{TMF622}/{order_id}")
    assert "complement" not in v5.text
    [item] = v5.json()["productOrderItem"]
    assert {one["name"] for one in item["itemPrice"]} == {NAME}
    assert item["itemTerm"] == [{"name": "half", "@type": "OrderTerm"}]
    assert product.get(f"{TMF622}?id={order_id}").json() == [v5.json()]
    assert product.get(f"{TMF622}/{order_id}?fields=description").json()["description"] == "in v4's words"
    report = product.get(answer.links["describedby"]["url"].removeprefix(product.url)).json()
    lost = {loss["pointer"]: loss["reason"] for loss in report["lowered"] if loss["kind"] == "lost"}
    assert lost["/productOrderItem/0/itemPrice/0"] == "v5 demands price"
    assert len(report["lowered"]) == int(answer.headers["X-Bridge-Losses"])
    assert "/productOrderItem/0/product/place/0" in {told["pointer"] for told in report["lifted"]}
    tested = [
        {"op": "test", "path": "/productOrderItem/0/itemTerm/0/duration/amount", "value": 1.5},
        {"op": "add", "path": "/description", "value": "changed"},
    ]
    headers = {"Content-Type": "application/json-patch+json"}
    patched = product.request("PATCH", f"{V4}/{order_id}", data=json.dumps(tested), headers=headers)
    assert (patched.status_code, patched.json()["description"]) == (200, "changed"), patched.text
    changed = product.request("PATCH", f"{TMF622}/{order_id}", json={"description": "by v5"})
    assert (changed.status_code, "complement" in changed.text) == (200, False)
    after = product.get(f"{V4}/{order_id}").json()
    assert _holds(_as_sent(after)["productOrderItem"], sent["productOrderItem"])
    assert after["description"] == "by v5"


def _as_sent(order: dict[str, Any]) -> dict[str, Any]:
    """The order without the prices that we added to what its client sent."""
    for item in order["productOrderItem"]:
        item["itemPrice"] = [one for one in item["itemPrice"] if one["name"] != NAME]
    return order


def test_the_dry_run_tells_what_would_be_set_aside(product: Node) -> None:
    sent = _order()
    sent["productOrderItem"][0]["itemPrice"] = [{"name": "x", "priceType": "recurring"}]
    body = {"api": "TMF622", "version": "v4", "operation": "createProductOrder", "payload": sent}
    answer = product.post("/api/v1/translations", body).json()
    assert answer["accepted"], answer
    assert [loss["reason"] for loss in answer["losses"]] == ["v5 demands price"]
    assert "complement" not in str(answer["carried"])
