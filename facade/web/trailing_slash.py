"""Sends a client that writes a slash too many at the end of an address to the address without it."""

from starlette.types import ASGIApp, Receive, Scope, Send

from facade.web.methods import MethodTable

PERMANENT = 308
"""Unlike 301, it keeps the method and the body."""


class TrailingSlash:
    """ASGI middleware.

    Only an address that is served is redirected to, and the redirect is relative: it leads to no other host, and is
    right behind a gateway that strips a part of the path. A slash that belongs to an id (`%2F`) is none.
    """

    def __init__(self, app: ASGIApp, methods: MethodTable) -> None:
        self._app = app
        self._methods = methods

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not self._has_one_too_many(scope):
            await self._app(scope, receive, send)
            return
        last = scope["raw_path"][:-1].rpartition(b"/")[2]
        query = b"?" + scope["query_string"] if scope["query_string"] else b""
        headers = [(b"location", b"../" + last + query), (b"content-length", b"0")]
        await send({"type": "http.response.start", "status": PERMANENT, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    def _has_one_too_many(self, scope: Scope) -> bool:
        return scope["raw_path"].endswith(b"/") and self._methods.allow(scope["path"][:-1]) != ""
