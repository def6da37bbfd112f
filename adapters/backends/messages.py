"""HTTP messages to and from a backend: addresses, headers, bodies."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote, unquote, urlencode

import requests
from requests.structures import CaseInsensitiveDict
from structlog.contextvars import get_contextvars

from adapters.backends.errors import CallFailed, CallOutcome
from canonical.shared import jsontext, tracing

LARGEST_ANSWER = 1024 * 1024
LONGEST_NUMBER = 9
"""Digits. Python refuses to read very many, and a longer wait is not obeyed anyway."""
TIME_LEFT = "X-Request-Timeout-Ms"
"""Header: how many milliseconds we shall wait for this answer."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A request without token and deadline, which each attempt adds."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None

    def open(self) -> requests.PreparedRequest:
        """Without a token."""
        request = requests.PreparedRequest()
        request.method, request.url, request.body = self.method, self.url, self.body
        request.headers = CaseInsensitiveDict(self.headers)
        return request

    def prepared(self, token: str, seconds: float) -> requests.PreparedRequest:
        request = self.open()
        request.headers["Authorization"] = f"Bearer {token}"
        request.headers[TIME_LEFT] = str(int(seconds * 1000))
        if parent := tracing.traceparent():
            request.headers["traceparent"] = parent
        return request


@dataclass(frozen=True, slots=True)
class Received:
    """`body` is None when it was too large to be read. `located`: the last segment of `Location`."""

    status: int
    body: bytes | None
    retry_after: int | None
    located: str | None = None

    @property
    def fine(self) -> bool:
        return 200 <= self.status < 300

    def json(self) -> Any:
        """The body as JSON; None, which no contract allows, if it is empty or ambiguous."""
        return self.document()[0]

    def document(self) -> tuple[Any, str | None]:
        """The same, and the pointer of the ambiguity: a name that occurs twice, or a number that is too long."""
        try:
            return jsontext.read(self.body or b"null"), None
        except jsontext.NotJson:
            return None, None
        except jsontext.Inexact as error:
            return None, "".join(f"/{token}" for token in error.faults[0].path)

    def shown(self, characters: int) -> str:
        """For the log."""
        return "too large" if self.body is None else self.body[:characters].decode(errors="replace")


def outgoing(
    base_url: str,
    template: str,
    method: str,
    *,
    path: Mapping[str, str],
    query: Mapping[str, str] | None,
    json: Mapping[str, Any] | None,
    key: str | None,
) -> Outgoing:
    """Raises CallFailed for an id that no backend has."""
    url = base_url + template.format_map({name: _segment(value) for name, value in path.items()})
    if query:
        url += f"?{urlencode(query, quote_via=quote)}"
    body = None if json is None else jsontext.write(json)
    return Outgoing(method, url, _headers(method, body, key), body)


def received(response: requests.Response) -> Received:
    """The whole answer, read to its end."""
    headers = response.headers
    return Received(
        response.status_code,
        _body(response),
        seconds_of(headers.get("Retry-After")),
        last_segment(headers.get("Location")),
    )


def last_segment(location: str | None) -> str | None:
    """The id that an address ends with; None without an address."""
    return None if location is None else unquote(location.partition("?")[0].rstrip("/").rpartition("/")[2])


def seconds_of(retry_after: str | None) -> int | None:
    """Retry-After in seconds from now (RFC 9110 section 10.2.3: seconds or a date); None for what is neither."""
    if retry_after is None:
        return None
    text = retry_after.strip()
    if text.isascii() and text.isdecimal():
        return int(text) if len(text) <= LONGEST_NUMBER else 10**LONGEST_NUMBER
    try:
        return max(0, round((parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds()))
    except (ValueError, TypeError, OverflowError):
        return None


SLASHES = frozenset("/\\")


def _segment(value: str) -> str:
    """`value` as one path segment. Raises CallFailed, as for a 404, for a value that cannot be an id.

    Proxies and routers understand empty and dot segments, slashes and unprintable characters in different ways.
    """
    if value in ("", ".", "..") or not value.isprintable() or not SLASHES.isdisjoint(value):
        raise CallFailed(CallOutcome.REFUSED, status=404)
    return quote(value, safe="")


def _headers(method: str, body: bytes | None, key: str | None) -> dict[str, str]:
    headers = {"Accept": "application/json", "User-Agent": "tmf-facade"}
    if body is not None:
        headers["Content-Type"] = "application/json"
    if method != "GET":
        headers["Content-Length"] = str(len(body or b""))
    if key is not None:
        headers["Idempotency-Key"] = key
    correlation = get_contextvars().get("correlation_id")
    # The id may come from a partner. An invalid header value must not prevent the call.
    if isinstance(correlation, str) and correlation.isascii() and correlation.isprintable():
        headers["X-Correlation-Id"] = correlation
    return headers


def _body(response: requests.Response) -> bytes | None:
    read = bytearray()
    for part in response.iter_content(64 * 1024):
        read += part
        if len(read) > LARGEST_ANSWER:
            return None
    return bytes(read)
