"""What makes an access token good enough, and for how long it is remembered."""

import asyncio
import base64
import hashlib
import hmac
import json
import random
from collections.abc import Callable
from typing import Any

import pytest
from joserfc import jws
from joserfc.jwk import ECKey, OctKey, RSAKey

from facade.security import tokens
from facade.security.errors import REASONS, KeysUnavailable, TokenRefused
from facade.security.keys import StaticKeys
from facade.security.principal import Principal
from facade.security.tokens import TokenVerifier
from tests.unit.security.issuer import NOW, Issuer, Refusal


def b64(value: Any) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def test_a_good_token_names_its_client_and_scopes(issuer: Issuer, verifier: TokenVerifier) -> None:
    assert verifier.verify(issuer.token()) == Principal("partner-acme", frozenset({"order:create", "order:read"}))


def test_the_event_loop_gets_the_same_answer(issuer: Issuer, verifier: TokenVerifier) -> None:
    assert asyncio.run(verifier.verify_async(issuer.token())) == verifier.verify(issuer.token())
    with pytest.raises(TokenRefused):
        asyncio.run(verifier.verify_async("nonsense"))


def test_es256_is_accepted_too(issuer: Issuer, verifier: TokenVerifier) -> None:
    assert verifier.verify(issuer.token(issuer.ec, "ES256", "ec-1")).client_id == "partner-acme"


@pytest.mark.parametrize(
    ("changes", "client", "scopes"),
    [
        ({"client_id": None, "azp": "portal"}, "portal", {"order:create", "order:read"}),
        ({"scope": ["order:read", "catalog:read"]}, "partner-acme", {"order:read", "catalog:read"}),
        ({"scope": None}, "partner-acme", set()),
        ({"aud": ["other", "tmf-facade"]}, "partner-acme", {"order:create", "order:read"}),
        ({"exp": NOW - 10}, "partner-acme", {"order:create", "order:read"}),
        ({"nbf": NOW + 10, "iat": NOW + 10}, "partner-acme", {"order:create", "order:read"}),
        ({"exp": NOW + 0.5, "nbf": NOW - 0.25}, "partner-acme", {"order:create", "order:read"}),
    ],
    ids=[
        "azp",
        "scope list",
        "no scope",
        "several audiences",
        "expired within leeway",
        "ahead within leeway",
        "halves",
    ],
)
def test_the_ways_in_which_servers_differ_are_understood(
    issuer: Issuer, verifier: TokenVerifier, changes: dict[str, Any], client: str, scopes: set[str]
) -> None:
    assert verifier.verify(issuer.token(**changes)) == Principal(client, frozenset(scopes))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"exp": NOW - 60}, "expired"),
        ({"exp": None}, "claims"),
        ({"exp": "tomorrow"}, "claims"),
        ({"exp": float("nan")}, "claims"),
        ({"nbf": NOW + 120}, "notYetValid"),
        ({"iat": NOW + 120}, "notYetValid"),
        ({"iss": "https://other.example"}, "issuer"),
        ({"iss": None}, "claims"),
        ({"aud": "another"}, "audience"),
        ({"aud": ["another"]}, "audience"),
        ({"aud": None}, "claims"),
        ({"client_id": None}, "client"),
        ({"client_id": 7}, "client"),
        ({"client_id": ""}, "client"),
        ({"client_id": " "}, "client"),
        ({"client_id": "a\ud800"}, "claims"),
        ({"client_id": "a\0b"}, "client"),
        ({"client_id": "a\nb"}, "client"),
        ({"client_id": "a" * 101}, "client"),
        ({"client_id": None, "azp": "\udfff"}, "claims"),
        ({"scope": 7}, "claims"),
        ({"scope": [7]}, "claims"),
        ({"scope": "order:read \ud800"}, "claims"),
        ({"scope": ["order:read", "\ud800"]}, "claims"),
        ({"scope": ["\0"]}, "claims"),
        ({"iss": "\ud800"}, "claims"),
        ({"aud": ["\ud800"]}, "claims"),
    ],
    ids=ascii,
)
def test_a_claim_that_is_wrong_is_refused_by_name(
    issuer: Issuer, refusal: Refusal, changes: dict[str, Any], reason: str
) -> None:
    assert refusal(issuer.token(**changes)) == reason


@pytest.mark.parametrize("claim", ['"client_id":"portal"', '"exp":1e9', '"note":{"a":1,"a":2}', f'"n":{"9" * 1_001}'])
def test_a_claim_that_is_there_twice_or_too_long_is_refused(issuer: Issuer, refusal: Refusal, claim: str) -> None:
    claims = {"iss": "https://issuer.example", "aud": "tmf-facade", "exp": NOW + 60, "client_id": "partner-acme"}
    payload = json.dumps(claims)[:-1] + f",{claim}}}"
    header = {"alg": "RS256", "typ": "at+jwt", "kid": "rsa-1"}
    assert refusal(jws.serialize_compact(header, payload, issuer.rsa, algorithms=["RS256"])) == "claims"


