"""The check of one operation: who calls is known from the moment that the token is, whatever comes of the request."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from starlette.datastructures import Headers

from facade.security.connexion_security import anyone, security_map
from facade.security.errors import ScopeMissing, TokenRefused
from facade.security.principal import Principal, principal_in
from facade.web.limits import RateLimited

ACME = Principal("partner-acme", frozenset({"order:read"}))


class Verifier:
    async def verify_async(self, token: str) -> Principal:
        if token != "good":
            raise TokenRefused("signature")
        return ACME


def too_often(principal: Principal, request: Any) -> None:
    raise RateLimited(principal.client_id, 1)


def asked(scope: str, sent: str = "good", admit: Any = anyone) -> tuple[Any, Principal | None]:
    """What came of a request, and who is known to have made it."""
    verifier: Any = Verifier()
    handler = security_map(verifier, ["order:read", "order:create"], admit)["oauth2"]()
    request: Any = SimpleNamespace(headers=Headers({"authorization": f"Bearer {sent}"}), context={})
    try:
        came: Any = asyncio.run(handler.get_fn({}, [scope])(request))
    except Exception as error:  # noqa: BLE001 - which one is what the tests look at
        came = error
    return came, principal_in(request.context)


def test_a_client_with_the_scope_is_let_through() -> None:
    came, known = asked("order:read")
    assert (came["principal"], known) == (ACME, ACME)


@pytest.mark.parametrize(
    ("scope", "admit", "error"),
    [("order:create", anyone, ScopeMissing), ("order:read", too_often, RateLimited)],
)
def test_a_client_that_is_turned_away_is_known_to_evidence_and_metrics(scope: str, admit: Any, error: type) -> None:
    came, known = asked(scope, admit=admit)
    assert (type(came), known) == (error, ACME)


def test_who_sends_a_bad_token_is_nobody() -> None:
    came, known = asked("order:read", sent="bad")
    assert (type(came), known) == (TokenRefused, None)
