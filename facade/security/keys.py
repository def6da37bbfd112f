"""The public keys that access tokens are checked with: fixed ones, or those an authorization server publishes."""

import ssl
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import requests
import structlog
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, KeySet, RSAKey, import_key

from facade.security.errors import ConfigurationError

log = structlog.get_logger()

DEVELOPMENT_KID_PREFIX = "dev-"
"""Marks the keys of the development server, so that production can refuse them."""

MAX_AGE = 600.0
REFRESH_INTERVAL = 30.0
FIRST_LOAD_INTERVAL = 2.0
TIMEOUT = 3.0


def signing_keys(jwks: Mapping[str, Any]) -> dict[str, Key]:
    """The keys of a JSON Web Key Set that can sign access tokens, by id; ids that are missing are thumbprints.

    Symmetric keys, encryption keys and keys that cannot be read are left out (RFC 7517 section 5 asks for the last),
    so one strange key does not cost the others. Raises ValueError for what is no key set at all.
    """
    if not isinstance(jwks, Mapping) or "keys" not in jwks:
        raise ValueError("not a JSON Web Key Set: it has no keys")
    found: dict[str, Key] = {}
    for entry in jwks["keys"] or ():
        if not isinstance(entry, dict) or not _may_sign(entry):
            continue
        try:
            key = import_key(entry)
        except (JoseError, ValueError, TypeError, KeyError):
            continue
        if (isinstance(key, RSAKey) and key.raw_value.key_size >= 2048) or isinstance(key, ECKey):
            key.ensure_kid()
            found[str(key.kid)] = key
    return found


def _may_sign(entry: Mapping[str, Any]) -> bool:
    wanted = {"RSA": "RS256", "EC": "ES256"}.get(str(entry.get("kty")))
    return wanted is not None and entry.get("alg", wanted) == wanted and entry.get("use", "sig") == "sig"


def development_kids(kids: Iterable[str]) -> list[str]:
    return sorted(kid for kid in kids if kid.startswith(DEVELOPMENT_KID_PREFIX))


class StaticKeys:
    """Keys that are known from the start and do not change."""

    def __init__(self, jwks: Mapping[str, Any] | KeySet) -> None:
        self._keys = signing_keys(jwks.as_dict(private=False) if isinstance(jwks, KeySet) else jwks)

    loaded = True
    """False until the first key is known; without a key no token can be checked."""

    def problem(self) -> str | None:
        """Why there are no keys, or None. Fetches them again in the background."""
        return None

    def find(self, kid: str | None) -> Key | None:
        """The key of this id. A token without one is served only where there is a single key."""
        return _find(self._keys, kid)

    def wants_refresh(self, kid: str | None) -> bool:
        """Whether `refresh` should be called before the answer of `find` for this id is final."""
        return False

    def refresh(self) -> None:
        """The only one that may wait for the network, for seconds."""


@dataclass(frozen=True, slots=True)
class Route:
    """How the authorization server is reached: the files of trusted certificates and of our own one, and a proxy."""

    ca_bundle: str = ""
    client_cert: str = ""
    proxy: str = field(default="", repr=False)


DIRECT = Route()


