"""Clients that may act for some customers only: what they may not act for looks as if it did not exist."""

import shutil
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.support.bound import (
    BODIES,
    CUSTOMERS_AT,
    FOREIGN,
    MERGE,
    MINE,
    NOT_MINE,
    PENDING,
    SUSPENDED,
    TASKS,
    UNKNOWN,
    V4,
    Caller,
    answer_of,
)
from tests.support.product import ORDERS, ROOT, TMF622, Node, partner_order, portal_order, running_product
from tests.support.waiting import LONG, until

CONTEXT, SUBSCRIPTIONS = "/api/v1/customer", "/api/v1/subscriptions"


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """With the sample profiles, and one whose orders are judged after they were acknowledged."""
    folder = tmp_path_factory.mktemp("bound")
    shutil.copytree(ROOT / "fixtures" / "partners", folder / "partners")
    (folder / "partners" / "conformance.yaml").write_text(f"validation: after\ncustomers: {{list: [{MINE}]}}\n")
    with running_product(folder, PARTNERS=str(folder / "partners"), LAST_KNOWN_SECONDS="600") as node:
        yield node


def calls(product: Node) -> dict[str, Any]:
    """How often the backends were called, once no order is being carried out any more."""
    until(lambda: not product.get("/api/v1/operations/processes").json()["total"])
    shown = requests.get(f"{product.url}/health/ready", timeout=LONG).json()["backends"]
    return {name: state["calls"] for name, state in shown.items()}


@pytest.mark.parametrize("client", ["partner-pattern", "partner-list", "conformance"])
@pytest.mark.parametrize("path", BODIES)
def test_an_order_for_a_customer_of_others_is_refused_as_for_one_who_does_not_exist(
    product: Node, path: str, client: str
) -> None:
    others = [one for one in NOT_MINE if not (client == "partner-list" and one in (PENDING, SUSPENDED))]
    if client == "partner-pattern":
        others = [one for one in others if not one.startswith("C1")]
    before, asked = product.get(TMF622).headers["X-Total-Count"], calls(product)
    refusals = []
    for customer in others:
        refused = product.post(path, BODIES[path](customer), client=client, headers={"Idempotency-Key": "same"})
        refusals.append(answer_of(refused, customer))
        record = refused.json()["id" if path != ORDERS else "instance"]
        evidence = product.get(f"/api/v1/audit-records/{record}").json()
        assert (evidence["client"], evidence["code"], evidence["status"]) == (client, "CUSTOMER_NOT_FOUND", 404)
    assert refusals.count(refusals[0]) == len(refusals), refusals
    status, body, _ = refusals[0]
    assert (status, body["code"]) == (404, "CUSTOMER_NOT_FOUND")
    assert body["message" if path != ORDERS else "detail"] == "Customer not found"
    assert [mistake["pointer"] for mistake in body["errors"]] == [CUSTOMERS_AT[path]]
    assert product.get(TMF622).headers["X-Total-Count"] == before, "nothing is kept"
    assert calls(product) == asked, "nobody was asked"
    assert product.post(path, BODIES[path](MINE), client=client).status_code == 201


def test_what_only_crm_knows_is_judged_by_the_process_in_the_same_words(product: Node) -> None:
    refused = product.post(ORDERS, portal_order(UNKNOWN), client="partner-list").json()
    judged = product.post(ORDERS, portal_order("C99999"), client="partner-list")
    assert judged.status_code == 404
    assert {name: judged.json()[name] for name in ("type", "title", "status", "detail", "code")} == {
        name: refused[name] for name in ("type", "title", "status", "detail", "code")
    }
    for customer, code in (
        ("C99999", "CUSTOMER_NOT_FOUND"),
        (PENDING, "CUSTOMER_NOT_IN_GOOD_STANDING"),
        (SUSPENDED, "CUSTOMER_NOT_IN_GOOD_STANDING"),
    ):
        accepted = product.post(TMF622, partner_order(customer), client="partner-list")
        assert accepted.status_code == 201
        product.until_finished(accepted.json()["id"])
        read = product.get(f"{TMF622}/{accepted.json()['id']}", client="partner-list").json()
        [told] = read["productOrderErrorMessage"]
        assert (read["state"], told["code"]) == ("failed", code)
        if customer == "C99999":
            assert told["reason"] == refused["detail"]


