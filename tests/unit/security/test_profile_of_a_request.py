"""The profile by which a request is judged: the one in force when its token is checked, and no other."""

from collections.abc import Callable

import pytest

from canonical.catalog.market import Market
from canonical.shared.reader import CustomerSet
from facade.partners.customers import CustomerRule
from facade.partners.profiles import DEFAULT, Profile
from facade.security.errors import TokenRefused
from facade.security.keys import StaticKeys
from facade.security.tokens import TokenVerifier
from tests.unit.security.issuer import AUDIENCE, ISSUER, NOW, Issuer

FORMER = Profile(customers=CustomerRule(CustomerSet(frozenset({"C1"}))))
LATER = Profile(customers=CustomerRule(claim="cust"), market=Market(frozenset({"shop"})))


def verifier_of(issuer: Issuer, profile_of: Callable[[str], Profile]) -> TokenVerifier:
    return TokenVerifier(StaticKeys(issuer.jwks), ISSUER, AUDIENCE, profile_of=profile_of, clock=lambda: NOW)


def test_without_a_profile_a_client_has_the_default(issuer: Issuer, verifier: TokenVerifier) -> None:
    assert verifier.verify(issuer.token()).profile is DEFAULT


def test_each_request_of_a_remembered_token_has_the_profile_in_force(issuer: Issuer) -> None:
    asked: list[str] = []
    in_force = {"partner-acme": FORMER}

    def profile_of(client: str) -> Profile:
        asked.append(client)
        return in_force[client]

    verifier, token = verifier_of(issuer, profile_of), issuer.token(cust=["C2"])
    before = verifier.verify(token)
    assert verifier.verify(token) is before
    in_force["partner-acme"] = LATER
    after = verifier.verify(token)
    assert (before.profile, before.customers) == (FORMER, CustomerSet(frozenset({"C1"})))
    assert (after.profile, after.customers) == (LATER, CustomerSet(frozenset({"C2"})))
    assert asked == ["partner-acme"] * 3


def test_a_remembered_token_is_refused_if_its_new_profile_needs_another_claim(issuer: Issuer) -> None:
    in_force = [FORMER]
    verifier, token = verifier_of(issuer, lambda client: in_force[0]), issuer.token()
    verifier.verify(token)
    in_force[0] = LATER
    for _ in range(2):
        with pytest.raises(TokenRefused) as refused:
            verifier.verify(token)
        assert refused.value.reason == "claims"
    in_force[0] = FORMER
    assert verifier.verify(token).may_act_for("C1")
