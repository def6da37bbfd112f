"""The wall clock of a server process is set back or forward: what waits goes on, and nobody is taken for dead."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from tests.support.product import ORDERS, TMF622, Node, effects, partner_order, portal_order
from tests.support.simulators import running_backends
from tests.support.stepped import SteppedClock
from tests.support.waiting import until

HOUR = 3600.0
DAY = 24 * HOUR
COMPLETED = {"reserve": 2, "createOrder": 1, "charge": 1}


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    directory = tmp_path_factory.mktemp("clock")
    with running_backends(directory) as backends:
        node = Node(directory, backends, clock=SteppedClock(directory / "clock"))
        node.prepare()
        node.start()
        try:
            yield node
        finally:
            node.stop()


@pytest.fixture
def nodes(tmp_path: Path, postgres_url: str) -> Iterator[tuple[Node, Node]]:
    """The clock of the second is a day ahead."""
    with running_backends(tmp_path) as backends:
        environment = {"DATABASE_URL": postgres_url}
        clocks = [SteppedClock(tmp_path / f"clock-{name}") for name in ("first", "second")]
        first, second = (Node(tmp_path, backends, environment, clock.file.name, clock) for clock in clocks)
        clocks[1].step(DAY)
        first.prepare()
        first.start()
        second.start()
        try:
            yield first, second
        finally:
            first.stop()
            second.stop()


def waiting(node: Node, order_id: str) -> bool:
    found = node.get(f"/api/v1/operations/processes/place-order/{order_id}").json()
    return bool(found["state"] == "waiting" and found["tries"] > 1)


@pytest.mark.parametrize("step", [-HOUR, HOUR], ids=["1 h back", "1 h on"])
def test_an_order_that_waits_goes_on_whatever_the_clock_says(product: Node, step: float) -> None:
    assert product.clock
    product.backends.fault("billing", status=503, operations=["charge"])
    order_id = product.post(TMF622, partner_order()).json()["id"]
    until(lambda: waiting(product, order_id))
    product.clock.step(step)
    product.backends.clear()
    order = product.until_finished(order_id)
    assert order["state"] == "COMPLETED"
    assert effects(product.backends, order_id) == COMPLETED
    first, last = (datetime.fromisoformat(order["timeline"][at]["at"]) for at in (0, -1))
    assert abs((last - first).total_seconds() - step) < HOUR / 2, "the clock was not stepped"
    assert product.post(ORDERS, portal_order(), client="portal").status_code == 201


def test_nodes_with_different_clocks_take_each_other_for_alive(nodes: tuple[Node, Node]) -> None:
    first, second = nodes
    first.backends.fault("billing", hang=True, operations=["charge"])
    order_id = first.post(TMF622, partner_order()).json()["id"]
    until(lambda: effects(first.backends, order_id) == {"reserve": 2, "createOrder": 1})
    assert first.clock
    for step in (-HOUR, DAY):
        first.clock.step(step)
        assert second.post(TMF622, partner_order()).status_code == 201
    dead = "a node is dead"
    assert dead not in first.log.read_text() + second.log.read_text()
    first.kill()
    first.backends.clear()
    assert second.until_finished(order_id)["state"] == "COMPLETED"
    assert effects(first.backends, order_id) == COMPLETED
    assert dead in second.log.read_text()
