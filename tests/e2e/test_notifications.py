"""Notifications reach real listeners: of orders and their cancellations, in both versions, and after a crash."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.notified import assert_keeps_contract
from tests.support.product import TMF622, Node, partner_order, running_product
from tests.support.receiver import Receiver, receiving
from tests.support.waiting import until

V5 = TMF622.rpartition("/")[0] + "/hub"
V4 = V5.replace("/v5/", "/v4/")
CREATE, STATE = "ProductOrderCreateEvent", "ProductOrderStateChangeEvent"
COURSE = [(CREATE, "acknowledged"), (STATE, "inProgress"), (STATE, "completed")]


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with receiving() as one:
        yield one


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with running_product(tmp_path_factory.mktemp("notified"), CALLBACK_NETWORKS="127.0.0.0/8") as node:
        yield node


def register(product: Node, receiver: Receiver, hub: str, path: str, **more: Any) -> str:
    answer = product.post(hub, {"callback": f"{receiver.url}{path}", **more})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def test_an_order_is_told_in_both_versions(product: Node, receiver: Receiver) -> None:
    register(product, receiver, V5, "/both/v5")
    register(product, receiver, V4, "/both/v4")
    placed = product.post(TMF622, partner_order())
    assert placed.status_code == 201, placed.text
    until(lambda: len(receiver.of("/both/v5")) >= 3 and len(receiver.of("/both/v4")) >= 3, lambda: receiver.got)
    assert receiver.states("/both/v5") == COURSE
    assert receiver.states("/both/v4") == COURSE
    for version in ("v5", "v4"):
        for body in receiver.of(f"/both/{version}"):
            assert_keeps_contract("TMF622", version, body["eventType"], body)
            href = body["event"]["productOrder"]["href"]
            assert product.get(href.removeprefix(product.url)).json()["id"] == placed.json()["id"]
