"""Calling one backend over HTTP: pooled connections, deadlines, tokens, bounded retries, a breaker, a bulkhead."""

import random
from collections.abc import Callable, Mapping
from math import ceil
from time import monotonic
from types import MappingProxyType
from typing import Any

import requests
import stamina
import structlog
from requests.adapters import BaseAdapter
from urllib3.exceptions import HTTPError

from adapters.backends.breaker import Breaker, BreakerOpen, BreakerState
from adapters.backends.bulkhead import Bulkhead, NoPlace
from adapters.backends.contracts import AnswerCheck
from adapters.backends.counters import BackendSnapshot, Counters
from adapters.backends.errors import (
    Arguments,
    CallFailed,
    CallOutcome,
    canonical_error,
    is_failure,
    of_exception,
    worth_repeating,
)
from adapters.backends.messages import Outgoing, Received, outgoing, received
from adapters.backends.operation import BackendOperation
from adapters.backends.settings import BackendSettings
from adapters.backends.tokens import Tokens, TokenUnavailable
from adapters.backends.transport import Transport, connection_trouble
from adapters.backends.understanding import Understanding
from canonical.shared import tracing
from canonical.shared.deadline import seconds_left, within
from canonical.shared.errors import BackendContradiction, CanonicalError

log = structlog.get_logger()

REPEAT_WITHIN_SECONDS = 1.0
"""A call is not retried later than this after its start, and no pause is longer."""
FIRST_PAUSE, LONGEST_PAUSE, JITTER = 0.05, 0.4, 0.05
FAIR_CHANCE = 1.0
"""If a backend had less than this many seconds for its answer, a passed deadline does not count as its failure."""
LEAST_SECONDS = 0.005
"""If less time than this is left, the call is not sent."""

Timed = Callable[[str, str, float], None]
"""Called with the backend, the operation and the seconds."""


def untimed(backend: str, operation: str, seconds: float) -> None:
    """Records no time."""


