"""Who owns the subscriptions, who bills them, and who keeps what is asked of both.

Every call that changes something takes `key`, its idempotency key: the same key never acts twice. Such calls raise
BackendUnavailable (it did not act) and OutcomeUnknown as well.
"""

from collections.abc import Mapping
from types import TracebackType
from typing import Any, Protocol, Self

from canonical.subscriptions.plan_change import PlanChange
from canonical.subscriptions.subscription import Plan, Subscription


class CustomerSubscriptions(Protocol):
    def of_customer(self, customer_id: str) -> tuple[Subscription, ...]:
        """A customer who is not known there has none. Raises BackendError."""
        ...


class Subscriptions(CustomerSubscriptions, Protocol):
    """BSS, which owns them."""

    def subscription(self, subscription_id: str) -> Subscription:
        """Raises SubscriptionNotFound or BackendError."""
        ...

    def plans(self) -> tuple[Plan, ...]:
        """All there are, lowest first. Raises BackendError."""
        ...

    def change_plan(self, subscription_id: str, plan: str, version: int, key: str) -> Subscription:
        """As it is now. Raises VersionMismatch when it is not in `version` any more, or SubscriptionTerminated."""
        ...


class PlanBilling(Protocol):
    """Billing, which has to know the plan."""

    def bill(self, subscription: Subscription, key: str) -> None:
        """Bill the subscription as it is. What is known of a later version stays."""
        ...


class PlanChangeRepository(Protocol):
    """Keeps plan changes. What was got or added is saved when the unit of work commits."""

    def add(self, change: PlanChange) -> None: ...

    def get(self, change_id: str) -> PlanChange:
        """Raises NotFound."""
        ...


class ProcessSchedule(Protocol):
    def schedule(self, process: str, subject: str) -> None:
        """Have `process` carried out on `subject` once this unit of work has committed."""
        ...

    def started(self, process: str, subject: str) -> None: ...

    def ended(self, process: str, subject: str) -> None: ...

    def fell_out(self, process: str, subject: str, progress: Mapping[str, Any]) -> None:
        """It ended with something not undone; `progress` is JSON to go on from."""
        ...


class UnitOfWork(Protocol):
    """One transaction. Leaving without `commit` undoes everything.

    `commit` raises ConcurrentChange when a plan change read here was changed by somebody else since.
    """

    @property
    def plan_changes(self) -> PlanChangeRepository: ...
    @property
    def processes(self) -> ProcessSchedule: ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def commit(self) -> None: ...