def test_the_context_of_a_customer_of_others_is_that_of_nobody(product: Node) -> None:
    mine = Caller(product, [MINE, "C99999"])
    assert mine("GET", f"{CONTEXT}/{MINE}/context").status_code == 200
    asked = calls(product)
    others = (FOREIGN, PENDING, UNKNOWN, "c12345", "C12345%20", "%D0%A112345", "%2543%2512345", "C1234%35%20")
    refusals = [answer_of(mine("GET", f"{CONTEXT}/{one}/context")) for one in others]
    assert calls(product) == asked
    for status, body, headers in refusals:
        assert body.pop("customerId")
        assert (status, body, headers) == (404, refusals[0][1], refusals[0][2])
    status, body, headers = answer_of(mine("GET", f"{CONTEXT}/C99999/context"))
    assert body.pop("customerId") == "C99999"
    assert (status, body, headers) == (404, refusals[0][1], refusals[0][2]), "CRM says so of one that it does not know"
    assert mine("GET", f"{CONTEXT}/C%312345/context").status_code == 200, "that is how the id may be written"


@pytest.mark.parametrize("method", ["GET", "PATCH"])
def test_a_subscription_of_a_customer_of_others_is_that_of_nobody(product: Node, method: str) -> None:
    mine = Caller(product, MINE)
    body = {"plan": "Standard"} if method == "PATCH" else None
    assert mine("GET", f"{SUBSCRIPTIONS}/SUB1122").status_code == 200

    def refusals(**headers: str) -> list[Any]:
        found = []
        for subscription in ("SUB1120", "SUB1119", "SUB0000"):
            answer = mine(method, f"{SUBSCRIPTIONS}/{subscription}", body, **headers)
            found.append(answer_of(answer, subscription))
            assert "ETag" not in answer.headers
        return found

    for headers in ({}, {"If_Match": '"1"', "Idempotency_Key": f"k-{method}"}):
        first, *rest = refusals(**headers)
        assert rest == [first] * len(rest)
        assert (first[0], first[1]["code"]) == (404, "SUBSCRIPTION_NOT_FOUND")
    if method == "PATCH":
        body = {"plan": "no plan"}
        first, *rest = refusals()
        assert rest == [first] * len(rest)
        assert first[0] == 404


def test_while_bss_is_away_nothing_that_is_remembered_tells_of_others(product: Node) -> None:
    mine = Caller(product, FOREIGN)
    assert product.get(f"{SUBSCRIPTIONS}/SUB1122").status_code == 200
    assert product.get(f"{ORDERS}/ORD98765").status_code == 200
    product.backends.fault("bss", status=503)
    try:
        for names in (("SUB1122", "SUB0000"), ("ORD98765", "ORD00000")):
            path = SUBSCRIPTIONS if names[0].startswith("SUB") else ORDERS
            answers = [mine("GET", f"{path}/{name}") for name in names]
            assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [
                (503, "BACKEND_UNAVAILABLE")
            ] * 2
            assert set(answers[0].json()) == set(answers[1].json())
    finally:
        product.backends.clear()
        until_ready(product)


def until_ready(product: Node) -> None:
    """Until BSS is called again: its circuit breaker opened."""
    until(lambda: product.get(f"{SUBSCRIPTIONS}/SUB1122").status_code == 200)


def test_orders_of_others_are_in_no_list_and_at_no_address(product: Node) -> None:
    mine, theirs = Caller(product, [MINE]), Caller(product, [FOREIGN])
    order = theirs("POST", ORDERS, portal_order(FOREIGN)).json()
    draft = theirs("POST", TMF622, partner_order(FOREIGN) | {"requestedInitialState": "draft"}).json()["id"]
    task = theirs("POST", TASKS, {"productOrder": {"id": draft}, "cancellationReason": "mistake"}).json()["id"]
    own = mine("POST", ORDERS, portal_order(MINE)).json()["id"]
    placed_by_partner = product.post(TMF622, partner_order(FOREIGN), client="partner-acme").json()["id"]

    for name in (order["id"], order["orderId"], draft, placed_by_partner):
        for path in (
            f"{TMF622}/{name}",
            f"{V4}/{name}",
            f"{ORDERS}/{name}",
            f"/api/v1/bridge-reports/productOrder/{name}",
        ):
            refused, nobody = mine("GET", path), mine("GET", path.replace(name, "ORD00000"))
            assert answer_of(refused, name) == answer_of(nobody, "ORD00000"), path
            assert refused.status_code == 404
            assert theirs("GET", path).status_code == 200, path
        patched = mine("PATCH", f"{TMF622}/{name}", {"description": "x"}, If_Match='"1"', **MERGE)
        cancelled = mine("POST", TASKS, {"productOrder": {"id": name}})
        given_up = mine("POST", f"{ORDERS}/{name}/cancel", {"reason": "x"})
        assert {answer.json()["code"] for answer in (patched, cancelled, given_up)} == {"ORDER_NOT_FOUND"}
    for path in (f"{TASKS}/{task}", f"/api/v1/bridge-reports/cancelProductOrder/{task}"):
        assert (mine("GET", path).status_code, theirs("GET", path).status_code) == (404, 200)

    for path in (TMF622, V4, TASKS, "/api/v1/bridge-reports/productOrder", "/api/v1/bridge-reports/cancelProductOrder"):
        listed = mine("GET", f"{path}?limit=200").json()
        assert not {order["id"], draft, task, placed_by_partner} & {one["id"] for one in listed}
    page = mine("GET", f"{ORDERS}?limit=200").json()
    assert {one["customerId"] for one in page["items"]} == {MINE}
    assert own in {one["id"] for one in page["items"]}
    assert page["total"] == len(page["items"])


