"""Access tokens: kept, renewed ahead of their end, shared by threads."""

import threading
from base64 import b64encode
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
import requests
from requests import Response

from adapters.backends.messages import LARGEST_ANSWER
from adapters.backends.tokens import LONGEST_LIFE, PAUSE_SECONDS, Tokens, TokenUnavailable
from canonical.shared.deadline import within
from tests.support.waiting import LONG, until
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
    """Renews in the thread that asks, so that the outcome can be seen at once."""
    return Tokens(
        "http://auth/token",
        "id with space",
        "s:é",
        (1, 1),
        clock=time,
        transport=service,
        background=lambda work: work(),
    )


@pytest.mark.parametrize("life", [10**12, 10**900])
def test_a_life_without_end_is_a_long_one(tokens: Tokens, service: Scripted, time: Time, life: int) -> None:
    service.script = [token(expires_in=life)]
    assert tokens.current() == "token-1"
    time.now += LONGEST_LIFE / 2
    assert tokens.current() == "token-1"


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
    assert [tokens.current(), tokens.current()] == ["token-1", "token-2"]
    assert len(service.asked) == 2


def test_a_failed_renewal_ahead_keeps_the_good_token_and_pauses(tokens: Tokens, service: Scripted, time: Time) -> None:
    service.script = [token(expires_in=100), answer(503), token("token-2")]
    tokens.current()
    time.now += 85
    assert tokens.current() == tokens.current() == "token-1"
    assert len(service.asked) == 2
    time.now += PAUSE_SECONDS
    assert [tokens.current(), tokens.current()] == ["token-1", "token-2"]
    assert tokens.failed == 1


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
    assert [tokens.current(), tokens.current()] == ["token-1", "token-2"]


def test_a_rejected_token_is_replaced_once_for_everybody(tokens: Tokens, service: Scripted) -> None:
    service.script = [token(), token("token-2")]
    rejected = tokens.current()
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: tokens.instead_of(rejected), range(8))) == {"token-2"}
    assert len(service.asked) == 2


def waiting(tokens: Tokens) -> int:
    """How many wait for the service, with the one that asks it."""
    return int(tokens._waiting._initial_value - tokens._waiting._value)  # type: ignore[attr-defined]


def _held(given: Callable[[], Response]) -> tuple[Callable[[], Response], Event, Event]:
    asked, release = Event(), Event()

    def hold() -> Response:
        asked.set()
        assert release.wait(LONG)
        return given()

    return hold, asked, release


def test_nobody_with_a_good_token_waits_for_its_renewal(service: Scripted, time: Time) -> None:
    hold, asked, release = _held(lambda: token("token-2"))
    service.script = [token(expires_in=100), hold]
    tokens = Tokens("http://auth/token", "id", "s", (1, 1), clock=time, transport=service)
    tokens.current()
    time.now += 85
    assert [tokens.current() for _ in range(5)] == ["token-1"] * 5
    assert asked.wait(LONG)
    (renewal,) = [thread for thread in threading.enumerate() if thread.name == "token renewal"]
    assert tokens.current() == "token-1"
    release.set()
    renewal.join(LONG)
    assert tokens.current() == "token-2"
    assert len(service.asked) == 2


def test_without_a_thread_to_renew_in_the_good_token_stays_and_the_next_one_tries(
    service: Scripted, time: Time
) -> None:
    def no_thread(work: Callable[[], None]) -> None:
        raise RuntimeError("can't start new thread")

    service.script = [token(expires_in=100), token("token-2")]
    tokens = Tokens("http://auth/token", "id", "s", (1, 1), clock=time, transport=service, background=no_thread)
    tokens.current()
    time.now += 85
    assert [tokens.current(), tokens.current()] == ["token-1"] * 2
    time.now += 15
    assert tokens.current() == "token-2"


def test_a_deadline_bounds_the_wait_for_the_one_that_asks(tokens: Tokens, service: Scripted) -> None:
    hold, asked, release = _held(token)
    service.script = [hold]
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(tokens.current)
        assert asked.wait(LONG)
        with within(0.05), pytest.raises(TokenUnavailable, match="in time") as late:
            tokens.current()
        assert late.value.ignored
        release.set()
        assert first.result(LONG) == "token-1"


def test_who_had_no_time_fails_alone(
    tokens: Tokens, service: Scripted, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The failure of one whose deadline passed says nothing to those who waited for it and have time."""
    monkeypatch.setattr("canonical.shared.deadline.monotonic", time)
    hold, asked, release = _held(lambda: (_ for _ in ()).throw(requests.ReadTimeout()))
    service.script = [hold, token()]

    def in_a_hurry() -> str:
        with within(0.2):
            return tokens.current()

    with ThreadPoolExecutor(2) as pool:
        hasty = pool.submit(in_a_hurry)
        assert asked.wait(LONG)
        patient = pool.submit(tokens.current)
        until(lambda: waiting(tokens) == 2)
        time.now += 0.3  # the deadline of the first passes
        release.set()
        with pytest.raises(TokenUnavailable) as late:
            hasty.result(5)
        assert late.value.ignored
        assert patient.result(LONG) == "token-1"


def test_only_so_many_wait_for_a_token_service_that_hangs(service: Scripted) -> None:
    hold, asked, release = _held(token)
    service.script = [hold]
    tokens = Tokens("http://auth/token", "id", "s", (1, 1), transport=service, waiting=2)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(tokens.current)
        assert asked.wait(LONG)
        second = pool.submit(tokens.current)
        until(lambda: waiting(tokens) == 2)
        with pytest.raises(TokenUnavailable, match="too many requests wait") as crowded:
            tokens.current()
        assert crowded.value.ignored
        release.set()
        assert [first.result(LONG), second.result(LONG)] == ["token-1"] * 2


def test_an_endless_answer_of_the_service_is_not_read_to_its_end(tokens: Tokens, service: Scripted) -> None:
    service.script = [answer(200, b" " * (2 * LARGEST_ANSWER)), answer(500, b" " * (2 * LARGEST_ANSWER))]
    for _ in range(2):
        with pytest.raises(TokenUnavailable):
            tokens.current()


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
        assert asked.wait(LONG)
        others = [pool.submit(current) for _ in range(7)]
        until(lambda: waiting(tokens) == 8)
        release.set()
        answers = {call.result(LONG) for call in (first, *others)}
    assert answers == ({"token-1"} if outcome == "a token" else {"failed"})
    assert len(service.asked) == 1
