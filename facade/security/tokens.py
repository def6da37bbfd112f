"""Checks access tokens: JWTs of RFC 9068 and of the authorization servers that came before it.

Authlib 1.9 deprecates `authlib.jose` (importing it warns) in favour of joserfc, by the same author, on which Authlib's
own token validator stands. That validator (`authlib.oauth2.rfc9068`) has no leeway, allows HMAC algorithms, and
insists on `jti`, `sub`, `client_id` and on `typ: at+jwt`, which rules out the tokens of widely used servers; so the
claims are checked with joserfc directly.
"""

import asyncio
import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, TypeGuard

from joserfc.errors import (
    ClaimError,
    ExpiredTokenError,
    InvalidClaimError,
    JoseError,
    MissingClaimError,
    UnsupportedAlgorithmError,
)
from joserfc.jws import CompactSignature, JWSRegistry, extract_compact, validate_compact
from joserfc.jwt import JWTClaimsRegistry

from canonical.shared import jsontext
from facade.partners.customers import ClaimUnusable
from facade.partners.profiles import DEFAULT, Profile
from facade.security.errors import KeysUnavailable, TokenRefused
from facade.security.keys import KeySource
from facade.security.principal import Principal

ALGORITHMS = ("RS256", "ES256")
TYPES = frozenset({"jwt", "at+jwt", "application/at+jwt"})
MAX_TOKEN_LENGTH = 8192
LONGEST_CLIENT_ID = 100
"""Characters: what the owner of an order may have in the database."""
CACHE_SIZE = 1024
CACHE_SECONDS = 600.0
"""The longest time that a verified token is accepted without checking its signature again, even if its key is
withdrawn.
"""

_CLAIM_REASONS = {"iss": "issuer", "aud": "audience", "nbf": "notYetValid", "iat": "notYetValid"}
# Unknown header fields are ignored, as RFC 7515 section 4 asks; a `crit` field that is unknown is still refused.
_SIGNATURES = JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)


@dataclass(frozen=True, slots=True)
class _Verified:
    """A token whose signature and claims were checked. `caller` has the profile that was in force at its last use."""

    client: str
    scopes: frozenset[str]
    claims: Mapping[str, Any]
    until: float
    caller: Principal | None = None


