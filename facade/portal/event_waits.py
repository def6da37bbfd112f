"""Requests that wait for events on the event loop, without a thread."""

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import suppress

MOST_WAITING = 1000
MOST_OF_CLIENT = 100
"""Requests of one process, and of one client among them. Those beyond are answered at once."""


class Advances:
    """Wakes waiting requests when the stream has new numbers. `head` is the last number that this process knows."""

    def __init__(self, head: Callable[[], int]) -> None:
        self._head = head
        self._waiting: set[asyncio.Event] = set()
        self._of: Counter[str] = Counter()
        self._loop: asyncio.AbstractEventLoop | None = None

    def advanced(self) -> None:
        """There are new numbers. For any thread."""
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop was closed
                self._loop.call_soon_threadsafe(self._wake)

    async def beyond(self, number: int, seconds: float, client: str) -> bool:
        """Whether there is a greater number than this within so many seconds."""
        self._loop = asyncio.get_running_loop()
        woken = asyncio.Event()
        crowded = len(self._waiting) >= MOST_WAITING or self._of[client] >= MOST_OF_CLIENT
        if self._head() > number or crowded:
            return self._head() > number
        self._waiting.add(woken)
        self._of[client] += 1
        try:
            async with asyncio.timeout(max(0.0, seconds)):
                while self._head() <= number:
                    woken.clear()
                    await woken.wait()
        except TimeoutError:
            return False
        finally:
            self._waiting.discard(woken)
            self._of[client] -= 1
            if not self._of[client]:
                del self._of[client]
        return True

    def _wake(self) -> None:
        for woken in self._waiting:
            woken.set()
