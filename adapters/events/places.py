"""How many notifications may be under way: of all clients together, and of each."""

from collections import Counter
from collections.abc import Collection
from typing import TypeVar

from adapters.events.served import Served

T = TypeVar("T")
SHARE = 4
"""One client has at most this part of the threads, so that its slow listeners leave the others to those of others."""


class Places:
    """`taken` places in all. There are twice as many as threads, so that no thread waits for its next notification."""

    def __init__(self, threads: int) -> None:
        self._most = 2 * threads
        self._share = max(1, threads // SHARE)
        self._of: Counter[str] = Counter()
        self._turn = 0
        self.taken = 0

    def room(self, client: str) -> int:
        return min(self._most - self.taken, self._share - self._of[client])

    def take(self, client: str) -> None:
        self._of[client] += 1
        self.taken += 1

    def give_back(self, client: str) -> None:
        self.taken -= 1
        self._of[client] -= 1
        if not self._of[client]:
            del self._of[client]

    def in_turn(self, everybody: Collection[Served]) -> list[Served]:
        """In another order each time: of the clients, and of the listeners of each client."""
        clients: dict[str, list[Served]] = {}
        for served in everybody:
            clients.setdefault(served.listener.owner, []).append(served)
        self._turn += 1
        turned = [_turned(own, self._turn) for own in _turned(list(clients.values()), self._turn)]
        return [served for own in turned for served in own]


def _turned(members: list[T], by: int) -> list[T]:
    first = by % len(members) if members else 0
    return members[first:] + members[:first]
