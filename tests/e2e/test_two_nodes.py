"""Two nodes on one PostgreSQL: what one leaves undone the other finishes."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
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


def test_an_external_id_belongs_to_one_order_whichever_nodes_are_asked_at_once(nodes: tuple[Node, Node]) -> None:
    body = partner_order() | {"externalId": [{"owner": "acme", "externalIdentifierType": "PO", "id": "4711"}]}
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda number: nodes[number % 2].post(TMF622, body), range(8)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7
    [order_id] = [answer.json()["id"] for answer in answers if answer.ok]
    assert {answer.json()["existingOrder"] for answer in answers if not answer.ok} == {f"{TMF622}/{order_id}"}
