"""Giving an order up, at every moment of its life: what was done is undone, or the order goes on and says why."""

from collections.abc import Iterator

import pytest

from tests.support.product import ORDERS, TMF622, Node, effects, partner_order, portal_order, running_product
from tests.support.simulators import HELD
from tests.support.waiting import until

TASKS = TMF622.rpartition("/")[0] + "/cancelProductOrder"
REASON = {"reason": "ordered by mistake"}


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with running_product(tmp_path_factory.mktemp("cancel")) as node:
        yield node


def _cancel(product: Node, order_id: str) -> None:
    answer = product.post(f"{ORDERS}/{order_id}/cancel", REASON)
    assert answer.status_code == 202, answer.text
    assert answer.json()["state"] in ("ASSESSING_CANCELLATION", "CANCELLING", "CANCELLED")


@pytest.mark.parametrize(
    ("backend", "operation", "in_the_end"),
    [
        ("crm", "getCustomer", {}),
        ("inventory", "reserve", {"reserve": 1, "release": 1}),
        ("bss", "createOrder", {"reserve": 2, "release": 2, "createOrder": 1, "cancelOrder": 1}),
    ],
)
def test_a_cancellation_while_a_step_is_in_flight_undoes_what_was_done(
    product: Node, backend: str, operation: str, in_the_end: dict[str, int]
) -> None:
    product.backends.fault(backend, latencyMs=HELD, operations=[operation])
    order_id = product.post(TMF622, partner_order()).json()["id"]
    until(lambda: product.backends.held(backend))
    _cancel(product, order_id)
    product.backends.clear()
    order = product.until_finished(order_id)
    assert (order["state"], order["status"]) == ("CANCELLED", "cancelled")
    assert effects(product.backends, order_id) == in_the_end
    read = product.get(f"{TMF622}/{order_id}").json()
    assert (read["state"], read["cancellationReason"]) == ("cancelled", REASON["reason"])
    assert read["cancellationDate"]


def test_a_cancellation_while_a_backend_is_away_does_not_wait_for_it(product: Node) -> None:
    product.backends.fault("billing", status=503, operations=["charge"])
    order_id = product.post(TMF622, partner_order()).json()["id"]
    until(lambda: product.backends.hit("billing"))
    _cancel(product, order_id)
    assert product.until_finished(order_id)["state"] == "CANCELLED"
    product.backends.clear()
    undone = {"reserve": 2, "release": 2, "createOrder": 1, "cancelOrder": 1}
    assert effects(product.backends, order_id) == undone


def test_a_cancellation_while_the_charge_is_in_flight_comes_too_late(product: Node) -> None:
    product.backends.fault("billing", latencyMs=HELD, operations=["charge"])
    order_id = product.post(TMF622, partner_order()).json()["id"]
    until(lambda: product.backends.held("billing"))
    _cancel(product, order_id)
    product.backends.clear()
    order = product.until_finished(order_id)
    assert (order["state"], order["paymentStatus"]) == ("COMPLETED", "success")
    states = [entry["state"] for entry in order["timeline"]]
    assert states[-3:] == ["ASSESSING_CANCELLATION", "FULFILLING", "COMPLETED"]


def test_a_charge_that_is_perhaps_taken_is_settled_before_the_cancellation(product: Node) -> None:
    product.backends.fault("billing", dropAnswer=True, operations=["charge", "findCharges"])
    order_id = product.post(TMF622, partner_order()).json()["id"]
    until(lambda: effects(product.backends, order_id).get("charge") == 1)
    _cancel(product, order_id)
    asked = product.backends.hit("billing")
    until(lambda: product.backends.hit("billing") > asked)
    product.backends.clear()
    assert product.until_finished(order_id)["state"] == "COMPLETED"
    assert effects(product.backends, order_id) == {"reserve": 2, "createOrder": 1, "charge": 1}


