"""Notifications reach real listeners: of orders and their cancellations, in both versions, and after a crash."""

import base64
import hashlib
import hmac
import socket
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.support.notified import assert_keeps_contract
from tests.support.product import ROOT, TMF622, Node, partner_order, running_product
from tests.support.receiver import Got, Receiver, receiving
from tests.support.waiting import LONG, until

V5 = TMF622.rpartition("/")[0] + "/hub"
CANCEL = TMF622.rpartition("/")[0] + "/cancelProductOrder"
V4 = V5.replace("/v5/", "/v4/")
CREATE, STATE = "ProductOrderCreateEvent", "ProductOrderStateChangeEvent"
COURSE = [(CREATE, "acknowledged"), (STATE, "inProgress"), (STATE, "completed")]


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with receiving() as one:
        yield one


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with running_product(tmp_path_factory.mktemp("notified"), CALLBACK_NETWORKS="127.0.0.0/8") as node:
        yield node


def register(product: Node, receiver: Receiver, hub: str, path: str, **more: Any) -> str:
    answer = product.post(hub, {"callback": f"{receiver.url}{path}", **more})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def test_an_order_is_told_in_both_versions(product: Node, receiver: Receiver) -> None:
    register(product, receiver, V5, "/both/v5")
    register(product, receiver, V4, "/both/v4")
    placed = product.post(TMF622, partner_order())
    assert placed.status_code == 201, placed.text
    until(lambda: len(receiver.of("/both/v5")) >= 3 and len(receiver.of("/both/v4")) >= 3, lambda: receiver.got)
    assert receiver.states("/both/v5") == COURSE
    assert receiver.states("/both/v4") == COURSE
    for version in ("v5", "v4"):
        for body in receiver.of(f"/both/{version}"):
            assert_keeps_contract("TMF622", version, body["eventType"], body)
            href = body["event"]["productOrder"]["href"]
            assert product.get(href.removeprefix(product.url)).json()["id"] == placed.json()["id"]


def listener(product: Node, listener_id: str, below: str = "", method: str = "GET", **options: Any) -> Any:
    answer = product.request(method, f"/api/v1/listeners/{listener_id}{below}", **options)
    assert answer.ok, answer.text
    return answer.json()


def test_the_owner_sees_and_steers_its_deliveries(product: Node, receiver: Receiver) -> None:
    mine = register(product, receiver, V5, "/mine", query="eventType=ProductOrderCreateEvent")
    assert listener(product, mine)["state"] == "active"
    assert listener(product, mine, method="PATCH", json={"state": "paused"})["reason"] == "its owner has paused it"
    order_id = product.post(TMF622, partner_order()).json()["id"]
    product.until_finished(order_id)
    assert receiver.of("/mine") == []
    resumed = listener(product, mine, method="PATCH", json={"state": "active", "addressing": "event"})
    assert (resumed["state"], "reason" in resumed) == ("active", False)
    path = "/mine/listener/productOrderCreateEvent"
    until(lambda: len(receiver.of(path)) == 1)
    [first] = until(lambda: listener(product, mine, "/attempts")["items"])
    assert (first["delivered"], first["status"], first["eventId"]) == (True, 204, f"{order_id}-1")
    assert listener(product, mine, "/deliveries") == {"items": [], "total": 0}
    secret = listener(product, mine, "/secret", "POST")["secret"]
    assert listener(product, mine, "/replay", "POST", json={"after": first["number"] - 1}) == {
        "after": first["number"] - 1
    }
    until(lambda: len(receiver.of(path)) == 2)
    got = [one for one in receiver.got if one.path == path]
    assert [one.headers["webhook-id"] for one in got] == [f"{order_id}-1"] * 2
    assert is_signed(got[1], secret)
    assert not is_signed(got[0], secret)
    tested = listener(product, mine, "/test", "POST")
    assert (tested["delivered"], tested["address"]) == (True, f"{receiver.url}/mine/listener/testEvent")
    since: dict[str, Any] = {
        "json": {"since": "2020-01-01T00:00:00Z"},
        "headers": {"Idempotency-Key": f"replay {mine}"},
    }
    assert [listener(product, mine, "/replay", "POST", **since) for _ in range(2)] == [{"after": 0}] * 2
    reused = product.request("POST", f"/api/v1/listeners/{mine}/replay", **since | {"json": {"after": 0}})
    assert (reused.status_code, reused.json()["code"]) == (409, "IDEMPOTENCY_KEY_REUSED")


def test_a_dead_letter_is_seen_and_sent_again(product: Node, receiver: Receiver) -> None:
    receiver.answer = lambda got: 410 if got.path == "/gone" else 204
    ended = register(product, receiver, V5, "/gone")
    product.post(TMF622, partner_order())
    until(lambda: product.get(f"/api/v1/listeners/{ended}").status_code == 404)
    assert product.get(f"{V5}/{ended}").status_code == 404
    receiver.answer = lambda got: 204
    kept = register(product, receiver, V5, "/kept")
    assert listener(product, kept, "/deliveries?state=dead") == {"items": [], "total": 0}
    assert listener(product, kept, "/redeliver", "POST", json={})["deadLetters"] == 0
    for refused in (
        {"after": 1, "since": "2020-01-01T00:00:00Z"},
        {},
        {"since": "2020-02-30T00:00:00Z"},
        {"after": 2**53 - 1},
    ):
        answer = product.post(f"/api/v1/listeners/{kept}/replay", refused)
        assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_REQUEST")


