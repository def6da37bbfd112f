"""Rate limits for each client, and limits for waiting requests."""

import threading
from collections import OrderedDict
from math import ceil
from time import monotonic

from pyrate_limiter import InMemoryBucket, Rate, RateItem

CLIENTS = 10_000
"""The number of clients that are remembered; the one not seen for longest is forgotten."""


class TurnedAway(Exception):
    """Asking again makes sense after `retry_after` seconds."""

    def __init__(self, text: str, retry_after: int) -> None:
        super().__init__(text)
        self.retry_after = retry_after


class RateLimited(TurnedAway):
    """The client has asked too often."""


class Overloaded(TurnedAway):
    """There is no place for the request, or it has waited for one too long. Nothing was done."""


class DeadlinePassed(Exception):
    """The request is not answered in time. It may still be carried out."""

    def __init__(self) -> None:
        text = "The request took too long, and it is not known whether it is carried out."
        super().__init__(f"{text} Repeat it with the same Idempotency-Key.")


class RateLimit:
    """At most `burst` requests of one client within any `burst` / `per_second` seconds.

    Each of the `shared_by` server processes allows an equal part of them, but at least one.
    """

    def __init__(self, per_second: float, burst: int, shared_by: int = 1) -> None:
        part, seconds = max(1, burst // shared_by), burst / per_second
        self._rate = Rate(part, max(1, round(1000 * seconds)))
        self._text = f"more than {part} requests within {seconds:g} s"
        self._lock = threading.Lock()
        self._buckets: OrderedDict[str, InMemoryBucket] = OrderedDict()

    def count(self, client: str) -> None:
        """Raises RateLimited."""
        now = round(monotonic() * 1000)
        bucket = self._bucket(client)
        bucket.leak(now)
        item = RateItem(client, now)
        if not bucket.put(item):
            waiting = bucket.waiting(item)
            assert isinstance(waiting, int)  # milliseconds; buckets that live elsewhere have to be awaited
            raise RateLimited(self._text, max(1, ceil((waiting - 1) / 1000)))

    def _bucket(self, client: str) -> InMemoryBucket:
        with self._lock:
            bucket = self._buckets.get(client)
            if bucket is None:
                bucket = self._buckets[client] = InMemoryBucket([self._rate])
                if len(self._buckets) > CLIENTS:
                    self._buckets.popitem(last=False)
            self._buckets.move_to_end(client)
        return bucket
