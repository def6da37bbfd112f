"""The backend acts and its answer never arrives: the process asks, and goes on without doing anything twice."""

from collections.abc import Iterator

import pytest

from tests.support.product import ORDERS, TMF622, Node, effects, partner_order, portal_order, running_product
from tests.support.waiting import until

COMPLETED = {"reserve": 2, "createOrder": 1, "charge": 1}
COMPENSATED = {"reserve": 2, "createOrder": 1, "cancelOrder": 1, "release": 2}


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with running_product(tmp_path_factory.mktemp("drops"), PORTAL_WAIT="1") as node:
        yield node


@pytest.mark.parametrize(
    ("backend", "operation"), [("inventory", "reserve"), ("bss", "createOrder"), ("billing", "charge")]
)
def test_a_dropped_answer_on_the_way_is_asked_about(product: Node, backend: str, operation: str) -> None:
    product.backends.fault(backend, dropAnswer=True, operations=[operation])
    order_id = product.post(ORDERS, portal_order()).json()["id"]
    assert product.until_finished(order_id)["status"] == "confirmed", "while answers are still dropped"
    product.backends.clear()
    assert effects(product.backends, order_id) == COMPLETED


@pytest.mark.parametrize(("backend", "operation"), [("inventory", "release"), ("bss", "cancelOrder")])
def test_a_dropped_answer_on_the_way_back_is_repeated_with_the_same_key(
    product: Node, backend: str, operation: str
) -> None:
    product.backends.fault(backend, dropAnswer=True, operations=[operation])
    order_id = product.post(TMF622, partner_order("C40200")).json()["id"]
    until(lambda: product.backends.hit(backend))
    product.backends.clear()
    assert product.until_finished(order_id)["state"] == "FAILED"
    assert effects(product.backends, order_id) == COMPENSATED


@pytest.mark.parametrize(
    ("backend", "operation"),
    [("crm", "getCustomer"), ("inventory", "reserve"), ("bss", "createOrder"), ("billing", "charge")],
)
@pytest.mark.parametrize("fault", [{"status": 503}, {"malformed": True}, {"status": 500}], ids=str)
def test_while_a_backend_is_away_the_order_waits_and_the_portal_is_told(
    product: Node, backend: str, operation: str, fault: dict[str, object]
) -> None:
    product.backends.fault(backend, operations=[operation], **fault)
    answer = product.post(TMF622, partner_order())
    order_id = answer.json()["id"]
    until(lambda: product.backends.hit(backend))
    state = product.get(f"{TMF622}/{order_id}").json()["state"]
    product.backends.clear()
    found = {"malformed": operation in ("reserve", "createOrder", "charge")}
    assert state == "inProgress" or found.get(next(iter(fault)), False)
    assert product.until_finished(order_id)["state"] == "COMPLETED"
    assert effects(product.backends, order_id) == COMPLETED


def test_the_portal_gets_the_order_as_it_is_while_it_goes_on(product: Node) -> None:
    product.backends.fault("billing", status=503, operations=["charge"])
    answer = product.post(ORDERS, portal_order())
    assert (answer.status_code, answer.json()["status"]) == (202, "processing")
    assert int(answer.headers["Retry-After"]) > 0
    order_id = answer.json()["id"]
    assert answer.headers["Location"] == f"{product.url}{ORDERS}/{order_id}"
    assert product.get(f"{ORDERS}/{order_id}").json()["status"] == "processing"
    product.backends.clear()
    assert product.until_finished(order_id)["status"] == "confirmed"
    assert effects(product.backends, order_id) == COMPLETED


def test_the_same_key_after_202_gets_the_finished_order(product: Node) -> None:
    key = {"Idempotency-Key": "again-after-202"}
    product.backends.fault("crm", status=503)
    assert product.post(ORDERS, portal_order(), headers=key).status_code == 202
    product.backends.clear()
    until(lambda: product.post(ORDERS, portal_order(), headers=key).status_code != 202)
    answer = product.post(ORDERS, portal_order(), headers=key)
    assert answer.status_code == 201
    assert effects(product.backends, answer.json()["id"]) == COMPLETED


def test_a_client_that_prefers_not_to_wait_is_answered_at_once_and_by_the_same_key_later(product: Node) -> None:
    headers = {"Idempotency-Key": "not-patient", "Prefer": "respond-async"}
    product.backends.fault("billing", hang=True, operations=["charge"])
    answer = product.post(ORDERS, portal_order(), headers=headers)
    assert (answer.status_code, answer.json()["status"]) == (202, "processing")
    assert answer.headers["Preference-Applied"] == "respond-async"
    order_id = answer.json()["id"]
    product.backends.clear()
    assert product.until_finished(order_id)["status"] == "confirmed"
    again = product.post(ORDERS, portal_order(), headers=headers)
    assert (again.status_code, again.json()["id"]) == (201, order_id)
    assert "Preference-Applied" not in again.headers
