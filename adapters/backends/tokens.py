"""Access tokens for the backends: OAuth 2.0 client credentials (RFC 6749 section 4.4), cached."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import inf
from threading import BoundedSemaphore, Lock, Thread
from time import monotonic
from urllib.parse import quote_plus

import requests
import structlog
from marshmallow import ValidationError, fields
from requests.adapters import BaseAdapter
from urllib3.exceptions import HTTPError

from adapters.backends.answers import BackendAnswer
from adapters.backends.messages import received
from adapters.backends.settings import DIRECT, Route
from adapters.backends.transport import Transport, connection_trouble
from canonical.shared.deadline import seconds_left

log = structlog.get_logger()

AHEAD_SHARE, AHEAD_SECONDS = 0.2, 60.0
"""A token is renewed when this share of its lifetime, but at most this many seconds, is left."""

LIFE_WHEN_UNSAID = 300
"""`expires_in` is only recommended (RFC 6749 section 5.1)."""

LONGEST_LIFE = 10**9
"""Seconds. Longer lifetimes are treated as this one."""

PAUSE_SECONDS = 5.0
"""The pause after a failed early renewal: the token is still valid."""


LOGGED_TEXT = 500
FAIR_CHANCE = 1.0
"""If the service had less than this many seconds, a passed deadline does not count as its failure."""
LEAST_SECONDS = 0.001
"""What requests takes as a timeout has to be more than nothing."""


class TokenUnavailable(Exception):
    """The token service is unavailable, refuses our client, or answers something unusable.

    The message names no secret. `trouble`: why TLS or a proxy gives us no connection. `ignored`: the caller had too
    little time, or too many callers wait; this does not count as a failure of the service.
    """

    def __init__(self, message: str, *, trouble: str | None = None, ignored: bool = False) -> None:
        super().__init__(message)
        self.trouble = trouble
        self.ignored = ignored


def in_a_thread(work: Callable[[], None]) -> None:
    Thread(target=work, name="token renewal", daemon=True).start()


class TokenAnswer(BackendAnswer):
    access_token = fields.String(required=True)
    expires_in = fields.Integer(load_default=LIFE_WHEN_UNSAID)


@dataclass(frozen=True, slots=True)
class _Token:
    value: str
    renew_at: float
    expires_at: float


class Tokens:
    """The token of one client at one token service, shared by threads.

    A valid token is returned without waiting; it is renewed in the background before it expires. Without a token, one
    caller asks the service, and at most `waiting` others share its outcome, good or bad. So a dead service costs each
    caller at most one timeout. The deadline limits the whole wait; a caller with too little time fails alone.
    """

    def __init__(
        self,
        url: str,
        client_id: str,
        client_secret: str,
        timeouts: tuple[float, float],
        clock: Callable[[], float] = monotonic,
        transport: BaseAdapter | None = None,
        *,
        route: Route = DIRECT,
        waiting: int = 32,
        background: Callable[[Callable[[], None]], None] = in_a_thread,
    ) -> None:
        self._url = url
        # RFC 6749 section 2.3.1: both are form-encoded before they go into HTTP Basic.
        self._auth = (quote_plus(client_id), quote_plus(client_secret))
        self._timeouts = timeouts
        self._clock = clock
        self._background = background
        self._session = requests.Session()
        self._session.trust_env = False
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, transport or Transport(route))
        self._waiting = BoundedSemaphore(waiting)
        self._asking = Lock()
        self._tries = 0
        self._failed = 0
        self._failure: TokenUnavailable | None = None
        self._token: _Token | None = None

    @property
    def failed(self) -> int:
        """How often the service was asked and gave no token."""
        return self._failed

    @property
    def trouble(self) -> str | None:
        """Why the last request for a token found no connection, if TLS or a proxy is the cause."""
        return None if self._failure is None else self._failure.trouble

    def current(self) -> str:
        """A valid token. Raises TokenUnavailable."""
        token = self._token
        now = self._clock()
        if token is None or now >= token.expires_at:
            return self._await(lambda held: held is not None and self._clock() < held.expires_at)
        if now >= token.renew_at and self._asking.acquire(blocking=False):
            try:
                self._background(lambda: self._renew(token))
            except RuntimeError as no_thread:
                self._asking.release()
                log.warning("access token not renewed ahead of its end", url=self._url, reason=str(no_thread))
        return token.value

    def instead_of(self, rejected: str) -> str:
        """Another token than the one that a backend has just rejected. Raises TokenUnavailable."""
        return self._await(lambda held: held is not None and held.value != rejected)

    def close(self) -> None:
        self._session.close()

    def _renew(self, token: _Token) -> None:
        """Whoever calls this holds the lock."""
        try:
            if self._token is token:
                self._ask()
        except TokenUnavailable as failure:
            log.warning("access token not renewed ahead of its end", url=self._url, reason=str(failure))
            self._token = replace(token, renew_at=self._clock() + PAUSE_SECONDS)
        finally:
            self._asking.release()

    def _await(self, enough: Callable[[_Token | None], bool]) -> str:
        if not self._waiting.acquire(blocking=False):
            raise TokenUnavailable("too many requests wait for the token service", ignored=True)
        tries = self._tries
        left = seconds_left()
        try:
            if not self._asking.acquire(timeout=-1 if left == inf else left):
                raise TokenUnavailable("the token service did not answer in time", ignored=left < FAIR_CHANCE)
            try:
                held = self._token
                if held is not None and enough(held):
                    return held.value
                if self._tries != tries and self._failure is not None:
                    raise TokenUnavailable(str(self._failure), trouble=self._failure.trouble) from self._failure
                return self._ask()
            finally:
                self._asking.release()
        finally:
            self._waiting.release()

    def _ask(self) -> str:
        left = seconds_left()
        self._failure = None
        try:
            self._token = self._fetch(min(self._timeouts[0], left), min(self._timeouts[1], left))
        except TokenUnavailable as failure:
            self._failed += 1
            if left < FAIR_CHANCE and seconds_left() < LEAST_SECONDS:
                raise TokenUnavailable(str(failure), trouble=failure.trouble, ignored=True) from failure
            self._failure = failure
            raise
        finally:
            self._tries += 1
        return self._token.value

    def _fetch(self, connect: float, reading: float) -> _Token:
        asked_at = self._clock()
        try:
            with self._session.post(
                self._url,
                data={"grant_type": "client_credentials"},
                auth=self._auth,
                headers={"Accept": "application/json"},
                timeout=(max(connect, LEAST_SECONDS), max(reading, LEAST_SECONDS)),
                allow_redirects=False,
                stream=True,
            ) as response:
                said = received(response)
        except (requests.RequestException, HTTPError) as error:
            trouble = connection_trouble(error)
            log.warning("token service gave no answer", url=self._url, reason=repr(error))
            raise TokenUnavailable(
                "the token service cannot be reached", trouble=trouble and f"its token service: {trouble}"
            ) from error
        if said.status != 200:
            log.error("token service refused", url=self._url, status=said.status, text=said.shown(LOGGED_TEXT))
            raise TokenUnavailable(f"the token service answered {said.status}")
        try:
            answer = TokenAnswer().load(said.json())
        except ValidationError as error:
            raise TokenUnavailable("the token service answered outside RFC 6749") from error
        life = float(min(answer["expires_in"], LONGEST_LIFE))
        ahead = min(life * AHEAD_SHARE, AHEAD_SECONDS)
        return _Token(answer["access_token"], asked_at + life - ahead, asked_at + life)
