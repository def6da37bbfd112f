"""The correlation id of each request: taken or made, bound to the logs, returned; and one log line for each request."""

import re
import time
from collections.abc import Callable
from typing import Any

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from facade.identities import new_id

Observe = Callable[[Scope, int, float], None]
"""Called for each request with its scope, the status (0: the client had gone), and its duration in seconds."""

HEADER = b"x-correlation-id"
ANSWER_HEADERS = "answer_headers"
"""The key, in Connexion's context of a request, of headers that every answer to it has, errors too."""
ACCEPTABLE = re.compile(rb"[A-Za-z0-9._:/+=-]{1,128}")

log = structlog.get_logger("access")


def correlation_id() -> str:
    """The id of the current request; empty outside of a request."""
    return str(structlog.contextvars.get_contextvars().get("correlation_id", ""))


class Correlation:
    """ASGI middleware; `observe` is told of each request. An id that is missing, too long or not printable is replaced
    by a new one.
    """

    def __init__(self, app: ASGIApp, observe: Observe = lambda scope, status, seconds: None) -> None:
        self._app = app
        self._observe = observe

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = next((value for name, value in scope["headers"] if name == HEADER), b"")
        chosen = given if ACCEPTABLE.fullmatch(given) else new_id().encode()
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(correlation_id=chosen.decode())
        # Connexion's router copies the scope: without this the error handlers would not see the caller.
        context: dict[str, Any] = scope.setdefault("extensions", {}).setdefault("connexion_context", {})
        began = time.perf_counter()
        status = 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (HEADER, chosen), *context.get(ANSWER_HEADERS, ())]
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        finally:
            seconds = time.perf_counter() - began
            self._observe(scope, status, seconds)
            log.info("request", method=scope["method"], path=scope["path"], status=status, ms=round(seconds * 1000, 1))
