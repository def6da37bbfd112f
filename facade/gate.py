"""Turns requests away before anything routes them: what no operation could answer, and what two readers of the same
request could understand differently.
"""

import re
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

import structlog

from facade.errors import FRAMEWORK_DETAILS, Answer, render
from facade.identities import new_id

log = structlog.get_logger()

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[Message, Receive, Send], Awaitable[None]]

CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")
JSON_RANGES = re.compile(
    rb"(\*/\*|application/(\*|json|problem\+json))\s*(;|,|$)(?!\s*q=0(\.0*)?\s*(,|$))", re.IGNORECASE
)

HOST = re.compile(rb"([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?")
ONCE = frozenset({b"host", b"authorization", b"idempotency-key", b"content-type", b"content-length"})
METRICS = "/metrics"
"""Not JSON, whatever is asked for."""
HEADER_BYTES = 64 * 1024

NO_SUCH_ADDRESS = Answer(404, "NOT_FOUND", "Not found", "Nothing has an address with control characters.")
NOT_ACCEPTABLE = Answer(406, "NOT_ACCEPTABLE", "Not acceptable", FRAMEWORK_DETAILS[406])
NONSENSE_HOST = Answer(400, "MALFORMED_HEADERS", "Malformed headers", "The header Host names no host.")
ENCODED = Answer(415, "UNSUPPORTED_MEDIA_TYPE", "Unsupported Media Type", "Bodies are taken without Content-Encoding.")
TOO_MUCH = Answer(431, "HEADERS_TOO_LARGE", "Headers too large", f"The headers exceed {HEADER_BYTES} bytes.")


class Gate:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        refusal = _refusal(scope) if scope["type"] == "http" else None
        if refusal is None:
            await self._app(scope, receive, send)
            return
        error_id = new_id()
        log.info("request refused", error_id=error_id, code=refusal.code, status=refusal.status)
        body, media_type = render(refusal, scope["path"], error_id)
        headers = [(b"content-type", media_type.encode()), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def _refusal(scope: Message) -> Answer | None:
    headers: list[tuple[bytes, bytes]] = scope["headers"]
    if CONTROL.search(scope["path"]):
        return NO_SUCH_ADDRESS
    if sum(len(name) + len(value) for name, value in headers) > HEADER_BYTES:
        return TOO_MUCH
    names = [name for name, _ in headers]
    if len(names) != len(set(names)):
        doubled = next((name for name in names if name in ONCE and names.count(name) > 1), None)
        if doubled is not None:
            text = f"The header {doubled.decode().title()} is there more than once."
            return Answer(400, "MALFORMED_HEADERS", "Malformed headers", text)
    for name, value in headers:
        if name == b"host" and not HOST.fullmatch(value):
            return NONSENSE_HOST
        if name == b"content-encoding" and value.strip().lower() not in (b"", b"identity"):
            return ENCODED
    return None if scope["path"] == METRICS or _accepts_json(headers) else NOT_ACCEPTABLE


def _accepts_json(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    accepted = [value for name, value in headers if name == b"accept" and value.strip()]
    return not accepted or any(JSON_RANGES.search(value) for value in accepted)
