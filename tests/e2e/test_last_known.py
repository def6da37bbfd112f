"""The last known value stands in for a backend that is away, where the operator allows it, and says that it does."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.product import ORDERS, Node, portal_order, running_product


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    directory: Path = tmp_path_factory.mktemp("product")
    with running_product(directory, LAST_KNOWN_SECONDS="300") as node:
        yield node


def test_what_was_known_stands_in_and_is_marked(product: Node) -> None:
    order = product.post(ORDERS, portal_order()).json()
    paths = {f"{ORDERS}/{order['id']}": "shipments", "/api/v1/customer/C12345/context": "recentShipments"}
    before = {path: product.get(path).json() for path in paths}
    product.backends.fault("scm", status=503)
    for path, part in paths.items():
        answer = product.get(path).json()
        [missing] = answer["unavailable"]
        assert (missing["part"], missing["stale"], missing["code"]) == (part, True, "BACKEND_UNAVAILABLE")
        assert missing["asOf"] is not None
        assert answer | {"unavailable": []} == before[path]
    another = product.post(ORDERS, portal_order()).json()
    answer = product.get(f"{ORDERS}/{another['id']}").json()
    assert (answer["shipments"], answer["unavailable"][0]["stale"]) == (None, False), "nothing was known of it"


def test_a_customer_who_is_gone_is_gone_whatever_was_known(product: Node) -> None:
    path = "/api/v1/customer/C12345/context"
    product.backends.clear()
    assert product.get(path).status_code == 200
    product.backends.fault("crm", status=404, operations=["getCustomer"])
    assert product.get(path).status_code == 404
    product.backends.fault("crm", status=503)
    assert product.get(path).json()["profile"] is None
