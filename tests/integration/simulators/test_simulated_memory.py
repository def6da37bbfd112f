"""What the simulated backends remember: keys, effects, what outlives them."""

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from tests.support.simulator_client import NAMES, Client, name
from tests.support.simulators import running_backends
from tests.support.waiting import until


def test_a_repeated_key_gives_the_first_answer_and_one_effect(client: Client) -> None:
    key, order = name(), client.order()
    first, second = client.charge(order, key), client.charge(order, key)
    assert (second.status_code, second.json()) == (first.status_code, first.json())
    assert second.headers["Location"] == first.headers["Location"]
    assert "Idempotent-Replayed" not in first.headers
    assert second.headers["Idempotent-Replayed"] == "true"
    assert len(client.backends.ledger("billing", key=key)) == 1


def test_a_key_reused_with_other_content_is_refused(client: Client) -> None:
    key, order = name(), client.order()
    client.charge(order, key)
    body = {"orderId": order, "amount": "99.00", "currency": "EUR"}
    answer = client.call("POST", "/billing/charges", body, key=key)
    assert (answer.status_code, answer.json()["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")
    assert len(client.backends.ledger("billing", key=key)) == 1


def test_a_key_reused_on_another_order_is_refused(client: Client) -> None:
    key = name()
    assert client.call("POST", f"/bss/orders/{client.order()}/cancel", {}, key=key).status_code == 200
    assert client.call("POST", f"/bss/orders/{client.order()}/cancel", {}, key=key).status_code == 422


def test_a_key_counts_for_one_operation_only(client: Client) -> None:
    key = name()
    assert client.reserve(key=key).status_code == 201
    body = {"customerId": "C12345", "externalId": name(), "items": [{"sku": "SKU123", "quantity": 1}]}
    assert client.call("POST", "/bss/orders", body, key=key).status_code == 201


def test_a_key_that_is_too_long_is_refused(client: Client) -> None:
    assert client.reserve(key="k" * 200).status_code == 201
    assert client.reserve(key="k" * 201).status_code == 400


def test_a_refused_change_is_judged_anew_under_the_same_key(client: Client) -> None:
    key, before = name(), client.call("GET", "/inventory/stock/SKU456").json()["available"]
    everything = client.reserve("SKU456", before).json()["reservationId"]
    assert client.reserve("SKU456", 1, key=key).status_code == 409
    client.call("DELETE", f"/inventory/reservations/{everything}")
    assert client.reserve("SKU456", 1, key=key).status_code == 201


def test_concurrent_repeats_have_one_effect_and_equal_answers(client: Client) -> None:
    key, order = name(), client.order()
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda _: client.charge(order, key).json(), range(24)))
    assert all(answer == answers[0] for answer in answers)
    assert len(client.backends.ledger("billing", key=key)) == 1
    assert len(client.call("GET", f"/billing/charges?orderId={order}").json()) == 1


def test_without_a_key_a_repeated_charge_is_taken_twice_and_the_ledger_shows_it(client: Client) -> None:
    order = client.order()
    charges = [client.charge(order).json()["chargeId"] for _ in range(2)]
    taken = [effect["id"] for effect in client.backends.ledger("billing") if effect["data"].get("orderId") == order]
    assert taken == charges
    assert len(client.call("GET", f"/scm/shipments/{order}").json()) == 1


def test_undoing_twice_is_one_effect(client: Client) -> None:
    reservation, order = client.reserve().json()["reservationId"], client.order()
    charge = client.charge(order).json()["chargeId"]
    undos = [
        ("DELETE", f"/inventory/reservations/{reservation}", "inventory", reservation),
        ("POST", f"/billing/charges/{charge}/refund", "billing", charge),
        ("POST", f"/bss/orders/{order}/cancel", "bss", order),
    ]
    for method, path, backend, thing in undos:
        first, again = client.call(method, path, key=name()), client.call(method, path, key=name())
        assert (first.status_code, again.status_code) == (200, 200)
        assert first.json() == again.json()
        assert len(client.backends.ledger(backend, id=thing)) == 2  # the making and one undoing


@pytest.mark.parametrize("ending", ["kill", "stop"])
def test_state_ledger_keys_and_tokens_outlive_the_process(tmp_path: Path, ending: str) -> None:
    with running_backends(tmp_path) as backends:
        client, key = Client(backends), name()
        order = client.order()
        charge = client.charge(order, key)
        ledgers = {backend: backends.ledger(backend) for backend in NAMES}
        stock = client.call("GET", "/inventory/stock/SKU123").json()
        getattr(backends, ending)()
        backends.start()
        assert {backend: backends.ledger(backend) for backend in NAMES} == ledgers
        assert client.call("GET", "/inventory/stock/SKU123").json() == stock
        assert client.charge(order, key).json() == charge.json()
        assert backends.ledger("billing") == ledgers["billing"]
        assert client.order() > order


def test_effects_and_their_ledger_agree_after_a_kill_in_full_flight(tmp_path: Path) -> None:
    with running_backends(tmp_path) as backends:
        client = Client(backends)
        done = threading.Event()

        def reserve_until_killed() -> None:
            try:
                while not done.is_set():
                    client.reserve(key=name())
            except requests.RequestException:
                return

        callers = [threading.Thread(target=reserve_until_killed) for _ in range(4)]
        for caller in callers:
            caller.start()
        until(lambda: len(backends.ledger("inventory")) > 20)
        backends.kill()
        done.set()
        for caller in callers:
            caller.join()
    state = sqlite3.connect(tmp_path / "backends.sqlite3")
    effects = state.execute("SELECT count(*) FROM ledger").fetchone()[0]
    answers = state.execute("SELECT count(*) FROM answers").fetchone()[0]
    reservations, reserved = state.execute("SELECT count(*) - 1, sum(quantity) FROM reservations").fetchone()
    held = state.execute("SELECT reserved FROM stock WHERE sku = 'SKU123'").fetchone()[0]
    state.close()
    assert effects == answers == reservations
    assert held == reserved
    assert reservations > 0
