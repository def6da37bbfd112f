"""How often one client may ask, and what becomes of requests when there are too many."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from connexion.middleware.abstract import ROUTING_CONTEXT

from facade.bootstrap.answers import answer_to
from facade.contract.violations import BodyTooLarge
from facade.web import limits
from facade.web.limits import Overloaded, Quota, RateLimit, RateLimited, RequestLimit
from facade.web.methods import MethodTable
from facade.web.threads import Queue
from facade.web.wsgi_bridge import WsgiBridge
from tests.support.waiting import LONG


@pytest.fixture
def passing(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Lets time go by."""
    now = [1000.0]
    monkeypatch.setattr(limits, "monotonic", lambda: now[0])

    def pass_(seconds: float) -> None:
        now[0] += seconds

    return pass_


def count(limit: RateLimit, client: str) -> None:
    quota = limit.count(client)
    assert quota is not None
    quota.check()


def test_a_client_may_ask_in_a_burst_and_then_as_often_as_agreed(passing: Callable[[float], None]) -> None:
    limit = RateLimit(RequestLimit(2, 4))
    for _ in range(4):
        count(limit, "acme")
    with pytest.raises(RateLimited) as refused:
        count(limit, "acme")
    assert refused.value.retry_after == 2
    passing(2.001)
    count(limit, "acme")


def test_each_client_has_its_own_limit(passing: Callable[[float], None]) -> None:
    limit = RateLimit(RequestLimit(1, 1))
    count(limit, "acme")
    count(limit, "portal")
    with pytest.raises(RateLimited):
        count(limit, "acme")


@pytest.mark.parametrize(("workers", "each"), [(1, 10), (3, 3), (4, 2), (10, 1), (25, 1)])
def test_the_processes_of_one_machine_share_what_a_client_may_ask(
    passing: Callable[[float], None], workers: int, each: int
) -> None:
    limit = RateLimit(RequestLimit(5, 10), shared_by=workers)
    for _ in range(each):
        count(limit, "acme")
    with pytest.raises(RateLimited) as refused:
        count(limit, "acme")
    assert refused.value.retry_after == 2, "the time is that of all of them"
    passing(2.001)
    count(limit, "acme")


def test_a_client_has_the_limit_that_is_agreed_with_it(passing: Callable[[float], None]) -> None:
    limit, agreed = RateLimit(RequestLimit(1, 1)), RequestLimit(1, 3)
    left = [limit.count("acme", agreed) for _ in range(3)]
    assert [one and one.remaining for one in left] == [2, 1, 0]
    assert limit.count("acme", agreed) == Quota(3, 3.0, 0, reset=3)
    with pytest.raises(RateLimited, match="more than 3 requests within 3 s"):
        Quota(3, 3.0, 0, reset=3).check()
    assert RateLimit().count("acme") is None
    assert RateLimit().count("acme", agreed) == Quota(3, 3.0, 2)


def test_a_client_begins_anew_when_another_limit_is_agreed(passing: Callable[[float], None]) -> None:
    limit = RateLimit()
    limit.count("acme", RequestLimit(1, 1))
    assert limit.count("acme", RequestLimit(1, 2)) == Quota(2, 2.0, 1)


def test_answers_say_what_is_left() -> None:
    assert Quota(5, 2.5, 3).headers() == {"RateLimit-Policy": '"default";q=5;w=3', "RateLimit": '"default";r=3'}
    assert Quota(5, 2.5, 0, 2).headers()["RateLimit"] == '"default";r=0;t=2'


def test_clients_are_forgotten_before_they_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "CLIENTS", 10)
    limit = RateLimit(RequestLimit(1, 1))
    for number in range(50):
        count(limit, f"client-{number}")
    assert len(limit._buckets) == 10


def test_who_is_turned_away_is_told_when_to_come_back() -> None:
    for error, status, code in ((RateLimited("x", 3), 429, "RATE_LIMITED"), (Overloaded("x", 3), 503, "OVERLOADED")):
        answer = answer_to(error)
        assert (answer.status, answer.code, answer.headers) == (status, code, {"Retry-After": "3"})


class Work:
    """A WSGI application whose requests take until they are let go."""

    def __init__(self) -> None:
        self.begun = 0
        self.let_go = threading.Event()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        if environ["PATH_INFO"] != "/health/ready":
            self.begun += 1
            self.let_go.wait(LONG)
        start_response("200 OK", [])
        return [b""]


def ask(
    bridge: WsgiBridge,
    path: str = "/orders",
    body_comes: asyncio.Event | None = None,
    operation: str = "x",
    body: bytes = b"",
) -> Coroutine[Any, Any, int]:
    """The status, or Overloaded."""
    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "query_string": b"",
        "headers": [],
        "http_version": "1.1",
        "extensions": {ROUTING_CONTEXT: {"operation_id": operation, "api_base_path": ""}},
    }
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        if body_comes is not None:
            await body_comes.wait()
        return {"type": "http.request", "body": body}

    async def send(message: Any) -> None:
        sent.append(message)

    async def asking() -> int:
        await bridge(scope, receive, send)
        return int(sent[0]["status"])

    return asking()


def a_bridge(work: Work, length: int, seconds: float) -> WsgiBridge:
    on_loop = {("", "live"): lambda: {"status": "live"}}
    return WsgiBridge(work, 2, MethodTable(), 20, Queue(length, seconds), on_loop)


