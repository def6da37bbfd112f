"""The backends' adapters over the wire: against a server that shows what was sent, and one that is very slow."""

import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count, cycle
from threading import Thread
from typing import Any

import orjson
import pytest
import requests
from structlog.contextvars import bound_contextvars

from adapters.backends.messages import Outgoing
from adapters.backends.registry import Backends, connect
from adapters.backends.transport import Transport
from canonical.processes.ports import StockRequest
from canonical.shared.deadline import within
from canonical.shared.errors import BackendContractError, BackendUnavailable, CanonicalError, OutcomeUnknown
from tests.support.backends_under_test import simulated_settings as settings
from tests.support.waiting import LONG, let_pass

numbers = count(1)


def a_request() -> StockRequest:
    return StockRequest("SKU123", 1, reference=f"reference-{next(numbers)}")


class Recorder(ThreadingHTTPServer):
    """Answers every backend's calls from `answers`, the last one again and again, and keeps what was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Recording)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.answers: list[tuple[int, bytes]] = []
        self.tokens = count(1)
        self.asked: list[tuple[str, dict[str, str], int]] = []

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that leaves in the middle of an answer is part of the tests."""


class _Recording(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Recorder

    def do_GET(self) -> None:
        self.server.asked.append((self.path, dict(self.headers), self.client_address[1]))
        answers = self.server.answers
        self._answer(*(answers.pop(0) if len(answers) > 1 else answers[0]))

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(200, orjson.dumps({"access_token": f"token-{next(self.server.tokens)}", "expires_in": 3600}))

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Location", "/elsewhere")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


JOHN = orjson.dumps({"id": "C1", "name": "John", "status": "verified", "loyalty": "gold"})


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    server = Recorder()
    thread = Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def recorded(recorder: Recorder) -> Iterator[Backends]:
    connected = connect(settings(recorder.url))
    yield connected
    connected.close()


def test_calls_share_a_connection_and_carry_the_correlation_id(recorder: Recorder, recorded: Backends) -> None:
    ids = ("C1", "a..b%2F", "ü")
    recorder.answers = [(200, orjson.dumps(orjson.loads(JOHN) | {"id": id_})) for id_ in ids]
    with bound_contextvars(correlation_id="corr-42"):
        for id_ in ids:
            recorded.customers.customer(id_)
    paths, headers, ports = zip(*recorder.asked, strict=True)
    assert paths == ("/crm/customers/C1", "/crm/customers/a..b%252F", "/crm/customers/%C3%BC")
    assert {one["X-Correlation-Id"] for one in headers} == {"corr-42"}
    assert {one["Authorization"] for one in headers} == {"Bearer token-1"}
    assert len(set(ports)) == 1


def test_a_rejected_token_is_renewed_over_the_wire(recorder: Recorder, recorded: Backends) -> None:
    recorder.answers = [(200, JOHN), (401, b"{}"), (200, JOHN)]
    recorded.customers.customer("C1")
    recorded.customers.customer("C1")
    assert [headers["Authorization"] for _, headers, _ in recorder.asked] == [
        "Bearer token-1", "Bearer token-1", "Bearer token-2",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "answer", [(200, b" " * (2 * 1024 * 1024)), (302, b""), (204, b"")], ids=["huge", "moved", "empty"]
)
def test_strange_answers_are_contract_errors(recorder: Recorder, recorded: Backends, answer: tuple[int, bytes]) -> None:
    recorder.answers = [answer]
    with pytest.raises(BackendContractError):
        recorded.customers.customer("C1")
    assert [path for path, _, _ in recorder.asked] == ["/crm/customers/C1"]


def test_many_threads_share_one_backend(recorder: Recorder, recorded: Backends) -> None:
    recorder.answers = [(200, JOHN)]
    threads = [Thread(target=lambda: [recorded.customers.customer("C1") for _ in range(10)]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(recorder.asked) == 80
    assert len({port for _, _, port in recorder.asked}) <= 8


def test_a_backend_without_settings_is_named() -> None:
    with pytest.raises(ValueError, match="no settings for inventory, billing"):
        connect({name: one for name, one in settings("http://x").items() if name in ("crm", "bss")})


class Steps:
    """Stands in for a clock: each time it is looked at, so many seconds have gone by."""

    def __init__(self, seconds: float) -> None:
        self.now, self._seconds = 1000.0, seconds

    def __call__(self) -> float:
        self.now += self._seconds
        return self.now


class Dripping:
    """Answers with what comes before `|` at once, then byte by byte, again and again without end."""

    def __init__(self, answer: bytes) -> None:
        self._answer = answer
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self._thread = Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                Thread(target=self._drip, args=(self._listening.accept()[0],), daemon=True).start()

    def _drip(self, connection: socket.socket) -> None:
        with suppress(OSError), connection:
            connection.recv(65536)
            head, mark, body = self._answer.partition(b"|")
            connection.sendall(head if mark else b"")
            drops = body if mark else head
            for byte in cycle(drops):
                connection.sendall(bytes([byte]))
                let_pass(0.02)

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join()


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 100_000,
        b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n| ",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n|1\r\n \r\n",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n| ",
        b"HTTP/1.1 500 Oh\r\nContent-Length: 1000000\r\n\r\n| ",
    ],
    ids=["head", "body", "chunks", "until closed", "refusal"],
)
def test_an_answer_that_comes_in_drips_is_given_up_after_the_time_for_a_whole_one(
    recorder: Recorder, answer: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = Steps(LONG / 10)
    monkeypatch.setattr("adapters.backends.transport.monotonic", steps)
    dripping = Dripping(answer)
    patient = settings(recorder.url, retries=0)
    known = {name: replace(one, base_url=dripping.url) for name, one in patient.items()}
    connected = connect(known)
    request = a_request()
    try:
        calls: list[tuple[Callable[[], Any], type[CanonicalError]]] = [
            (lambda: connected.stock.find_reservation(request), BackendUnavailable),
            (lambda: connected.stock.reserve(request, request.reference), OutcomeUnknown),
        ]
        for call, raised in calls:
            began = steps.now
            with pytest.raises(raised) as given_up:
                call()
            assert type(given_up.value) is raised
            assert LONG <= steps.now - began <= 2 * LONG
    finally:
        connected.close()
        dripping.close()


def test_a_deadline_ends_a_drip_before_the_time_for_a_whole_answer(recorder: Recorder) -> None:
    dripping = Dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n| ")
    known = {name: replace(one, base_url=dripping.url) for name, one in settings(recorder.url, retries=0).items()}
    connected = connect(known)
    try:
        with within(1), pytest.raises(BackendUnavailable):
            connected.customers.customer("C1")
    finally:
        connected.close()
        dripping.close()


def test_the_time_that_connecting_took_is_not_given_to_the_answer() -> None:
    """The deadline counts while an answer is read, whatever read timeout was set before connecting."""
    dripping = Dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n| ")
    transport, asked = Transport(), Outgoing("GET", dripping.url, {}, None).open()
    try:
        with within(1), pytest.raises(requests.ConnectionError):
            list(transport.send(asked, stream=True, timeout=(9 * LONG, 9 * LONG)).iter_content())
    finally:
        transport.close()
        dripping.close()


def test_what_is_left_is_on_the_wire(recorder: Recorder, recorded: Backends) -> None:
    recorder.answers = [(200, JOHN)]
    with within(LONG / 2):
        recorded.customers.customer("C1")
    assert 0 < int(recorder.asked[0][1]["X-Request-Timeout-Ms"]) <= LONG / 2 * 1000


def test_a_token_service_that_drips_is_given_up_too() -> None:
    dripping = Dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n| ")
    connected = connect(settings(dripping.url, read_timeout=0.5, retries=0))
    try:
        with pytest.raises(BackendUnavailable, match="no access token"):
            connected.customers.customer("C1")
    finally:
        connected.close()
        dripping.close()


def test_an_answer_in_time_leaves_the_connection_as_it_was(recorder: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr("adapters.backends.transport.monotonic", lambda: now[0])
    connected = connect(settings(recorder.url))
    recorder.answers = [(200, JOHN)]
    try:
        for _ in range(3):
            connected.customers.customer("C1")
            now[0] += 0.6 * LONG
    finally:
        connected.close()
    assert len({port for _, _, port in recorder.asked}) == 1
