"""The backends' adapters over real HTTP: against the simulated backends, or against yours.

BACKENDS_UNDER_TEST is their base address; docs/backends.md says what else is needed. Tests that break a backend or look
into its ledger are skipped then.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from adapters.backends.breaker import Breaker, BreakerState
from adapters.backends.contracts import contract
from adapters.backends.registry import NEEDED, Backends, connect
from adapters.backends.transport import Transport
from adapters.backends.versions import Agreement, ContractVersion, ask
from canonical.customers.errors import CustomerNotFound
from canonical.customers.reference import CustomerReference, CustomerStatus
from canonical.ordering.commands import OrderLine, SubmitOrder
from canonical.ordering.items import OrderedOffering
from canonical.ordering.order import Order
from canonical.processes.errors import InsufficientStock, PaymentDeclined
from canonical.processes.ports import ChargeRequest, StockRequest
from canonical.shared.errors import (
    BackendContractError,
    BackendRefused,
    BackendUnavailable,
    CanonicalError,
    OutcomeUnknown,
)
from canonical.shared.money import Money
from tests.support.backends_under_test import Target, backends, target
from tests.support.backends_under_test import simulated_settings as settings
from tests.support.simulators import HELD, running_backends
from tests.support.simulators import Backends as Simulation
from tests.support.waiting import let_pass, until

__all__ = ["backends", "target"]


@pytest.fixture
def simulation(target: Target) -> Iterator[Simulation]:
    running = target.simulated()
    yield running
    running.clear()


@pytest.fixture
def hasty(simulation: Simulation) -> Iterator[Backends]:
    """Does not repeat, and calls again at once whatever Retry-After says."""
    connected = connect(settings(simulation.url, retries=0, longest_hold=0))
    connected.customers.customer("C12345")  # so that a token is there
    yield connected
    simulation.clear()
    connected.close()


@pytest.fixture
def impatient(simulation: Simulation) -> Iterator[Backends]:
    """Waits one second for an answer, and does not repeat."""
    connected = connect(settings(simulation.url, read_timeout=1.0, retries=0))
    yield connected
    simulation.clear()
    connected.close()


def an_order(target: Target, customer_id: str = "", quantity: int = 2) -> Order:
    """One that no run before this had."""
    offering = OrderedOffering(
        "po", "1.0", "An offering", target.has("sku"), Money(Decimal("49.90"), target.known["currency"])
    )
    command = SubmitOrder(
        "portal", customer_id or target.has("customer")["id"], (OrderLine("1", quantity, offering_id="po"),)
    )
    return Order.submit(f"suite-{uuid4()}", command, [offering], datetime.now(UTC))


def a_payment(order: Order, number: str) -> ChargeRequest:
    assert order.amount is not None
    return ChargeRequest(order.id, number, order.amount)


def a_request(target: Target, quantity: int = 1, sku: str = "") -> StockRequest:
    return StockRequest(sku or target.has("sku"), quantity, reference=f"suite-{uuid4()}")


@pytest.mark.parametrize("backend", NEEDED)
def test_a_backend_keeps_the_version_that_we_call_or_does_not_say(target: Target, backend: str) -> None:
    theirs = ask(target.settings[backend].base_url, Transport())
    version = ContractVersion(backend, contract(backend).version, theirs)
    assert version.problem is None
    assert target.simulation is None or version.agreement is Agreement.SAME


def test_a_customer_is_read_from_crm(target: Target, backends: Backends) -> None:
    known = target.has("customer")
    found = backends.customers.customer(known["id"])
    assert found == CustomerReference(known["id"], known["name"], CustomerStatus(known["status"]))


def test_a_customer_that_is_not_verified_says_so(target: Target, backends: Backends) -> None:
    known = target.has("customerNotVerified")
    assert backends.customers.customer(known["id"]).status is CustomerStatus(known["status"])


@pytest.mark.parametrize("id_", ["{unknown}", "a/b", "../bss/orders", "..", "", "%0A", "C1\n", "ünï", "a b?c#d"])
def test_an_unknown_customer_is_unknown_whatever_its_id(target: Target, backends: Backends, id_: str) -> None:
    id_ = target.has("customerUnknown") if id_ == "{unknown}" else id_
    with pytest.raises(CustomerNotFound, match=r"^Customer not found$") as unknown:
        backends.customers.customer(id_)
    assert dict(unknown.value.details) == {"customerId": id_}


def test_an_order_is_carried_out_and_taken_back_each_effect_once(target: Target, backends: Backends) -> None:
    order, request = an_order(target), a_request(target, quantity=2)

    def twice(call: Any, *args: Any) -> Any:
        first = call(*args)
        assert call(*args) == first
        return first

    reservation = twice(backends.stock.reserve, request, f"{order.id}:reserve-1")
    number = twice(backends.bss.create, order, {"1": reservation}, f"{order.id}:create-order")
    payment = a_payment(order, number)
    charge = twice(backends.payments.charge, payment, f"{order.id}:charge")
    assert backends.stock.find_reservation(request) == reservation
    assert backends.bss.find_order(order, {"1": reservation}) == number
    assert backends.payments.find_charge(payment) == charge
    assert not backends.payments.is_refunded(charge, payment)
    assert not backends.bss.is_cancelled(number, order)
    assert not backends.stock.is_released(reservation, request)

    twice(backends.payments.refund, charge, payment, f"{order.id}:undo-charge")
    twice(backends.bss.cancel, number, order, f"{order.id}:undo-create-order")
    twice(backends.stock.release, reservation, request, f"{order.id}:undo-reserve-1")
    assert backends.stock.find_reservation(request) is None
    assert backends.bss.find_order(order, {"1": reservation}) is None
    assert backends.payments.find_charge(payment) is None
    assert backends.payments.is_refunded(charge, payment)
    assert backends.bss.is_cancelled(number, order)
    assert backends.stock.is_released(reservation, request)
    if target.simulation is not None:
        _assert_each_effect_once(target.simulation, order, reservation, number, charge)


def _assert_each_effect_once(simulation: Simulation, order: Order, reservation: str, number: str, charge: str) -> None:
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
    assert created["data"]["items"] == [{"action": "add", "sku": "SKU123", "quantity": 2, "reservationId": reservation}]
    assert (charged["data"]["amount"], charged["data"]["currency"]) == ("99.80", "EUR")


def test_short_stock(target: Target, backends: Backends) -> None:
    short = target.has("skuShort")
    request = a_request(target, short["available"] + 3, short["sku"])
    with pytest.raises(InsufficientStock, match=r"^Insufficient stock$") as refused:
        backends.stock.reserve(request, request.reference)
    assert dict(refused.value.details) == {
        "sku": short["sku"], "requested": request.quantity, "available": short["available"],
    }  # fmt: skip
    assert backends.stock.find_reservation(request) is None


def test_a_declined_payment_leaves_no_charge(target: Target, backends: Backends) -> None:
    order = an_order(target, customer_id=target.has("customerWhoNeverPays"))
    request = a_request(target)
    reservation = backends.stock.reserve(request, f"{order.id}:reserve-1")
    number = backends.bss.create(order, {"1": reservation}, f"{order.id}:create-order")
    payment = a_payment(order, number)
    with pytest.raises(PaymentDeclined, match=r"^Payment failure$"):
        backends.payments.charge(payment, f"{order.id}:charge")
    assert backends.payments.find_charge(payment) is None
    backends.bss.cancel(number, order, f"{order.id}:undo-create-order")
    backends.stock.release(reservation, request, f"{order.id}:undo-reserve-1")


def test_other_refusals_are_not_dressed_up(target: Target, backends: Backends) -> None:
    order, unknown = an_order(target), an_order(target, customer_id=target.has("customerUnknown"))
    request = a_request(target)
    reservation = backends.stock.reserve(request, f"{order.id}:reserve-1")
    number = backends.bss.create(order, {"1": reservation}, f"{order.id}:create-order")
    payment = a_payment(order, number)
    backends.bss.cancel(number, order, f"{order.id}:cancel")
    again, sku = an_order(target), target.has("skuUnknown")
    refused: list[tuple[Callable[[], Any], int]] = [
        (lambda: backends.stock.reserve(a_request(target, sku=sku), f"{order.id}:unknown-sku"), 404),
        (lambda: backends.bss.create(unknown, {"1": reservation}, f"{order.id}:unknown-customer"), 404),
        (lambda: backends.bss.create(again, {"1": reservation}, f"{order.id}:create-order"), 422),
        (lambda: backends.payments.charge(payment, f"{order.id}:charge"), 409),
        (
            lambda: backends.stock.release(target.has("reservationUnknown"), request, f"{order.id}:release"),
            404,
        ),
        (lambda: backends.payments.refund(target.has("chargeUnknown"), payment, f"{order.id}:refund"), 404),
    ]
    for call, status in refused:
        with pytest.raises(BackendRefused) as error:
            call()
        assert error.value.details["status"] == status
    assert not backends.stock.is_released(target.has("reservationUnknown"), request)
    assert not backends.payments.is_refunded(target.has("chargeUnknown"), payment)
    backends.stock.release(reservation, request, f"{order.id}:undo-reserve-1")


@pytest.mark.parametrize(
    ("fault", "reading", "changing"),
    [
        ({"dropAnswer": True}, BackendUnavailable, OutcomeUnknown),
        ({"status": 500}, BackendUnavailable, OutcomeUnknown),
        ({"status": 502}, BackendUnavailable, OutcomeUnknown),
        ({"status": 504}, BackendUnavailable, OutcomeUnknown),
        ({"status": 503}, BackendUnavailable, BackendUnavailable),
        ({"status": 429}, BackendUnavailable, BackendUnavailable),
        ({"status": 401}, BackendUnavailable, BackendUnavailable),
        ({"status": 418}, BackendRefused, BackendRefused),
        ({"malformed": True}, BackendContractError, BackendContractError),
        ({"wrongSchema": True}, BackendContractError, BackendContractError),
    ],
    ids=str,
)
def test_each_fault_is_called_what_it_is(
    target: Target,
    hasty: Backends,
    simulation: Simulation,
    fault: dict[str, Any],
    reading: type[CanonicalError],
    changing: type[CanonicalError],
) -> None:
    simulation.fault("inventory", **fault)
    assert errors_of(hasty, target) == (reading, changing)


@pytest.mark.parametrize("fault", [{"hang": True}, {"latencyMs": HELD}], ids=str)
def test_a_call_that_takes_too_long_is_given_up(
    target: Target, impatient: Backends, simulation: Simulation, fault: dict[str, Any]
) -> None:
    until(lambda: asks(impatient))  # so that a token is there
    simulation.fault("inventory", **fault)
    assert errors_of(impatient, target) == (BackendUnavailable, OutcomeUnknown)
    assert simulation.hit("inventory") == 2, "not repeated"


def errors_of(backends: Backends, target: Target) -> tuple[type[CanonicalError], type[CanonicalError]]:
    """What Inventory's fault is called when something is read and when something is changed."""
    request = a_request(target)
    with pytest.raises(CanonicalError) as read:
        backends.stock.find_reservation(request)
    with pytest.raises(CanonicalError) as changed:
        backends.stock.reserve(request, request.reference)
    assert read.value.details["backend"] == changed.value.details["backend"] == "inventory"
    return type(read.value), type(changed.value)


