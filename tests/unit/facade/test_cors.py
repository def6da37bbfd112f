"""Calls from pages in a browser."""

import asyncio
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from facade.app import SPECS, spec_of
from facade.partners.api_versions import VersionTerms
from facade.settings import SettingError, Settings
from facade.web.cors import SENT, SHOWN, for_browsers
from facade.web.limits import Quota
from facade.web.methods import METHODS

OPERATORS = Path(__file__).parents[3] / "docs" / "operators.md"
FACADE = Path(__file__).parents[3] / "facade"
PORTAL = "https://portal.example"
NORTHBOUND = [
    str(path.relative_to(SPECS)) for folder in ("tmf", "canonical") for path in (SPECS / folder).glob("*.yaml")
]


def asked(method: str, *origins: str, **headers: str) -> tuple[int, dict[str, str], bool]:
    """Status, headers, and whether the application was called."""
    sent: list[Any] = []
    called: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        called.append(scope["method"])
        await send({"type": "http.response.start", "status": 401, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def send(message: Any) -> None:
        sent.append(message)

    pairs = [(name.replace("_", "-").lower().encode(), value.encode()) for name, value in headers.items()]
    served: Any = for_browsers(app, origins)
    asyncio.run(served({"type": "http", "method": method, "path": "/", "headers": pairs}, None, send))
    told = {name.decode().lower(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], told, bool(called)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("header", SENT)
def test_a_question_beforehand_needs_no_token(method: str, header: str) -> None:
    status, told, called = asked(
        "OPTIONS",
        PORTAL,
        Origin=PORTAL,
        Access_Control_Request_Method=method,
        Access_Control_Request_Headers=header.lower(),
    )
    assert (status, called) == (200, False)
    assert told["access-control-allow-origin"] == PORTAL
    assert method in told["access-control-allow-methods"]
    assert header.lower() in told["access-control-allow-headers"].lower()
    assert "access-control-allow-credentials" not in told


def test_an_answer_may_be_read_with_its_headers_even_when_it_is_a_refusal() -> None:
    status, told, called = asked("GET", PORTAL, Origin=PORTAL)
    assert (status, called) == (401, True)
    assert told["access-control-allow-origin"] == PORTAL
    assert set(told["access-control-expose-headers"].split(", ")) == set(SHOWN)
    assert told["vary"] == "Origin"


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "http://portal.example", "https://portal.example.evil.example", "null"]
)
def test_other_origins_may_not(origin: str) -> None:
    for origins in ((PORTAL,), ()):
        assert "access-control-allow-origin" not in asked("GET", *origins, Origin=origin)[1]
        beforehand = asked("OPTIONS", *origins, Origin=origin, Access_Control_Request_Method="POST")
        assert "access-control-allow-origin" not in beforehand[1]


def test_without_a_setting_no_origin_may() -> None:
    assert asked("GET", Origin=PORTAL)[1] == {}
    assert Settings().browser_origins == ()


def parameters(spec: str) -> Iterator[Any]:
    document = spec_of(spec)
    yield from document["components"].get("parameters", {}).values()
    for operations in document["paths"].values():
        for operation in operations.values():
            yield from (operation if isinstance(operation, list) else operation.get("parameters", ()))


@pytest.mark.parametrize("spec", NORTHBOUND)
def test_every_header_of_the_contracts_may_be_sent(spec: str) -> None:
    names = {one["name"].lower() for one in parameters(spec) if one.get("in") == "header"}
    assert names <= {name.lower() for name in SENT}


@pytest.mark.parametrize("spec", NORTHBOUND)
def test_every_header_of_the_answers_may_be_read(spec: str) -> None:
    shown = {name.lower() for name in SHOWN}
    for operations in spec_of(spec)["paths"].values():
        for operation in operations.values():
            for answer in operation.get("responses", {}).values() if isinstance(operation, dict) else ():
                assert {name.lower() for name in answer.get("headers", {})} <= shown


def test_what_answers_say_of_versions_and_limits_may_be_read() -> None:
    terms = VersionTerms(datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC), "v5", "https://a.example")
    assert {*terms.headers({"v5": "/v5"}), *Quota(3, 1.0, 2).headers()} <= set(SHOWN)


def test_every_header_of_our_own_may_be_read() -> None:
    modules = [one for one in FACADE.rglob("*.py") if one.name != "cors.py"]
    ours = {name for one in modules for name in re.findall(r'"(X-[A-Z][A-Za-z-]+)"', one.read_text())}
    assert {"X-Total-Count", "X-Audit-Record"} <= ours <= set(SHOWN)


@pytest.mark.parametrize("header", ["traceparent", "tracestate"])
def test_a_page_may_say_which_trace_its_request_belongs_to(header: str) -> None:
    asks = {"Access_Control_Request_Method": "GET", "Access_Control_Request_Headers": header}
    assert asked("OPTIONS", PORTAL, Origin=PORTAL, **asks)[0] == 200


def test_the_headers_are_documented() -> None:
    text = OPERATORS.read_text()
    page = text[text.index("## Browsers") :]
    assert [name for name in (*SENT, *SHOWN) if f"`{name}`" not in page] == []


@pytest.mark.parametrize(
    "text", ["*", "portal.example", "https://a.example/", "https://a.example/x", "https://u@a.example", "null"]
)
def test_an_origin_is_scheme_host_and_port(text: str) -> None:
    with pytest.raises(SettingError, match="ALLOWED_ORIGINS"):
        Settings.from_environment({"ALLOWED_ORIGINS": text})
    allowed = Settings.from_environment({"ALLOWED_ORIGINS": "https://a.example, http://localhost:3000"})
    assert allowed.browser_origins == ("https://a.example", "http://localhost:3000")
