"""What waits for one listener, in the memory of the node that delivers.

Notifications about one subject go out one after the other. Those about other subjects do not wait for it. A listener
that cannot be reached, or is slow, is sent one notification at a time.
"""

import heapq
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from random import random

from canonical.listeners.delivery import Delivery

MOST_AT_ONCE = 8
"""Notifications under way to one listener."""
MOST_WAITING = 1_000
"""Notifications that wait for one listener; later events wait in the stream."""
FIRST_PAUSE, FACTOR, LONGEST_PAUSE = 1.0, 4.0, 8 * 3600.0
JITTER = 0.2


def pause_after(tries: int) -> float:
    """Seconds to wait after so many failed tries: 1 s, 4 s, 16 s and so on, up to 8 hours; without the jitter."""
    return min(FIRST_PAUSE * float(FACTOR ** (min(tries, 20) - 1)), LONGEST_PAUSE)


def spread(seconds: float) -> int:
    """A pause in milliseconds, a little longer or shorter by chance."""
    return int(1000 * seconds * (1 + JITTER * (2 * random() - 1)))  # noqa: S311  # no secret


def tries_within(seconds: float) -> int:
    """The number of tries within so many seconds, counting the first."""
    tries, waited = 1, 0.0
    while (waited := waited + pause_after(tries)) <= seconds:
        tries += 1
    return tries


@dataclass
class Lane:
    """`closed_until`: nothing is sent before, because the listener could not be reached. `failures` in a row."""

    failures: int = 0
    closed_until: int = 0
    proven: bool = False
    slow: bool = False
    _queues: dict[str, deque[Delivery]] = field(default_factory=dict)
    _heads: list[tuple[int, int, str]] = field(default_factory=list)
    _under_way: set[str] = field(default_factory=set)
    _count: int = 0

    @property
    def waiting(self) -> int:
        return self._count

    @property
    def room(self) -> int:
        return max(0, MOST_WAITING - self._count)

    def add(self, new: Iterable[Delivery]) -> None:
        """In the order of their numbers."""
        for one in new:
            queue = self._queues.setdefault(one.subject, deque())
            queue.append(one)
            self._count += 1
            if len(queue) == 1:
                self._offer(one)

    def take(self, now: int, room: int) -> list[Delivery]:
        """What is to be sent now, at most `room` of it."""
        taken: list[Delivery] = []
        if now < self.closed_until:
            return taken
        at_once = MOST_AT_ONCE if self.proven and not self.slow and not self.failures else 1
        while self._heads and self._heads[0][0] <= now and len(taken) < room and len(self._under_way) < at_once:
            _, _, subject = heapq.heappop(self._heads)
            self._under_way.add(subject)
            taken.append(self._queues[subject][0])
        return taken

    def over(self, one: Delivery) -> None:
        """It was delivered, or given up: the next one of its subject may go."""
        self._under_way.discard(one.subject)
        queue = self._queues[one.subject]
        queue.popleft()
        self._count -= 1
        if queue:
            self._offer(queue[0])
        else:
            del self._queues[one.subject]

    def put_back(self, one: Delivery) -> None:
        """It was not sent after all."""
        self._under_way.discard(one.subject)
        self._offer(one)

    def failed(self, one: Delivery, due: int, problem: str) -> Delivery:
        """It is tried again when it is due."""
        again = replace(one, tries=one.tries + 1, due=due, problem=problem)
        self._under_way.discard(one.subject)
        self._queues[one.subject][0] = again
        self._offer(again)
        return again

    def next_due(self) -> int | None:
        """When something is to be sent, unless something under way ends before."""
        return max(self._heads[0][0], self.closed_until) if self._heads else None

    def _offer(self, one: Delivery) -> None:
        heapq.heappush(self._heads, (one.due, one.number, one.subject))
