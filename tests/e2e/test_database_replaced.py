"""Orders while somebody replaces or removes SQLite's file: none is confirmed that is gone after a restart."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from tests.support.product import ORDERS, TMF622, Node, effects, partner_order, portal_order, running_product
from tests.support.waiting import LONG, until


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with running_product(tmp_path_factory.mktemp("replaced")) as node:
        yield node


def remove(path: Path) -> None:
    path.rename(path.with_name("aside.db"))


def restore_a_backup(path: Path) -> None:
    remove(path)
    shutil.copy(path.with_name("aside.db"), path)


def remove_the_log(path: Path) -> None:
    path.with_name(f"{path.name}-wal").unlink()


def readiness(node: Node) -> requests.Response:
    return requests.get(f"{node.url}/health/ready", timeout=LONG)


@pytest.mark.parametrize("loss", [remove, restore_a_backup, remove_the_log])
def test_no_order_is_confirmed_that_is_gone_after_a_restart(product: Node, loss: Callable[[Path], None]) -> None:
    path = Path(str(product.database.database))
    product.until_finished(product.post(TMF622, partner_order()).json()["id"])
    charges = len(product.backends.ledger("billing"))
    loss(path)
    keys = [{"Idempotency-Key": f"{loss.__name__}-{number}"} for number in range(10)]
    answers = [product.post(TMF622, partner_order(), headers=key) for key in keys]
    assert {answer.status_code for answer in answers} == {503}
    until(lambda: readiness(product).status_code != 200)  # what it found before counts for a second
    assert "replaced or removed" in readiness(product).json()["problems"][0]
    assert len(product.backends.ledger("billing")) == charges, "nothing is charged for what was not accepted"
    product.stop()
    if loss is remove:
        path.with_name("aside.db").rename(path)
    product.start()
    again = [product.post(TMF622, partner_order(), headers=key) for key in keys]
    assert {answer.status_code for answer in again} == {201}
    for answer in again:
        assert product.until_finished(answer.json()["id"])["state"] == "COMPLETED"
    assert len(product.backends.ledger("billing")) == charges + len(keys)


def test_a_file_that_is_put_back_is_used_without_a_restart(product: Node) -> None:
    path = Path(str(product.database.database))
    remove(path)
    assert product.post(ORDERS, portal_order(), client="portal").status_code == 503
    path.with_name("aside.db").rename(path)
    order = product.post(ORDERS, portal_order(), client="portal")
    assert order.status_code == 201
    assert effects(product.backends, order.json()["id"]) == {"reserve": 2, "createOrder": 1, "charge": 1}