def test_a_token_of_another_kind_is_refused(issuer: Issuer, refusal: Refusal) -> None:
    from joserfc import jwt

    claims = {"iss": "https://issuer.example", "aud": "tmf-facade", "exp": NOW + 60, "client_id": "x"}
    assert refusal(jwt.encode({"alg": "RS256", "typ": "logout+jwt", "kid": "rsa-1"}, claims, issuer.rsa)) == "type"
    assert refusal(jwt.encode({"alg": "RS256", "typ": "JWT", "kid": "rsa-1"}, claims, issuer.rsa)) == "accepted"


def test_an_unsigned_token_is_refused(issuer: Issuer, refusal: Refusal) -> None:
    _, payload, _ = issuer.token().split(".")
    for alg in ("none", "None", "NONE", ""):
        assert refusal(f"{b64({'alg': alg, 'kid': 'rsa-1'})}.{payload}.") == "algorithm"


def test_the_public_key_used_as_an_hmac_secret_is_refused(issuer: Issuer, refusal: Refusal) -> None:
    _, payload, _ = issuer.token().split(".")
    signed = f"{b64({'alg': 'HS256', 'typ': 'at+jwt', 'kid': 'rsa-1'})}.{payload}"
    for secret in (issuer.rsa.as_pem(private=False), json.dumps(issuer.jwks["keys"][0]).encode()):
        assert refusal(f"{signed}.{b64(hmac.new(secret, signed.encode(), hashlib.sha256).digest())}") == "algorithm"


def test_other_algorithms_of_the_right_key_are_refused(issuer: Issuer, refusal: Refusal) -> None:
    assert refusal(issuer.token(alg="RS512")) == "algorithm"
    assert refusal(issuer.token(alg="PS256")) == "algorithm"


def test_an_algorithm_that_does_not_fit_the_key_is_refused(issuer: Issuer, refusal: Refusal) -> None:
    assert refusal(issuer.token(issuer.ec, "ES256", "rsa-1")) == "signature"
    assert refusal(issuer.token(issuer.rsa, "RS256", "ec-1")) == "signature"


def test_a_tampered_token_is_refused(issuer: Issuer, refusal: Refusal) -> None:
    header, payload, signature = issuer.token().split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    assert refusal(f"{header}.{b64(claims | {'client_id': 'portal'})}.{signature}") == "signature"
    assert refusal(f"{header}.{payload}.{signature[:-4]}") == "signature"


def test_a_stranger_cannot_sign_with_a_known_key_id(issuer: Issuer, refusal: Refusal) -> None:
    assert refusal(issuer.token(RSAKey.generate_key(2048))) == "signature"


def test_an_unknown_key_is_refused(issuer: Issuer, refusal: Refusal) -> None:
    for kid in ("another", "\ud800", "\0"):
        assert refusal(issuer.token(kid=kid)) == "unknownKey"


def test_a_token_without_key_id_needs_a_single_key(issuer: Issuer, refusal: Refusal) -> None:
    assert refusal(issuer.token(kid=None)) == "unknownKey"
    single = TokenVerifier(
        StaticKeys({"keys": issuer.jwks["keys"][:1]}), "https://issuer.example", "tmf-facade", clock=lambda: NOW
    )
    assert single.verify(issuer.token(kid=None)).client_id == "partner-acme"


def test_header_fields_nobody_knows_are_ignored_unless_they_are_critical(issuer: Issuer, refusal: Refusal) -> None:
    from joserfc import jws

    claims = json.dumps({"iss": "https://issuer.example", "aud": "tmf-facade", "exp": NOW + 60, "azp": "x"})
    lenient = jws.JWSRegistry(strict_check_header=False)
    known = {"alg": "RS256", "kid": "rsa-1", "nonce": "n"}
    assert refusal(jws.serialize_compact(known, claims, issuer.rsa, registry=lenient)) == "accepted"
    header = b64(known | {"crit": ["nonce"]})
    assert refusal(f"{header}.{b64(claims.encode())}.{b64(b'x')}") == "malformed"


NO_HEADERS: list[Any] = [[], 7, None, "RS256", {"alg": {}}, {"alg": "RS256", "kid": 7}]


@pytest.mark.parametrize(
    "token",
    ["", ".", "..", "...", "a.b.c", "é.é.é", "x" * 9000, "e30.e30.e30", "eyJhbGciOltdfQ.e30.e30", "\x00.\x00.\x00"]
    + [f"{b64(header)}.e30.e30" for header in NO_HEADERS]
    + [f"{b64({'alg': 'RS256', 'crit': 7})}.e30.e30", f"{b64(b'[' * 300)}.e30.e30", f"{b64(b'[' * 5000)}.e30.e30"],
    ids=lambda token: ascii(token)[:30],
)
def test_nonsense_is_refused_and_nothing_worse(refusal: Refusal, token: str) -> None:
    assert refusal(token) in ("malformed", "algorithm")


