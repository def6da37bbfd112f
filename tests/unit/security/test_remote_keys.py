"""Keys fetched from an authorization server: how often, and what happens while it is down."""

import json
import threading
from typing import Any

import pytest
import requests

from facade.security.errors import ConfigurationError, KeysUnavailable, TokenRefused
from facade.security.keys import RemoteKeys
from facade.security.tokens import TokenVerifier
from tests.support.waiting import LONG
from tests.unit.security.issuer import Issuer


class Endpoint:
    """Stands in for the address: answers what it is told, and counts."""

    def __init__(self, jwks: Any) -> None:
        self.answer = jwks
        self.calls = 0
        self.begun, self.go_on = threading.Event(), threading.Event()
        self.go_on.set()

    def get(self, url: str, **options: Any) -> requests.Response:
        assert options["timeout"] > 0
        self.calls += 1
        self.begun.set()
        assert self.go_on.wait(LONG)
        if isinstance(self.answer, Exception):
            raise self.answer
        response = requests.Response()
        response.status_code = 200
        response._content = json.dumps(self.answer).encode()
        return response


@pytest.fixture
def endpoint(issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> Endpoint:
    made = Endpoint(issuer.jwks)
    monkeypatch.setattr("facade.security.keys.requests.get", made.get)
    return made


@pytest.fixture
def now() -> list[float]:
    return [1000.0]


@pytest.fixture
def remote(endpoint: Endpoint, now: list[float]) -> RemoteKeys:
    return RemoteKeys("https://issuer.example/jwks", clock=lambda: now[0])


@pytest.fixture
def checks(remote: RemoteKeys) -> TokenVerifier:
    return TokenVerifier(remote, "https://issuer.example", "tmf-facade", clock=lambda: 1_800_000_000)


def test_keys_are_fetched_with_the_first_token_and_kept(
    issuer: Issuer, endpoint: Endpoint, checks: TokenVerifier
) -> None:
    for number in range(3):
        checks.verify(issuer.token(sub=str(number)))
    assert endpoint.calls == 1


def test_an_unknown_key_id_asks_again_but_not_within_thirty_seconds(
    issuer: Issuer, endpoint: Endpoint, checks: TokenVerifier, now: list[float]
) -> None:
    checks.verify(issuer.token())
    for seconds, calls in ((0, 1), (29, 1), (2, 2), (1, 2), (30, 3)):
        now[0] += seconds
        with pytest.raises(TokenRefused):
            checks.verify(issuer.token(kid="made up"))
        assert endpoint.calls == calls


def test_a_new_key_is_found(issuer: Issuer, endpoint: Endpoint, checks: TokenVerifier, now: list[float]) -> None:
    endpoint.answer = {"keys": issuer.jwks["keys"][1:]}
    with pytest.raises(TokenRefused):
        checks.verify(issuer.token())
    endpoint.answer = issuer.jwks
    now[0] += 31
    assert checks.verify(issuer.token()).client_id == "partner-acme"


def test_a_withdrawn_key_is_dropped_after_ten_minutes(
    issuer: Issuer, endpoint: Endpoint, checks: TokenVerifier, now: list[float]
) -> None:
    checks.verify(issuer.token(sub="1"))
    endpoint.answer = {"keys": issuer.jwks["keys"][1:]}
    checks.verify(issuer.token(sub="2"))
    now[0] += 600
    with pytest.raises(TokenRefused):
        checks.verify(issuer.token(sub="3"))


@pytest.mark.parametrize("answer", [requests.ConnectionError("down"), {"error": "x"}, {"keys": []}, [], "x"], ids=str)
def test_known_keys_stay_in_use_while_the_server_is_down_or_talks_nonsense(
    issuer: Issuer, endpoint: Endpoint, remote: RemoteKeys, checks: TokenVerifier, now: list[float], answer: Any
) -> None:
    checks.verify(issuer.token(sub="1"))
    endpoint.answer = answer
    now[0] += 700
    assert checks.verify(issuer.token(sub="2")).client_id == "partner-acme"
    assert checks.verify(issuer.token(sub="3")).client_id == "partner-acme"
    assert endpoint.calls == 2
    assert remote.problem() is None


def test_before_the_first_keys_the_answer_is_that_nothing_can_be_said(
    issuer: Issuer, endpoint: Endpoint, checks: TokenVerifier, now: list[float]
) -> None:
    endpoint.answer = requests.ConnectionError("down")
    for _ in range(3):
        with pytest.raises(KeysUnavailable):
            checks.verify(issuer.token())
    assert endpoint.calls == 1
    endpoint.answer = issuer.jwks
    now[0] += 2
    assert checks.verify(issuer.token()).client_id == "partner-acme"


def answering(status: int) -> requests.HTTPError:
    response = requests.Response()
    response.status_code = status
    return requests.HTTPError("no", response=response)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (requests.ConnectionError("secret.internal: down"), "the authorization server cannot be reached"),
        (requests.ConnectTimeout("secret.internal"), "the authorization server does not answer in time"),
        (answering(404), "the authorization server answers with an error"),
        ({"keys": []}, "the authorization server answers no usable key set"),
        (requests.JSONDecodeError("x", "", 0), "the authorization server answers no usable key set"),
    ],
    ids=ascii,
)
def test_why_there_are_no_keys_is_told_without_the_servers_words(
    endpoint: Endpoint, remote: RemoteKeys, answer: Any, told: str
) -> None:
    endpoint.answer = answer
    remote.check()
    assert remote.problem() == told


def test_asking_for_the_problem_has_the_keys_fetched_again_in_the_background(
    issuer: Issuer, endpoint: Endpoint, remote: RemoteKeys, now: list[float]
) -> None:
    endpoint.answer = requests.ConnectionError("down")
    remote.check()
    remote.problem()
    assert endpoint.calls == 1, "that was tried a moment ago"
    endpoint.answer, endpoint.begun, endpoint.go_on = issuer.jwks, threading.Event(), threading.Event()
    now[0] += 2
    assert remote.problem() == "the authorization server cannot be reached"
    assert endpoint.begun.wait(LONG)
    for _ in range(3):
        assert remote.problem() is not None
    endpoint.go_on.set()
    remote.refresh()  # waits for the fetch that is under way
    assert remote.problem() is None
    assert endpoint.calls == 2


def test_many_callers_wait_for_one_fetch(issuer: Issuer, endpoint: Endpoint, checks: TokenVerifier) -> None:
    endpoint.go_on.clear()
    found = []
    threads = [threading.Thread(target=lambda: found.append(checks.verify(issuer.token()))) for _ in range(8)]
    for thread in threads:
        thread.start()
    assert endpoint.begun.wait(LONG)
    endpoint.go_on.set()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert endpoint.calls == 1


def test_development_keys_are_refused_as_a_whole_where_asked(
    issuer: Issuer, endpoint: Endpoint, now: list[float]
) -> None:
    endpoint.answer = {"keys": [*issuer.jwks["keys"], issuer.jwks["keys"][0] | {"kid": "dev-abc"}]}
    remote = RemoteKeys("https://issuer.example/jwks", refuse_development_keys=True, clock=lambda: now[0])
    with pytest.raises(ConfigurationError, match=r"^JWKS_URL .*dev-abc"):
        remote.check()
    now[0] += 31
    remote.refresh()
    assert not remote.loaded
    assert remote.problem() == "the authorization server publishes keys of a development server"
