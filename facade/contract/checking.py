"""A thread in which bodies are judged that would hold the event loop up."""

import sys
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from facade.web.threads import BoundedThreads, Queue

T = TypeVar("T")

QUEUE = Queue(length=64, seconds=5)
TURN_SECONDS = 0.001
"""How long the check keeps the interpreter's lock while the event loop wants it. Python's usual 5 ms, taken several
times for each request, made others wait 30 ms; for all threads and always, 1 ms costs a POST 15 % more CPU.
"""


class CheckingThread:
    """One thread only: with more of them nothing would be judged sooner, as they share the interpreter with the loop.

    It is none of the threads of requests, so who sends many bodies that take long to judge does not take those.
    """

    def __init__(self, queue: Queue = QUEUE) -> None:
        self._threads = BoundedThreads(1, queue, "check")

    async def run(self, check: Callable[[], T]) -> T:
        """What `check` returns or raises. Raises Overloaded when too many bodies wait."""
        return await self._threads.run(partial(_in_short_turns, check))


def _in_short_turns(check: Callable[[], T]) -> T:
    usual = sys.getswitchinterval()
    sys.setswitchinterval(TURN_SECONDS)
    try:
        return check()
    finally:
        sys.setswitchinterval(usual)
