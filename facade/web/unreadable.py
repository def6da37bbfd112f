"""Limits of one connection and one request, and the answers to bytes that are not a valid request."""

from urllib.parse import unquote

import httptools

from facade.answers import ErrorAnswer

HEAD_BYTES = 128 * 1024
"""The longest request line and headers that the server reads."""
MESSAGE_BYTES = 8 * 1024 * 1024
"""The most bytes of one request with its framing: a chunk of one byte takes six, and trailers have no limit."""
URL_BYTES = 64 * 1024 - 1
PATH_BYTES = 4 * 1024
"""Without the query. Ours have some hundred; each is looked up on the event loop."""
MESSAGE_SECONDS = 30.0
"""For the whole request, from the connection or the first byte on."""
PIPELINED = 100
"""Requests of one connection that wait for the one before them. A segment may hold ten thousand."""
VERSIONS = ("1.0", "1.1")
VERSION_FAULTS = frozenset({"Invalid HTTP version", "Expected dot", "Pause on PRI/Upgrade"})
"""What llhttp says of other versions, such as HTTP/1.2, HTTP/3 and the preface of HTTP/2."""

UNKNOWN_METHOD = ErrorAnswer(501, "UNKNOWN_METHOD", "Unknown method", "No address allows this method.")
OTHER_VERSION = ErrorAnswer(
    505, "HTTP_VERSION_NOT_SUPPORTED", "HTTP version not supported", "Use HTTP/1.1 or HTTP/1.0."
)
TOO_LONG_URL = ErrorAnswer(
    414,
    "URI_TOO_LONG",
    "URI too long",
    f"The path is longer than {PATH_BYTES} bytes, or with its query longer than {URL_BYTES}.",
)
TOO_SLOW = ErrorAnswer(
    408, "REQUEST_TIMEOUT", "Request timeout", f"The request was not complete within {MESSAGE_SECONDS:.0f} seconds."
)
TOO_MUCH = ErrorAnswer(
    413, "BODY_TOO_LARGE", "Body too large", f"The request, with its framing, is longer than {MESSAGE_BYTES} bytes."
)
TOO_MANY = ErrorAnswer(
    503,
    "OVERLOADED",
    "Overloaded",
    f"More than {PIPELINED} requests wait on this connection; nothing was done for this request and the next ones.",
    headers={"Retry-After": "1"},
)


def malformed(reason: str) -> ErrorAnswer:
    """The answer to bytes that are no HTTP request."""
    return ErrorAnswer(400, "MALFORMED_REQUEST", "Malformed request", f"This is not an HTTP/1.1 request: {reason}.")


def malformed_by(error: httptools.HttpParserError) -> ErrorAnswer:
    """The answer to bytes that the parser cannot read."""
    if isinstance(error, httptools.HttpParserInvalidMethodError):
        return UNKNOWN_METHOD
    return OTHER_VERSION if str(error) in VERSION_FAULTS else malformed(str(error))


def path_of(url: bytes) -> str:
    """The path in the known part of a request target, for the form of the answer and the log."""
    try:
        path = httptools.parse_url(url).path
    except httptools.HttpParserInvalidURLError:
        path = None
    return unquote((path or b"/").decode("latin1"))
