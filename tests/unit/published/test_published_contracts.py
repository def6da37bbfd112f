"""The contracts as integrators read them."""

import asyncio
import json
import re
import threading
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest
import yaml

from facade.app import contract_of, spec_of
from facade.bootstrap.declared import TMF_APIS
from facade.bootstrap.documents import OURS, TOKENS, published
from facade.contract.overlay import apply_overlay
from facade.published.contracts import PublishedContract
from facade.published.postman import collection
from facade.published.site import ASSETS, POLICY, Page, Site, pages_of
from facade.web.public_address import BASE

ALL = published(issues_tokens=True)
BY_NAME = {one.name: one for one in ALL}
PAGES = pages_of(ALL, "1.2.3")
SPECS = {f"{api.name.lower()}-{name}": served.spec for api in TMF_APIS for name, served in api.versions.items()}
SPECS |= OURS | TOKENS
HERE = "https://api.example/telco"


def asked(path: str, method: str = "GET") -> tuple[int, dict[str, str], bytes]:
    sent: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        sent.extend([{"status": 404, "headers": []}, {"body": b""}])

    async def send(message: Any) -> None:
        sent.append(message)

    served: Any = Site(app, PAGES)
    asyncio.run(served({"type": "http", "method": method, "path": path, "extensions": {BASE: HERE}}, None, send))
    return sent[0]["status"], {name.decode(): value.decode() for name, value in sent[0]["headers"]}, sent[1]["body"]


def test_every_contract_that_is_served_is_shown() -> None:
    assert set(BY_NAME) == set(SPECS)
    assert {one.name for one in published(issues_tokens=False)} == set(SPECS) - {"oauth"}
    index = asked("/")[2].decode()
    for one in ALL:
        assert f'href="docs/{one.name}.json"' in index
        assert f"<code>{one.base_path or '/'}</code>" in index


@pytest.mark.parametrize("contract", ALL, ids=lambda one: one.name)
def test_json_and_yaml_say_the_same_and_what_the_contract_says(contract: PublishedContract) -> None:
    shown = json.loads(asked(f"/docs/{contract.name}.json")[2])
    assert yaml.safe_load(asked(f"/docs/{contract.name}.yaml")[2]) == shown
    spec = json.loads(json.dumps(spec_of(SPECS[contract.name]), default=float))
    apply_overlay(spec, contract.rules)
    assert shown["components"] == spec.get("components", shown.get("components"))
    assert shown["paths"].keys() == spec["paths"].keys()
    [server] = shown["servers"]
    assert urljoin(f"{HERE}/docs/{contract.name}.json", server["url"]).rstrip("/") == HERE + contract.base_path


@pytest.mark.parametrize("contract", ALL, ids=lambda one: one.name)
def test_every_body_of_a_request_has_an_example_that_keeps_the_contract(contract: PublishedContract) -> None:
    judge = contract_of(SPECS[contract.name])
    for path, method, operation in contract.operations():
        for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
            if "schema" not in content or media_type == "application/x-www-form-urlencoded":
                continue
            assert "example" in content, (method, path, media_type)
            found = judge.check_request(operation["operationId"], content["example"], media_type=media_type)
            assert found.violations == (), (method, path)


@pytest.mark.parametrize("contract", ALL, ids=lambda one: one.name)
def test_the_collection_has_every_operation(contract: PublishedContract) -> None:
    made = json.loads(collection(contract, HERE))
    requests = [one["request"] for folder in made["item"] for one in folder["item"]]
    found = {(one["method"].lower(), one["url"]["raw"].removeprefix("{{baseUrl}}")) for one in requests}
    operations = {(method, re.sub(r"\{(\w+)\}", r":\1", path)) for path, method, _ in contract.operations()}
    assert found == operations
    assert made["variable"][0] == {"key": "baseUrl", "value": HERE + contract.base_path}
    assert made["info"]["schema"].endswith("/v2.1.0/collection.json")
    for one in requests:
        if one["method"] == "POST" and "body" in one:
            assert json.loads(one["body"]["raw"]) is not None


@pytest.mark.parametrize("path", PAGES)
def test_a_page_loads_nothing_from_elsewhere(path: str) -> None:
    status, headers, content = asked(path)
    assert (status, headers["content-security-policy"]) == (200, POLICY)
    assert headers["x-content-type-options"] == "nosniff"
    assert "'unsafe" not in POLICY
    assert asked(path, "HEAD")[1:] == (headers, b"")
    if headers["content-type"].startswith("text/html"):
        for link in re.findall(r'(?:href|src)="([^"]*)"', content.decode()):
            address = urljoin(f"{HERE}{path}", link)
            assert address.startswith(f"{HERE}/"), link
            assert address.removeprefix(HERE) in PAGES or address.endswith(("/health/ready", "/metrics")), link
        assert "<script>" not in content.decode()
        assert "style=" not in content.decode()


@pytest.mark.parametrize("contract", ALL, ids=lambda one: one.name)
def test_each_contract_has_a_page_to_try_it(contract: PublishedContract) -> None:
    page = asked(f"/docs/{contract.name}")[2].decode()
    assert f'data-url="{contract.name}.json"' in page
    assert re.findall(r'<script src="([^"]+)"></script>', page) == ["swagger-ui-bundle.js", "page.js"]


@pytest.mark.parametrize("file", ASSETS, ids=lambda file: file.name)
def test_scripts_and_styles_are_in_the_package_and_load_nothing(file: Path) -> None:
    status, headers, content = asked(f"/docs/{file.name}")
    assert (status, headers["content-type"].partition(";")[0]) == (200, ASSETS[file].partition(";")[0])
    assert content
    assert b"sourceMappingURL" not in content
    if file.suffix == ".css":
        assert re.findall(rb"@import|url\((?!data:|\"data:)", content) == []


@pytest.mark.parametrize("path", ["/docs/", "/docs/x", "/docs/../specs", "//docs", "/docs/tmf622-v5"[:-1]])
def test_other_addresses_are_no_pages(path: str) -> None:
    assert asked(path)[0] == 404


def test_a_page_is_only_read() -> None:
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        status, headers, body = asked("/docs", method)
        assert (status, headers["allow"]) == (405, "GET, HEAD")
        assert json.loads(body)["code"] == "METHOD_NOT_ALLOWED"


def test_a_thread_of_its_own_makes_the_pages() -> None:
    """The threads of the event loop check tokens."""
    used: list[str] = []

    def content(_: str) -> bytes:
        used.append(threading.current_thread().name)
        return b""

    site: Any = Site(None, {"/": Page("text/plain", content)})  # type: ignore[arg-type]

    async def send(message: Any) -> None:
        pass

    async def read() -> None:
        scope = {"type": "http", "method": "GET", "path": "/", "extensions": {BASE: HERE}}
        await asyncio.gather(*(site(scope, None, send) for _ in range(3)))

    asyncio.run(read())
    assert used == ["pages_0"] * 3
