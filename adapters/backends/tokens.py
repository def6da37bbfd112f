"""Access tokens for the backends: OAuth 2.0 client credentials (RFC 6749 section 4.4), cached."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from threading import Lock
from time import monotonic
from urllib.parse import quote_plus

import requests
import structlog
from marshmallow import ValidationError, fields
from requests.adapters import BaseAdapter
from urllib3.exceptions import HTTPError

from adapters.backends.answers import Answer
from adapters.backends.transport import Transport

log = structlog.get_logger()

AHEAD_SHARE, AHEAD_SECONDS = 0.2, 60.0
"""A token is renewed when this share of its life, at most so many seconds, is left."""

LIFE_WHEN_UNSAID = 300
"""`expires_in` is only recommended (RFC 6749 section 5.1)."""

PAUSE_SECONDS = 5.0
"""After a renewal ahead of time has failed, the next waits so long: the token is still good."""


class TokenUnavailable(Exception):
    """The token service is away, refuses our client, or answers nonsense. The message names no secret."""


class TokenAnswer(Answer):
    access_token = fields.String(required=True)
    expires_in = fields.Integer(load_default=LIFE_WHEN_UNSAID)


@dataclass(frozen=True, slots=True)
class _Token:
    value: str
    renew_at: float
    expires_at: float


class Tokens:
    """The token of one client at one token service, shared by threads.

    Who holds a token that is still good never waits for its renewal. One caller at a time asks the service; those
    who waited for it meanwhile share its outcome, good or bad, so that a dead service costs each one timeout at most.
    """

    def __init__(
        self,
        url: str,
        client_id: str,
        client_secret: str,
        timeouts: tuple[float, float],
        clock: Callable[[], float] = monotonic,
        transport: BaseAdapter | None = None,
    ) -> None:
        self._url = url
        # RFC 6749 section 2.3.1: both are form-encoded before they go into HTTP Basic.
        self._auth = (quote_plus(client_id), quote_plus(client_secret))
        self._timeouts = timeouts
        self._clock = clock
        self._session = requests.Session()
        self._session.trust_env = False
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, transport or Transport())
        self._asking = Lock()
        self._tries = 0
        self._failure: TokenUnavailable | None = None
        self._token: _Token | None = None

    def current(self) -> str:
        """A token that is good now. Raises TokenUnavailable."""
        token = self._token
        now = self._clock()
        if token is None or now >= token.expires_at:
            return self._await(lambda held: held is not None and self._clock() < held.expires_at)
        if now >= token.renew_at and self._asking.acquire(blocking=False):
            try:
                return self._ask()
            except TokenUnavailable as failure:
                log.warning("access token not renewed ahead of its end", url=self._url, reason=str(failure))
                self._token = replace(token, renew_at=now + PAUSE_SECONDS)
            finally:
                self._asking.release()
        return token.value

    def instead_of(self, rejected: str) -> str:
        """Another token than the one a backend has just rejected. Raises TokenUnavailable."""
        return self._await(lambda held: held is not None and held.value != rejected)

    def close(self) -> None:
        self._session.close()

    def _await(self, enough: Callable[[_Token | None], bool]) -> str:
        tries = self._tries
        with self._asking:
            held = self._token
            if held is not None and enough(held):
                return held.value
            if self._tries != tries and self._failure is not None:
                raise TokenUnavailable(str(self._failure)) from self._failure
            return self._ask()

    def _ask(self) -> str:
        self._failure = None
        try:
            self._token = self._fetch()
        except TokenUnavailable as failure:
            self._failure = failure
            raise
        finally:
            self._tries += 1
        return self._token.value

    def _fetch(self) -> _Token:
        asked_at = self._clock()
        try:
            response = self._session.post(
                self._url,
                data={"grant_type": "client_credentials"},
                auth=self._auth,
                headers={"Accept": "application/json"},
                timeout=self._timeouts,
                allow_redirects=False,
            )
        except (requests.RequestException, HTTPError) as error:
            raise TokenUnavailable("the token service cannot be reached") from error
        if response.status_code != 200:
            log.error("token service refused", url=self._url, status=response.status_code, text=response.text[:500])
            raise TokenUnavailable(f"the token service answered {response.status_code}")
        try:
            answer = TokenAnswer().load(response.json())
        except (ValueError, ValidationError) as error:
            raise TokenUnavailable("the token service answered outside RFC 6749") from error
        life = float(answer["expires_in"])
        ahead = min(life * AHEAD_SHARE, AHEAD_SECONDS)
        return _Token(answer["access_token"], asked_at + life - ahead, asked_at + life)
