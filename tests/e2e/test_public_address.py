"""Behind a gateway: every address in an answer is the one at which the client reaches us; and calls from browsers."""

import re
from typing import Any
from urllib.parse import urljoin
from uuid import uuid4

import requests

from facade.app import spec_of
from facade.bootstrap.declared import TMF_APIS
from tests.support.product import ORDERS, TMF622, Node, partner_order, portal_order

V4 = TMF622.replace("/v5/", "/v4/")
TMF620 = "/tmf-api/productCatalogManagement"
GATEWAY = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "api.example", "X-Forwarded-Prefix": "/telco"}
BASE = "https://api.example/telco"
RFC7239 = {"Forwarded": "for=192.0.2.1;proto=https;host=api.example", "X-Forwarded-Prefix": "/telco"}
SPECS = ["canonical/v1.yaml", "canonical/operations.yaml"]
SPECS += [served.spec for api in TMF_APIS for served in api.versions.values()]
LISTS = [
    f"{spec_of(spec)['servers'][0]['url'].rstrip('/')}{path}"
    for spec in SPECS
    for path, operations in spec_of(spec)["paths"].items()
    if "get" in operations and "{" not in path
]


def addresses(value: Any) -> list[str]:
    """Every text in a document that is an address of ours."""
    if isinstance(value, dict):
        return [one for member in value.values() for one in addresses(member)]
    if isinstance(value, list):
        return [one for member in value for one in addresses(member)]
    ours = isinstance(value, str) and ("/tmf-api/" in value or "/api/v1/" in value)
    return [value] if ours else []


def check(product: Node, answer: requests.Response) -> list[str]:
    assert answer.ok, answer.text
    found = addresses(answer.json()) + [link["url"] for link in answer.links.values()]
    found += [answer.headers["Location"]] if "Location" in answer.headers else []
    assert [one for one in found if not one.startswith(f"{BASE}/")] == []
    assert str(product.port) not in answer.text + str(dict(answer.headers))
    return found


def test_lists_and_what_is_in_them(product_on_sqlite: Node) -> None:
    product = product_on_sqlite
    product.post(TMF622, partner_order())
    product.post(ORDERS, portal_order(SKU123=1))
    assert len(LISTS) > 20
    linked = set()
    for headers in (GATEWAY, RFC7239):
        for path in LISTS:
            answer = product.get(f"{path}?limit=1", headers=headers)
            linked |= {path for _ in check(product, answer)} if answer.ok else set()
            found = answer.json()
            if isinstance(found, list) and found:
                assert check(product, product.get(f"{path}/{found[0]['id']}", headers=headers)), path
    assert linked >= {TMF622, V4, f"{TMF620}/v5/category", f"{TMF620}/v4/productOffering", "/api/v1/orders"}


def test_what_is_created_and_changed(product_on_sqlite: Node) -> None:
    product = product_on_sqlite
    bodies: list[tuple[str, Any]] = [
        (TMF622, partner_order()),
        (ORDERS, portal_order(SKU123=1)),
        (f"{TMF620}/v5/category", {"@type": "Category", "name": str(uuid4())}),
        (f"{TMF620}/v4/category", {"name": str(uuid4())}),
        (TMF622.rpartition("/")[0] + "/hub", {"callback": "https://listener.example/x"}),
        (V4.rpartition("/")[0] + "/hub", {"callback": "https://listener.example/x"}),
    ]
    for path, body in bodies:
        answer = product.post(path, body, headers=GATEWAY)
        assert answer.headers["Location"].startswith(f"{BASE}{path}/"), path
        check(product, answer)
    order = product.post(V4, {**partner_v4(), "externalId": str(uuid4()), "x_note": "carried"}, headers=GATEWAY)
    assert order.headers["X-Audit-Record"].startswith(f"{BASE}/api/v1/audit-records/")
    patched = product.request("PATCH", f"{V4}/{order.json()['id']}", json={"description": "x"}, headers=GATEWAY)
    assert check(product, patched)


def partner_v4() -> dict[str, Any]:
    return {
        "relatedParty": [{"id": "C12345", "role": "Customer", "@referredType": "Customer"}],
        "productOrderItem": [{"id": "1", "action": "add", "productOffering": {"id": "po_tv_basic"}}],
    }


def test_an_order_that_is_in_the_way_is_named_with_the_prefix(product_on_sqlite: Node) -> None:
    product = product_on_sqlite
    body = {**partner_v4(), "externalId": str(uuid4())}
    first = product.post(V4, body).json()
    second = product.post(V4, body, headers=GATEWAY)
    assert (second.status_code, second.json()["code"]) == (409, "EXTERNAL_ID_TAKEN")
    assert second.json()["existingOrder"] == f"/telco{V4}/{first['id']}"


def test_a_page_of_an_allowed_origin_may_call_every_list(product_on_sqlite: Node) -> None:
    url, origin = product_on_sqlite.url, {"Origin": "https://portal.example"}
    ask = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,idempotency-key"}
    for path in LISTS:
        beforehand = requests.options(f"{url}{path}", headers=origin | ask, timeout=60)
        assert beforehand.status_code == 200, path
        answers = [beforehand, requests.get(f"{url}{path}", headers=origin, timeout=60)]
        answers.append(product_on_sqlite.get(f"{path}?limit=1", headers=origin))
        answers.append(product_on_sqlite.get(path, headers=origin | {"Accept": "text/html"}))
        assert [one.headers["Access-Control-Allow-Origin"] for one in answers] == [origin["Origin"]] * 4, path
        assert answers[1].status_code == 401
        assert "X-Total-Count" in answers[2].headers["Access-Control-Expose-Headers"]
        other = requests.get(f"{url}{path}", headers={"Origin": "https://evil.example"}, timeout=60)
        assert "Access-Control-Allow-Origin" not in other.headers


def test_the_index_leads_to_every_contract_and_its_examples_are_accepted(product_on_sqlite: Node) -> None:
    product = product_on_sqlite
    index = requests.get(product.url, headers={"Accept": "text/html"}, timeout=60)
    assert (index.status_code, index.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert "<code>/oauth/token</code>" in index.text
    for link in re.findall(r'href="(docs/[^"]*)"', index.text):
        assert requests.get(f"{product.url}/{link}", timeout=60).status_code == 200, link
    led = requests.get(f"{product.url}/docs/", headers={"Accept": "text/html"}, timeout=60)
    assert (led.url, led.status_code, [one.status_code for one in led.history]) == (f"{product.url}/docs", 200, [308])
    assert requests.post(f"{product.url}/docs", timeout=60).status_code == 405
    assert requests.get(f"{product.url}/docs/nothing", headers={"Accept": "text/html"}, timeout=60).status_code == 404
    for name in ("tmf622-v5", "tmf622-v4", "tmf620-v5", "tmf620-v4", "tmf637-v5", "tmf637-v4"):
        contract = requests.get(f"{product.url}/docs/{name}.json", timeout=60).json()
        base = urljoin(f"{product.url}/docs/", contract["servers"][0]["url"])
        for path, operations in contract["paths"].items():
            if "post" not in operations or path in ("/hub", "/cancelProductOrder", "/importJob", "/exportJob"):
                continue
            body = operations["post"]["requestBody"]["content"]["application/json"]["example"]
            body = body | ({"externalId": str(uuid4())} if name == "tmf622-v4" else {})
            answer = product.post(f"{base}{path}".removeprefix(product.url), body)
            assert answer.status_code == 201, (name, path, answer.text)
