"""Access tokens: kept, renewed ahead of their end, shared by threads."""

from base64 import b64encode
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from time import sleep

import pytest
import requests
from requests import Response

from adapters.backends.tokens import PAUSE_SECONDS, Tokens, TokenUnavailable
from tests.unit.backends.transport import Scripted, answer, token


class Time:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def service() -> Scripted:
    return Scripted()


@pytest.fixture
def tokens(time: Time, service: Scripted) -> Tokens:
    return Tokens("http://auth/token", "id with space", "s:é", (1, 1), clock=time, transport=service)


def test_it_asks_once_with_basic_credentials_encoded_as_the_rfc_wants(tokens: Tokens, service: Scripted) -> None:
    service.script = [token()]
    assert tokens.current() == tokens.current() == "token-1"
    (asked,) = service.asked
    assert asked.headers["Authorization"] == "Basic " + b64encode(b"id+with+space:s%3A%C3%A9").decode()
    assert asked.body == "grant_type=client_credentials"


def test_it_renews_ahead_of_the_end(tokens: Tokens, service: Scripted, time: Time) -> None:
    service.script = [token(expires_in=100), token("token-2")]
    tokens.current()
    time.now += 79
    assert tokens.current() == "token-1"
    time.now += 2
    assert tokens.current() == "token-2"


def test_a_failed_renewal_ahead_keeps_the_good_token_and_pauses(tokens: Tokens, service: Scripted, time: Time) -> None:
    service.script = [token(expires_in=100), answer(503), token("token-2")]
    tokens.current()
    time.now += 85
    assert tokens.current() == tokens.current() == "token-1"
    assert len(service.asked) == 2
    time.now += PAUSE_SECONDS
    assert tokens.current() == "token-2"


def test_an_expired_token_is_never_given(tokens: Tokens, service: Scripted, time: Time) -> None:
    service.script = [token(expires_in=100), answer(503)]
    tokens.current()
    time.now += 100
    with pytest.raises(TokenUnavailable, match="answered 503"):
        tokens.current()


@pytest.mark.parametrize(
    "given",
    [
        requests.ConnectionError("secret text"),
        answer(401, {"error": "invalid_client"}),
        answer(302),
        answer(200, b"<html>"),
        answer(200, {"token": "x"}),
        answer(200, {"access_token": None}),
        answer(200, []),
    ],
    ids=str,
)
def test_a_service_without_a_token(tokens: Tokens, service: Scripted, given: Response | Exception) -> None:
    service.script = [given]
    with pytest.raises(TokenUnavailable) as unavailable:
        tokens.current()
    assert "secret" not in str(unavailable.value)


def test_a_token_without_an_end_is_renewed_all_the_same(tokens: Tokens, service: Scripted, time: Time) -> None:
    service.script = [answer(200, {"access_token": "token-1"}), token("token-2")]
    tokens.current()
    time.now += 299
    assert tokens.current() == "token-2"


def test_a_rejected_token_is_replaced_once_for_everybody(tokens: Tokens, service: Scripted) -> None:
    service.script = [token(), token("token-2")]
    rejected = tokens.current()
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: tokens.instead_of(rejected), range(8))) == {"token-2"}
    assert len(service.asked) == 2


def _held(given: Callable[[], Response]) -> tuple[Callable[[], Response], Event, Event]:
    asked, release = Event(), Event()

    def hold() -> Response:
        asked.set()
        assert release.wait(5)
        return given()

    return hold, asked, release


def test_holders_of_a_good_token_do_not_wait_for_its_renewal(tokens: Tokens, service: Scripted, time: Time) -> None:
    hold, asked, release = _held(lambda: token("token-2"))
    service.script = [token(expires_in=100), hold]
    tokens.current()
    time.now += 85
    with ThreadPoolExecutor(1) as pool:
        renewing = pool.submit(tokens.current)
        assert asked.wait(5)
        assert [tokens.current() for _ in range(5)] == ["token-1"] * 5
        release.set()
        assert renewing.result(5) == "token-2"
    assert tokens.current() == "token-2"


@pytest.mark.parametrize("outcome", ["a token", "a failure"])
def test_who_waits_for_the_one_that_asks_shares_its_outcome(tokens: Tokens, service: Scripted, outcome: str) -> None:
    hold, asked, release = _held(token if outcome == "a token" else lambda: answer(500))
    service.script = [hold]

    def current() -> str:
        try:
            return tokens.current()
        except TokenUnavailable:
            return "failed"

    with ThreadPoolExecutor(8) as pool:
        first = pool.submit(current)
        assert asked.wait(5)
        others = [pool.submit(current) for _ in range(7)]
        sleep(0.1)  # so that they stand at the lock
        release.set()
        answers = {call.result(5) for call in (first, *others)}
    assert answers == ({"token-1"} if outcome == "a token" else {"failed"})
    assert len(service.asked) == 1
