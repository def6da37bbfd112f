"""The proxy that the tests tamper with answers by: what comes through it, and what does not."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import orjson
import pytest
import requests

from tests.support.tampering import TamperingProxy, tampering
from tests.support.waiting import LONG, until


class Counting(ThreadingHTTPServer):
    """Answers each call with its number, what was sent, and a list."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.calls = 0


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Counting

    def do_POST(self) -> None:
        self.server.calls += 1
        sent = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        things = [{"id": "T1"}, {"id": "T2"}]
        body = orjson.dumps({"call": self.server.calls, "sent": sent, "path": self.path, "things": things})
        self.send_response(200)
        self.send_header("Location", f"/things/{self.server.calls}")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST  # noqa: N815 - named by http.server

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Counting]:
    running = Counting()
    thread = Thread(target=running.serve_forever, args=(0.02,))
    thread.start()
    yield running
    running.shutdown()
    thread.join()
    running.server_close()


@pytest.fixture
def proxy(server: Counting) -> Iterator[TamperingProxy]:
    with tampering(server.server_address[1]) as running:
        yield running


def post(proxy: TamperingProxy, path: str = "/things", body: str = "hello") -> requests.Response:
    return requests.post(proxy.url + path, data=body, timeout=LONG)


def test_without_rules_everything_passes(proxy: TamperingProxy) -> None:
    with requests.Session() as session:
        answers = [session.post(f"{proxy.url}/things?a=b%2Fc", data="é" * 100_000, timeout=LONG) for _ in range(3)]
    assert [answer.json()["call"] for answer in answers] == [1, 2, 3]
    assert {answer.json()["path"] for answer in answers} == {"/things?a=b%2Fc"}
    assert {len(answer.json()["sent"]) for answer in answers} == {100_000}
    assert answers[0].headers["Location"] == "/things/1"


def test_a_rule_changes_the_answers_that_it_is_about(proxy: TamperingProxy) -> None:
    rule = proxy.when("POST", "/things", nth=[2, 3]).set("/things/*/id", "X").set("/new", 1).remove("/sent")
    rule.status(201).header("Location", "/elsewhere").header("Date", None)
    first, second = post(proxy), post(proxy)
    assert first.json()["things"] == [{"id": "T1"}, {"id": "T2"}]
    assert second.json() == {"call": 2, "path": "/things", "things": [{"id": "X"}, {"id": "X"}], "new": 1}
    assert (second.status_code, second.headers["Location"], second.headers.get("Date")) == (201, "/elsewhere", None)
    assert post(proxy, "/other").json()["call"] == 3, "another path is not counted"
    assert "new" not in requests.get(f"{proxy.url}/things", timeout=LONG).json(), "nor is another method"
    assert rule.hits == 1
    assert "new" in post(proxy).json()
    assert "new" not in post(proxy).json()
    proxy.clear()
    assert rule.hits == 2


def test_one_entry_is_changed_and_a_whole_body(proxy: TamperingProxy) -> None:
    proxy.when(path="/one").set("/things/1/id", "X")
    proxy.when(path="/all").set("", ["something else"])
    proxy.when(path="/edited").edit(lambda body: body["call"])
    assert post(proxy, "/one").json()["things"] == [{"id": "T1"}, {"id": "X"}]
    assert post(proxy, "/all").json() == ["something else"]
    assert post(proxy, "/edited").json() == 3


def test_answers_are_swapped(proxy: TamperingProxy) -> None:
    proxy.when("POST").swap()
    assert [post(proxy).json()["call"] for _ in range(4)] == [1, 1, 2, 3]


@pytest.mark.parametrize("how", ["drop", "truncate"])
def test_an_answer_is_lost_after_the_server_has_acted(proxy: TamperingProxy, server: Counting, how: str) -> None:
    rule = proxy.when(nth=1)
    rule.drop() if how == "drop" else rule.truncate(10)
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        post(proxy)
    assert server.calls == 1
    assert post(proxy).json()["call"] == 2


def test_a_call_is_turned_back_before_the_server_sees_it(proxy: TamperingProxy, server: Counting) -> None:
    proxy.when(nth=1).turn_back(503, {"code": "AWAY"})
    answer = post(proxy)
    assert (answer.status_code, answer.json(), server.calls) == (503, {"code": "AWAY"}, 0)
    assert post(proxy).json()["call"] == 1


def test_an_answer_is_late_and_the_caller_may_leave(proxy: TamperingProxy) -> None:
    proxy.when(nth=1).delay(2 * LONG)
    with pytest.raises(requests.ReadTimeout):
        requests.post(f"{proxy.url}/things", timeout=0.3)
    until(lambda: not proxy.passing, lambda: "the call that was left is still held")


def test_shut_it_refuses_connections_and_cuts_those_it_has(proxy: TamperingProxy) -> None:
    with requests.Session() as session:
        assert session.post(proxy.url, timeout=LONG).ok
        proxy.shut()
        with pytest.raises(requests.ConnectionError):
            session.post(proxy.url, timeout=10)
        proxy.open()
        assert session.post(proxy.url, timeout=LONG).ok


def test_a_server_that_leaves_without_an_answer_leaves_the_caller_without_one(server: Counting) -> None:
    with tampering(server.server_address[1]) as proxy:
        server.shutdown()
        server.server_close()
        with pytest.raises(requests.ConnectionError):
            post(proxy)
