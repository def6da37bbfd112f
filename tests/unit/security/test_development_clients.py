"""Principals, scopes, and the clients of the development server."""

import pytest

from canonical.shared.reader import Reader
from facade.security.clients import DEVELOPMENT_CLIENTS, SCOPES, find_client
from facade.security.errors import REASONS, ScopeMissing, TokenRefused
from facade.security.principal import Principal, current_principal, principal_in


def holding(*scopes: str) -> Principal:
    return Principal("acme", frozenset(scopes))


def test_a_wildcard_holds_what_is_under_it_and_nothing_else() -> None:
    assert holding("operations:*").may("operations:read")
    assert holding("operations:*").may("operations:processes:retry")
    assert holding("operations:*").may("operations:*")
    assert not holding("operations:*").may("operationsx:read")
    assert not holding("operations:*").may("operations")
    assert not holding("operations:read").may("operations:*")
    assert not holding("*").may("order:read")
    assert holding("order:read").may_all([])


def test_only_the_scope_by_name_shows_other_clients_orders() -> None:
    assert holding("order:read").reader() == Reader("acme")
    assert holding("order:*").reader() == Reader("acme")
    assert holding("order:all").reader() == Reader("acme", everybody=True)
    assert holding("order:all").reader("quote") == Reader("acme")


def test_the_caller_is_read_from_the_context_of_the_request() -> None:
    caller = holding("order:read")
    assert principal_in({"token_info": {"principal": caller}}) is caller
    assert principal_in({}) is None
    assert principal_in({"token_info": None}) is None
    with pytest.raises((TokenRefused, RuntimeError)):
        current_principal()


def test_the_three_clients_have_what_their_users_need() -> None:
    partner, portal, qa = (DEVELOPMENT_CLIENTS[name] for name in ("partner-acme", "portal", "qa"))
    assert qa.scopes == set(SCOPES)
    assert {"order:create", "order:read"} <= partner.scopes
    assert "order:all" not in partner.scopes
    assert "order:all" in portal.scopes
    assert all(client.scopes <= set(SCOPES) for client in (partner, portal, qa))


def test_a_secret_is_the_name_and_secret() -> None:
    assert find_client("qa").check_client_secret("qa-secret")
    assert not find_client("qa").check_client_secret("qa-secrét")
    assert not find_client("nobody").check_client_secret("nobody-secret")


def test_a_client_gets_what_it_asks_for_or_nothing() -> None:
    qa = DEVELOPMENT_CLIENTS["qa"]
    assert qa.get_allowed_scope("order:read  operations:read order:read") == "operations:read order:read"
    assert qa.get_allowed_scope(None) == qa.get_allowed_scope(" ") == " ".join(sorted(SCOPES))
    assert qa.get_allowed_scope("order:read order:fly") is None
    assert DEVELOPMENT_CLIENTS["partner-acme"].get_allowed_scope("order:*") is None


def test_every_reason_fits_into_a_challenge() -> None:
    for reason, text in REASONS.items():
        challenge = TokenRefused(reason).headers["WWW-Authenticate"]
        assert challenge == "Bearer" if reason == "missing" else text in challenge
        assert '"' not in text
        assert text.isascii()


def test_a_missing_scope_is_named() -> None:
    error = ScopeMissing(holding("order:read"), ["order:read", "order:create"])
    assert error.status_code == 403
    assert error.missing_scopes == ["order:create"]
    assert error.detail == "The access token lacks the scope order:create"
    assert error.headers == {"WWW-Authenticate": 'Bearer error="insufficient_scope", scope="order:read order:create"'}


def test_what_an_operation_asks_for_has_to_be_held() -> None:
    holding("order:*").require(["order:read", "order:create"])
    holding("order:read").require([])
    with pytest.raises(ScopeMissing):
        holding("order:read").require(["order:read", "order:create"])
