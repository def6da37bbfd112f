"""What may be asked for."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ChangePlan:
    """`owner` is the client that asks."""

    owner: str
    subscription_id: str
    plan: str
