"""TC-07 to TC-09 of the middleware design over HTTP: a plan is changed in BSS and Billing, or in neither."""

import concurrent.futures
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import requests

from tests.support.assets import kept_assets, record_asset
from tests.support.product import Node, running_product
from tests.support.waiting import LONG, until

PATH = "/api/v1/subscriptions/{}"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    directory: Path = tmp_path_factory.mktemp("product")
    with running_product(directory, BACKEND_BREAKER_PAUSE="0.5") as node:
        yield node


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """Answers soon that it goes on working."""
    directory: Path = tmp_path_factory.mktemp("hasty")
    with running_product(directory, PORTAL_WAIT="0.5", BACKEND_BREAKER_PAUSE="0.5") as node:
        yield node


@pytest.fixture
def product(shared: Node) -> Iterator[Node]:
    yield shared
    shared.backends.clear()
    until_agreed(shared, "SUB1120")


def change(product: Node, subscription: str, plan: str, **options: Any) -> requests.Response:
    return product.request("PATCH", PATH.format(subscription), "portal", json={"plan": plan}, **options)


def read(product: Node, subscription: str) -> dict[str, Any]:
    body: dict[str, Any] = product.get(PATH.format(subscription), client="portal").json()
    return body


def backend(product: Node, path: str) -> Any:
    headers = {"Authorization": f"Bearer {product.backends.token()}"}
    return requests.get(product.backends.url + path, headers=headers, timeout=LONG).json()


def billed(product: Node, subscription: str) -> str | None:
    plan: str | None = backend(product, f"/billing/subscriptions/{subscription}").get("plan")
    return plan


def until_agreed(product: Node, subscription: str) -> None:
    until(lambda: read(product, subscription).get("pendingChange", "away") is None)


def on(product: Node, subscription: str, plan: str) -> int:
    """Have it on this plan, in both systems. Returns its version."""
    key = {"Idempotency-Key": str(uuid4())}
    until(lambda: change(product, subscription, plan, headers=key).status_code != 503)
    answer = change(product, subscription, plan, headers=key)
    assert answer.status_code == 200, answer.text
    version: int = answer.json()["version"]
    return version


def test_a_plan_change_stands_in_the_timeline_of_the_asset(product: Node) -> None:
    on(product, "SUB1121", "Standard")
    asset_id = record_asset(product, "A1121", customer_id="C12346", subscription_id="SUB1121")
    anothers = record_asset(product, "A-other", customer_id="C12345", subscription_id="SUB1121")
    assert change(product, "SUB1121", "Premium").json()["change"]["kind"] == "upgrade"
    assert change(product, "SUB1121", "Premium").status_code == 200, "again, which changes nothing"
    asset = kept_assets(product)[asset_id]
    assert [(one["name"], one["text"]) for one in asset["contents"]["characteristics"]] == [("plan", "Premium")]
    [_, entry] = asset["timeline"]
    assert (entry["trigger"], entry["cause"]["actor"]) == ("modify", "portal")
    assert entry["cause"]["reason"].startswith("plan change ")
    assert len(kept_assets(product)[anothers]["timeline"]) == 1


def test_tc07_a_subscription_is_moved_to_another_plan_in_bss_and_billing(product: Node) -> None:
    for plan, kind, before in (("Basic", "downgrade", "Premium"), ("Standard", "upgrade", "Basic")):
        answer = change(product, "SUB1122", plan)
        body = answer.json()
        assert answer.status_code == 200, body
        assert (body["id"], body["plan"], body["status"]) == ("SUB1122", plan, "active")
        assert (body["change"]["kind"], body["change"]["from"]) == (kind, before)
        assert answer.headers["ETag"] == f'"{body["version"]}"'
        assert read(product, "SUB1122")["plan"] == billed(product, "SUB1122") == plan
    again = change(product, "SUB1122", "Standard").json()
    assert (again["change"]["kind"], again["version"]) == ("unchanged", body["version"])


