"""Answers 404 to addresses with control characters before anything routes them.

Connexion and Flask each route every request, and disagree about `%0A`: without this such a request
reaches Flask past Connexion's security and validation and ends as 500.
"""

import re
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from facade.errors import Answer, render
from facade.identities import new_id

Message = MutableMapping[str, Any]
ASGIApp = Callable[[Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]]

CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")
REFUSAL = Answer(404, "NOT_FOUND", "Not found", "Nothing has an address with control characters.")


class PrintableAddresses:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(
        self, scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
    ) -> None:
        if scope["type"] != "http" or not CONTROL.search(scope["path"]):
            await self._app(scope, receive, send)
            return
        body, media_type = render(REFUSAL, scope["path"], new_id())
        headers = [(b"content-type", media_type.encode()), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": REFUSAL.status, "headers": headers})
        await send({"type": "http.response.body", "body": body})