def asks(backends: Backends) -> bool:
    """Whether CRM is reached."""
    try:
        return bool(backends.customers.customer("C12345"))
    except BackendUnavailable:
        return False


@pytest.mark.parametrize(
    ("fault", "by"),
    [
        ({"dropAnswer": True}, "hasty"),
        ({"malformed": True}, "hasty"),
        ({"wrongSchema": True}, "hasty"),
        ({"dropAnswer": True, "hang": True}, "impatient"),
    ],
    ids=str,
)
def test_after_a_lost_answer_asking_tells_what_happened(
    target: Target,
    hasty: Backends,
    simulation: Simulation,
    fault: dict[str, Any],
    by: str,
    request: pytest.FixtureRequest,
) -> None:
    caller: Backends = request.getfixturevalue(by)
    until(lambda: asks(caller))  # so that a token is there
    order, stock = an_order(target), a_request(target)
    simulation.fault("inventory", operations=["reserve"], **fault)
    simulation.fault("bss", operations=["createOrder"], **fault)
    simulation.fault("billing", operations=["charge"], **fault)
    unknown = (OutcomeUnknown, BackendContractError)
    with pytest.raises(unknown):
        caller.stock.reserve(stock, stock.reference)
    reservation = hasty.stock.find_reservation(stock)
    assert reservation is not None
    with pytest.raises(unknown):
        caller.bss.create(order, {"1": reservation}, f"{order.id}:create-order")
    number = hasty.bss.find_order(order, {"1": reservation})
    assert number is not None
    payment = a_payment(order, number)
    with pytest.raises(unknown):
        caller.payments.charge(payment, f"{order.id}:charge")
    charge = hasty.payments.find_charge(payment)
    assert charge is not None

    simulation.clear()
    assert hasty.payments.charge(payment, f"{order.id}:charge") == charge
    assert len(simulation.ledger("billing", id=charge)) == 1


