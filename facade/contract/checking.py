"""A thread that validates bodies which would block the event loop."""

import sys
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from facade.web.threads import BoundedThreads, Queue

T = TypeVar("T")

QUEUE = Queue(length=64, seconds=5)
TURN_SECONDS = 0.001
"""How long the check keeps the interpreter's lock while the event loop waits for it. Python's default of 5 ms, several
times for each request, made others wait 30 ms. With 1 ms for all threads at all times, a POST costs 15 % more CPU.
"""


class CheckingThread:
    """One thread only: more threads would not be faster, because they share the interpreter with the loop.

    It is separate from the threads of requests, so a client that sends many slow bodies does not use those up.
    """

    def __init__(self, queue: Queue = QUEUE) -> None:
        self._threads = BoundedThreads(1, queue, "check")

    async def run(self, check: Callable[[], T]) -> T:
        """Returns or raises what `check` does. Raises Overloaded if too many bodies wait."""
        return await self._threads.run(partial(_in_short_turns, check))


def _in_short_turns(check: Callable[[], T]) -> T:
    usual = sys.getswitchinterval()
    sys.setswitchinterval(TURN_SECONDS)
    try:
        return check()
    finally:
        sys.setswitchinterval(usual)
