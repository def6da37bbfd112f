"""Takes listeners in and ends them, each with its audit record."""

from dataclasses import dataclass
from typing import Protocol

from canonical.audit.record import AuditRecord
from canonical.listeners.listener import Listener
from canonical.listeners.ports import ListenerRepository
from canonical.shared.errors import ListenerExists, ListenerNotFound, TooManyListeners
from facade.intake.once import Intake, IntakeWork, Request

MOST = 100
"""Listeners that one client may have, of all APIs and versions together."""


class ListenerUnitOfWork(IntakeWork, Protocol):
    @property
    def listeners(self) -> ListenerRepository: ...


@dataclass(frozen=True, slots=True)
class Wish:
    """What a client asks for: which events of an API, in which version, are told at which address."""

    owner: str
    api: str
    version: str
    callback: str
    query: str


@dataclass(frozen=True)
class ListenerIntake(Intake[ListenerUnitOfWork]):
    def register(self, wish: Wish) -> Listener:
        """Raises ListenerExists, TooManyListeners."""

        def take(work: ListenerUnitOfWork) -> tuple[Listener, AuditRecord]:
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
            return new, self._evidence(_request("registerListener", new, _payload(new)), 201)

        return self._commit(take)

    def unregister(self, listener: Listener) -> None:
        """Raises ListenerNotFound when somebody else was first."""

        def take(work: ListenerUnitOfWork) -> tuple[None, AuditRecord]:
            if listener not in work.listeners.of(listener.owner):
                raise ListenerNotFound("Listener not found", listenerId=listener.id)
            work.listeners.remove(listener.id)
            return None, self._evidence(_request("unregisterListener", listener), 204)

        self._commit(take)


def _request(done: str, one: Listener, payload: dict[str, str] | None = None) -> Request:
    return Request(one.owner, f"{done} {one.api} {one.version} {one.id}", payload=payload)


def _payload(one: Listener) -> dict[str, str]:
    return {"callback": one.callback} | ({"query": one.query} if one.query else {})


def _wish_of(one: Listener) -> Wish:
    return Wish(one.owner, one.api, one.version, one.callback, one.query)