class RemoteKeys:
    """Keys fetched from the authorization server's JWKS address.

    They are fetched again after 10 minutes, and when a token names a key we do not know, but then at most every 30
    seconds, so that made-up key ids cannot turn us against the authorization server. While it is down, or answers
    nonsense, the keys known last stay in use. With `refuse_development_keys`, a set that holds a key of the
    development server is nonsense as a whole.
    """

    def __init__(
        self,
        url: str,
        route: Route = DIRECT,
        *,
        refuse_development_keys: bool = False,
        timeout: float = TIMEOUT,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.url = url
        self._route = route
        self._reason = "the authorization server has not answered yet"
        self._refuse_development_keys = refuse_development_keys
        self._timeout = timeout
        self._clock = clock
        self._keys: dict[str, Key] = {}
        self._fetched_at = float("-inf")
        self._tried_at = float("-inf")
        self._lock = threading.Lock()

    @property
    def loaded(self) -> bool:
        return bool(self._keys)

    def problem(self) -> str | None:
        """A node that is not ready gets no requests, so no token would trigger a fetch of the keys."""
        if self._keys:
            return None
        rested = self._clock() - self._tried_at >= FIRST_LOAD_INTERVAL
        if rested and self._lock.acquire(blocking=False):
            threading.Thread(target=self._fetch_and_release, name="fetch-keys", daemon=True).start()
        return self._reason

    def find(self, kid: str | None) -> Key | None:
        return _find(self._keys, kid)

    def wants_refresh(self, kid: str | None) -> bool:
        now = self._clock()
        if now - self._tried_at < (REFRESH_INTERVAL if self._keys else FIRST_LOAD_INTERVAL):
            # Another caller may be waiting for the answer just now: a token with a new key waits with it.
            return self._lock.locked() and self.find(kid) is None
        return self.find(kid) is None or now - self._fetched_at >= MAX_AGE

    def refresh(self) -> None:
        """Fetch the keys. A caller that comes during a fetch waits for it and does not start another."""
        if self._lock.acquire(blocking=False):
            self._fetch_and_release()
        else:
            with self._lock:
                pass

    def check(self) -> None:
        """Fetch the keys once, at start. Raises ConfigurationError for a refused key; silent when none is reachable."""
        failure = self._fetch()
        if isinstance(failure, ConfigurationError):
            raise failure

    def _fetch_and_release(self) -> None:
        try:
            self._fetch()
        finally:
            self._lock.release()

    def _fetch(self) -> Exception | None:
        try:
            self._load()
        except (OSError, ValueError) as failure:  # a RequestException is an OSError; so is a file that has gone
            self._reason = next(text for kind, text in _REASONS.items() if isinstance(failure, kind)) + _distrust(
                failure
            )
            log.warning("keys not fetched", reason=str(failure))
            return failure
        return None

    def _load(self) -> None:
        self._tried_at = self._clock()
        route = self._route
        answer = requests.get(
            self.url,
            timeout=self._timeout,
            headers={"Accept": "application/json"},
            allow_redirects=False,
            verify=route.ca_bundle or True,
            # The same file twice: if only one is named, urllib3 2.8 does not look whether the key has a password.
            cert=(route.client_cert, route.client_cert) if route.client_cert else None,
            proxies={"http": route.proxy, "https": route.proxy} if route.proxy else None,
        )
        answer.raise_for_status()
        keys = signing_keys(answer.json())
        if not keys:
            raise ValueError("the key set holds no key that can sign access tokens")
        refused = development_kids(keys) if self._refuse_development_keys else []
        if refused:
            raise ConfigurationError("jwks_url", f"{self.url} publishes keys of a development server: {refused}")
        self._keys = keys
        self._fetched_at = self._clock()


_REASONS: Mapping[type[Exception], str] = MappingProxyType(
    {
        ConfigurationError: "the authorization server publishes keys of a development server",
        requests.HTTPError: "the authorization server answers with an error",
        requests.exceptions.SSLError: "TLS with the authorization server failed, see JWKS_CA_BUNDLE and"
        " JWKS_CLIENT_CERT",
        requests.exceptions.ProxyError: "the proxy of JWKS_PROXY gave us no connection to the authorization server",
        requests.Timeout: "the authorization server does not answer in time",
        requests.JSONDecodeError: "the authorization server answers no usable key set",
        requests.RequestException: "the authorization server cannot be reached",
        OSError: "the files of JWKS_CA_BUNDLE or JWKS_CLIENT_CERT cannot be read",
        ValueError: "the authorization server answers no usable key set",
    }
)
"""The public texts of failures; the first match counts."""
ANOTHER_HOST = (62, 64)
"""OpenSSL's codes for a certificate of another host name or address. Its texts name the host; health must not."""


def _distrust(failure: BaseException | None) -> str:
    """Why the certificate of the authorization server is not trusted, to be added to a text; empty if it is."""
    while failure is not None and not isinstance(failure, ssl.SSLCertVerificationError):
        failure = failure.__context__
    if failure is None:
        return ""
    why = "it is for another host" if failure.verify_code in ANOTHER_HOST else failure.verify_message
    return f": its certificate is not trusted: {why}"


def _find(keys: Mapping[str, Key], kid: str | None) -> Key | None:
    if kid is None:
        return next(iter(keys.values())) if len(keys) == 1 else None
    return keys.get(kid)


KeySource = StaticKeys | RemoteKeys
