"""Jobs in threads that are not waited for without end."""

import asyncio
import threading

import pytest

from facade.bootstrap.answers import answer_to
from facade.web.limits import DeadlinePassed, Overloaded
from facade.web.threads import BoundedThreads, Queue


class Work:
    """Jobs that take until they are let go."""

    def __init__(self) -> None:
        self.begun = 0
        self.let_go = threading.Event()

    def __call__(self) -> str:
        self.begun += 1
        self.let_go.wait(60)
        return "done"


def test_a_job_that_hangs_is_given_up_on_and_keeps_its_place_until_it_ends() -> None:
    async def crowd() -> list[str | BaseException]:
        work, threads = Work(), BoundedThreads(2, Queue(1, 60), "x")
        hanging = await asyncio.gather(*[threads.run(work, 0.05) for _ in range(2)], return_exceptions=True)
        waiting = asyncio.ensure_future(threads.run(work))
        await asyncio.sleep(0)
        with pytest.raises(Overloaded):
            await threads.run(work)
        work.let_go.set()
        assert await waiting == "done"
        while True:
            try:
                await asyncio.gather(*[threads.run(work) for _ in range(3)])
            except Overloaded:  # those that hung have ended and are about to leave
                continue
            return hanging

    assert [type(answer) for answer in asyncio.run(crowd())] == [DeadlinePassed] * 2


def test_a_job_that_never_began_before_its_deadline_was_not_carried_out() -> None:
    async def crowd() -> tuple[list[str | BaseException], int]:
        work, threads = Work(), BoundedThreads(1, Queue(1, 60), "x")
        begun = asyncio.ensure_future(threads.run(work))
        while not work.begun:
            await asyncio.sleep(0.001)
        [late] = await asyncio.gather(threads.run(work, 0.05), return_exceptions=True)
        work.let_go.set()
        return [await begun, late], work.begun

    answers, begun = asyncio.run(crowd())
    assert answers[0] == "done"
    assert isinstance(answers[1], Overloaded)
    assert begun == 1


def test_a_time_limit_of_the_job_s_own_is_not_taken_for_the_deadline() -> None:
    def late() -> None:
        raise TimeoutError("its own")

    with pytest.raises(TimeoutError, match="its own"):
        asyncio.run(BoundedThreads(1, Queue(1, 60), "x").run(late, 60))


def test_whoever_is_given_up_on_is_told_that_the_outcome_is_open() -> None:
    answer = answer_to(DeadlinePassed())
    assert (answer.status, answer.code, answer.headers) == (503, "DEADLINE_PASSED", {"Retry-After": "5"})
    assert "not known" in answer.detail