def test_a_backend_that_fails_now_and_then_is_asked_again(simulation: Simulation) -> None:
    connected = connect(settings(simulation.url))
    simulation.fault("crm", status=500, rate=0.3)
    try:
        assert {connected.customers.customer("C12345").id for _ in range(20)} == {"C12345"}
    finally:
        simulation.clear()
        connected.close()


def test_a_token_service_that_hangs_holds_nobody_longer_than_a_call_may_take(target: Target, tmp_path: Path) -> None:
    with running_backends(tmp_path) as simulation:
        known = settings(simulation.url, read_timeout=0.5, call_timeout=1.0, places=8, breaker_reset_seconds=0.2)
        connected = connect({name: replace(one, breaker_threshold=5) for name, one in known.items()})
        simulation.fault("tokens", hang=True)

        def ask(_: int) -> str:
            with pytest.raises(BackendUnavailable) as away:
                connected.customers.customer("C12345")
            return away.value.message

        with ThreadPoolExecutor(40) as pool:
            messages = Counter(pool.map(ask, range(120)))
        assert messages["no access token for crm is available"] > 0
        assert messages["crm has reached its limit of concurrent calls"] > 0
        assert simulation.hit("tokens") <= messages["no access token for crm is available"], "one timeout each at most"
        assert connected.snapshot()["crm"].in_flight == 0
        simulation.clear()
        until(lambda: asks(connected))
        connected.close()


def test_a_dead_backend_is_spared_and_found_again_when_it_is_back(
    target: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1000.0]
    monkeypatch.setattr("adapters.backends.http.Breaker", partial(Breaker, clock=lambda: now[0]))
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
            connected.stock.reserve(a_request(target), "refused-connection")
        assert not_sent.value.details["operation"] == "reserve"
        simulation.start()
        now[0] += 1
        assert connected.customers.customer("C12345")
        assert connected.states()["crm"] is BreakerState.CLOSED
        connected.close()


def test_a_token_that_ends_is_replaced_without_anybody_noticing(tmp_path: Path) -> None:
    with running_backends(tmp_path, token_seconds=3) as simulation:
        connected = connect(settings(simulation.url, breaker_threshold=1))
        for _ in range(80):
            assert connected.customers.customer("C12345")
            let_pass(0.05)
        connected.close()
