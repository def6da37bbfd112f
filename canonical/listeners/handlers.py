"""The handlers of the commands."""

from types import MappingProxyType
from typing import Protocol

from canonical.listeners.commands import (
    ChangeDelivery,
    RedeliverDeadLetters,
    RegisterListener,
    RenewSecret,
    ReplayEvents,
    TryListener,
    UnregisterListener,
)
from canonical.listeners.delivery import DeliveryState
from canonical.listeners.errors import ListenerExists, ListenerNotFound, TooManyListeners
from canonical.listeners.listener import Listener
from canonical.listeners.ports import ListenerRepository
from canonical.shared.ports import Clock, Handlers, Identities, Transaction

PAUSED_BY_OWNER = "its owner has paused it"
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
    found = _own(command.owner, command.listener_id, work)
    work.listeners.remove(found.id)
    return found


def change_delivery(command: ChangeDelivery, work: UnitOfWork, clock: Clock, identities: Identities) -> Listener:
    """Raises ListenerNotFound."""
    found = _own(command.owner, command.listener_id, work)
    status = work.listeners.status(found.id)
    if command.state is not None:
        status.state = command.state
        status.reason = PAUSED_BY_OWNER if command.state is DeliveryState.PAUSED else ""
    if command.addressing is not None:
        status.addressing = command.addressing
    work.listeners.keep_status(status)
    return found


def replay_events(command: ReplayEvents, work: UnitOfWork, clock: Clock, identities: Identities) -> Listener:
    """Raises ListenerNotFound."""
    found = _own(command.owner, command.listener_id, work)
    status = work.listeners.status(found.id)
    status.replay_after = command.after
    work.listeners.drop_waiting(found.id, command.after)
    work.listeners.keep_status(status)
    return found


def redeliver_dead_letters(
    command: RedeliverDeadLetters, work: UnitOfWork, clock: Clock, identities: Identities
) -> Listener:
    """Raises ListenerNotFound."""
    found = _own(command.owner, command.listener_id, work)
    status = work.listeners.status(found.id)
    work.listeners.revive(found.id, command.event_ids)
    work.listeners.keep_status(status)
    return found


def renew_secret(command: RenewSecret, work: UnitOfWork, clock: Clock, identities: Identities) -> Listener:
    """Raises ListenerNotFound."""
    found = _own(command.owner, command.listener_id, work)
    status = work.listeners.status(found.id)
    status.renew(command.secret, work.listeners.delivery_milliseconds(), 1000 * command.overlap_seconds)
    work.listeners.keep_status(status)
    return found


def try_listener(command: TryListener, work: UnitOfWork, clock: Clock, identities: Identities) -> Listener:
    """Nothing changes; the attempt is recorded. Raises ListenerNotFound."""
    return _own(command.owner, command.listener_id, work)


def _own(owner: str, listener_id: str, work: UnitOfWork) -> Listener:
    """Raises ListenerNotFound."""
    found = next((one for one in work.listeners.of(owner) if one.id == listener_id), None)
    if found is None:
        raise ListenerNotFound("Listener not found", listenerId=listener_id)
    return found


def _what_for(one: Listener | RegisterListener) -> tuple[str, ...]:
    """What makes two registrations of a client the same."""
    return one.api, one.version, one.callback, one.query


HANDLERS: Handlers = MappingProxyType(
    {
        RegisterListener: register_listener,
        UnregisterListener: unregister_listener,
        ChangeDelivery: change_delivery,
        ReplayEvents: replay_events,
        RedeliverDeadLetters: redeliver_dead_letters,
        RenewSecret: renew_secret,
        TryListener: try_listener,
    }
)
