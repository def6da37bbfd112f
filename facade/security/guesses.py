"""Limits the number of wrong credentials: above it, credentials are refused without a check for a while."""

import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import ceil
from time import monotonic

from facade.web.limits import RateLimited

WINDOW_SECONDS = 60.0
OF_A_CLIENT_FROM_AN_ADDRESS = 10
FROM_AN_ADDRESS = 50
OF_A_CLIENT = 200
"""From all addresses together, because a proxy on this machine may give us any address. It is much higher, because it
also blocks the real client.
"""
KEYS = 10_000
"""The number of clients and addresses that are remembered; the one not seen for longest is forgotten."""
KEY_LENGTH = 100

Key = tuple[str, str]


@dataclass
class Attempt:
    """One look at credentials. It counts as a guess unless it is found `right`."""

    right: bool = False


class Guesses:
    """Wrong credentials of the last minute, by client and address. Each server process counts its own."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._wrong: OrderedDict[Key, deque[float]] = OrderedDict()

    @contextmanager
    def attempt(self, client: str, address: str) -> Iterator[Attempt]:
        """Raises RateLimited instead of letting credentials be looked at. Counts before they are, so that many
        attempts at once are no way around the limit.
        """
        client, address = client[:KEY_LENGTH], address[:KEY_LENGTH]
        limits = {
            (client, address): OF_A_CLIENT_FROM_AN_ADDRESS,
            ("", address): FROM_AN_ADDRESS,
            (client, ""): OF_A_CLIENT,
        }
        now = self._clock()
        with self._lock:
            for key, limit in limits.items():
                self._require_room(key, limit, now)
            for key in limits:
                self._times(key).append(now)
        attempt = Attempt()
        yield attempt
        if attempt.right:
            with self._lock:
                for key in limits:
                    self._forgive(key, now)

    def _require_room(self, key: Key, limit: int, now: float) -> None:
        times = self._wrong.get(key)
        if times is None:
            return
        while times and times[0] <= now - WINDOW_SECONDS:
            times.popleft()
        if len(times) >= limit:
            wait = max(1, ceil(times[0] + WINDOW_SECONDS - now))
            raise RateLimited("too many wrong credentials; these were not checked", wait)

    def _times(self, key: Key) -> deque[float]:
        times = self._wrong.setdefault(key, deque())
        self._wrong.move_to_end(key)
        if len(self._wrong) > KEYS:
            self._wrong.popitem(last=False)
        return times

    def _forgive(self, key: Key, at: float) -> None:
        times = self._wrong.get(key)
        if times and at in times:
            times.remove(at)
            if not times:
                del self._wrong[key]
