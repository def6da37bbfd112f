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
LONGEST = 1_000
"""Bytes of a value. Longer ones are ignored, because these headers are read before anything else of a request is."""
_SCHEMES = ("http", "https")

Headers = Iterable[tuple[bytes, bytes]]


class PublicAddress:
    """ASGI middleware.

    `public_url` counts if it is set. Otherwise a proxy in `trusted` may tell scheme, host and prefix, by
    `X-Forwarded-*` or by `Forwarded` (RFC 7239); what another caller says in these headers is ignored. Of several
    values the last one counts, which the proxy next to us added. uvicorn's middleware reads `X-Forwarded-For`.
    """

    def __init__(self, app: ASGIApp, public_url: str, trusted: Iterable[str]) -> None:
        self._app = app
        self._public = public_url.rstrip("/")
        self._forwarded = ProxyHeadersMiddleware(self._addressed, list(trusted))  # type: ignore[arg-type]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        trusted = (scope.get("client") or ("",))[0] in self._forwarded.trusted_hosts
        told = {"proto": scope["scheme"], **(dict(_told(scope["headers"])) if trusted else {})}
        scope.setdefault("extensions", {})[BASE] = told
        await self._forwarded(scope, receive, send)  # type: ignore[arg-type]

    async def _addressed(self, scope: Scope, receive: Receive, send: Send) -> None:
        told: dict[str, str] = scope["extensions"][BASE]
        scope["scheme"] = told["proto"]  # uvicorn takes wss, and does not take the last of several
        host = told.get("host") or _last(scope["headers"], b"host") or _server(scope)
        scope["extensions"][BASE] = self._public or f"{told['proto']}://{host}{told.get('prefix', '')}"
        await self._app(scope, receive, send)


def public_address(scope: Scope) -> str:
    """Without a slash at its end."""
    base: str = scope["extensions"][BASE]
    return base


def public_prefix(scope: Scope) -> str:
    """The part of the path that a gateway strips; mostly empty."""
    return urlsplit(str(scope.get("extensions", {}).get(BASE, ""))).path


def _told(headers: Headers) -> Iterator[tuple[str, str]]:
    pairs = dict(_pair(part) for part in _last(headers, b"forwarded").split(";"))
    host = _last(headers, b"x-forwarded-host") or pairs.get("host", "")
    prefix = _last(headers, b"x-forwarded-prefix")
    schemes = [one.lower() for one in (_last(headers, b"x-forwarded-proto"), pairs.get("proto", ""))]
    if HOST.fullmatch(host.encode("latin1")):
        yield "host", host
    if PREFIX.fullmatch(prefix):
        yield "prefix", prefix.rstrip("/")
    yield from [("proto", one) for one in schemes if one in _SCHEMES][:1]


def _pair(text: str) -> tuple[str, str]:
    name, _, value = (part.strip() for part in text.partition("="))
    quoted = len(value) > 1 and value[0] == value[-1] == '"'
    return name.lower(), value[1:-1] if quoted else value


def _last(headers: Headers, name: bytes) -> str:
    """The last value of a header, which may occur more than once and have several values."""
    values = [value for known, value in headers if known == name]
    last = values[-1].rpartition(b",")[2].strip() if values else b""
    return last.decode("latin1") if len(last) <= LONGEST else ""


def _server(scope: Scope) -> str:
    host, port = scope.get("server") or ("localhost", 80)
    return f"{host}:{port}"
