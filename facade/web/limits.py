"""Rate limits for each client, and limits for waiting requests."""

import threading
from collections import OrderedDict
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class RequestLimit:
    """At most `burst` requests within any `burst` / `per_second` seconds."""

    per_second: float
    burst: int

    @property
    def seconds(self) -> float:
        return self.burst / self.per_second


@dataclass(frozen=True, slots=True)
class Quota:
    """What is left of a client's limit: `remaining` of `most` requests within `seconds`. `reset`: it was a request too
    many, and the next one is allowed after so many seconds.
    """

    most: int
    seconds: float
    remaining: int
    reset: int | None = None

    def check(self) -> None:
        """Raises RateLimited for a request too many."""
        if self.reset is not None:
            raise RateLimited(f"more than {self.most} requests within {self.seconds:g} s", self.reset)

    def headers(self) -> dict[str, str]:
        """`RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-10). A window has whole seconds."""
        reset = "" if self.reset is None else f";t={self.reset}"
        return {
            "RateLimit-Policy": f'"default";q={self.most};w={ceil(self.seconds)}',
            "RateLimit": f'"default";r={self.remaining}{reset}',
        }


class RateLimit:
    """Counts the requests of each client. `everybody` is the limit of clients with whom no other one is agreed; None
    for no limit.

    Each of the `shared_by` server processes allows an equal part of a burst, but at least one request.
    """

    def __init__(self, everybody: RequestLimit | None = None, shared_by: int = 1) -> None:
        self._everybody = everybody
        self._shared_by = shared_by
        self._lock = threading.Lock()
        self._buckets: OrderedDict[str, tuple[RequestLimit, InMemoryBucket]] = OrderedDict()

    def count(self, client: str, agreed: RequestLimit | None = None) -> Quota | None:
        """What is left of the client's limit after this request; None if it has none."""
        limit = agreed or self._everybody
        if limit is None:
            return None
        part = max(1, limit.burst // self._shared_by)
        now = round(monotonic() * 1000)
        bucket = self._bucket(client, limit, part)
        bucket.leak(now)
        item = RateItem(client, now)
        if bucket.put(item):
            return Quota(part, limit.seconds, part - bucket.count())
        waiting = bucket.waiting(item)
        assert isinstance(waiting, int)  # milliseconds; buckets that live elsewhere have to be awaited
        return Quota(part, limit.seconds, 0, reset=max(1, ceil((waiting - 1) / 1000)))

    def _bucket(self, client: str, limit: RequestLimit, part: int) -> InMemoryBucket:
        """With another limit than before, the client begins anew."""
        with self._lock:
            counted, bucket = self._buckets.get(client, (None, None))
            if bucket is None or counted != limit:
                bucket = InMemoryBucket([Rate(part, max(1, round(1000 * limit.seconds)))])
                self._buckets[client] = (limit, bucket)
                if len(self._buckets) > CLIENTS:
                    self._buckets.popitem(last=False)
            self._buckets.move_to_end(client)
        return bucket
