"""Notifications are sent over real HTTP, only to addresses that were checked, and signed."""

import base64
import hashlib
import hmac
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from urllib3 import HTTPConnectionPool, Timeout
from urllib3.exceptions import ConnectTimeoutError

from adapters.events.webhooks import MOST_READ, WebhookSender
from canonical.listeners.delivery import new_secret
from canonical.listeners.notification import Outcome, Outgoing
from canonical.shared.deadline import within
from tests.support.receiver import Got, Receiver, receiving
from tests.support.waiting import LONG

OLD, NEW = new_secret(), new_secret()


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with receiving() as one:
        yield one


def sender(**more: Any) -> WebhookSender:
    return WebhookSender(**{"permits": lambda address: True, "seconds": LONG, "look_up": lambda name: [], **more})


def send(to: str, by: WebhookSender | None = None) -> Outcome:
    return (by or sender()).send(Outgoing(to, "order-1-3", b'{"eventType":"x"}', (NEW, OLD)))


def test_a_notification_is_signed_by_each_secret(receiver: Receiver) -> None:
    outcome = send(f"{receiver.url}/signed?a=1")
    assert (outcome.status, outcome.problem, outcome.delivered) == (204, "", True)
    got = receiver.got[-1]
    assert (got.path, got.raw) == ("/signed?a=1", b'{"eventType":"x"}')
    assert got.headers["webhook-id"] == "order-1-3"
    content = b"order-1-3." + got.headers["webhook-timestamp"].encode() + b"." + got.raw
    expected = []
    for secret in (NEW, OLD):
        key = base64.b64decode(secret.removeprefix("whsec_"))
        expected.append("v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode())
    assert got.headers["webhook-signature"].split(" ") == expected


@pytest.mark.parametrize(
    ("status", "delivered", "unreachable", "gone"),
    [
        (200, True, False, False),
        (201, True, False, False),
        (302, False, False, False),
        (400, False, False, False),
        (410, False, False, True),
        (429, False, True, False),
        (500, False, False, False),
        (503, False, True, False),
    ],
)
def test_what_an_answer_means(receiver: Receiver, status: int, delivered: bool, unreachable: bool, gone: bool) -> None:
    receiver.answer = lambda got: (status, {"Location": f"{receiver.url}/elsewhere", "Retry-After": "7"})
    outcome = send(f"{receiver.url}/{status}")
    assert (outcome.delivered, outcome.unreachable, outcome.gone) == (delivered, unreachable, gone)
    assert outcome.retry_after == 7
    assert receiver.of("/elsewhere") == []


def test_an_address_that_is_not_permitted_is_never_called(receiver: Receiver) -> None:
    before = len(receiver.got)
    private = sender(permits=lambda address: not address.is_loopback)
    outcome = send(f"{receiver.url}/private", private)
    assert (outcome.status, outcome.unreachable) == (None, True)
    assert "is not public" in outcome.problem
    assert len(receiver.got) == before


def test_a_name_is_looked_up_once_and_all_its_addresses_are_checked(receiver: Receiver) -> None:
    port = receiver.url.rpartition(":")[2]
    asked: list[str] = []

    def look_up(name: str) -> list[str]:
        asked.append(name)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    receiver.answer = lambda got: 204
    rebinding = sender(look_up=look_up, permits=lambda address: address == ip_address("127.0.0.1"))
    assert send(f"http://listener.example:{port}/named", rebinding).delivered
    assert receiver.got[-1].headers["Host"] == f"listener.example:{port}"
    assert asked == ["listener.example"]
    both = sender(look_up=lambda name: ["127.0.0.1", "10.0.0.1"], permits=lambda address: str(address) != "10.0.0.1")
    assert "is not public" in send(f"http://listener.example:{port}/mixed", both).problem
    none = sender(look_up=lambda name: [])
    assert send("http://listener.example/none", none).problem == (
        "listener.example has no address, or its name server does not answer"
    )


def test_the_next_address_of_a_name_is_tried_if_one_cannot_be_reached(receiver: Receiver) -> None:
    port = receiver.url.rpartition(":")[2]
    receiver.answer = lambda got: 204
    both = sender(look_up=lambda name: ["127.0.0.2", "127.0.0.1"])
    assert send(f"http://listener.example:{port}/second", both).delivered
    assert len(receiver.of("/second")) == 1
    neither = sender(look_up=lambda name: ["127.0.0.2", "127.0.0.3"])
    assert send(f"http://listener.example:{port}/second", neither).status is None


def test_no_answer_is_no_delivery() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    outcome = send(f"http://127.0.0.1:{port}/")
    assert outcome.status is None
    assert outcome.problem.startswith("no answer: ")


def test_an_answer_that_does_not_end_is_given_up() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        outcome = send(f"http://127.0.0.1:{silent.getsockname()[1]}/", sender(seconds=0.2))
    assert outcome.status is None
    assert outcome.unreachable


def test_the_beginning_of_an_answer_is_kept_and_the_connection_stays_usable() -> None:
    class Talkative(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(500)
            self.send_header("Content-Length", "100000")
            self.end_headers()
            self.wfile.write(b"x" * 100_000)

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    with _serving(HTTPServer(("127.0.0.1", 0), Talkative)) as port:
        again = sender()
        for _ in range(3):
            outcome = send(f"http://127.0.0.1:{port}/", again)
            assert (outcome.status, outcome.answer) == (500, "x" * MOST_READ)


def test_a_certificate_has_to_name_the_host_of_the_callback(tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=example"),
            *("-addext", "subjectAltName=DNS:listener.example", "-keyout", str(key), "-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
    )
    got: list[Got] = []

    class Secure(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            got.append(Got(1, self.path, dict(self.headers), raw, None))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    server = HTTPServer(("127.0.0.1", 0), Secure)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    with _serving(server) as port:
        trusting = sender(look_up=lambda name: ["127.0.0.1"], ca_file=str(certificate))
        assert send(f"https://listener.example:{port}/tls", trusting).problem == ""
        assert got[-1].headers["Host"] == f"listener.example:{port}"
        refused = send(f"https://other.example:{port}/tls", trusting)
        assert refused.status is None
        assert "doesn't match 'listener.example'" in refused.problem
        unknown = sender(look_up=lambda name: ["127.0.0.1"])
        assert "certificate" in send(f"https://listener.example:{port}/tls", unknown).problem.lower()
    assert len(got) == 1


@contextmanager
def _serving(server: HTTPServer) -> Iterator[int]:
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


def test_all_addresses_together_have_the_time_of_one_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[Timeout] = []

    def unreachable(pool: HTTPConnectionPool, *_: Any, timeout: Timeout, **__: Any) -> None:
        tried.append(timeout)
        raise ConnectTimeoutError(pool, "away")

    monkeypatch.setattr(HTTPConnectionPool, "urlopen", unreachable)
    by = sender(seconds=0.5, look_up=lambda name: ["192.0.2.1", "192.0.2.2", "192.0.2.3"])
    with within(0.1):
        assert send("http://listener.example/", by).problem.startswith("no answer")
    assert len(tried) == 3
    assert all(isinstance(one.connect_timeout, float) and one.connect_timeout <= 0.1 for one in tried)
