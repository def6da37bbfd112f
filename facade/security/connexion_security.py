"""Joins the token check to Connexion: the handler of every `type: oauth2` scheme in the contracts.

Connexion's own handler imports a function by the dotted name in `x-tokenInfoFunc` and splits what is one decision
here over two functions, with errors that carry no challenge. Its `security_map` takes a handler of ours instead, made
around a verifier, so there is neither a name in the contract nor a verifier kept in a module.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Any

from connexion.lifecycle import ConnexionRequest

from facade.security.clients import SCOPES
from facade.security.errors import MISSING, ConfigurationError, TokenRefused
from facade.security.principal import Principal
from facade.security.tokens import TokenVerifier

Check = Callable[[ConnexionRequest], Awaitable[dict[str, Any]]]
Admit = Callable[[Principal, ConnexionRequest], None]
"""Told of each request of a known client. Raises what it is refused by."""


def anyone(principal: Principal, request: ConnexionRequest) -> None:
    """Refuses nobody."""


class OAuth2Handler:
    """Makes the check of one operation from the scopes that its contract asks for."""

    def __init__(self, verifier: TokenVerifier, scopes: Collection[str], admit: Admit) -> None:
        self._verifier = verifier
        self._admit = admit
        self._everything = Principal("contract", frozenset(scopes))

    def get_fn(self, _scheme: Mapping[str, Any], required_scopes: list[str]) -> Check:
        """The check, which runs on the event loop before the request is validated.

        Its answer becomes `token_info` in Connexion's context; `sub` there becomes `user`. Raises TokenRefused,
        ScopeMissing or KeysUnavailable. Raises ConfigurationError here, at start, for a scope that nobody can hold
        because it is not in the table: a slip of the pen would otherwise lock the operation for good.
        """
        unknown = [scope for scope in required_scopes if not self._everything.may(scope)]
        if unknown:
            raise ConfigurationError("scopes", f"a contract asks for scopes that are not in the table: {unknown}")

        async def check(request: ConnexionRequest) -> dict[str, Any]:
            principal = await self._verifier.verify_async(bearer_token(request.headers.getlist("authorization")))
            scope = " ".join(sorted(principal.scopes))
            known = {"sub": principal.client_id, "scope": scope, "principal": principal}
            request.context["token_info"] = known  # evidence and metrics name those, too, who are turned away here
            self._admit(principal, request)
            principal.require(required_scopes)
            return known

        return check


def security_map(verifier: TokenVerifier, scopes: Collection[str] = SCOPES, admit: Admit = anyone) -> dict[str, Any]:
    """What `FlaskApp(…, security_map=…)` takes. Connexion calls the entry once for each operation.

    `admit` is told of each request of a known client, and may refuse it.
    """
    handler = OAuth2Handler(verifier, scopes, admit)
    return {"oauth2": lambda: handler}


def bearer_token(sent: Sequence[str]) -> str:
    """The token in the `Authorization` headers that were sent. Raises TokenRefused."""
    if not sent:
        raise TokenRefused(MISSING)
    scheme, _, token = sent[0].strip().partition(" ")
    if scheme.lower() != "bearer":
        # Other credentials are not a token: the answer names the accepted kind.
        raise TokenRefused(MISSING)
    if len(sent) > 1 or not token.strip():
        raise TokenRefused("malformed")
    return str(token.strip())
