"""What can be ordered for an asset now, by the rules that orders keep."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from canonical.inventory.asset import CustomerAsset
from canonical.inventory.errors import AssetInOrder
from canonical.inventory.ports import Claim
from canonical.ordering.commands import ItemAction, OrderLine
from canonical.ordering.offers import ACCEPTED_WITH_REASON, Offer
from canonical.processes.asset_rules import TRIGGERS, broken_rules

REASON = "reason"


@dataclass(frozen=True, slots=True)
class EligibleAction:
    """An action, and the first rule that an order of it would break; without a `code` it is allowed.

    `until` is when the rule ends to apply, if that is known. `order_id` is the order that is about to change the asset.
    `needs`: what an item has to state so that it may break the rule.
    """

    action: ItemAction
    code: str | None = None
    reason: str | None = None
    until: datetime | None = None
    order_id: str | None = None
    needs: tuple[str, ...] = ()

    @property
    def allowed(self) -> bool:
        return self.code is None or bool(self.needs)


def eligible_actions(
    asset: CustomerAsset,
    claims: Sequence[Claim],
    offer: Offer | None,
    at: datetime,
    tolerated: Collection[str],
    parts: Sequence[CustomerAsset] = (),
    excusable: Collection[str] = (),
) -> list[EligibleAction]:
    """`claims` are those on the asset and its `parts`, `offer` is its offering, if the catalog has it. `tolerated` are
    the codes of rules that the client may break, `excusable` those that it may break with a reason.
    """
    return [_eligible(asset, action, claims, offer, at, tolerated, parts, excusable) for action in TRIGGERS]


def _eligible(
    asset: CustomerAsset,
    action: ItemAction,
    claims: Sequence[Claim],
    offer: Offer | None,
    at: datetime,
    tolerated: Collection[str],
    parts: Sequence[CustomerAsset],
    excusable: Collection[str],
) -> EligibleAction:
    for claim in claims:
        text = "an order that has not ended is about to change the product"
        return EligibleAction(action, AssetInOrder.code, text, order_id=claim.order_id)
    line = OrderLine("1", 1, action, product_id=asset.id)
    of_offer = () if offer is None else offer.broken(line, True)
    breaks = [one for one in (*broken_rules(asset, action, at, parts), *of_offer) if one.error.code not in tolerated]
    # What no reason helps against comes first.
    for broken in sorted(breaks, key=lambda one: one.error.code in excusable):
        code, until = broken.error.code, broken.details.get("until")
        end = None if until is None else datetime.fromisoformat(until)
        if code in excusable:
            text = f"{broken.message}; {ACCEPTED_WITH_REASON}"
            return EligibleAction(action, code, text, end, needs=(REASON,))
        return EligibleAction(action, code, broken.message, end)
    return EligibleAction(action)
