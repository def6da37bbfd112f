"""The backends' adapters over real HTTP: against the simulators, and against a server that shows what was sent."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from threading import Thread
from typing import Any

import orjson
import pytest
from structlog.contextvars import bound_contextvars

from adapters.backends.breaker import BreakerState
from adapters.backends.registry import NEEDED, Backends, connect
from adapters.backends.settings import BackendSettings
from canonical.customers.reference import CustomerReference, CustomerStatus
from canonical.ordering.commands import OrderLine, SubmitOrder
from canonical.ordering.order import Order, OrderedOffering
from canonical.processes.ports import StockRequest
from canonical.shared.errors import (
    BackendContractError,
    BackendRefused,
    BackendUnavailable,
    CanonicalError,
    CustomerNotFound,
    InsufficientStock,
    OutcomeUnknown,
    PaymentDeclined,
)
from canonical.shared.money import Money
from tests.support.simulators import Backends as Simulation
from tests.support.simulators import running_backends

EUR = Money(Decimal("49.90"), "EUR")
numbers = count(1)


def settings(url: str, **changes: Any) -> dict[str, BackendSettings]:
    patient = {"read_timeout": 5.0, "breaker_threshold": 1000} | changes
    return {
        name: BackendSettings(f"{url}/{name}", f"{url}/oauth/token", "facade", "facade-secret", **patient)
        for name in NEEDED
    }


@pytest.fixture(scope="module")
def simulation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulation]:
    with running_backends(tmp_path_factory.mktemp("backends")) as running:
        yield running


@pytest.fixture
def backends(simulation: Simulation) -> Iterator[Backends]:
    connected = connect(settings(simulation.url))
    yield connected
    simulation.clear()
    connected.close()


@pytest.fixture
def hasty(simulation: Simulation) -> Iterator[Backends]:
    """Waits one second for an answer and does not repeat."""
    connected = connect(settings(simulation.url, read_timeout=1.0, retries=0))
    connected.customers.customer("C12345")  # so that a token is there
    yield connected
    simulation.clear()
    connected.close()


def an_order(customer_id: str = "C12345", sku: str = "SKU123", quantity: int = 2) -> Order:
    offering = OrderedOffering("po", "1.0", "An offering", sku, EUR)
    command = SubmitOrder("portal", customer_id, (OrderLine("1", quantity, offering_id="po"),))
    return Order.submit(f"order-{next(numbers)}", command, [offering], datetime.now(UTC))


def a_request(sku: str = "SKU123", quantity: int = 1) -> StockRequest:
    return StockRequest(sku, quantity, reference=f"reference-{next(numbers)}")


def test_a_customer_is_read_from_crm(backends: Backends) -> None:
    assert backends.customers.customer("C12345") == CustomerReference("C12345", "John Doe", CustomerStatus.VERIFIED)
    assert backends.customers.customer("C50000").status is CustomerStatus.SUSPENDED


@pytest.mark.parametrize("id_", ["C99999", "a/b", "../bss/orders", "..", "", "%0A", "C1\n", "ünï", "a b?c#d"])
def test_an_unknown_customer_is_unknown_whatever_its_id(backends: Backends, id_: str) -> None:
    with pytest.raises(CustomerNotFound, match=r"^Customer not found$") as unknown:
        backends.customers.customer(id_)
    assert dict(unknown.value.details) == {"customerId": id_}


def test_an_order_is_carried_out_and_taken_back_each_effect_once(backends: Backends, simulation: Simulation) -> None:
    order = an_order()
    request = a_request(quantity=2)

    def twice(call: Any, *args: Any) -> Any:
        first = call(*args)
        assert call(*args) == first
        return first

    reservation = twice(backends.stock.reserve, request, f"{order.id}:reserve-1")
    number = twice(backends.bss.create, order, [reservation], f"{order.id}:create-order")
    charge = twice(backends.payments.charge, number, order.amount, f"{order.id}:charge")
    assert backends.stock.find_reservation(request.reference) == reservation
    assert backends.bss.find_order(order.id) == number
    assert backends.payments.find_charge(number) == charge

    twice(backends.payments.refund, charge, f"{order.id}:undo-charge")
    twice(backends.bss.cancel, number, f"{order.id}:undo-create-order")
    twice(backends.stock.release, reservation, f"{order.id}:undo-reserve-1")
    assert backends.stock.find_reservation(request.reference) is None
    assert backends.bss.find_order(order.id) is None
    assert backends.payments.find_charge(number) is None

    effects = [
        (effect["operation"], effect["key"].removeprefix(f"{order.id}:"))
        for backend, id_ in (("inventory", reservation), ("bss", number), ("billing", charge))
        for effect in simulation.ledger(backend, id=id_)
    ]
    assert effects == [
        ("reserve", "reserve-1"), ("release", "undo-reserve-1"),
        ("createOrder", "create-order"), ("cancelOrder", "undo-create-order"),
        ("charge", "charge"), ("refund", "undo-charge"),
    ]  # fmt: skip
    (created, _), (charged, _) = simulation.ledger("bss", id=number), simulation.ledger("billing", id=charge)
    assert created["data"]["externalId"] == order.id
    assert created["data"]["items"] == [{"sku": "SKU123", "quantity": 2, "reservationId": reservation}]
    assert (charged["data"]["amount"], charged["data"]["currency"]) == ("99.80", "EUR")


def test_short_stock(backends: Backends) -> None:
    with pytest.raises(InsufficientStock, match=r"^Insufficient stock$") as short:
        backends.stock.reserve(a_request("SKU999", 3), "short")
    assert dict(short.value.details) == {"sku": "SKU999", "requested": 3, "available": 0}


def test_a_declined_payment_leaves_no_charge(backends: Backends) -> None:
    order = an_order(customer_id="C40200")
    number = backends.bss.create(order, ["RSV001"], f"{order.id}:create-order")
    with pytest.raises(PaymentDeclined, match=r"^Payment failure$"):
        backends.payments.charge(number, EUR, f"{order.id}:charge")
    assert backends.payments.find_charge(number) is None


def test_other_refusals_are_not_dressed_up(backends: Backends) -> None:
    order = an_order()
    number = backends.bss.create(order, ["RSV001"], f"{order.id}:create-order")
    backends.bss.cancel(number, f"{order.id}:cancel")
    refused: list[tuple[Callable[[], Any], int]] = [
        (lambda: backends.stock.reserve(a_request("SKU000"), "unknown-sku"), 404),
        (lambda: backends.bss.create(an_order("C99999"), ["RSV001"], "unknown-customer"), 404),
        (lambda: backends.bss.create(an_order(), ["RSV001"], f"{order.id}:create-order"), 422),
        (lambda: backends.payments.charge(number, EUR, "cancelled"), 409),
        (lambda: backends.stock.release("RSV999999", "unknown-reservation"), 404),
        (lambda: backends.payments.refund("CHG999999", "unknown-charge"), 404),
    ]
    for call, status in refused:
        with pytest.raises(BackendRefused) as error:
            call()
        assert error.value.details["status"] == status


@pytest.mark.parametrize(
    ("fault", "reading", "changing"),
    [
        ({"hang": True}, BackendUnavailable, OutcomeUnknown),
        ({"latencyMs": 2500}, BackendUnavailable, OutcomeUnknown),
        ({"dropAnswer": True}, BackendUnavailable, OutcomeUnknown),
        ({"status": 500}, BackendUnavailable, OutcomeUnknown),
        ({"status": 502}, BackendUnavailable, OutcomeUnknown),
        ({"status": 504}, BackendUnavailable, OutcomeUnknown),
        ({"status": 503}, BackendUnavailable, BackendUnavailable),
        ({"status": 429}, BackendUnavailable, BackendUnavailable),
        ({"status": 401}, BackendUnavailable, BackendUnavailable),
        ({"status": 418}, BackendRefused, BackendRefused),
        ({"malformed": True}, BackendContractError, BackendContractError),
    ],
    ids=str,
)
def test_each_fault_is_called_what_it_is(
    hasty: Backends,
    simulation: Simulation,
    fault: dict[str, Any],
    reading: type[CanonicalError],
    changing: type[CanonicalError],
) -> None:
    simulation.fault("inventory", **fault)
    request = a_request()
    with pytest.raises(reading) as read:
        hasty.stock.find_reservation(request.reference)
    with pytest.raises(changing) as changed:
        hasty.stock.reserve(request, request.reference)
    assert (type(read.value), type(changed.value)) == (reading, changing)
    assert read.value.details["backend"] == changed.value.details["backend"] == "inventory"
    if fault.get("status") in (429, 503):
        assert changed.value.details["retryAfter"] == 1


@pytest.mark.parametrize(
    "fault", [{"dropAnswer": True}, {"malformed": True}, {"dropAnswer": True, "hang": True}], ids=str
)
def test_after_a_lost_answer_asking_tells_what_happened(
    hasty: Backends, simulation: Simulation, fault: dict[str, Any]
) -> None:
    order, request = an_order(), a_request()
    simulation.fault("inventory", operations=["reserve"], **fault)
    simulation.fault("bss", operations=["createOrder"], **fault)
    simulation.fault("billing", operations=["charge"], **fault)
    unknown = (OutcomeUnknown, BackendContractError)
    with pytest.raises(unknown):
        hasty.stock.reserve(request, request.reference)
    reservation = hasty.stock.find_reservation(request.reference)
    assert reservation is not None
    with pytest.raises(unknown):
        hasty.bss.create(order, [reservation], f"{order.id}:create-order")
    number = hasty.bss.find_order(order.id)
    assert number is not None
    with pytest.raises(unknown):
        hasty.payments.charge(number, order.amount, f"{order.id}:charge")
    charge = hasty.payments.find_charge(number)
    assert charge is not None

    simulation.clear()
    assert hasty.payments.charge(number, order.amount, f"{order.id}:charge") == charge
    assert len(simulation.ledger("billing", id=charge)) == 1


def test_a_backend_that_fails_now_and_then_is_asked_again(simulation: Simulation) -> None:
    connected = connect(settings(simulation.url))
    simulation.fault("crm", status=500, rate=0.3)
    try:
        assert {connected.customers.customer("C12345").id for _ in range(20)} == {"C12345"}
    finally:
        simulation.clear()
        connected.close()


def test_a_dead_backend_is_spared_and_found_again_when_it_is_back(tmp_path: Path) -> None:
    with running_backends(tmp_path) as simulation:
        connected = connect(settings(simulation.url, retries=0, breaker_threshold=3, breaker_reset_seconds=1.0))
        assert connected.customers.customer("C12345")
        simulation.kill()
        for _ in range(3):
            with pytest.raises(BackendUnavailable):
                connected.customers.customer("C12345")
        assert connected.states() == dict.fromkeys(NEEDED, BreakerState.CLOSED) | {"crm": BreakerState.OPEN}
        with pytest.raises(BackendUnavailable, match="keeps failing"):
            connected.customers.customer("C12345")
        with pytest.raises(BackendUnavailable) as not_sent:
            connected.stock.reserve(a_request(), "refused-connection")
        assert not_sent.value.details["operation"] == "reserve"
        simulation.start()
        while connected.states()["crm"] is BreakerState.OPEN:
            time.sleep(0.05)
        assert connected.customers.customer("C12345")
        assert connected.states()["crm"] is BreakerState.CLOSED
        connected.close()


def test_a_token_that_ends_is_replaced_without_anybody_noticing(tmp_path: Path) -> None:
    with running_backends(tmp_path, token_seconds=1) as simulation:
        connected = connect(settings(simulation.url, breaker_threshold=1))
        ends = time.monotonic() + 2.5
        while time.monotonic() < ends:
            assert connected.customers.customer("C12345")
            time.sleep(0.05)
        connected.close()


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
    recorder.answers = [(200, JOHN)]
    with bound_contextvars(correlation_id="corr-42"):
        for id_ in ("C1", "a/../b%2F", "ü"):
            recorded.customers.customer(id_)
    paths, headers, ports = zip(*recorder.asked, strict=True)
    assert paths == ("/crm/customers/C1", "/crm/customers/a%2F..%2Fb%252F", "/crm/customers/%C3%BC")
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


class Dripping:
    """Answers with what comes before `|` at once, then byte by byte with a `pause`, for `patience` seconds in all."""

    def __init__(self, answer: bytes, pause: float = 0.1, patience: float = 20.0) -> None:
        self._answer, self._pause, self._patience = answer, pause, patience
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
            ends = time.monotonic() + self._patience
            for byte in body if mark else head:
                if time.monotonic() > ends:
                    return
                connection.sendall(bytes([byte]))
                time.sleep(self._pause)

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join()


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 1000,
        b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n|" + b" " * 1000,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n|" + b"1\r\n \r\n" * 1000,
        b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n|" + b" " * 1000,
        b"HTTP/1.1 500 Oh\r\nContent-Length: 1000\r\n\r\n|" + b" " * 1000,
    ],
    ids=["head", "body", "chunks", "until closed", "refusal"],
)
def test_an_answer_that_comes_in_drips_is_given_up_after_the_time_for_a_whole_one(
    recorder: Recorder, answer: bytes
) -> None:
    dripping = Dripping(answer)
    patient = settings(recorder.url, read_timeout=0.5, retries=0)
    known = {name: replace(one, base_url=dripping.url) for name, one in patient.items()}
    connected = connect(known)
    request = a_request()
    try:
        calls: list[tuple[Callable[[], Any], type[CanonicalError]]] = [
            (lambda: connected.stock.find_reservation(request.reference), BackendUnavailable),
            (lambda: connected.stock.reserve(request, request.reference), OutcomeUnknown),
        ]
        for call, raised in calls:
            began = time.monotonic()
            with pytest.raises(raised) as given_up:
                call()
            assert type(given_up.value) is raised
            assert 0.4 < time.monotonic() - began < 15
    finally:
        connected.close()
        dripping.close()


def test_a_token_service_that_drips_is_given_up_too() -> None:
    dripping = Dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n|" + b" " * 1000)
    connected = connect(settings(dripping.url, read_timeout=0.5, retries=0))
    began = time.monotonic()
    try:
        with pytest.raises(BackendUnavailable, match="no access token"):
            connected.customers.customer("C1")
        assert time.monotonic() - began < 15
    finally:
        connected.close()
        dripping.close()


def test_an_answer_in_time_leaves_the_connection_as_it_was(recorder: Recorder) -> None:
    connected = connect(settings(recorder.url, read_timeout=0.5))
    recorder.answers = [(200, JOHN)]
    try:
        for _ in range(3):
            connected.customers.customer("C1")
            time.sleep(0.3)
    finally:
        connected.close()
    assert len({port for _, _, port in recorder.asked}) == 1
