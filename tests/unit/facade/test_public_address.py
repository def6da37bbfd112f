"""Where clients reach us, by a setting, by a proxy, or as they called."""

import asyncio
from typing import Any

import pytest

from facade.answers import ErrorAnswer
from facade.settings import SettingError, Settings
from facade.web.errors import render
from facade.web.public_address import LONGEST, PublicAddress, public_address, public_prefix

PROXY, OTHER = "10.1.2.3", "192.0.2.7"


def seen(headers: dict[str, str], public_url: str = "", peer: str = PROXY) -> str:
    found: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        found.append(public_address(scope))
        assert public_address(scope).endswith(public_prefix(scope))

    pairs = [(name.lower().encode(), value.encode()) for name, value in ({"Host": "inner:8080"} | headers).items()]
    scope = {"type": "http", "scheme": "http", "headers": pairs, "client": (peer, 1), "server": ("127.0.0.1", 8080)}
    served: Any = PublicAddress(app, public_url, ["10.1.0.0/16", "::1"])
    asyncio.run(served(scope, None, None))
    return found[0]


@pytest.mark.parametrize(
    ("headers", "base"),
    [
        ({}, "http://inner:8080"),
        ({"X-Forwarded-Proto": "https"}, "https://inner:8080"),
        ({"X-Forwarded-Host": "api.example"}, "http://api.example"),
        ({"X-Forwarded-Host": "evil.example, api.example:8443"}, "http://api.example:8443"),
        ({"X-Forwarded-Prefix": "/telco/"}, "http://inner:8080/telco"),
        ({"X-Forwarded-Prefix": "/"}, "http://inner:8080"),
        (
            {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "api.example", "X-Forwarded-Prefix": "/a/b"},
            "https://api.example/a/b",
        ),
        ({"Forwarded": "for=192.0.2.1;proto=https;host=api.example"}, "https://api.example"),
        (
            {"Forwarded": 'for=x;host=evil.example, for="[::1]"; Proto=HTTPS; Host="api.example:1"'},
            "https://api.example:1",
        ),
        ({"Forwarded": "host=a.example;proto=https", "X-Forwarded-Host": "b.example"}, "https://b.example"),
        ({"Forwarded": "host=a.example;proto=https", "X-Forwarded-Proto": "http"}, "http://a.example"),
        ({"X-Forwarded-Host": "a.example/x?y"}, "http://inner:8080"),
        ({"X-Forwarded-Host": "a@b"}, "http://inner:8080"),
        ({"X-Forwarded-Prefix": "//evil.example"}, "http://inner:8080"),
        ({"X-Forwarded-Prefix": "telco"}, "http://inner:8080"),
        ({"X-Forwarded-Proto": "javascript"}, "http://inner:8080"),
        ({"X-Forwarded-Proto": "http, https"}, "https://inner:8080"),
        ({"X-Forwarded-Proto": "https, http"}, "http://inner:8080"),
        ({"X-Forwarded-Proto": "HTTPS"}, "https://inner:8080"),
        ({"X-Forwarded-Proto": "wss"}, "http://inner:8080"),
        ({"X-Forwarded-Proto": "wss", "Forwarded": "proto=https"}, "https://inner:8080"),
        ({"Forwarded": ' Host = "a.example" ; proto = https '}, "https://a.example"),
        ({"Forwarded": 'host="a.example'}, "http://inner:8080"),
        ({"Forwarded": r'host="a\".example"'}, "http://inner:8080"),
        ({"Forwarded": "host=a b"}, "http://inner:8080"),
        ({"Forwarded": f'host={" " * LONGEST}"x'}, "http://inner:8080"),
        ({"X-Forwarded-Host": "a" * (LONGEST + 1)}, "http://inner:8080"),
        ({"Forwarded": "proto=javascript;;=;host"}, "http://inner:8080"),
    ],
)
def test_a_trusted_proxy_tells_the_address_and_nobody_else(headers: dict[str, str], base: str) -> None:
    assert seen(headers) == base
    assert seen(headers, peer=OTHER) == "http://inner:8080"
    assert seen(headers, public_url="https://set.example/x/") == "https://set.example/x"


def test_a_request_without_a_host_has_the_servers() -> None:
    assert seen({"Host": ""}) == "http://127.0.0.1:8080"


def test_the_address_of_another_order_has_the_prefix() -> None:
    answer = ErrorAnswer(409, "EXTERNAL_ID_TAKEN", "x", "y", extra={"orderId": "1"})
    body, _ = render(answer, "/api/v1/orders", "id", "/telco")
    assert b'"/telco/api/v1/orders/1"' in body


@pytest.mark.parametrize("text", ["https://api.example?x=1", "https://api.example/#a", "api.example", "ftp://x"])
def test_a_public_url_is_the_beginning_of_addresses(text: str) -> None:
    with pytest.raises(SettingError, match="PUBLIC_URL"):
        Settings.from_environment({"PUBLIC_URL": text})


def test_proxies_are_addresses_or_networks() -> None:
    assert [str(one) for one in Settings().proxies] == ["127.0.0.1/32", "::1/128"]
    with pytest.raises(SettingError, match="TRUSTED_PROXIES"):
        Settings.from_environment({"TRUSTED_PROXIES": "proxy.example"})