@pytest.mark.parametrize("method", ["PATCH", "GET"])
@pytest.mark.parametrize("subscription", ["SUB0000", "C12345", "x" * 64, "a%2Fb", "%2E%2E"])
def test_tc08_an_unknown_subscription_is_not_found(product: Node, method: str, subscription: str) -> None:
    body = {"json": {"plan": "Basic"}} if method == "PATCH" else {}
    answer = product.request(method, PATH.format(subscription), "portal", **body)
    assert answer.status_code == 404
    if "%" not in subscription:
        assert (answer.json()["title"], answer.json()["code"]) == ("Subscription not found", "SUBSCRIPTION_NOT_FOUND")


def test_tc09_a_plan_that_is_not_offered_is_refused_with_those_that_are(product: Node) -> None:
    before = read(product, "SUB1122")
    for plan in ("Gold", "basic", "x" * 64, " Basic"):
        problem = change(product, "SUB1122", plan).json()
        assert (problem["status"], problem["title"], problem["code"]) == (400, "Invalid plan value", "INVALID_PLAN")
        assert problem["allowed"] == ["Basic", "Standard", "Premium"]
        assert problem["errors"][0]["pointer"] == "/plan"
    assert read(product, "SUB1122") == before


@pytest.mark.parametrize(
    "body", [{}, {"plan": ""}, {"plan": None}, {"plan": "Basic", "price": 0}, [], {"plan": "x" * 65}]
)
def test_a_body_that_breaks_the_contract_is_refused(product: Node, body: Any) -> None:
    answer = product.request("PATCH", PATH.format("SUB1122"), "portal", json=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_REQUEST")


def test_a_subscription_that_has_ended_is_not_changed(product: Node) -> None:
    answer = change(product, "SUB1119", "Premium")
    assert (answer.status_code, answer.json()["code"]) == (409, "SUBSCRIPTION_TERMINATED")


def test_changing_and_reading_need_their_scopes(product: Node) -> None:
    for method, options in (("PATCH", {"json": {"plan": "Basic"}}), ("GET", {})):
        answer = product.request(method, PATH.format("SUB1122"), "partner-acme", **options)
        assert (answer.status_code, answer.json()["code"]) == (403, "INSUFFICIENT_SCOPE")
        evidence = product.get(f"/api/v1/audit-records/{answer.json()['instance']}")
        assert evidence.status_code == (200 if method == "PATCH" else 404)
        if evidence.ok:
            assert (evidence.json()["client"], evidence.json()["code"]) == ("partner-acme", "INSUFFICIENT_SCOPE")


def test_if_match_must_name_the_version_that_the_subscription_has(product: Node) -> None:
    on(product, "SUB1120", "Basic")
    tag = product.get(PATH.format("SUB1120"), client="portal").headers["ETag"]
    assert change(product, "SUB1120", "Standard", headers={"If-Match": tag}).status_code == 200
    for stale in (tag, f"W/{tag}", '"nothing"'):
        answer = change(product, "SUB1120", "Premium", headers={"If-Match": stale})
        assert (answer.status_code, answer.json()["code"]) == (412, "VERSION_MISMATCH")
    assert read(product, "SUB1120")["plan"] == "Standard"
    assert change(product, "SUB1120", "Premium", headers={"If-Match": "*"}).status_code == 200


def test_a_repeated_request_acts_once_and_gets_the_same_answer(product: Node) -> None:
    on(product, "SUB1120", "Basic")
    key = {"Idempotency-Key": "upgrade-1"}
    with concurrent.futures.ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: change(product, "SUB1120", "Premium", headers=key), range(10)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1
    on(product, "SUB1120", "Standard")
    assert change(product, "SUB1120", "Premium", headers=key).text == answers[0].text, "and acts no more"
    assert read(product, "SUB1120")["plan"] == "Standard"
    change_id = answers[0].json()["change"]["id"]
    for subscription, plan in (("SUB1120", "Basic"), ("SUB1121", "Premium")):
        other = change(product, subscription, plan, headers=key).json()
        assert (other["code"], other["id"]) == ("IDEMPOTENCY_KEY_REUSED", change_id)
    for name, step in (("bss", "change-plan"), ("billing", "bill-plan")):
        assert len(product.backends.ledger(name, key=f"{change_id}:{step}")) == 1


def test_of_changes_at_the_same_time_each_is_made_or_refused_and_both_systems_agree(product: Node) -> None:
    plans = ["Basic", "Standard", "Premium"] * 4
    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda plan: change(product, "SUB1120", plan), plans))
    assert {answer.status_code for answer in answers} <= {200, 409}
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} <= {"CONCURRENT_CHANGE"}
    assert any(answer.status_code == 200 for answer in answers)
    until_agreed(product, "SUB1120")
    assert read(product, "SUB1120")["plan"] == billed(product, "SUB1120")


