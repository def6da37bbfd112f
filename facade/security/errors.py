"""Errors of authentication and authorization, in the form that Connexion passes to the application's error handlers.

    connexion.exceptions
    ├── OAuthProblem
    │   └── TokenRefused        401  the token is missing or not accepted
    ├── OAuthScopeProblem
    │   └── ScopeMissing        403  the token lacks the scope that the operation needs
    └── ProblemException
        └── KeysUnavailable     503  no key can check the token

Each has `code` (stable), `reason` (stable, short), `detail` (for people) and `headers`, which must go out with the
answer: they hold the challenge of RFC 6750 section 3. No token text is ever in them.

    ValueError
    └── ConfigurationError      a setting that must not be started with; `setting` names it
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar

from connexion.exceptions import OAuthProblem, OAuthScopeProblem, ProblemException

if TYPE_CHECKING:
    from facade.security.principal import Principal

MISSING = "missing"

REASONS: Mapping[str, str] = MappingProxyType(
    {
        MISSING: "No access token was sent",
        "malformed": "The Authorization header does not hold a readable access token",
        "algorithm": "The token is not signed with an algorithm we accept",
        "unknownKey": "The token is signed with a key we do not know",
        "signature": "The signature of the token does not match",
        "type": "The token is not an access token",
        "claims": "A claim of the token is missing or has the wrong type",
        "issuer": "The token comes from an issuer we do not trust",
        "audience": "The token is meant for another audience",
        "expired": "The token has expired",
        "notYetValid": "The token is not valid yet",
        "client": "The token has no client id, or one that cannot be used",
    }
)
"""Every reason for a 401. The texts have no quotes in them, so that they fit into a header as they are."""


class TokenRefused(OAuthProblem):  # type: ignore[misc]
    """401. `reason` is one of REASONS; only with `missing` is the challenge bare (RFC 6750 section 3.1)."""

    code: ClassVar[str] = "UNAUTHENTICATED"

    def __init__(self, reason: str) -> None:
        super().__init__(detail=REASONS[reason])
        self.reason = reason
        challenge = "Bearer"
        if reason != MISSING:
            challenge = f'Bearer error="invalid_token", error_description="{REASONS[reason]}"'
        self.headers = {"WWW-Authenticate": challenge}


class ScopeMissing(OAuthScopeProblem):  # type: ignore[misc]
    """403. `required_scopes` is what the operation asks for, `missing_scopes` what `principal` lacks of it."""

    code: ClassVar[str] = "INSUFFICIENT_SCOPE"
    reason = "insufficientScope"

    def __init__(self, principal: "Principal", required: Iterable[str]) -> None:
        wanted = list(required)
        super().__init__(token_scopes=sorted(principal.scopes), required_scopes=wanted)
        self.principal = principal
        self.missing_scopes = [scope for scope in wanted if not principal.may(scope)]
        # What the token does hold is the caller's own affair and stays out of the text.
        self.detail = f"The access token lacks the scope {' '.join(self.missing_scopes)}"
        self.headers = {"WWW-Authenticate": f'Bearer error="insufficient_scope", scope="{" ".join(wanted)}"'}


class KeysUnavailable(ProblemException):  # type: ignore[misc]
    """503. The authorization server has not yet given us any key, so nothing can be said about the token."""

    code: ClassVar[str] = "AUTHORIZATION_SERVER_UNAVAILABLE"
    reason = "keysUnavailable"

    def __init__(self) -> None:
        super().__init__(
            status=503,
            title="Service Unavailable",
            detail="Access tokens cannot be checked at the moment",
            headers={"Retry-After": "5"},
        )


VARIABLES: Mapping[str, str] = MappingProxyType(
    {
        "mode": "FACADE_MODE",
        "issuer": "TOKEN_ISSUER",
        "audience": "TOKEN_AUDIENCE",
        "jwks_url": "JWKS_URL",
        "state_dir": "STATE_DIR",
    }
)
"""The environment variables that operators know the fields of SecuritySettings by."""


class ConfigurationError(ValueError):
    """The product must not start like this. `setting` is the name of the field of SecuritySettings.

    The text is the environment variable followed by `message`, or `message` alone where there is no variable.
    """

    def __init__(self, setting: str, message: str) -> None:
        super().__init__(f"{VARIABLES[setting]} {message}" if setting in VARIABLES else message)
        self.setting = setting
