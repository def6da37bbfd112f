"""Requests that wait for events on the event loop, without a thread."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

MOST_WAITING = 1000
"""Requests of one process. Those beyond are answered at once."""


class Advances:
    """Wakes waiting requests when the stream has new numbers. `head` is the last number that this process knows."""

    def __init__(self, head: Callable[[], int]) -> None:
        self._head = head
        self._waiting: set[asyncio.Event] = set()
        self._loop: asyncio.AbstractEventLoop | None = None

    def advanced(self) -> None:
        """There are new numbers. For any thread."""
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop was closed
                self._loop.call_soon_threadsafe(self._wake)

    async def beyond(self, number: int, seconds: float) -> bool:
        """Whether there is a greater number than this within so many seconds."""
        self._loop = asyncio.get_running_loop()
        woken = asyncio.Event()
        if self._head() > number or len(self._waiting) >= MOST_WAITING:
            return self._head() > number
        self._waiting.add(woken)
        try:
            async with asyncio.timeout(max(0.0, seconds)):
                while self._head() <= number:
                    woken.clear()
                    await woken.wait()
        except TimeoutError:
            return False
        finally:
            self._waiting.discard(woken)
        return True

    def _wake(self) -> None:
        for woken in self._waiting:
            woken.set()