def test_an_order_that_has_not_begun_is_simply_cancelled(product: Node) -> None:
    product.stop()
    product.environment["HOLD_PROCESSES"] = "true"
    product.start()
    order_id = product.post(TMF622, partner_order()).json()["id"]
    _cancel(product, order_id)
    product.stop()
    product.environment["HOLD_PROCESSES"] = "false"
    product.start()
    assert product.until_finished(order_id)["state"] == "CANCELLED"
    assert effects(product.backends, order_id) == {}


@pytest.mark.parametrize(("customer", "state"), [("C12345", "COMPLETED"), ("C40200", "FAILED")])
def test_an_order_that_has_ended_is_not_cancelled(product: Node, customer: str, state: str) -> None:
    order_id = product.post(ORDERS, portal_order(customer)).json()["id"]
    answer = product.post(f"{ORDERS}/{order_id}/cancel", REASON)
    assert (answer.status_code, answer.json()["code"]) == (409, "INVALID_TRANSITION")
    assert answer.json()["state"] == state
    assert answer.json()["allowedActions"] == ["annotate"]


def test_an_order_is_cancelled_once(product: Node) -> None:
    product.backends.fault("crm", latencyMs=HELD)
    order_id = product.post(TMF622, partner_order()).json()["id"]
    _cancel(product, order_id)
    again = product.post(f"{ORDERS}/{order_id}/cancel", REASON)
    product.backends.clear()
    assert again.status_code == 409
    assert product.until_finished(order_id)["state"] == "CANCELLED"


def test_a_crash_while_cancelling_is_recovered_from(product: Node) -> None:
    product.backends.fault("bss", hang=True, operations=["cancelOrder"])
    product.backends.fault("billing", status=503, operations=["charge"])
    order_id = product.post(TMF622, partner_order()).json()["id"]
    until(lambda: effects(product.backends, order_id).get("createOrder") == 1)
    _cancel(product, order_id)
    until(lambda: product.get(f"{TMF622}/{order_id}").json()["state"] == "pendingCancellation")
    product.kill()
    product.backends.clear()
    product.start()
    assert product.until_finished(order_id)["state"] == "CANCELLED"
    undone = {"reserve": 2, "release": 2, "createOrder": 1, "cancelOrder": 1}
    assert effects(product.backends, order_id) == undone


@pytest.mark.parametrize(
    ("backend", "operation", "so_far", "state", "in_the_end"),
    [
        ("inventory", "reserve", {"reserve": 1}, "CANCELLED", {"reserve": 1, "release": 1}),
        (
            "bss",
            "createOrder",
            {"reserve": 2, "createOrder": 1},
            "CANCELLED",
            {"reserve": 2, "release": 2, "createOrder": 1, "cancelOrder": 1},
        ),
        (
            "billing",
            "charge",
            {"reserve": 2, "createOrder": 1, "charge": 1},
            "COMPLETED",
            {"reserve": 2, "createOrder": 1, "charge": 1},
        ),
    ],
)
def test_a_cancellation_after_a_crash_knows_of_the_call_that_was_in_flight(
    product: Node, backend: str, operation: str, so_far: dict[str, int], state: str, in_the_end: dict[str, int]
) -> None:
    product.backends.fault(backend, dropAnswer=True, hang=True, operations=[operation])
    order_id = product.post(TMF622, partner_order()).json()["id"]
    until(lambda: effects(product.backends, order_id) == so_far)
    product.kill()
    product.backends.clear()
    product.environment["HOLD_PROCESSES"] = "true"
    product.start()
    _cancel(product, order_id)
    product.stop()
    product.environment["HOLD_PROCESSES"] = "false"
    product.start()
    assert product.until_finished(order_id)["state"] == state
    assert effects(product.backends, order_id) == in_the_end


def test_another_partners_order_cannot_be_cancelled(product: Node) -> None:
    order_id = product.post(TMF622, partner_order(), client="portal").json()["id"]
    assert product.post(f"{ORDERS}/{order_id}/cancel", REASON, client="partner-acme").status_code == 404


