"""Turns requests away before anything routes them: addresses with control characters, callers that accept no JSON.

Connexion and Flask both route every request, and disagree about `%0A`: without the first check such a request reaches
Flask past Connexion's security and validation, and ends as 500.
"""

import re
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

from facade.errors import FRAMEWORK_DETAILS, Answer, render
from facade.identities import new_id

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[Message, Receive, Send], Awaitable[None]]

CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")
JSON_RANGES = re.compile(
    rb"(\*/\*|application/(\*|json|problem\+json))\s*(;|,|$)(?!\s*q=0(\.0*)?\s*(,|$))", re.IGNORECASE
)

NO_SUCH_ADDRESS = Answer(404, "NOT_FOUND", "Not found", "Nothing has an address with control characters.")
NOT_ACCEPTABLE = Answer(406, "NOT_ACCEPTABLE", "Not acceptable", FRAMEWORK_DETAILS[406])


class Gate:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        refusal = _refusal(scope) if scope["type"] == "http" else None
        if refusal is None:
            await self._app(scope, receive, send)
            return
        body, media_type = render(refusal, scope["path"], new_id())
        headers = [(b"content-type", media_type.encode()), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def _refusal(scope: Message) -> Answer | None:
    if CONTROL.search(scope["path"]):
        return NO_SUCH_ADDRESS
    return None if _accepts_json(scope["headers"]) else NOT_ACCEPTABLE


def _accepts_json(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    accepted = [value for name, value in headers if name == b"accept" and value.strip()]
    return not accepted or any(JSON_RANGES.search(value) for value in accepted)