def test_without_bss_nothing_is_taken_in(product: Node) -> None:
    product.backends.fault("bss", status=503)
    answer = change(product, "SUB1120", "Basic")
    assert (answer.status_code, answer.json()["code"]) == (503, "BACKEND_UNAVAILABLE")
    assert "id" not in answer.json()


@pytest.mark.parametrize("fault", [{"status": 503}, {"status": 500}, {"hang": True}, {"malformed": True}])
def test_while_billing_is_away_the_change_is_tracked_and_then_made(hasty: Node, fault: dict[str, Any]) -> None:
    product = hasty
    on(product, "SUB1120", "Basic")
    product.backends.fault("billing", **fault)
    key = {"Idempotency-Key": f"patient-{fault}"}
    answer = change(product, "SUB1120", "Premium", headers=key)
    problem = answer.json()
    assert (answer.status_code, problem["code"], problem["plan"]) == (503, "STILL_WORKING", "Premium")
    assert "Retry-After" in answer.headers
    pending = read(product, "SUB1120")
    assert (pending["plan"], pending["pendingChange"]["id"]) == ("Premium", problem["id"])
    product.backends.clear()
    until_agreed(product, "SUB1120")
    assert billed(product, "SUB1120") == "Premium"
    until(lambda: change(product, "SUB1120", "Premium", headers=key).status_code != 503)
    done = change(product, "SUB1120", "Premium", headers=key)
    assert (done.status_code, done.json()["change"]["id"]) == (200, problem["id"])


@pytest.mark.parametrize("where", ["bss", "billing"])
def test_an_answer_that_is_lost_changes_nothing_about_the_outcome(product: Node, where: str) -> None:
    on(product, "SUB1120", "Basic")
    operation = {"bss": "changePlan", "billing": "setPlan"}[where]
    product.backends.fault(where, dropAnswer=True, operations=[operation], rate=0.5)
    for plan in ("Premium", "Standard"):
        key = {"Idempotency-Key": f"lost-{where}-{plan}"}
        until(lambda: change(product, "SUB1120", plan, headers=key).status_code == 200)  # noqa: B023
        assert read(product, "SUB1120")["plan"] == billed(product, "SUB1120") == plan
    effects = product.backends.ledger("bss", id="SUB1120")[-2:]
    assert [effect["data"]["plan"] for effect in effects] == ["Premium", "Standard"]


def test_what_billing_refuses_is_changed_back_in_bss(product: Node) -> None:
    on(product, "SUB1120", "Basic")
    product.backends.fault("billing", status=422, operations=["setPlan"])
    answer = change(product, "SUB1120", "Premium")
    problem = answer.json()
    assert (answer.status_code, problem["code"], problem["step"]) == (500, "BACKEND_REFUSED", "bill-plan")
    assert (problem["undone"], problem["notUndone"]) == (["subscription SUB1120 back on Basic"], [])
    assert read(product, "SUB1120")["plan"] == "Basic"


def test_a_change_outlives_a_crash(hasty: Node) -> None:
    hasty.backends.fault("billing", status=503)
    problem = change(hasty, "SUB1122", "Basic").json()
    assert problem["code"] == "STILL_WORKING"
    hasty.kill()
    hasty.backends.clear()
    hasty.start()
    until_agreed(hasty, "SUB1122")
    assert billed(hasty, "SUB1122") == read(hasty, "SUB1122")["plan"] == "Basic"
