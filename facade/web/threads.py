"""Threads for work that the event loop must not do itself, and a limit for waiting jobs."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from math import ceil
from typing import TypeVar

from facade.web.limits import DeadlinePassed, Overloaded

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Queue:
    """How many jobs may wait for a thread, and for how many seconds."""

    length: int
    seconds: float


class BoundedThreads:
    """Runs jobs in `threads` threads. Raises Overloaded instead of letting more than `queue` wait."""

    def __init__(self, threads: int, queue: Queue, name: str) -> None:
        self._queue = queue
        self._places = threads + queue.length
        self._inside = 0
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix=name)

    def require_place(self) -> None:
        """Raises Overloaded if there is no place for one more job."""
        if self._inside >= self._places:
            raise self._overloaded()

    async def run(self, job: Callable[[], T], seconds: float | None = None) -> T:
        """Returns or raises what `job` does.

        Raises Overloaded if no place is free or no thread starts in time, and DeadlinePassed if the job has not ended
        after `seconds`. Then the job goes on, and keeps its place until its end.
        """
        self.require_place()
        loop = asyncio.get_running_loop()
        running = self._pool.submit(job)
        given_up = loop.call_later(self._queue.seconds, running.cancel)
        self._inside += 1
        try:
            async with asyncio.timeout(seconds) as limit:
                return await asyncio.wrap_future(running)
        except TimeoutError:
            if not limit.expired():  # it is the job's own
                raise
            if running.cancelled():
                raise self._overloaded() from None
            self._inside += 1
            running.add_done_callback(lambda _: self._leave_in(loop))
            raise DeadlinePassed from None
        except asyncio.CancelledError:
            # The job is cancelled by the timer; when the client has gone away, this task is.
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            raise self._overloaded() from None
        finally:
            self._inside -= 1
            given_up.cancel()

    def _leave_in(self, loop: asyncio.AbstractEventLoop) -> None:
        """Called by the thread of a job that has ended after its deadline."""
        with suppress(RuntimeError):  # the loop was closed before
            loop.call_soon_threadsafe(self._leave)

    def _leave(self) -> None:
        self._inside -= 1

    def _overloaded(self) -> Overloaded:
        return Overloaded("Too many requests are running; nothing was done.", max(1, ceil(self._queue.seconds)))