def test_random_changes_to_a_good_token_are_refused_and_nothing_worse(issuer: Issuer, refusal: Refusal) -> None:
    dice = random.Random(20)
    good = issuer.token()
    for _ in range(1500):
        changed = list(good)
        for _ in range(dice.randint(1, 4)):
            changed[dice.randrange(len(good))] = chr(dice.choice((46, 61, 123, dice.randrange(1, 300))))
        # The last character of a signature carries unused bits; the same bytes may come out.
        assert "".join(changed)[:-1] == good[:-1] or refusal("".join(changed)) in REASONS


def test_signed_claims_that_are_no_object_are_refused(issuer: Issuer, refusal: Refusal) -> None:
    from joserfc import jws

    for payload in (b"[]", b"7", b"\xff", b"[" * 4000, b""):
        assert refusal(jws.serialize_compact({"alg": "RS256", "kid": "rsa-1"}, payload, issuer.rsa)) == "claims"


class CountingKeys(StaticKeys):
    looked_up = 0

    def find(self, kid: str | None) -> Any:
        self.looked_up += 1
        return super().find(kid)


def remembering(issuer: Issuer, now: Callable[[], float] = lambda: NOW) -> tuple[CountingKeys, TokenVerifier]:
    keys = CountingKeys(issuer.jwks)
    return keys, TokenVerifier(keys, "https://issuer.example", "tmf-facade", leeway=0, clock=now)


def test_a_verified_token_is_checked_once(issuer: Issuer) -> None:
    keys, verifier = remembering(issuer)
    token = issuer.token()
    first = verifier.verify(token)
    assert all(verifier.verify(token) is first for _ in range(5))
    assert keys.looked_up == 1


def test_a_remembered_token_is_forgotten_when_it_expires(issuer: Issuer) -> None:
    now = [float(NOW)]
    _, verifier = remembering(issuer, lambda: now[0])
    token = issuer.token(exp=NOW + 60)
    verifier.verify(token)
    now[0] += 60
    with pytest.raises(TokenRefused) as refused:
        verifier.verify(token)
    assert refused.value.reason == "expired"


def test_a_remembered_token_is_checked_again_after_ten_minutes(issuer: Issuer) -> None:
    now = [float(NOW)]
    keys, verifier = remembering(issuer, lambda: now[0])
    token = issuer.token()
    verifier.verify(token)
    now[0] += tokens.CACHE_SECONDS
    verifier.verify(token)
    assert keys.looked_up == 2


def test_refused_tokens_are_not_remembered_and_the_memory_is_bounded(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "CACHE_SIZE", 3)
    keys, verifier = remembering(issuer)
    several = [issuer.token(sub=str(number)) for number in range(4)]
    for token in several:
        verifier.verify(token)
    with pytest.raises(TokenRefused):
        verifier.verify(issuer.token(exp=1))
    keys.looked_up = 0
    for token in several[1:]:
        verifier.verify(token)
    assert keys.looked_up == 0
    verifier.verify(several[0])
    assert keys.looked_up == 1


def test_without_any_key_nothing_is_said_about_the_token(issuer: Issuer) -> None:
    class NoKeysYet(StaticKeys):
        loaded = False

    with pytest.raises(KeysUnavailable) as unavailable:
        TokenVerifier(NoKeysYet({"keys": []}), "https://issuer.example", "tmf-facade").verify(issuer.token())
    assert unavailable.value.status_code == 503
    assert unavailable.value.headers == {"Retry-After": "5"}


def test_symmetric_weak_and_foreign_keys_are_left_out_of_a_key_set(issuer: Issuer) -> None:
    other = RSAKey.generate_key(2048).as_dict(private=False)
    strange = [
        OctKey.generate_key(256).as_dict(private=True) | {"kid": "oct"},
        other | {"kid": "enc", "use": "enc"},
        other | {"kid": "rs512", "alg": "RS512"},
        ECKey.generate_key("P-384").as_dict(private=False) | {"kid": "p384", "alg": "ES384"},
        {"kty": "AKP", "kid": "new"},
        {"kty": "RSA", "kid": "broken", "n": "!", "e": 7},
        "no key",
    ]
    keys = StaticKeys({"keys": strange + issuer.jwks["keys"]})
    assert [kid for kid in ("oct", "enc", "rs512", "p384", "new", "broken", "rsa-1", "ec-1") if keys.find(kid)] == [
        "rsa-1",
        "ec-1",
    ]
