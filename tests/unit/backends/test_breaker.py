"""The circuit breaker, alone and between threads."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event

import pytest

from adapters.backends.breaker import Breaker, BreakerOpen, BreakerState
from tests.support.waiting import LONG, until


class Down(Exception):
    pass


class Refused(Exception):
    pass


class Ours(Exception):
    pass


class Time:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


VERDICTS: dict[type[BaseException], bool | None] = {Down: True, Refused: False, Ours: None}


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def breaker(time: Time) -> Breaker:
    return Breaker(3, 10.0, lambda error: VERDICTS[type(error)], time)


def fail(breaker: Breaker, error: type[Exception] = Down, times: int = 1) -> None:
    def call() -> None:
        raise error

    for _ in range(times):
        with pytest.raises(error):
            breaker.call(call)


def test_it_opens_after_failures_in_a_row_and_calls_nothing_more(breaker: Breaker, time: Time) -> None:
    fail(breaker, times=2)
    assert breaker.call(lambda: breaker.state) is BreakerState.CLOSED
    fail(breaker, times=3)
    assert breaker.state is BreakerState.OPEN
    time.now += 4
    with pytest.raises(BreakerOpen) as spared:
        breaker.call(lambda: pytest.fail("called"))
    assert spared.value.retry_after == 6


@pytest.mark.parametrize("error", [None, Refused])
def test_a_backend_that_works_or_refuses_starts_the_count_anew(breaker: Breaker, error: type[Exception] | None) -> None:
    fail(breaker, times=2)
    if error is None:
        assert breaker.call(lambda: "fine") == "fine"
    else:
        fail(breaker, error)
    fail(breaker, times=2)
    assert breaker.state is BreakerState.CLOSED


def test_an_error_that_tells_nothing_leaves_the_count_as_it_is(breaker: Breaker) -> None:
    fail(breaker, times=2)
    fail(breaker, Ours)
    fail(breaker)
    assert breaker.state is BreakerState.OPEN


@pytest.mark.parametrize(
    ("error", "then"), [(None, BreakerState.CLOSED), (Refused, BreakerState.CLOSED), (Down, BreakerState.OPEN)]
)
def test_the_probe_decides(breaker: Breaker, time: Time, error: type[Exception] | None, then: BreakerState) -> None:
    fail(breaker, times=3)
    time.now += 10
    assert breaker.state is BreakerState.HALF_OPEN
    if error is None:
        breaker.call(lambda: None)
    else:
        fail(breaker, error)
    assert breaker.state is then


def test_a_probe_that_tells_nothing_leaves_room_for_another(breaker: Breaker, time: Time) -> None:
    fail(breaker, times=3)
    time.now += 10
    fail(breaker, Ours)
    assert breaker.state is BreakerState.HALF_OPEN
    assert breaker.call(lambda: "fine") == "fine"


def test_a_call_from_before_has_no_say_afterwards(breaker: Breaker, time: Time) -> None:
    def succeed_while_it_opens() -> None:
        fail(breaker, times=3)

    breaker.call(succeed_while_it_opens)
    assert breaker.state is BreakerState.OPEN


def test_a_late_failure_does_not_end_a_probe(breaker: Breaker, time: Time) -> None:
    release, started = Event(), Event()

    def slow_failure() -> None:
        started.set()
        release.wait(LONG)
        raise Down

    def probe() -> str:
        release.set()
        with pytest.raises(Down):
            late.result(5)
        with pytest.raises(BreakerOpen):
            breaker.call(lambda: pytest.fail("a second probe"))
        return "fine"

    with ThreadPoolExecutor(1) as pool:
        late = pool.submit(breaker.call, slow_failure)
        assert started.wait(LONG)
        fail(breaker, times=3)
        time.now += 10
        assert breaker.call(probe) == "fine"
    assert breaker.state is BreakerState.CLOSED


def test_closed_it_lets_all_callers_in_at_once_and_half_open_one(breaker: Breaker, time: Time) -> None:
    everybody = Barrier(8)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: breaker.call(lambda: everybody.wait(LONG)), range(8)))

        fail(breaker, times=3)
        time.now += 10
        go, asked = Barrier(8), Event()
        probes = []

        def probe() -> None:
            probes.append(1)
            asked.wait(LONG)

        def caller() -> bool:
            go.wait(LONG)
            try:
                breaker.call(probe)
            except BreakerOpen:
                return False
            return True

        calls = [pool.submit(caller) for _ in range(8)]
        until(lambda: sum(call.done() for call in calls) == 7)
        asked.set()
        assert sorted(call.result(LONG) for call in calls) == [False] * 7 + [True]
    assert len(probes) == 1


def test_nobody_waits_for_a_probe_that_has_had_its_time(
    breaker: Breaker, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.backends.breaker.PROBE_PATIENCE", 3 * LONG)
    fail(breaker, times=3)
    time.now += 10
    probing, release = Event(), Event()

    def probe() -> None:
        probing.set()
        assert release.wait(LONG)

    with ThreadPoolExecutor(2) as pool:
        hanging = pool.submit(breaker.call, probe)
        assert probing.wait(LONG)
        time.now += 3 * LONG
        late = pool.submit(breaker.call, lambda: pytest.fail("a second probe"))
        assert isinstance(late.exception(LONG), BreakerOpen)
        release.set()
        hanging.result(LONG)


@pytest.mark.parametrize("succeeds", [True, False])
def test_who_comes_during_a_probe_shares_what_it_brings(
    breaker: Breaker, time: Time, succeeds: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Patience without end, so that it shows: nobody else is called before the probe has ended."""
    monkeypatch.setattr("adapters.backends.breaker.PROBE_PATIENCE", LONG)
    fail(breaker, times=3)
    time.now += 10
    probing, release = Event(), Event()
    called = []

    def probe() -> None:
        probing.set()
        assert release.wait(LONG)
        if not succeeds:
            raise Down

    def call() -> bool:
        try:
            breaker.call(lambda: called.append(release.is_set()))
        except BreakerOpen:
            return False
        return True

    with ThreadPoolExecutor(9) as pool:
        first = pool.submit(breaker.call, probe)
        assert probing.wait(LONG)
        others = [pool.submit(call) for _ in range(8)]
        until(lambda: len(breaker._lock._waiters) == 8)  # type: ignore[attr-defined]
        assert called == []
        release.set()
        assert [other.result(LONG) for other in others] == [succeeds] * 8
        assert (first.exception(LONG) is None) is succeeds
    assert called == [True] * 8 * succeeds
