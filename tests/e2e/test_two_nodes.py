"""Two nodes on one PostgreSQL: what one leaves undone the other finishes."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.product import ORDERS, TMF622, Node, effects, partner_order, portal_order
from tests.support.simulators import running_backends
from tests.support.waiting import until


@pytest.fixture
def nodes(tmp_path: Path, postgres_url: str) -> Iterator[tuple[Node, Node]]:
    with running_backends(tmp_path) as backends:
        environment = {"DATABASE_URL": postgres_url, "NODE_LEASE": "3"}
        first, second = (Node(tmp_path, backends, environment, name) for name in ("first", "second"))
        first.prepare()
        first.start()
        second.start()
        try:
            yield first, second
        finally:
            first.stop()
            second.stop()


@pytest.mark.parametrize("dropped", [False, True], ids=["before the effect", "after the effect"])
def test_a_node_that_dies_for_good_is_replaced(nodes: tuple[Node, Node], dropped: bool) -> None:
    first, second = nodes
    first.backends.fault("billing", hang=True, dropAnswer=dropped, operations=["charge"])
    order_id = first.post(TMF622, partner_order()).json()["id"]
    before = {"reserve": 2, "createOrder": 1} | ({"charge": 1} if dropped else {})
    until(lambda: first.backends.held("billing"))
    assert effects(first.backends, order_id) == before
    first.kill()
    first.backends.clear()
    assert second.until_finished(order_id)["state"] == "COMPLETED"
    assert effects(first.backends, order_id) == {"reserve": 2, "createOrder": 1, "charge": 1}


def test_what_one_node_took_in_the_other_shows(nodes: tuple[Node, Node]) -> None:
    first, second = nodes
    order = first.post(ORDERS, portal_order()).json()
    assert second.get(f"{ORDERS}/{order['id']}?include=none").json() == order | {"unavailable": []}
    key = {"Idempotency-Key": "across-nodes"}
    answers = [node.post(ORDERS, portal_order(), headers=key) for node in (first, second)]
    assert answers[0].text.replace(str(first.port), "") == answers[1].text.replace(str(second.port), "")
