"""What a backend in trouble costs its callers: deadlines, Retry-After, places, one probe, tokens; what is counted."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier, Event
from typing import Any

import pytest
import requests
import stamina
from requests import Response

from adapters.backends import http
from adapters.backends.breaker import BreakerState
from adapters.backends.bulkhead import threads_held
from adapters.backends.errors import CallFailed, CallOutcome
from adapters.backends.messages import seconds_of
from canonical.shared.deadline import seconds_left, within
from canonical.shared.errors import BackendError, BackendUnavailable, CanonicalError, OutcomeUnknown
from tests.support.waiting import LONG, until
from tests.unit.backends.test_backend_http import BUSY, DOWN, FINE, GET, MAKE, a_backend
from tests.unit.backends.transport import Scene, Scripted, answer, token


@pytest.fixture(autouse=True)
def _no_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=3, cap=True):
        yield


class Ticks:
    """Stands in for the clock that deadlines are measured by: time goes by when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def ticks(monkeypatch: pytest.MonkeyPatch) -> Ticks:
    standing = Ticks()
    monkeypatch.setattr("canonical.shared.deadline.monotonic", standing)
    return standing


def ask(backend: http.Backend) -> str:
    """What became of one call."""
    try:
        return str(backend.call(GET, {"thingId": "T1"})["id"])
    except CanonicalError as error:
        return error.message


def fine() -> Response:
    return answer(200, FINE)


def test_a_backend_is_told_what_is_left_and_never_more(ticks: Ticks) -> None:
    backend, transport = a_backend(answer(200, FINE), answer(200, FINE))
    backend.call(GET, {"thingId": "T1"})
    with within(2):
        backend.call(GET, {"thingId": "T1"})
    told = [int(asked.headers["X-Request-Timeout-Ms"]) for asked in transport.asked]
    assert told == [10_000, 2_000]
    assert [timeout[1] * 1000 // 1 for timeout in transport.timeouts] == told


def test_each_try_has_less_left(ticks: Ticks) -> None:
    def slow() -> Response:
        ticks.now += 0.5
        raise requests.ReadTimeout

    backend, transport = a_backend(slow, slow, answer(200, FINE), call_timeout=2.0)
    backend.call(GET, {"thingId": "T1"})
    told = [int(asked.headers["X-Request-Timeout-Ms"]) for asked in transport.asked]
    assert told == [2_000, 1_500, 1_000]


def test_without_time_nothing_is_sent_and_nobody_is_blamed() -> None:
    backend, transport = a_backend(answer(200, FINE), breaker_threshold=1)
    with within(0), pytest.raises(BackendUnavailable, match="no time was left"):
        backend.call(MAKE, json={}, key="k")
    assert transport.asked == []
    assert ask(backend) == "T1"


def test_the_breaker_does_not_blame_a_backend_that_had_no_time(ticks: Ticks) -> None:
    def late() -> Response:
        ticks.now += seconds_left()
        raise requests.ReadTimeout

    backend, _ = a_backend(late, DOWN(), breaker_threshold=1, retries=0)
    with within(0.05):
        assert "no answer" in ask(backend)
    states = [backend.state]
    ask(backend)
    assert [*states, backend.state] == [BreakerState.CLOSED, BreakerState.OPEN]


def test_it_is_not_repeated_when_there_is_no_time_to_wait(ticks: Ticks) -> None:
    backend, transport = a_backend(DOWN(), answer(200, FINE))
    with within(0.2):
        assert "cannot be reached" in ask(backend)
    assert len(transport.asked) == 1


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("7", 7),
        (" 7 ", 7),
        ("0", 0),
        ("Wed, 01 Jan 2020 00:00:00 GMT", 0),
        ("soon", None),
        ("-1", None),
        ("٣", None),
        ("9" * 5000, 10**9),
        ("Mon, 01 Jan 2020 00:00:00 +99999999999999", None),
        ("Mon, 01 Jan 2020 00:00:00 -0000", None),
    ],
)
def test_retry_after_is_read_whatever_it_says(said: str, seconds: int | None) -> None:
    assert seconds_of(said) == seconds


@pytest.mark.parametrize(
    ("status", "body", "raised"),
    [(429, None, BackendUnavailable), (503, BUSY, BackendUnavailable), (503, None, OutcomeUnknown)],
)
def test_while_retry_after_runs_nothing_is_sent(status: int, body: Any, raised: type[BackendError]) -> None:
    backend, transport = a_backend(answer(status, body, Retry_After="60"))
    with pytest.raises(raised) as turned_away:
        backend.call(MAKE, json={}, key="k")
    assert turned_away.value.details["retryAfter"] == 60
    with ThreadPoolExecutor(8) as pool:
        told = set(pool.map(lambda _: ask(backend), range(32)))
    assert told == {"crm asked us to wait before the next call"}
    assert len(transport.asked) == 1
    assert 0 < backend.snapshot().held_seconds <= 60


def test_retry_after_is_obeyed_within_bounds() -> None:
    backend, _ = a_backend(answer(429, Retry_After="86400"), longest_hold=5.0)
    with pytest.raises(BackendUnavailable) as turned_away:
        backend.call(GET, {"thingId": "T1"})
    assert turned_away.value.details["retryAfter"] == 5
    assert backend.snapshot().held_seconds <= 5


def test_a_short_retry_after_is_waited_for_and_the_call_made_again() -> None:
    backend, transport = a_backend(answer(429, Retry_After="1"), answer(200, FINE), retries=1, call_timeout=LONG)
    with stamina.set_testing(False):
        assert ask(backend) == "T1"
    assert len(transport.asked) == 2


