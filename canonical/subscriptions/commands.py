"""What may be asked for."""

from dataclasses import dataclass

from canonical.subscriptions.subscription import Plan, Subscription


@dataclass(frozen=True, slots=True)
class ChangePlan:
    """Move a subscription, as BSS has it now, to another of the `plans` that there are.

    `owner` is the client that asks. `conditional`: it named the version of the subscription.
    """

    owner: str
    subscription: Subscription
    plan: str
    plans: tuple[Plan, ...]
    conditional: bool = False
