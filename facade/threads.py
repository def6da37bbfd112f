"""Threads for work that the event loop must not do itself, and a bound on how many jobs wait for one."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from math import ceil
from typing import TypeVar

from facade.limits import Overloaded

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Queue:
    """How many jobs may wait for a thread, and how many seconds one does."""

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
        """Raises Overloaded when one more job would have no place."""
        if self._inside >= self._places:
            raise self._overloaded()

    async def run(self, job: Callable[[], T]) -> T:
        """What `job` returns or raises. Raises Overloaded when there is no place, or no thread has begun in time."""
        self.require_place()
        running = self._pool.submit(job)
        given_up = asyncio.get_running_loop().call_later(self._queue.seconds, running.cancel)
        self._inside += 1
        try:
            return await asyncio.wrap_future(running)
        except asyncio.CancelledError:
            # The job is cancelled by the timer; when the client has gone away, this task is.
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            raise self._overloaded() from None
        finally:
            self._inside -= 1
            given_up.cancel()

    def _overloaded(self) -> Overloaded:
        return Overloaded("Too many requests are being worked on; nothing was done.", max(1, ceil(self._queue.seconds)))