def test_a_request_beyond_the_queue_is_turned_away_at_once_and_health_is_not() -> None:
    async def crowd() -> list[Any]:
        work = Work()
        bridge = a_bridge(work, length=3, seconds=LONG)
        waiting = [asyncio.ensure_future(ask(bridge)) for _ in range(5)]
        while work.begun < 2:
            await asyncio.sleep(0.001)
        with pytest.raises(Overloaded):
            await ask(bridge)
        assert await ask(bridge, "/health/ready") == 200
        work.let_go.set()
        answers = await asyncio.gather(*waiting)
        assert await ask(bridge) == 200, "there is place again"
        return answers

    assert asyncio.run(crowd()) == [200] * 5


def test_requests_that_wait_for_something_on_the_loop_take_no_thread() -> None:
    async def crowd() -> list[Any]:
        work, happens = Work(), asyncio.Event()
        work.let_go.set()

        async def wait(_: Any) -> None:
            await happens.wait()

        waits = {("", "listEvents"): wait}
        bridge = WsgiBridge(work, 2, MethodTable(), 20, Queue(3, LONG), {}, waits)
        waiting = [asyncio.ensure_future(ask(bridge, operation="listEvents")) for _ in range(5)]
        await asyncio.sleep(0)
        assert await ask(bridge) == 200, "two threads, and five that wait"
        assert not any(one.done() for one in waiting)
        happens.set()
        return await asyncio.gather(*waiting)

    assert asyncio.run(crowd()) == [200] * 5


def test_health_does_not_wait_for_metrics_that_hang() -> None:
    async def crowd() -> int:
        work = Work()
        bridge = a_bridge(work, length=3, seconds=LONG)
        hanging = [asyncio.ensure_future(ask(bridge, "/metrics")) for _ in range(4)]
        while work.begun < 2:
            await asyncio.sleep(0.001)
        status = await ask(bridge, "/health/ready")
        work.let_go.set()
        await asyncio.gather(*hanging)
        return status

    assert asyncio.run(crowd()) == 200


def test_requests_whose_bodies_come_late_and_together_do_not_lengthen_the_queue() -> None:
    async def crowd() -> list[Any]:
        work, body_comes = Work(), asyncio.Event()
        bridge = a_bridge(work, length=3, seconds=LONG)
        waiting = [asyncio.ensure_future(ask(bridge, body_comes=body_comes)) for _ in range(9)]
        await asyncio.sleep(0)
        body_comes.set()
        while work.begun < 2:
            await asyncio.sleep(0.001)
        work.let_go.set()
        return await asyncio.gather(*waiting, return_exceptions=True)

    answers = asyncio.run(crowd())
    assert [answer if isinstance(answer, int) else type(answer) for answer in answers] == [200] * 5 + [Overloaded] * 4


def test_a_request_that_has_waited_too_long_is_turned_away_and_never_worked_on() -> None:
    async def crowd() -> tuple[list[Any], int]:
        work = Work()
        bridge = a_bridge(work, length=10, seconds=LONG)
        inside = [asyncio.ensure_future(ask(bridge)) for _ in range(2)]
        while work.begun < 2:
            await asyncio.sleep(0.001)
        bridge._threads._queue = Queue(10, 0.05)
        late = await asyncio.gather(*(ask(bridge) for _ in range(3)), return_exceptions=True)
        bridge._threads._queue = Queue(10, LONG)
        work.let_go.set()
        begun = await asyncio.gather(*inside)
        assert await ask(bridge) == 200
        return [*begun, *late], work.begun

    answers, begun = asyncio.run(crowd())
    assert [answer if isinstance(answer, int) else type(answer) for answer in answers] == [200] * 2 + [Overloaded] * 3
    assert begun == 3


def test_a_client_that_goes_away_is_not_taken_for_an_overload() -> None:
    async def crowd() -> None:
        work = Work()
        bridge = a_bridge(work, length=10, seconds=LONG)
        waiting = [asyncio.ensure_future(ask(bridge)) for _ in range(3)]
        while work.begun < 2 or bridge._threads._inside < 3:
            await asyncio.sleep(0.001)
        waiting[2].cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting[2]
        work.let_go.set()
        assert await asyncio.gather(*waiting[:2]) == [200, 200]

    asyncio.run(crowd())


def test_liveness_is_answered_while_every_thread_hangs() -> None:
    async def crowd() -> list[str]:
        work, happened = Work(), list[str]()
        bridge = a_bridge(work, length=0, seconds=LONG)

        async def hang(path: str) -> None:
            await ask(bridge, path)
            happened.append(path)

        hanging = [asyncio.ensure_future(hang(path)) for path in ("/orders", "/metrics") for _ in range(2)]
        while work.begun < 4:
            await asyncio.sleep(0.001)
        assert await ask(bridge, "/health/live", operation="live") == 200
        happened.append("/health/live")
        work.let_go.set()
        await asyncio.gather(*hanging)
        return happened

    happened = asyncio.run(crowd())
    assert happened[0] == "/health/live"
    assert sorted(happened[1:]) == ["/metrics", "/metrics", "/orders", "/orders"]


def test_a_body_sent_to_an_operation_on_the_loop_has_a_limit() -> None:
    bridge = a_bridge(Work(), length=0, seconds=LONG)
    assert asyncio.run(ask(bridge, "/health/live", operation="live")) == 200
    with pytest.raises(BodyTooLarge):
        asyncio.run(ask(bridge, "/health/live", operation="live", body=b"x" * 2_000_000))
