"""Takes subscriptions in and ends them, each with its audit record."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

import orjson

from canonical.audit.record import AuditRecord
from canonical.notifications.ports import SubscriptionRepository
from canonical.notifications.subscription import Subscription
from canonical.shared.errors import AlreadySubscribed, SubscriptionNotFound, TooManySubscriptions
from canonical.shared.ports import Clock, Identities
from facade.correlation import correlation_id

MOST = 100
"""Subscriptions that one client may have, of all APIs and versions together."""


class SubscriptionUnitOfWork(Protocol):
    @property
    def subscriptions(self) -> SubscriptionRepository: ...
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
class SubscriptionIntake:
    unit_of_work: Callable[[], SubscriptionUnitOfWork]
    clock: Clock
    identities: Identities

    def subscribe(self, wish: Wish) -> Subscription:
        """Raises AlreadySubscribed, TooManySubscriptions."""
        with self.unit_of_work() as work:
            known = work.subscriptions.of(wish.owner)
            same = next((one for one in known if _wish_of(one) == wish), None)
            if same is not None:
                message = f"this callback and query are registered already, as {same.id}"
                raise AlreadySubscribed(message, subscriptionId=same.id)
            if len(known) >= MOST:
                raise TooManySubscriptions(f"a client has at most {MOST} subscriptions", most=MOST)
            new = Subscription(
                id=self.identities.new_id(),
                owner=wish.owner,
                api=wish.api,
                version=wish.version,
                callback=wish.callback,
                query=wish.query,
                created_at=self.clock.now(),
            )
            work.subscriptions.add(new)
            work.record(self._evidence("subscribe", new, 201))
            work.commit()
            return new

    def unsubscribe(self, subscription: Subscription) -> None:
        """Raises SubscriptionNotFound when somebody else was first."""
        with self.unit_of_work() as work:
            if subscription not in work.subscriptions.of(subscription.owner):
                raise SubscriptionNotFound("Subscription not found", subscriptionId=subscription.id)
            work.subscriptions.remove(subscription.id)
            work.record(self._evidence("unsubscribe", subscription, 204))
            work.commit()

    def _evidence(self, done: str, subscription: Subscription, status: int) -> AuditRecord:
        """`payload_hash` is over api, version, callback and query."""
        wish = _wish_of(subscription)
        told = orjson.dumps([wish.api, wish.version, wish.callback, wish.query])
        return AuditRecord(
            id=self.identities.new_id(),
            at=self.clock.now(),
            client=subscription.owner,
            operation=f"{done} {subscription.api} {subscription.version} {subscription.id}",
            correlation_id=correlation_id(),
            status=status,
            payload_hash=hashlib.sha256(told).hexdigest(),
        )


def _wish_of(one: Subscription) -> Wish:
    return Wish(one.owner, one.api, one.version, one.callback, one.query)
