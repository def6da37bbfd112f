"""Refuses requests before routing: those that no operation could answer, and those that two HTTP parsers could
understand differently.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

import structlog
from starlette.types import ASGIApp, Receive, Scope, Send

from facade.answers import ErrorAnswer
from facade.identities import new_id
from facade.web.errors import FRAMEWORK_DETAILS, render
from facade.web.public_address import HOST

log = structlog.get_logger()


CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")
JSON_RANGES = re.compile(
    rb"(\*/\*|application/(\*|json|problem\+json))\s*(;|,|$)(?!\s*q=0(\.0*)?\s*(,|$))", re.IGNORECASE
)

ONCE = frozenset({b"host", b"authorization", b"idempotency-key", b"content-type", b"content-length"})
NOT_JSON = re.compile(r"/metrics|/|/docs(/.*)?")
"""Addresses with answers that are not JSON, whatever is asked for."""
HEADER_BYTES = 64 * 1024
HEADERS = 200
PARAMETERS = 200
ACCEPT_BYTES = 4 * 1024
"""Of an Accept header, so many bytes are read."""
REFUSAL = "facade.refusal"
"""The key in the scope's extensions of the answer to a request that the server could not read."""

NO_SUCH_ADDRESS = ErrorAnswer(404, "NOT_FOUND", "Not found", "The address must not contain control characters.")
NOT_ACCEPTABLE = ErrorAnswer(406, "NOT_ACCEPTABLE", "Not acceptable", FRAMEWORK_DETAILS[406])
NONSENSE_HOST = ErrorAnswer(400, "MALFORMED_HEADERS", "Malformed headers", "The header Host is not the name of a host.")
ENCODED = ErrorAnswer(
    415, "UNSUPPORTED_MEDIA_TYPE", "Unsupported Media Type", "Send the body without Content-Encoding."
)
HEADERS_TOO_LARGE = ErrorAnswer(
    431,
    "HEADERS_TOO_LARGE",
    "Headers too large",
    f"The headers exceed {HEADER_BYTES} bytes, or {HEADERS} in number.",
)
TOO_MANY_PARAMETERS = ErrorAnswer(
    400, "BAD_REQUEST", "Bad Request", f"The query has more than {PARAMETERS} parameters."
)
NO_HOST = ErrorAnswer(
    400, "MALFORMED_HEADERS", "Malformed headers", "The header Host is missing, which HTTP/1.1 requires."
)
TRANSFER_CODED = ErrorAnswer(
    501, "UNKNOWN_TRANSFER_CODING", "Unknown transfer coding", "chunked is the only Transfer-Encoding that is accepted."
)
CHUNKED_1_0 = ErrorAnswer(400, "MALFORMED_HEADERS", "Malformed headers", "HTTP/1.0 does not allow Transfer-Encoding.")


class RequestGuard:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refusal = _refusal(scope) if scope["type"] == "http" else None
        if refusal is None:
            await self._app(scope, receive, send)
        else:
            await refuse(refusal, scope, send)


async def refuse(refusal: ErrorAnswer, scope: Scope, send: Send) -> None:
    """Answer a request that does not come to Connexion's handler of errors."""
    error_id = new_id()
    log.info("request refused", error_id=error_id, code=refusal.code, status=refusal.status)
    body, media_type = render(refusal, scope["path"], error_id)
    headers = [(b"content-type", media_type.encode()), (b"content-length", str(len(body)).encode())]
    headers += [(name.lower().encode(), value.encode()) for name, value in refusal.headers.items()]
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _refusal(scope: Scope) -> ErrorAnswer | None:
    unreadable: ErrorAnswer | None = scope.get("extensions", {}).get(REFUSAL)
    if unreadable is not None:
        return unreadable
    headers: list[tuple[bytes, bytes]] = scope["headers"]
    if CONTROL.search(scope["path"]):
        return NO_SUCH_ADDRESS
    if len(headers) > HEADERS or sum(len(name) + len(value) for name, value in headers) > HEADER_BYTES:
        return HEADERS_TOO_LARGE
    if scope["query_string"].count(b"&") >= PARAMETERS:
        return TOO_MANY_PARAMETERS
    names = [name for name, _ in headers]
    if len(names) != len(set(names)):
        doubled = next((name for name in names if name in ONCE and names.count(name) > 1), None)
        if doubled is not None:
            text = f"The header {doubled.decode().title()} occurs more than once."
            return ErrorAnswer(400, "MALFORMED_HEADERS", "Malformed headers", text)
    if b"host" not in names and scope["http_version"] == "1.1":
        return NO_HOST
    for name, value in headers:
        refuse = REFUSES.get(name)
        if refuse is not None and (answer := refuse(value, scope["http_version"])) is not None:
            return answer
    return None if NOT_JSON.fullmatch(scope["path"]) or _accepts_json(headers) else NOT_ACCEPTABLE


def _host(value: bytes, version: str) -> ErrorAnswer | None:
    return None if HOST.fullmatch(value) else NONSENSE_HOST


def _content_encoding(value: bytes, version: str) -> ErrorAnswer | None:
    return None if value.strip().lower() in (b"", b"identity") else ENCODED


def _transfer_encoding(value: bytes, version: str) -> ErrorAnswer | None:
    if version == "1.0":
        return CHUNKED_1_0
    return None if value.strip().lower() == b"chunked" else TRANSFER_CODED


REFUSES: Mapping[bytes, Callable[[bytes, str], ErrorAnswer | None]] = MappingProxyType(
    {b"host": _host, b"content-encoding": _content_encoding, b"transfer-encoding": _transfer_encoding}
)
"""The refusals of single headers, by their value and the version of HTTP."""


def _accepts_json(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    accepted = [value for name, value in headers if name == b"accept" and value.strip()]
    return not accepted or any(JSON_RANGES.search(value, 0, ACCEPT_BYTES) for value in accepted)