def test_a_partner_cancels_by_a_task_and_reads_its_outcome(product: Node) -> None:
    product.backends.fault("billing", status=503, operations=["charge"])
    order_id = product.post(TMF622, partner_order(), client="partner-acme").json()["id"]
    until(lambda: effects(product.backends, order_id).get("createOrder") == 1)
    body = {
        "@type": "CancelProductOrder",
        "cancellationReason": "changed my mind",
        "productOrder": {"@type": "ProductOrderRef", "id": order_id},
        "acmeTicket": "T-1",
    }
    answer = product.post(TASKS, body, client="partner-acme")
    assert (answer.status_code, answer.json()["state"]) == (201, "acknowledged")
    task = answer.json()
    assert answer.headers["Location"] == task["href"]
    assert task["productOrder"]["href"] == f"{product.url}{TMF622}/{order_id}"
    assert product.until_finished(order_id)["state"] == "CANCELLED"
    product.backends.clear()
    read = product.get(f"{TASKS}/{task['id']}", client="partner-acme").json()
    assert read["state"] == "done"
    assert "released" in read["outcome"]
    assert read["effectiveCancellationDate"]
    assert read["acmeTicket"] == "T-1"
    assert task["id"] in {known["id"] for known in product.get(f"{TASKS}?limit=5", client="partner-acme").json()}
    for query in (
        f"productOrder.id={order_id}&state=done",
        f"filter=$.productOrder[?(@.id=='{order_id}')]&sort=-state",
    ):
        page = product.get(f"{TASKS}?{query}&limit=1", client="partner-acme")
        assert ([known["id"] for known in page.json()], page.headers["X-Total-Count"]) == ([task["id"]], "1"), query
        assert page.json()[0]["href"] == task["href"]
    assert product.get(f"{TASKS}?productOrder.id={order_id}&state.ne=done", client="partner-acme").json() == []
    assert product.get(f"{TASKS}?stat=done").json()["errors"][0]["pointer"] == "/stat"
    chosen = product.get(f"{TASKS}/{task['id']}?fields=productOrder.id", client="partner-acme").json()
    assert (chosen["productOrder"]["id"], "state" in chosen) == (order_id, False)
    assert product.get(f"{TMF622}/{order_id}", client="partner-acme").json()["cancellationReason"] == "changed my mind"


def test_a_task_that_comes_too_late_ends_with_an_error_that_names_the_milestone(product: Node) -> None:
    product.backends.fault("billing", latencyMs=HELD, operations=["charge"])
    order_id = product.post(TMF622, partner_order()).json()["id"]
    until(lambda: product.backends.held("billing"))
    body = {"@type": "CancelProductOrder", "productOrder": {"@type": "ProductOrderRef", "id": order_id}}
    task = product.post(TASKS, body).json()
    product.backends.clear()
    assert product.until_finished(order_id)["state"] == "COMPLETED"
    read = product.get(f"{TASKS}/{task['id']}").json()
    assert (read["state"], read["blockingMilestone"]) == ("terminatedWithError", "charged")


def test_a_task_for_an_order_that_is_not_ones_own_or_has_ended_is_refused(product: Node) -> None:
    order_id = product.post(ORDERS, portal_order(), client="portal").json()["id"]
    body = {"@type": "CancelProductOrder", "productOrder": {"@type": "ProductOrderRef", "id": order_id}}
    assert product.post(TASKS, body, client="partner-acme").json()["code"] == "ORDER_NOT_FOUND"
    ended = product.post(TASKS, body)
    assert (ended.status_code, ended.json()["code"]) == (409, "INVALID_TRANSITION")
    assert ended.json()["message"] == "an order in state completed cannot be cancelled; it can be annotated"
    refused = product.post(TASKS, body | {"state": "done", "id": "mine"})
    assert {error["pointer"] for error in refused.json()["errors"]} == {"/state", "/id"}
