"""The handlers of the commands."""

from types import MappingProxyType
from typing import Protocol

from canonical.listeners.commands import RegisterListener, UnregisterListener
from canonical.listeners.errors import ListenerExists, ListenerNotFound, TooManyListeners
from canonical.listeners.listener import Listener
from canonical.listeners.ports import ListenerRepository
from canonical.shared.ports import Clock, Handlers, Identities, Transaction

MOST = 100
"""Listeners that one client may have, of all APIs and versions together."""


class UnitOfWork(Transaction, Protocol):
    @property
    def listeners(self) -> ListenerRepository: ...


def register_listener(command: RegisterListener, work: UnitOfWork, clock: Clock, identities: Identities) -> Listener:
    """Raises ListenerExists, TooManyListeners."""
    known = work.listeners.of(command.owner)
    same = next((one for one in known if _what_for(one) == _what_for(command)), None)
    if same is not None:
        message = f"this callback with this query is registered already: use or delete {same.id}"
        raise ListenerExists(message, listenerId=same.id)
    if len(known) >= MOST:
        raise TooManyListeners(f"a client has at most {MOST} listeners", most=MOST)
    new = Listener(
        id=identities.new_id(),
        owner=command.owner,
        api=command.api,
        version=command.version,
        callback=command.callback,
        query=command.query,
        created_at=clock.now(),
        address=command.address,
        scopes=command.scopes,
    )
    work.listeners.add(new)
    return new


def unregister_listener(
    command: UnregisterListener, work: UnitOfWork, clock: Clock, identities: Identities
) -> Listener:
    """Raises ListenerNotFound if another request removed it first."""
    known = {one.id: one for one in work.listeners.of(command.owner)}
    if command.listener_id not in known:
        raise ListenerNotFound("Listener not found", listenerId=command.listener_id)
    work.listeners.remove(command.listener_id)
    return known[command.listener_id]


def _what_for(one: Listener | RegisterListener) -> tuple[str, ...]:
    """What makes two registrations of a client the same."""
    return one.api, one.version, one.callback, one.query


HANDLERS: Handlers = MappingProxyType({RegisterListener: register_listener, UnregisterListener: unregister_listener})
