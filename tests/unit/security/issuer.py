"""An issuer of tokens, good and bad ones."""

import json
from collections.abc import Callable
from typing import Any

from joserfc import jws
from joserfc.jwk import ECKey, Key, KeySet, RSAKey

ISSUER = "https://issuer.example"
AUDIENCE = "tmf-facade"
NOW = 1_800_000_000
"""The time of every check but those that say otherwise, so that a slow run changes nothing."""


class Issuer:
    def __init__(self) -> None:
        self.rsa = RSAKey.generate_key(2048, {"kid": "rsa-1"})
        self.ec = ECKey.generate_key("P-256", {"kid": "ec-1"})
        self.jwks: dict[str, Any] = dict(KeySet([self.rsa, self.ec]).as_dict(private=False))

    def token(self, key: Key | None = None, alg: str = "RS256", kid: str | None = "rsa-1", **claims: Any) -> str:
        """A good token but for what is changed; a claim that is None is left out, and so is a `kid`."""
        base = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": "partner-acme",
            "client_id": "partner-acme",
            "scope": "order:create order:read",
            "iat": NOW,
            "exp": NOW + 3600,
        }
        named = {name: value for name, value in (base | claims).items() if value is not None}
        header = {"alg": alg, "typ": "at+jwt"} | ({} if kid is None else {"kid": kid})
        # Not by `jwt.encode`, which cannot write lone surrogates: an issuer that escapes them can.
        return jws.serialize_compact(header, json.dumps(named), key or self.rsa, algorithms=[alg])


Refusal = Callable[[str], str]
"""The reason for which a token is refused, or `accepted`."""