def test_what_waits_is_in_metrics_and_health(product: Node, receiver: Receiver) -> None:
    path = "/waits"
    receiver.answer = lambda got: 503 if got.path == path else 204
    waits = register(product, receiver, V5, path)
    product.post(TMF622, partner_order())
    label = f'facade_notifications_waiting{{client="qa",listener="{waits}"}}'
    until(lambda: label in product.get("/metrics").text)
    until(lambda: 'facade_notifications_total{outcome="refused"}' in product.get("/metrics").text)
    until(lambda: product.get("/health/ready").json()["notifications"].get("failing"))
    assert product.get("/health/ready").status_code == 200
    receiver.answer = lambda got: 204
    until(lambda: label not in product.get("/metrics").text)


def test_another_clients_deliveries_are_not_there(product: Node, receiver: Receiver) -> None:
    mine = register(product, receiver, V5, "/private")
    for method, below in (
        ("GET", ""),
        ("GET", "/attempts"),
        ("GET", "/deliveries"),
        ("POST", "/secret"),
        ("POST", "/test"),
    ):
        answer = product.request(method, f"/api/v1/listeners/{mine}{below}", "partner-acme")
        assert (answer.status_code, answer.json()["code"]) == (404, "LISTENER_NOT_FOUND")
    assert product.post(f"/api/v1/listeners/{mine}/redeliver", {}, "partner-acme").status_code == 404
    assert mine not in [one["id"] for one in product.get("/api/v1/listeners", "partner-acme").json()["items"]]
    assert product.get("/api/v1/listeners", "portal").status_code == 403


def test_a_cancellation_and_products_are_told_and_nothing_is_lost_by_a_crash(product: Node, receiver: Receiver) -> None:
    inventory = "/tmf-api/productInventory/v5/hub"
    answers: list[int] = []

    def fail_once(got: Got) -> int:
        if got.path == "/crash/orders" and not answers:
            answers.append(503)
            return 503
        return 204

    receiver.answer = fail_once
    register(product, receiver, V5, "/crash/orders")
    register(product, receiver, inventory, "/crash/products")
    draft = product.post(TMF622, {**partner_order(), "requestedInitialState": "draft"}).json()["id"]
    until(lambda: answers)
    product.kill()
    product.start()
    cancelled = product.post(
        CANCEL,
        {
            "@type": "CancelProductOrder",
            "productOrder": {"@type": "ProductOrderRef", "id": draft},
        },
    )
    assert cancelled.status_code == 201, cancelled.text
    product.post(TMF622, partner_order())

    def states() -> list[str]:
        """Of the draft, without repetitions."""
        orders = [one for one in receiver.of("/crash/orders") if "productOrder" in one["event"]]
        its = [one for one in orders if one["event"]["productOrder"]["id"] == draft]
        return list(dict.fromkeys(one["event"]["productOrder"]["state"] for one in its))

    until(lambda: states() == ["draft", "cancelled"], states)
    until(lambda: "CancelProductOrderCreateEvent" in [one["eventType"] for one in receiver.of("/crash/orders")])
    until(lambda: "ProductCreateEvent" in [one["eventType"] for one in receiver.of("/crash/products")])
    receiver.answer = lambda got: 204


def test_the_receiver_of_the_documents_runs(product: Node) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    answer = product.post(V5, {"callback": f"http://127.0.0.1:{port}/", "query": "eventType=ProductOrderCreateEvent"})
    secret = listener(product, answer.json()["id"], "/secret", "POST")["secret"]
    example = [sys.executable, str(ROOT / "docs" / "examples" / "receiver.py"), str(port)]
    with subprocess.Popen(example, env={"SECRET": secret}, stdout=subprocess.PIPE, text=True) as running:
        try:
            order_id = product.post(TMF622, partner_order()).json()["id"]
            assert running.stdout is not None
            assert running.stdout.readline() == f"ProductOrderCreateEvent {order_id}-1\n"
            forged = {"webhook-id": "x", "webhook-timestamp": "1", "webhook-signature": "v1,eA=="}
            assert requests.post(f"http://127.0.0.1:{port}/", b"{}", headers=forged, timeout=LONG).status_code == 401
        finally:
            running.kill()


def is_signed(got: Got, secret: str) -> bool:
    content = f"{got.headers['webhook-id']}.{got.headers['webhook-timestamp']}.".encode() + got.raw
    digest = hmac.new(base64.b64decode(secret.removeprefix("whsec_")), content, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}" in got.headers["webhook-signature"].split(" ")