def test_a_change_that_may_not_be_repeated_is_not() -> None:
    backend, transport = a_backend(answer(503, BUSY, Retry_After="0"))
    with pytest.raises(BackendUnavailable):
        backend.call(MAKE, json={})
    assert len(transport.asked) == 1


def _holding(count: int) -> tuple[Any, Barrier, Event]:
    """An answer that comes when told to; the barrier is passed once `count` calls wait for it and one looks on."""
    asked, release = Barrier(count + 1), Event()

    def hold() -> Response:
        asked.wait(LONG)
        assert release.wait(LONG)
        return answer(200, FINE)

    return hold, asked, release


def test_a_slow_backend_holds_no_more_threads_than_it_may() -> None:
    hold, asked, release = _holding(4)
    backend, transport = a_backend(*[hold] * 4, *[fine] * 36, places=4, connect_timeout=LONG)
    with ThreadPoolExecutor(40) as pool:
        calls = [pool.submit(ask, backend) for _ in range(40)]
        asked.wait(LONG)
        until(lambda: sum(call.done() for call in calls) == 40 - threads_held(4))
        assert len(transport.asked) == 4
        assert backend.snapshot().in_flight == 4
        release.set()
        told = [call.result(LONG) for call in calls]
    assert told.count("T1") == threads_held(4)
    assert told.count("crm has reached its limit of concurrent calls") == 40 - threads_held(4)
    assert backend.snapshot().calls["getThing", "crowded"] == 40 - threads_held(4)
    assert backend.snapshot().in_flight == 0
    assert backend.state is BreakerState.CLOSED


def test_a_backend_that_is_spared_takes_no_place() -> None:
    hold, asked, release = _holding(1)
    backend, _ = a_backend(hold, places=1, breaker_threshold=1)
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(ask, backend)
        asked.wait(LONG)
        with suppress(CallFailed):
            backend._breaker.call(_down)
        assert "keeps failing" in ask(backend)
        release.set()
        slow.result(LONG)


def _down() -> None:
    raise CallFailed(CallOutcome.NOT_SENT)


def test_half_open_one_call_of_many_goes_out() -> None:
    hold, asked, release = _holding(1)
    backend, transport = a_backend(DOWN(), hold, breaker_threshold=1, breaker_reset_seconds=0.3, retries=0)
    ask(backend)
    until(lambda: backend.state is BreakerState.HALF_OPEN)
    with ThreadPoolExecutor(16) as pool:
        calls = [pool.submit(ask, backend) for _ in range(16)]
        asked.wait(LONG)
        until(lambda: sum(call.done() for call in calls) == 15)
        assert len(transport.asked) == 2
        release.set()
        told = [call.result(LONG) for call in calls]
    assert min(told) == "T1"
    assert sum("keeps failing" in one for one in told) == 15
    assert backend.snapshot().breaker_changes == {
        BreakerState.OPEN: 1, BreakerState.HALF_OPEN: 1, BreakerState.CLOSED: 1,
    }  # fmt: skip


def test_a_token_that_all_at_once_is_rejected_is_asked_for_once() -> None:
    everybody = Barrier(8)

    def reject() -> Response:
        everybody.wait(LONG)
        return answer(401)

    service = Scripted(token(), token("token-2"))
    backend, transport = a_backend(*[reject] * 8, *[fine] * 8, tokens=service)
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: ask(backend), range(8))) == {"T1"}
    assert len(service.asked) == 2
    assert [asked.headers["Authorization"] for asked in transport.asked[8:]] == ["Bearer token-2"] * 8


def test_everything_is_counted_whoever_calls() -> None:
    timed: list[tuple[str, str, float]] = []
    backend, _ = a_backend(*[fine] * 200, timed=lambda *exchange: timed.append(exchange))
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: ask(backend), range(200)))
    assert backend.snapshot().calls == {("getThing", "answered"): 200}
    assert {(name, operation) for name, operation, _ in timed} == {("crm", "getThing")}
    assert len(timed) == 200
    assert min(seconds for _, _, seconds in timed) >= 0


def test_an_exchange_without_an_answer_is_not_timed() -> None:
    timed: list[tuple[str, str, float]] = []
    backend, _ = a_backend(DOWN(), timed=lambda *exchange: timed.append(exchange), retries=0)
    ask(backend)
    assert timed == []


def test_a_snapshot_tells_what_became_of_each_call() -> None:
    script: list[Scene] = [
        DOWN(),
        answer(500),
        answer(200, FINE),
        answer(404, REFUSAL),
        answer(200, {}),
        answer(503, BUSY),
    ]
    backend, _ = a_backend(*script, tokens=Scripted(token(), requests.ConnectionError()))
    for _ in range(3):
        ask(backend)
    with suppress(CanonicalError):
        backend.call(MAKE, json={})
    snapshot = backend.snapshot()
    assert snapshot.calls == {
        ("getThing", "answered"): 1, ("getThing", "refused"): 1, ("getThing", "unreadable"): 1,
        ("makeThing", "turnedAway"): 1,
    }  # fmt: skip
    assert snapshot.retries == {"getThing": 2}
    assert snapshot.contract_violations == {"getThing": 1}
    assert (snapshot.breaker, snapshot.breaker_changes, snapshot.tokens_failed) == (BreakerState.CLOSED, {}, 0)


REFUSAL = {"code": "UNKNOWN_THING", "message": "no such thing"}