class Backend:
    """A backend that can be called from many threads at once, `settings.places` of them at a time.

    A call ends within `settings.call_timeout` and within the deadline that it finds (`canonical.shared.deadline`); each
    request tells the backend how long we wait for its answer. A call is repeated, at most `settings.retries` times and
    within a second, when the backend did not act or when acting twice makes no difference. While a Retry-After runs,
    nothing is sent. `check` holds answers against the backend's contract. `timed` is told of each exchange that brought
    an answer.
    """

    def __init__(
        self,
        name: str,
        settings: BackendSettings,
        tokens: Tokens,
        transport: BaseAdapter,
        check: AnswerCheck | None = None,
        timed: Timed = untimed,
    ) -> None:
        self.name = name
        self._timed = timed
        self._settings = settings
        self._base_url = settings.base_url.rstrip("/")
        self._tokens = tokens
        # The adapter without a requests.Session around it. A session looks for cookies, proxies and a .netrc, resolves
        # `%2E%2E` in paths, and reads a redirect's body whole even when it does not follow it (requests 2.34).
        self._transport = transport
        # Not the adapter's `pool_block`: with it requests waits for a connection without any limit of time.
        self._bulkhead = Bulkhead(settings.places)
        self._counters = Counters()
        self._understanding = Understanding(name, self._counters, check)
        self._breaker = Breaker(
            settings.breaker_threshold, settings.breaker_reset_seconds, is_failure, changed=self._breaker_became
        )
        self._held_until = 0.0
        self._leaving = False
        self._fair_chance = min(FAIR_CHANCE, settings.read_timeout, settings.call_timeout / 2)

    @property
    def state(self) -> BreakerState:
        return self._breaker.state

    @property
    def trouble(self) -> str | None:
        """Why the last request, or the last one for a token, found no connection, if TLS or a proxy is the cause."""
        own = self._transport.trouble if isinstance(self._transport, Transport) else None
        return own or self._tokens.trouble

    def snapshot(self) -> BackendSnapshot:
        counted = self._counters.copied()
        return BackendSnapshot(
            breaker=self.state,
            breaker_changes=counted.breaker_changes,
            held_seconds=self._held_seconds(),
            in_flight=self._bulkhead.inside,
            tokens_failed=self._tokens.failed,
            calls=counted.calls,
            retries=counted.retries,
            contract_violations=counted.violations,
            contradictions=counted.contradictions,
            foreign_entries=counted.foreign,
        )

    def leave(self) -> None:
        """Repeat no call from now on: the node stops, and another one continues."""
        self._leaving = True

    def close(self) -> None:
        self._transport.close()

    def call(
        self,
        operation: BackendOperation,
        path: Mapping[str, str] | None = None,
        *,
        query: Mapping[str, str] | None = None,
        json: Mapping[str, Any] | None = None,
        key: str | None = None,
        known: Mapping[str, Any] = MappingProxyType({}),
    ) -> Any:
        """What the backend answered, as `operation.answer` reads it; foreign entries of lists are left out.

        `known`: further values that the answer is compared with. Raises BackendError, or the error of
        `errors.REFUSALS`. Raises ValueError, and sends nothing, if the call lacks a value that the answer is compared
        with.
        """
        asked = {**(path or {}), **(query or {}), **(json or {}), **known}
        if unnamed := operation.agreement.needs - asked.keys():
            raise ValueError(f"{operation.name}: the call must name {sorted(unnamed)}, to check the answer")
        with tracing.span(f"{self.name} {operation.name}", "client") as span:
            span.note(peer__service=self.name, http__request__method=operation.method)
            return self._call(operation, path or {}, query, json, key, asked)

    def contradiction(self, operation: BackendOperation, field: str) -> CanonicalError:
        """The error for an answer, possibly a refusal, that contradicts an earlier one about the same object. Counts
        it.
        """
        self._counters.contradicted(operation.name)
        return canonical_error(
            CallFailed(CallOutcome.CONTRADICTS, field=field), self.name, operation.name, operation.changes, {}
        )

    def _call(
        self,
        operation: BackendOperation,
        path: Mapping[str, str],
        query: Mapping[str, str] | None,
        json: Mapping[str, Any] | None,
        key: str | None,
        asked: Arguments,
    ) -> Any:
        try:
            request = outgoing(
                self._base_url, operation.path, operation.method, path=path, query=query, json=json, key=key
            )
            with within(self._settings.call_timeout):
                self._breaker.check()
                with self._bulkhead.place(min(self._settings.connect_timeout, seconds_left())):
                    answer = self._tries(operation, request, asked, key is not None or not operation.changes)
        except (CallFailed, BreakerOpen, NoPlace) as error:
            failed = _failed(error)
            self._counters.ended(operation.name, failed.outcome.label)
            meant = canonical_error(failed, self.name, operation.name, operation.changes, asked)
            if isinstance(meant, BackendContradiction):
                self._counters.contradicted(operation.name)
            raise meant from error
        self._counters.ended(operation.name, "answered")
        return answer

    def _tries(self, operation: BackendOperation, request: Outgoing, asked: Arguments, repeatable: bool) -> Any:
        if not repeatable:
            return self._breaker.call(lambda: self._try(operation, request, asked))
        for attempt in stamina.retry_context(
            on=lambda error: self._pause_before_repeating(error, operation),
            attempts=self._settings.retries + 1,
            timeout=REPEAT_WITHIN_SECONDS,
            wait_initial=FIRST_PAUSE,
            wait_max=LONGEST_PAUSE,
            wait_jitter=JITTER,
        ):
            with attempt:
                if attempt.num > 1:
                    self._counters.repeated(operation.name)
                return self._breaker.call(lambda: self._try(operation, request, asked))
        raise AssertionError("stamina tries at least once")

    def _pause_before_repeating(self, error: Exception, operation: BackendOperation) -> bool | float:
        """Seconds to wait; True for the usual backoff; False for no retry in this call."""
        if self._leaving or not worth_repeating(error, operation.changes):
            return False
        asked = error.retry_after if isinstance(error, CallFailed) else None
        if max(asked or 0, LONGEST_PAUSE) + JITTER >= min(seconds_left(), REPEAT_WITHIN_SECONDS + LONGEST_PAUSE):
            return False
        return True if asked is None else asked + random.uniform(0, JITTER)  # noqa: S311 - no secret hangs on it

    def _try(self, operation: BackendOperation, request: Outgoing, asked: Arguments) -> Any:
        """One attempt, or two if the token was not accepted. Raises CallFailed."""
        if held := self._held_seconds():
            raise CallFailed(CallOutcome.HELD, retry_after=ceil(held))
        token = self._token(self._tokens.current)
        answer = self._exchange(operation, request, token)
        if answer.status == 401:
            answer = self._exchange(operation, request, self._token(lambda: self._tokens.instead_of(token)))
        try:
            return self._understanding.understood(operation, answer, asked)
        except CallFailed as failed:
            failed.retry_after = self._hold(failed.retry_after)
            raise

    def _exchange(self, operation: BackendOperation, request: Outgoing, token: str) -> Received:
        """The whole answer. Raises CallFailed if there is none."""
        left = seconds_left()
        if left < LEAST_SECONDS:
            raise CallFailed(CallOutcome.OUT_OF_TIME)
        connect, reading = min(self._settings.connect_timeout, left), min(self._settings.read_timeout, left)
        began = monotonic()
        try:
            with self._transport.send(
                request.prepared(token, reading), stream=True, timeout=(connect, reading)
            ) as response:
                answer = received(response)
        except (requests.RequestException, HTTPError) as error:
            log.warning("backend gave no answer", backend=self.name, operation=operation.name, reason=repr(error))
            ignored = left < self._fair_chance and seconds_left() < LEAST_SECONDS
            raise CallFailed(of_exception(error), reason=connection_trouble(error), ignored=ignored) from error
        self._timed(self.name, operation.name, monotonic() - began)
        return answer

    def _token(self, get: Callable[[], str]) -> str:
        try:
            return get()
        except TokenUnavailable as error:
            raise CallFailed(CallOutcome.NO_TOKEN, reason=error.trouble, ignored=error.ignored) from error

    def _hold(self, retry_after: int | None) -> int | None:
        """Send nothing for as long as the backend asks, up to the limit."""
        if retry_after is None:
            return None
        bounded = min(retry_after, ceil(self._settings.longest_hold))
        self._held_until = max(self._held_until, monotonic() + bounded)
        return bounded

    def _held_seconds(self) -> float:
        return max(0.0, self._held_until - monotonic())

    def _breaker_became(self, state: BreakerState) -> None:
        self._counters.breaker_became(state)
        level = log.warning if state is BreakerState.OPEN else log.info
        level("breaker changed", backend=self.name, state=state.value)


def _failed(error: CallFailed | BreakerOpen | NoPlace) -> CallFailed:
    if isinstance(error, BreakerOpen):
        return CallFailed(CallOutcome.SPARED, retry_after=max(1, ceil(error.retry_after)))
    return CallFailed(CallOutcome.CROWDED) if isinstance(error, NoPlace) else error
