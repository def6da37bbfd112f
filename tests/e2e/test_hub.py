"""Registering for notifications over real HTTP, in both versions. Nothing is sent yet."""

import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.product import TMF622, Node, running_product

V5 = TMF622.rpartition("/")[0] + "/hub"
V4 = V5.replace("/v5/", "/v4/")
CALLBACK = "https://93.184.215.14/events"
QUERY = {
    V4: "eventType=ProductOrderCreateEvent&event.productOrder.orderDate.gt=2026-01-01",
    V5: "eventType=ProductOrderCreateEvent&event.productOrder.creationDate.gt=2026-01-01",
}


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with running_product(tmp_path_factory.mktemp("hub"), CALLBACK_NETWORKS="10.99.0.0/16") as node:
        yield node


@pytest.fixture(params=[V4, V5], ids=["v4", "v5"])
def hub(request: pytest.FixtureRequest) -> str:
    address: str = request.param
    return address


def register(product: Node, hub: str, path: str, client: str = "partner-acme", **more: Any) -> dict[str, Any]:
    answer = product.post(hub, {"callback": f"{CALLBACK}/{path}", **more}, client)
    assert answer.status_code == 201, answer.text
    registered: dict[str, Any] = answer.json()
    assert answer.headers["Location"] == f"{product.url}{hub}/{registered['id']}"
    return registered


def refused(product: Node, hub: str, status: int, **body: Any) -> dict[str, Any]:
    answer = product.post(hub, body, "partner-acme")
    assert answer.status_code == status, answer.text
    error: dict[str, Any] = answer.json()
    assert (error["@type"], error["status"]) == ("Error", str(status))
    return error


def test_a_listener_is_registered_read_and_ended(product: Node, hub: str) -> None:
    registered = register(product, hub, "life", query=QUERY[hub])
    expected = {"id": registered["id"], "callback": f"{CALLBACK}/life", "query": QUERY[hub]}
    assert registered == (expected if hub == V4 else {**expected, "@type": "Hub"})
    read = product.get(f"{hub}/{registered['id']}", "partner-acme")
    assert (read.status_code, read.json()) == (200, registered)
    ended = product.request("DELETE", f"{hub}/{registered['id']}", "partner-acme")
    assert (ended.status_code, ended.content) == (204, b"")
    for method in ("GET", "DELETE"):
        gone = product.request(method, f"{hub}/{registered['id']}", "partner-acme")
        assert (gone.status_code, gone.json()["code"]) == (404, "LISTENER_NOT_FOUND")


def test_without_a_query_there_is_none_in_the_answer(product: Node, hub: str) -> None:
    assert "query" not in register(product, hub, "plain")
    assert "query" not in register(product, hub, "plain-typed", **{"@type": "Hub", "query": ""})


def test_another_clients_listener_is_not_there(product: Node, hub: str) -> None:
    mine = register(product, hub, "mine")["id"]
    other = V4 if hub == V5 else V5
    for method in ("GET", "DELETE"):
        assert product.request(method, f"{hub}/{mine}", "qa").status_code == 404
        assert product.request(method, f"{other}/{mine}", "partner-acme").status_code == 404
        assert product.request(method, f"{hub}/none", "partner-acme").status_code == 404
        assert product.request(method, f"{hub}/%00", "partner-acme").status_code == 404
    assert product.get(f"{hub}/{mine}", "partner-acme").status_code == 200


def test_the_same_listener_is_registered_once(product: Node, hub: str) -> None:
    first = register(product, hub, "twice", query=QUERY[hub])
    error = refused(product, hub, 409, callback=f"{CALLBACK}/twice", query=QUERY[hub])
    assert error["code"] == "LISTENER_EXISTS"
    assert first["id"] in error["message"]
    register(product, hub, "twice", client="qa", query=QUERY[hub])
    register(product, hub, "twice")


def test_a_client_has_so_many_listeners_in_all(product: Node) -> None:
    made: list[str] = []
    while True:
        hub = (V4, V5)[len(made) % 2]
        answer = product.post(hub, {"callback": f"{CALLBACK}/many/{len(made)}"}, "qa")
        if answer.status_code != 201:
            break
        made.append(f"{hub}/{answer.json()['id']}")
    assert 90 < len(made) <= 100
    assert (answer.status_code, answer.json()["code"]) == (409, "TOO_MANY_LISTENERS")
    assert product.request("DELETE", made[0], "qa").status_code == 204
    assert product.post(V4, {"callback": f"{CALLBACK}/many/last"}, "qa").status_code == 201


