"""Calling one backend over HTTP: pooled connections, timeouts, tokens, bounded retries, a breaker."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import ceil
from threading import BoundedSemaphore
from typing import Any
from urllib.parse import quote, urlencode

import orjson
import requests
import stamina
import structlog
from marshmallow import Schema
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict
from structlog.contextvars import get_contextvars
from urllib3.exceptions import HTTPError

from adapters.backends.answers import read
from adapters.backends.breaker import Breaker, BreakerOpen, BreakerState
from adapters.backends.errors import (
    CallFailed,
    Happened,
    canonical_error,
    is_failure,
    of_exception,
    of_status,
    worth_repeating,
)
from adapters.backends.settings import BackendSettings
from adapters.backends.tokens import Tokens, TokenUnavailable
from adapters.backends.transport import Transport

log = structlog.get_logger()

LARGEST_ANSWER = 1024 * 1024
LOGGED_TEXT = 500
RETRY_WITHIN_SECONDS = 1.0
"""No repetition begins later than this after the call began."""


@dataclass(frozen=True)
class Operation:
    """One operation of a backend's contract. `path` is a template; `answer` reads its 2xx body."""

    name: str
    method: str
    path: str
    answer: Schema

    @property
    def changes(self) -> bool:
        return self.method != "GET"


class Backend:
    """A backend that can be called from many threads at once, `settings.pool_size` of them at a time.

    A call is repeated, at most `settings.retries` times and within a second, when the backend did not act or when
    acting twice makes no difference. A time that the backend sets with Retry-After is left to the caller.
    """

    def __init__(
        self, name: str, settings: BackendSettings, tokens: Tokens, transport: BaseAdapter | None = None
    ) -> None:
        self.name = name
        self._base_url = settings.base_url.rstrip("/")
        self._timeouts = (settings.connect_timeout, settings.read_timeout)
        self._tokens = tokens
        # The adapter without a requests.Session around it. A session looks for cookies, proxies and a .netrc, resolves
        # `%2E%2E` in paths, and reads a redirect's body whole even when it does not follow it (requests 2.34).
        self._transport = transport or Transport(pool_connections=1, pool_maxsize=settings.pool_size)
        # Not the adapter's `pool_block`: with it requests waits for a connection without any limit of time.
        self._places = BoundedSemaphore(settings.pool_size)
        self._breaker = Breaker(settings.breaker_threshold, settings.breaker_reset_seconds, is_failure)
        repeating = stamina.RetryingCaller(
            attempts=settings.retries + 1,
            timeout=RETRY_WITHIN_SECONDS,
            wait_initial=0.05,
            wait_max=0.4,
            wait_jitter=0.05,
        )
        self._reading = repeating.on(lambda error: worth_repeating(error, changes=False))
        self._changing = repeating.on(lambda error: worth_repeating(error, changes=True))

    @property
    def state(self) -> BreakerState:
        return self._breaker.state

    def close(self) -> None:
        self._transport.close()

    def call(
        self,
        operation: Operation,
        path: Mapping[str, str] | None = None,
        *,
        query: Mapping[str, str] | None = None,
        json: Mapping[str, Any] | None = None,
        key: str | None = None,
    ) -> Any:
        """What the backend answered, as `operation.answer` reads it.

        Raises BackendError, or what `errors.REFUSALS` makes of a refusal.
        """
        try:
            url = self._url(operation, path or {}, query)
            body = None if json is None else orjson.dumps(json)
            headers = _headers(operation, body, key)

            def attempt() -> Any:
                return self._breaker.call(lambda: self._try(operation, url, headers, body))

            if operation.changes and key is None:
                return attempt()
            return (self._changing if operation.changes else self._reading)(attempt)
        except (CallFailed, BreakerOpen) as error:
            failed = _spared(error) if isinstance(error, BreakerOpen) else error
            asked = {**(path or {}), **(json or {})}
            raise canonical_error(failed, self.name, operation.name, operation.changes, asked) from error

    def _url(self, operation: Operation, path: Mapping[str, str], query: Mapping[str, str] | None) -> str:
        url = self._base_url + operation.path.format_map({name: _segment(value) for name, value in path.items()})
        return f"{url}?{urlencode(query, quote_via=quote)}" if query else url

    def _try(self, operation: Operation, url: str, headers: Mapping[str, str], body: bytes | None) -> Any:
        """One try, which is two when the token was not accepted. Raises CallFailed."""
        token = _token(self._tokens.current)
        status, answer, retry_after = self._send(operation, url, headers, body, token)
        if status == 401:
            another = _token(lambda: self._tokens.instead_of(token))
            status, answer, retry_after = self._send(operation, url, headers, body, another)
        if 200 <= status < 300:
            return self._read(operation, status, answer)
        refusal = _json(answer)
        happened = of_status(status)
        # A refusal is the backend at work; only we may have asked wrongly.
        (log.info if happened is Happened.REFUSED else log.warning)(
            "backend did not do it",
            backend=self.name,
            operation=operation.name,
            status=status,
            answer=(answer or b"")[:LOGGED_TEXT].decode(errors="replace"),
        )
        raise CallFailed(
            happened,
            status=status,
            retry_after=retry_after if happened is Happened.TURNED_AWAY else None,
            refusal=refusal if isinstance(refusal, dict) else None,
        )

    def _send(
        self, operation: Operation, url: str, headers: Mapping[str, str], body: bytes | None, token: str
    ) -> tuple[int, bytes | None, int | None]:
        """Status, body (None when too large) and Retry-After. Raises CallFailed when there is no whole answer."""
        request = requests.PreparedRequest()
        request.method, request.url, request.body = operation.method, url, body
        request.headers = CaseInsensitiveDict(headers)
        request.headers["Authorization"] = f"Bearer {token}"
        if not self._places.acquire(timeout=self._timeouts[0]):
            raise CallFailed(Happened.CROWDED)
        try:
            response = self._transport.send(request, stream=True, timeout=self._timeouts)
            with response:
                retry_after = _seconds(response.headers.get("Retry-After"))
                return response.status_code, _body(response), retry_after
        except (requests.RequestException, HTTPError) as error:
            log.warning("backend gave no answer", backend=self.name, operation=operation.name, reason=repr(error))
            raise CallFailed(of_exception(error)) from error
        finally:
            self._places.release()

    def _read(self, operation: Operation, status: int, answer: bytes | None) -> Any:
        try:
            return read(_json(answer), operation.answer)
        except CallFailed as failed:
            log.error(
                "backend answered outside its contract",
                backend=self.name,
                operation=operation.name,
                status=status,
                field=failed.field,
                answer="too large" if answer is None else answer[:LOGGED_TEXT].decode(errors="replace"),
            )
            raise