class TokenVerifier:
    """Tells who an access token was issued to. Signatures are RS256 or ES256, never `none` and never HMAC.

    `issuer` must be the token's `iss` and `audience` among its `aud`; `exp` must lie ahead and `nbf` and `iat`, where
    they are given, must not, each by at most `leeway` seconds. The client is `client_id` or `azp`; the scopes are
    `scope`, as a text or a list. Their characters are printable: what is kept, logged and counted under them has to be
    written somewhere. `profile_of` gives the profile that is in force for a client; it is asked once for each request,
    also for a remembered token. A verified token is remembered by its digest until it expires, but no longer than
    10 minutes.
    """

    def __init__(
        self,
        keys: KeySource,
        issuer: str,
        audience: str,
        leeway: int = 30,
        *,
        profile_of: Callable[[str], Profile] = lambda client: DEFAULT,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.keys = keys
        self._profile_of = profile_of
        self._clock = clock
        self._leeway = leeway
        self._claims = JWTClaimsRegistry(
            now=lambda: int(clock()),
            leeway=leeway,
            iss={"essential": True, "value": issuer},
            aud={"essential": True, "value": audience},
            exp={"essential": True},
        )
        self._known: OrderedDict[bytes, _Verified] = OrderedDict()
        self._lock = threading.Lock()

    def verify(self, token: str) -> Principal:
        """The client behind the token. Raises TokenRefused or KeysUnavailable. May wait for the keys."""
        digest, known = self._recall(token)
        if known is not None:
            return known
        signed, kid = _read(token)
        if self.keys.wants_refresh(kid):
            self.keys.refresh()
        return self._check(digest, signed, kid)

    async def verify_async(self, token: str) -> Principal:
        """The same on an event loop: only a wait for the keys leaves it, to a thread."""
        digest, known = self._recall(token)
        if known is not None:
            return known
        signed, kid = _read(token)
        if self.keys.wants_refresh(kid):
            await asyncio.to_thread(self.keys.refresh)
        return self._check(digest, signed, kid)

    def _recall(self, token: str) -> tuple[bytes, Principal | None]:
        if len(token) > MAX_TOKEN_LENGTH or not token.isascii():
            raise TokenRefused("malformed")
        digest = hashlib.sha256(token.encode("ascii")).digest()
        with self._lock:
            verified = self._known.get(digest)
            if verified is None:
                return digest, None
            if verified.until <= self._clock():
                del self._known[digest]
                return digest, None
            self._known.move_to_end(digest)
        return digest, self._principal(digest, verified)

    def _check(self, digest: bytes, signed: CompactSignature, kid: str | None) -> Principal:
        key = self.keys.find(kid)
        if key is None:
            raise TokenRefused("unknownKey") if self.keys.loaded else KeysUnavailable()
        try:
            genuine = validate_compact(signed, key, registry=_SIGNATURES)
        except JoseError as failure:
            # For instance an ES256 token that names an RSA key.
            raise TokenRefused("signature") from failure
        if not genuine:
            raise TokenRefused("signature")
        claims = self._read_claims(signed)
        until = min(claims["exp"] + self._leeway, self._clock() + CACHE_SECONDS)
        return self._principal(digest, _Verified(_client(claims), _scopes(claims), claims, until))

    def _principal(self, digest: bytes, verified: _Verified) -> Principal:
        """The caller, with the profile that is in force now. Raises TokenRefused if that asks for another claim."""
        profile = self._profile_of(verified.client)
        if verified.caller is not None and verified.caller.profile is profile:
            return verified.caller
        try:
            customers = profile.customers_for(verified.claims)
        except ClaimUnusable as failure:
            raise TokenRefused("claims") from failure
        caller = Principal(verified.client, verified.scopes, customers, profile)
        self._remember(digest, replace(verified, caller=caller))
        return caller

    def _read_claims(self, signed: CompactSignature) -> dict[str, Any]:
        try:
            found = jsontext.read(signed.payload)
        except jsontext.Unreadable as failure:
            # A claim that is there twice, too (RFC 7519, section 4).
            raise TokenRefused("claims") from failure
        if not isinstance(found, dict):
            raise TokenRefused("claims")
        # joserfc knows times as integers and floats only.
        claims = {name: float(value) if isinstance(value, Decimal) else value for name, value in found.items()}
        try:
            self._claims.validate(claims)
        except ExpiredTokenError as failure:
            raise TokenRefused("expired") from failure
        except InvalidClaimError as failure:
            raise TokenRefused(_CLAIM_REASONS.get(failure.claim, "claims")) from failure
        except (MissingClaimError, ClaimError) as failure:
            raise TokenRefused("claims") from failure
        return claims

    def _remember(self, digest: bytes, verified: _Verified) -> None:
        with self._lock:
            self._known[digest] = verified
            if len(self._known) > CACHE_SIZE:
                self._known.popitem(last=False)


def _read(token: str) -> tuple[CompactSignature, str | None]:
    """The parts of a token, not verified, and the id of the key that it names."""
    try:
        signed = extract_compact(token.encode("ascii"), registry=_SIGNATURES)
        header = signed.headers()
        _SIGNATURES.check_header(header)
        _SIGNATURES.get_alg(header["alg"])
    except UnsupportedAlgorithmError as failure:
        raise TokenRefused("algorithm") from failure
    except (JoseError, ValueError, TypeError, RecursionError) as failure:
        raise TokenRefused("malformed") from failure
    if str(header.get("typ", "JWT")).lower() not in TYPES:
        raise TokenRefused("type")
    return signed, header.get("kid")


def _client(claims: dict[str, Any]) -> str:
    client = claims.get("client_id") or claims.get("azp")
    if not _is_name(client) or len(client) > LONGEST_CLIENT_ID:
        raise TokenRefused("client")
    return client


def _scopes(claims: dict[str, Any]) -> frozenset[str]:
    scope = claims.get("scope", "")
    found = scope.split() if isinstance(scope, str) else scope
    if isinstance(found, list) and all(map(_is_name, found)):
        return frozenset(found)
    raise TokenRefused("claims")


def _is_name(value: object) -> TypeGuard[str]:
    """Whether a claim is a text that can be written everywhere: no control characters and no lone surrogates."""
    return isinstance(value, str) and value.isprintable() and bool(value.strip())
