"""`kill -9` in every step of placing an order, before and after its effect: nothing is lost, nothing happens twice."""

from collections.abc import Iterator

import pytest

from tests.support.crashes import COMPLETED, STEPS, assert_ended
from tests.support.product import TMF622, Node, effects, partner_order, running_product
from tests.support.waiting import until

NAMES = [operation for _, operation, *_ in STEPS]


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with running_product(tmp_path_factory.mktemp("crashes")) as node:
        yield node


@pytest.mark.parametrize(("backend", "operation", "customer", "so_far", "in_the_end"), STEPS, ids=NAMES)
def test_a_crash_before_the_effect(
    product: Node, backend: str, operation: str, customer: str, so_far: dict[str, int], in_the_end: dict[str, int]
) -> None:
    product.backends.fault(backend, hang=True, operations=[operation])
    order_id = product.post(TMF622, partner_order(customer)).json()["id"]
    until(lambda: product.backends.held(backend))
    assert effects(product.backends, order_id) == so_far
    _crash(product)
    assert_ended(product, order_id, customer, in_the_end)


@pytest.mark.parametrize(("backend", "operation", "customer", "so_far", "in_the_end"), STEPS[1:], ids=NAMES[1:])
def test_a_crash_after_the_effect(
    product: Node, backend: str, operation: str, customer: str, so_far: dict[str, int], in_the_end: dict[str, int]
) -> None:
    product.backends.fault(backend, dropAnswer=True, hang=True, operations=[operation])
    order_id = product.post(TMF622, partner_order(customer)).json()["id"]
    until(lambda: effects(product.backends, order_id) == so_far | {operation: 1})
    _crash(product)
    assert_ended(product, order_id, customer, in_the_end)


def test_a_crash_between_taking_an_order_in_and_beginning_it(product: Node) -> None:
    product.kill()
    product.environment["HOLD_PROCESSES"] = "true"
    product.start()
    order_id = product.post(TMF622, partner_order()).json()["id"]
    product.kill()
    product.environment["HOLD_PROCESSES"] = "false"
    product.start()
    assert_ended(product, order_id, "C12345", COMPLETED)


def test_an_ordinary_stop_in_the_middle_of_a_process(product: Node) -> None:
    product.backends.fault("billing", latencyMs=1500, operations=["charge"])
    order_id = product.post(TMF622, partner_order()).json()["id"]
    until(lambda: product.backends.hit("billing"))
    product.stop()
    product.backends.clear()
    product.start()
    assert_ended(product, order_id, "C12345", COMPLETED)


def _crash(product: Node) -> None:
    product.kill()
    product.backends.clear()
    product.start()
