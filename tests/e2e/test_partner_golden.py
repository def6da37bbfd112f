"""The golden family `product-order` of both sample partners: what each sends in its own words, and what it is told."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.support.golden import filled, requests, require_as_agreed, told
from tests.support.product import ROOT, TMF622, Node

FAMILY = ROOT / "fixtures" / "golden" / "partners" / "product-order"
PATHS = {"v5": TMF622, "v4": TMF622.replace("/v5/", "/v4/")}
REFUSED = "invalid"
"""How the names of requests begin that are answered with 400; all others become orders."""


@pytest.fixture(scope="module")
def product(product_on_sqlite: Node) -> Node:
    return product_on_sqlite


def sent(product: Node, request: Path, values: Mapping[str, str]) -> tuple[Any, Any]:
    """The answer to a golden request, and the order that became of it when its process ended, or None."""
    partner, path = f"partner-{request.parent.parent.name}", PATHS[request.parent.name]
    answer = product.post(path, filled(request, values), client=partner)
    if answer.status_code != 201:
        return answer, None
    order_id = str(answer.json()["id"])
    product.until_finished(order_id)
    return answer, product.get(f"{path}/{order_id}", client=partner).json()


@pytest.mark.parametrize(
    "request_file", requests(FAMILY), ids=lambda file: "-".join((*file.parts[-3:-1], file.name.partition(".")[0]))
)
def test_a_partner_is_answered_as_agreed(product: Node, request_file: Path) -> None:
    values = {"unique": uuid4().hex}
    _, first = sent(product, request_file.with_name("valid-minimal.request.json"), values)
    values |= {"order": first["id"], "product": first["productOrderItem"][0]["product"]["id"]}
    answer, ended = sent(product, request_file, values)
    assert answer.status_code == (400 if request_file.name.startswith(REFUSED) else 201), answer.text
    kept = {"status": answer.status_code, "body": answer.json()} | ({"ended": ended} if ended else {})
    require_as_agreed(request_file, told(kept, values | {"url": product.url}))
