"""Takes listeners in and ends them, each with its audit record."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

import orjson

from canonical.audit.record import AuditRecord
from canonical.listeners.listener import Listener
from canonical.listeners.ports import ListenerRepository
from canonical.shared.errors import ListenerExists, ListenerNotFound, TooManyListeners
from canonical.shared.ports import Clock, Identities
from facade.correlation import correlation_id

MOST = 100
"""Listeners that one client may have, of all APIs and versions together."""


class ListenerUnitOfWork(Protocol):
    @property
    def listeners(self) -> ListenerRepository: ...
    def record(self, record: AuditRecord) -> None: ...
    def commit(self) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


@dataclass(frozen=True, slots=True)
class Wish:
    """What a client asks for: which events of an API, in which version, are told at which address."""

    owner: str
    api: str
    version: str
    callback: str
    query: str


@dataclass(frozen=True)
class ListenerIntake:
    unit_of_work: Callable[[], ListenerUnitOfWork]
    clock: Clock
    identities: Identities

    def register(self, wish: Wish) -> Listener:
        """Raises ListenerExists, TooManyListeners."""
        with self.unit_of_work() as work:
            known = work.listeners.of(wish.owner)
            same = next((one for one in known if _wish_of(one) == wish), None)
            if same is not None:
                message = f"this callback and query are registered already, as {same.id}"
                raise ListenerExists(message, listenerId=same.id)
            if len(known) >= MOST:
                raise TooManyListeners(f"a client has at most {MOST} listeners", most=MOST)
            new = Listener(
                id=self.identities.new_id(),
                owner=wish.owner,
                api=wish.api,
                version=wish.version,
                callback=wish.callback,
                query=wish.query,
                created_at=self.clock.now(),
            )
            work.listeners.add(new)
            work.record(self._evidence("registerListener", new, 201))
            work.commit()
            return new

    def unregister(self, listener: Listener) -> None:
        """Raises ListenerNotFound when somebody else was first."""
        with self.unit_of_work() as work:
            if listener not in work.listeners.of(listener.owner):
                raise ListenerNotFound("Listener not found", listenerId=listener.id)
            work.listeners.remove(listener.id)
            work.record(self._evidence("unregisterListener", listener, 204))
            work.commit()

    def _evidence(self, done: str, listener: Listener, status: int) -> AuditRecord:
        """`payload_hash` is over api, version, callback and query."""
        wish = _wish_of(listener)
        told = orjson.dumps([wish.api, wish.version, wish.callback, wish.query])
        return AuditRecord(
            id=self.identities.new_id(),
            at=self.clock.now(),
            client=listener.owner,
            operation=f"{done} {listener.api} {listener.version} {listener.id}",
            correlation_id=correlation_id(),
            status=status,
            payload_hash=hashlib.sha256(told).hexdigest(),
        )


def _wish_of(one: Listener) -> Wish:
    return Wish(one.owner, one.api, one.version, one.callback, one.query)