@pytest.mark.parametrize(
    "query",
    [
        "relatedParty.partyOrPartyRole.id={}",
        "relatedParty.partyOrPartyRole.id.ne=x{}",
        "filter=$.relatedParty[?(@.role=='Customer' %26%26 @.partyOrPartyRole.id=='{}')]",
        "relatedParty.partyOrPartyRole.id.regex=^{}$",
    ],
)
def test_a_list_that_names_a_customer_of_others_has_what_one_that_names_nobody_has(product: Node, query: str) -> None:
    mine, theirs = Caller(product, [MINE]), Caller(product, [FOREIGN])
    theirs("POST", TMF622, partner_order(FOREIGN))
    pages = []
    for customer in (FOREIGN, UNKNOWN):
        answer = mine("GET", f"{TMF622}?{query.format(customer)}")
        assert answer.status_code == 200
        ids = [one["id"] for one in answer.json()]
        pages.append((ids, answer.headers["X-Total-Count"], answer.headers["Link"].replace(customer, "<name>")))
    assert pages[0] == pages[1]
    if "ne=" not in query:
        assert pages[0][:2] == ([], "0")
        assert theirs("GET", f"{TMF622}?{query.format(FOREIGN)}").headers["X-Total-Count"] != "0"


def test_a_listener_that_names_a_customer_of_others_is_taken_as_one_that_names_nobody(product: Node) -> None:
    mine = Caller(product, [MINE])
    answers = []
    for customer in (FOREIGN, UNKNOWN):
        query = f"event.productOrder.relatedParty.partyOrPartyRole.id={customer}"
        body = {"callback": "https://listener.example/events", "query": query}
        answer = mine("POST", f"{TMF622.rpartition('/')[0]}/hub", body)
        told = {name: str(value).replace(customer, "<name>") for name, value in answer.json().items() if name != "id"}
        answers.append((answer.status_code, told))
    assert answers[0] == answers[1]
    assert answers[0][0] == 201


def test_orders_of_another_channel_are_seen_by_their_customers_reader_only(product: Node) -> None:
    assert Caller(product, MINE)("GET", f"{ORDERS}/ORD98765").json()["customerId"] == MINE
    theirs = Caller(product, FOREIGN)
    refused, nobody = theirs("GET", f"{ORDERS}/ORD98765"), theirs("GET", f"{ORDERS}/ORD00000")
    assert answer_of(refused, "ORD98765") == answer_of(nobody, "ORD00000")
    assert refused.status_code == 404


@pytest.mark.parametrize("path", BODIES)
def test_a_key_used_for_a_customer_of_others_neither_repeats_nor_tells(product: Node, path: str) -> None:
    mine, theirs = Caller(product, [MINE]), Caller(product, [FOREIGN])
    key = f"key{path.replace('/', '-')}"
    first = theirs("POST", path, BODIES[path](FOREIGN), Idempotency_Key=key)
    assert first.status_code == 201
    assert theirs("POST", path, BODIES[path](FOREIGN), Idempotency_Key=key).json()["id"] == first.json()["id"]
    used, unused = (mine("POST", path, BODIES[path](FOREIGN), Idempotency_Key=name) for name in (key, f"{key}-2"))
    assert answer_of(used) == answer_of(unused)
    assert (used.status_code, used.json()["code"]) == (404, "CUSTOMER_NOT_FOUND")
    other = mine("POST", path, BODIES[path](MINE), Idempotency_Key=key)
    assert (other.status_code, other.json()["code"]) == (409, "IDEMPOTENCY_KEY_REUSED")
    assert first.json()["id"] not in other.text


