"""Ids that clients give to categories, and addresses that name nothing."""

import json
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest

from tests.support.categories import (
    BOTH,
    below,
    create,
    patch,
)
from tests.support.product import Node

ODD_IDS = [
    "42", "4%2F2", "%", "%25", "a b", " a", "ä€🚀", "\"'", "a?b#c", "a&b=c;d,e", "a:b", "42:version=1.0", "[1]", "..a",
    "\\", "<script>", "-", "null", "*", "i" * 100, "€" * 100, "\u202ex", "A", "\u2167", "\u00a0x", "e\u0301",
]  # fmt: skip


@BOTH
@pytest.mark.parametrize("base", ODD_IDS, ids=ascii)
def test_an_odd_id_names_its_category_in_every_address(product: Node, path: str, base: str) -> None:
    item_id = base if len(base) == 100 else f"{base} {path.split('/')[3]}"
    name = str(uuid4())
    answer = product.post(path, {"id": item_id, "name": name, "lifecycleStatus": "Active"})
    if answer.status_code != 201:  # made by the other version
        assert (answer.status_code, len(base)) == (409 if len(base) == 100 else 0, 100), answer.text
        return
    made, location = answer.json(), answer.headers["Location"].removeprefix(product.url)
    assert (made["id"], made["href"]) == (item_id, answer.headers["Location"])
    assert product.get(location).json() == made
    present = location.removesuffix(":(version=1.0)")
    assert present == f"{path}/{quote(item_id, safe=':()=@+,;!$&' + chr(39) + '*')}"
    strict = f"{path}/{quote(item_id, safe='')}"
    for address in (present, strict):
        assert product.get(address).json() == made | {"href": product.url + present}
    assert product.get(f"{strict}%3A%28version%3D1.0%29").json() == made
    renamed = patch(product, strict, {"description": "new"})
    assert renamed.json()["href"] == f"{product.url}{present}:(version=2.0)"
    child = create(product, path, **below(path, item_id))
    assert product.request("DELETE", strict).json()["code"] == "CATALOG_ITEM_IN_USE"
    for gone in (f"{path}/{child['id']}", strict):
        assert product.request("DELETE", gone).status_code == 204
    assert product.get(strict).status_code == 404


@BOTH
@pytest.mark.parametrize(
    "item_id",
    [
        "", " ", "\t\n", "a/b", "/", "42:(version=1.0)", "(", "a)", ".", "..", "i" * 101, "\0", 7, [], {},
        "a\nb", "a\r\nX-Evil: 1", "\x7f", "\x85", "\x9f", "\u2028",
    ],
    ids=ascii,
)  # fmt: skip
def test_an_id_that_no_address_could_name_is_refused(product: Node, path: str, item_id: Any) -> None:
    body = json.dumps({"id": item_id, "name": "x"})
    answer = product.request("POST", path, data=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400, answer.text
    assert answer.json()["errors"][0]["pointer"] == "/id"


@BOTH
@pytest.mark.parametrize(
    "last",
    [
        "none:(version=1.0)", "42:(version=", "42:(version=)", ":(version=1.0)", "42:(version=1.0)x", "42:(versio=1.0)",
        "42:(version=1.0):(version=1.0)", "42:((version=1.0))", "%3A%28version%3D%29", "%00", "%ff", "%ed%a0%80",
        "42:(version=%00)", "42:(version=%ff)", "v:(version=" + "9" * 3000 + ")", "%F0%9F%9A%80", "%", "%zz", "%2e%2e",
        "42%2F..%2F43", "%252e", "42:(version=1.0)%0a", "42:(version=1.0\n)", "x" * 3000,
    ],
    ids=lambda last: ascii(last)[:40],
)  # fmt: skip
def test_an_address_that_names_nothing_finds_nothing(product: Node, path: str, last: str) -> None:
    for method, body in (("GET", None), ("PATCH", {"name": "x"}), ("DELETE", None)):
        answer = product.request(method, f"{path}/{last}", json=body)
        assert answer.status_code in (400, 404, 405), (method, answer.status_code, answer.text)