def _spared(error: BreakerOpen) -> CallFailed:
    return CallFailed(Happened.SPARED, retry_after=max(1, ceil(error.retry_after)))


def _segment(value: str) -> str:
    """`value` as one path segment. Raises CallFailed, as for a 404, for what no backend has as an id.

    Empty and dot segments and unprintable characters are understood differently by every proxy and router on the way.
    """
    if value in ("", ".", "..") or not value.isprintable():
        raise CallFailed(Happened.REFUSED, status=404)
    return quote(value, safe="")


def _headers(operation: Operation, body: bytes | None, key: str | None) -> dict[str, str]:
    headers = {"Accept": "application/json", "User-Agent": "tmf-facade"}
    if body is not None:
        headers["Content-Type"] = "application/json"
    if operation.changes:
        headers["Content-Length"] = str(len(body or b""))
    if key is not None:
        headers["Idempotency-Key"] = key
    correlation = get_contextvars().get("correlation_id")
    # The id may be a partner's own. What cannot be a header must not keep the call from being made.
    if isinstance(correlation, str) and correlation.isascii() and correlation.isprintable():
        headers["X-Correlation-Id"] = correlation
    return headers


def _token(get: Callable[[], str]) -> str:
    try:
        return get()
    except TokenUnavailable as error:
        raise CallFailed(Happened.NO_TOKEN) from error


def _body(response: requests.Response) -> bytes | None:
    received = bytearray()
    for part in response.iter_content(64 * 1024):
        received += part
        if len(received) > LARGEST_ANSWER:
            return None
    return bytes(received)


def _json(body: bytes | None) -> Any:
    """What the body says; None, which no answer may be, when it is not JSON."""
    try:
        return orjson.loads(body or b"null")
    except orjson.JSONDecodeError:
        return None


def _seconds(retry_after: str | None) -> int | None:
    """Retry-After in seconds from now (RFC 9110 section 10.2.3: seconds or a date)."""
    if retry_after is None:
        return None
    if retry_after.strip().isdecimal():
        return int(retry_after)
    try:
        return max(0, round((parsedate_to_datetime(retry_after) - datetime.now(UTC)).total_seconds()))
    except (ValueError, TypeError):
        return None
