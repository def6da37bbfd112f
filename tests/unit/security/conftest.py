"""An issuer of tokens, and a verifier that trusts it."""

import pytest

from facade.security.errors import TokenRefused
from facade.security.keys import StaticKeys
from facade.security.tokens import TokenVerifier
from tests.unit.security.issuer import AUDIENCE, ISSUER, NOW, Issuer, Refusal


@pytest.fixture(scope="session")
def issuer() -> Issuer:
    return Issuer()


@pytest.fixture
def verifier(issuer: Issuer) -> TokenVerifier:
    return TokenVerifier(StaticKeys(issuer.jwks), ISSUER, AUDIENCE, leeway=30, clock=lambda: NOW)


@pytest.fixture
def refusal(verifier: TokenVerifier) -> Refusal:
    def ask(token: str) -> str:
        try:
            verifier.verify(token)
        except TokenRefused as refused:
            return refused.reason
        return "accepted"

    return ask