def test_the_scope_is_needed(product: Node, hub: str) -> None:
    for method, address in (("POST", hub), ("GET", f"{hub}/x"), ("DELETE", f"{hub}/x")):
        answer = product.request(method, address, "portal", json={"callback": CALLBACK} if method == "POST" else None)
        assert (answer.status_code, answer.json()["code"]) == (403, "INSUFFICIENT_SCOPE")


@pytest.mark.parametrize(
    "callback",
    [
        "http://127.0.0.1:8090/billing",
        "http://2130706433/",
        "http://0x7f.1/",
        "http://[::ffff:169.254.169.254]/latest/meta-data/",
        "http://localhost:8080/oauth/token",
        "http://user:secret@93.184.215.14/",
        "http://93.184.215.14/#x",
        "http://%31%32%37.0.0.1/",
        "http://\u2460\u2461\u2466.0.0.1/",
        "http://93.184.215.14\\@127.0.0.1/",
        "http://10.98.0.1/",
        "ftp://93.184.215.14/",
        "x" * 2_001,
        "",
        "\u0000",
    ],
)
def test_a_hostile_callback_is_refused(product: Node, hub: str, callback: str) -> None:
    error = refused(product, hub, 400, callback=callback)
    assert error["code"] == "INVALID_REQUEST"
    assert [found["pointer"] for found in error["errors"]] == ["/callback"]


def test_nothing_is_sent_to_a_callback_when_it_is_registered(product: Node, hub: str) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        listener.setblocking(False)
        port = listener.getsockname()[1]
        refused(product, hub, 400, callback=f"http://localhost:{port}/")
        with pytest.raises(BlockingIOError):
            listener.accept()


def test_an_allowed_network_and_plain_http_in_development_are_taken(product: Node, hub: str) -> None:
    assert product.post(hub, {"callback": "http://10.99.0.1/events"}, "partner-acme").status_code == 201


def test_every_mistake_is_told_at_once(product: Node, hub: str) -> None:
    error = refused(product, hub, 400, callback="nowhere", query="eventType=X", id="mine", secret="s")
    found = {entry["pointer"]: entry for entry in error["errors"]}
    assert set(found) == {"/callback", "/query", "/id", "/secret"}
    assert "ProductOrderCreateEvent" in found["/query"]["allowed"]


def test_a_query_that_is_null_is_none(product: Node, hub: str) -> None:
    assert "query" not in register(product, hub, "null", query=None)


@pytest.mark.parametrize("body", [{}, {"callback": None}, {"callback": 1}, [], "x", None])
def test_what_is_no_registration_is_refused(product: Node, hub: str, body: Any) -> None:
    answer = product.post(hub, body, "partner-acme")
    assert (answer.status_code, answer.json()["@type"]) == (400, "Error")


@pytest.mark.parametrize("member", ["callback", "query"])
def test_a_lone_surrogate_is_refused(product: Node, hub: str, member: str) -> None:
    body = json.dumps({"callback": CALLBACK, member: "\ud800"})
    headers = {"Content-Type": "application/json"}
    assert product.request("POST", hub, "partner-acme", data=body, headers=headers).status_code == 400


def test_the_listeners_of_an_alias_are_those_of_the_address(product: Node) -> None:
    alias = "/tmf/v5/productOrdering/hub"
    registered = register(product, alias, "alias")
    assert product.get(f"{V5}/{registered['id']}", "partner-acme").json() == registered


def test_unknown_query_parameters_and_methods_are_refused(product: Node, hub: str) -> None:
    assert product.post(f"{hub}?fields=id", {"callback": CALLBACK}, "partner-acme").status_code == 400
    assert product.get(f"{hub}/x?fields=id", "partner-acme").status_code == 400
    answer = product.request("GET", hub, "partner-acme")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")


def test_a_listener_outlives_a_restart(product: Node) -> None:
    kept = {hub: register(product, hub, "restart", query=QUERY[hub]) for hub in (V4, V5)}
    product.kill()
    product.start()
    for hub, registered in kept.items():
        assert product.get(f"{hub}/{registered['id']}", "partner-acme").json() == registered


def test_a_network_that_is_none_is_said_at_the_start(product: Node) -> None:
    broken = Node(product.directory, product.backends, {"CALLBACK_NETWORKS": "here"}, name="broken")
    with pytest.raises(AssertionError, match="CALLBACK_NETWORKS='here' is not usable"):
        broken.start()
