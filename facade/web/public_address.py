"""The address at which clients reach us: set, told by a trusted proxy, or the one that was called."""

import re
from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

BASE = "facade.public_address"
"""The key in the scope's extensions: scheme, host and the part of the path that a gateway strips, if there is one."""

HOST = re.compile(rb"([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?")
PREFIX = re.compile(r"(/[A-Za-z0-9._~-]+)*/?")
_PAIR = re.compile(r'\s*(host|proto)\s*=\s*(?:"([^"\\]*)"|([^\s;,"]*))\s*', re.IGNORECASE)
_SCHEMES = ("http", "https")

Headers = Iterable[tuple[bytes, bytes]]


class PublicAddress:
    """ASGI middleware.

    `public_url` counts if it is set. Otherwise a proxy in `trusted` may tell scheme, host and prefix, by
    `X-Forwarded-*` or by `Forwarded` (RFC 7239); what another caller says in these headers is ignored. Of several
    values the last one counts, which the proxy next to us added. uvicorn's middleware reads `X-Forwarded-Proto` and
    `X-Forwarded-For`.
    """

    def __init__(self, app: ASGIApp, public_url: str, trusted: Iterable[str]) -> None:
        self._app = app
        self._public = public_url.rstrip("/")
        self._forwarded = ProxyHeadersMiddleware(self._addressed, list(trusted))  # type: ignore[arg-type]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        told: dict[str, str] = {}
        if not self._public and (scope.get("client") or ("",))[0] in self._forwarded.trusted_hosts:
            told = dict(_told(scope["headers"]))
            scope["scheme"] = told.get("proto", scope["scheme"])
        scope.setdefault("extensions", {})[BASE] = told
        await self._forwarded(scope, receive, send)  # type: ignore[arg-type]

    async def _addressed(self, scope: Scope, receive: Receive, send: Send) -> None:
        told: dict[str, str] = scope["extensions"][BASE]
        host = told.get("host") or _last(scope["headers"], b"host") or _server(scope)
        scope["extensions"][BASE] = self._public or f"{scope['scheme']}://{host}{told.get('prefix', '')}"
        await self._app(scope, receive, send)


def public_address(scope: Scope) -> str:
    """Without a slash at its end."""
    base: str = scope["extensions"][BASE]
    return base


def public_prefix(scope: Scope) -> str:
    """The part of the path that a gateway strips; mostly empty."""
    return urlsplit(str(scope.get("extensions", {}).get(BASE, ""))).path


def _told(headers: Headers) -> Iterator[tuple[str, str]]:
    element = _last(headers, b"forwarded")
    pairs = dict(_pair(part) for part in element.split(";")) if element else {}
    host = _last(headers, b"x-forwarded-host") or pairs.get("host", "")
    prefix = _last(headers, b"x-forwarded-prefix")
    if HOST.fullmatch(host.encode("latin1")):
        yield "host", host
    if PREFIX.fullmatch(prefix):
        yield "prefix", prefix.rstrip("/")
    if pairs.get("proto", "").lower() in _SCHEMES:
        yield "proto", pairs["proto"].lower()


def _pair(text: str) -> tuple[str, str]:
    found = _PAIR.fullmatch(text)
    return (found[1].lower(), found[2] or found[3] or "") if found else ("", "")


def _last(headers: Headers, name: bytes) -> str:
    """The last value of a header, which may occur more than once and have several values."""
    values = [value for known, value in headers if known == name]
    return values[-1].decode("latin1").rpartition(",")[2].strip() if values else ""


def _server(scope: Scope) -> str:
    host, port = scope.get("server") or ("localhost", 80)
    return f"{host}:{port}"