def test_a_plan_change_of_others_is_not_repeated(product: Node) -> None:
    mine, theirs = Caller(product, [MINE]), Caller(product, [FOREIGN])
    address, body = f"{SUBSCRIPTIONS}/SUB1121", {"plan": "Premium"}
    assert theirs("PATCH", address, body, Idempotency_Key="change").status_code == 200
    assert theirs("PATCH", address, body, Idempotency_Key="change").status_code == 200
    refused = mine("PATCH", address, body, Idempotency_Key="change")
    unknown = mine("PATCH", f"{SUBSCRIPTIONS}/SUB0000", body, Idempotency_Key="change-2")
    assert answer_of(refused, "SUB1121") == answer_of(unknown, "SUB0000")
    assert refused.status_code == 404


@pytest.mark.parametrize(
    ("api", "version", "operation", "path"),
    [
        ("TMF622", "v5", "createProductOrder", TMF622),
        ("TMF622", "v4", "createProductOrder", V4),
        ("canonical", "v1", "placeOrder", ORDERS),
    ],
)
def test_a_dry_run_says_of_a_customer_of_others_what_it_says_of_nobody(
    product: Node, api: str, version: str, operation: str, path: str
) -> None:
    def tried(customer: str) -> Any:
        body = {"api": api, "version": version, "operation": operation, "payload": BODIES[path](customer)}
        answer = Caller(product, [MINE])("POST", "/api/v1/translations", body)
        assert answer.status_code == 200
        return answer.json()

    assert tried(MINE)["accepted"]
    for customer in (FOREIGN, UNKNOWN):
        refused = tried(customer)
        assert not refused["accepted"]
        told = {"code": "invalidValue", "reason": "CUSTOMER_NOT_FOUND", "message": "Customer not found"}
        assert refused["errors"] == [{"pointer": CUSTOMERS_AT[path], **told}]
        assert (refused["command"], refused["backendCalls"]) == (None, [])


def test_an_order_that_is_rejected_afterwards_is_seen_by_its_customers_reader(product: Node) -> None:
    body = partner_order(MINE, "po_none")
    rejected = product.post(TMF622, body, client="conformance")
    assert rejected.status_code == 201
    read = product.get(f"{TMF622}/{rejected.json()['id']}", client="conformance").json()
    assert read["state"] == "rejected"
    assert product.get(f"{ORDERS}/{rejected.json()['id']}?include=none").json()["customerId"] == MINE
    for bad in (partner_order(FOREIGN, "po_none"), partner_order(UNKNOWN, "po_none")):
        answer = product.post(TMF622, bad, client="conformance")
        assert (answer.status_code, answer.json()["code"]) == (404, "CUSTOMER_NOT_FOUND")
    nobodys = partner_order()
    del nobodys["relatedParty"]
    unnamed = product.post(TMF622, nobodys, client="conformance").json()["id"]
    assert product.get(f"{TMF622}/{unnamed}", client="conformance").json()["state"] == "rejected"


@pytest.mark.parametrize("claim", [None, 7, {}, [7], "", [""], "C1\ud800", [["C12345"]], True], ids=ascii)
def test_a_token_that_names_no_customers_is_401(product: Node, claim: Any) -> None:
    caller = Caller(product, claim)
    for answer in (caller("GET", TMF622), caller("POST", ORDERS, portal_order(MINE))):
        assert (answer.status_code, answer.json()["code"]) == (401, "UNAUTHENTICATED")
        assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


def test_a_token_without_any_customer_sees_and_orders_nothing(product: Node) -> None:
    nobody = Caller(product, [])
    assert nobody("GET", f"{TMF622}?limit=200").json() == []
    assert nobody("GET", ORDERS).json()["total"] == 0
    assert nobody("POST", ORDERS, portal_order(MINE)).status_code == 404


def test_evidence_about_an_order_of_others_is_not_shown(product: Node) -> None:
    mine, theirs = Caller(product, [MINE]), Caller(product, [FOREIGN])
    placed = theirs("POST", ORDERS, portal_order(FOREIGN)).json()["id"]
    refused = theirs("POST", f"{ORDERS}/{placed}/cancel", {"reason": "x"})
    assert refused.status_code == 409
    record = f"/api/v1/audit-records/{refused.json()['instance']}"
    assert theirs("GET", record).status_code == 200
    order = theirs("POST", ORDERS, portal_order("C12346", SKU999=1))
    assert order.status_code == 409
    record = f"/api/v1/audit-records/{order.json()['instance']}"
    assert theirs("GET", record).json()["orderId"] == order.json()["id"]
    assert (mine("GET", record).status_code, mine("GET", record).json()["code"]) == (404, "AUDIT_RECORD_NOT_FOUND")
