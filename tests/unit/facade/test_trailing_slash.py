"""One slash too many at the end of an address."""

import asyncio
from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin

import pytest

from facade.app import SPECS, spec_of
from facade.bootstrap.declared import TMF_APIS
from facade.web.methods import METHODS, MethodTable
from facade.web.trailing_slash import TrailingSlash

ALIASES = {served.spec: served.aliases for api in TMF_APIS for served in api.versions.values()}
SERVED = [f"tmf/{path.name}" for path in sorted((SPECS / "tmf").glob("*.yaml"))]
SERVED += ["canonical/v1.yaml", "canonical/operations.yaml", "oauth.yaml", "operations.yaml"]
REACHED = 299


def bases() -> Iterator[tuple[str, str]]:
    for spec in SERVED:
        for server in spec_of(spec).get("servers", [{"url": ""}]):
            yield spec, server["url"].rstrip("/")
        yield from ((spec, alias) for alias in ALIASES.get(spec, ()))


TABLE = MethodTable()
OPERATIONS: list[tuple[str, str]] = []
for _spec, _base in bases():
    TABLE.add(_base, spec_of(_spec))
    for _path, _operations in spec_of(_spec)["paths"].items():
        OPERATIONS += [(method, _base + _path) for method in METHODS if method.lower() in _operations]


def answer(method: str, raw_path: str, query: str = "", path: str | None = None) -> tuple[int, str | None]:
    sent: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        sent.append({"status": REACHED, "headers": []})

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": method, "path": path or raw_path, "raw_path": raw_path.encode()}
    served: Any = TrailingSlash(app, TABLE)
    asyncio.run(served(scope | {"query_string": query.encode()}, None, send))
    location = dict(sent[0]["headers"]).get(b"location")
    return sent[0]["status"], location and location.decode()


def test_every_operation_is_found_by_the_address_with_a_slash() -> None:
    assert len(OPERATIONS) > 200
    for method, template in OPERATIONS:
        path = template.replace("{", "").replace("}", "")
        status, location = answer(method, f"{path}/", "a=%2F&b=//evil.example")
        assert status == 308, (method, path)
        assert urljoin(f"https://x.example/prefix{path}/", location) == (
            f"https://x.example/prefix{path}?a=%2F&b=//evil.example"
        )
        assert answer(method, path) == (REACHED, None)


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "//",
        "//evil.example/",
        "///evil.example/",
        "/x/",
        "/tmf-api/",
        "/api/v1/orders//",
        "/\\evil.example/",
        "//api/v1/orders/",
    ],
)
def test_nobody_is_sent_to_an_address_that_is_not_served(path: str) -> None:
    assert answer("GET", path) == (REACHED, None)


def test_an_id_keeps_its_slash() -> None:
    assert answer("GET", "/api/v1/orders/1%2F", path="/api/v1/orders/1/") == (REACHED, None)
    assert answer("GET", "/api/v1/orders/a%20b:c/", path="/api/v1/orders/a b:c/") == (308, "../a%20b:c")
