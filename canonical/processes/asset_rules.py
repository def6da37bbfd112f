"""What an order may do with an asset: the one place that says so, for orders and for whoever asks beforehand."""

import calendar
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import MAXYEAR, MINYEAR, datetime
from types import MappingProxyType

from canonical.inventory.asset import CustomerAsset
from canonical.inventory.contents import AssetTerm, RelationshipType
from canonical.inventory.errors import AssetNotFound
from canonical.inventory.states import TRANSITIONS, AssetStatus, Trigger
from canonical.ordering.commands import ItemAction
from canonical.ordering.errors import ProductStatus, TermNotOver
from canonical.ordering.offers import Broken
from canonical.ordering.wishes import WishedTerm
from canonical.processes.asset_contents import terms_after

TRIGGERS: Mapping[ItemAction, Trigger] = MappingProxyType(
    {
        ItemAction.MODIFY: Trigger.MODIFY,
        ItemAction.MOVE: Trigger.MOVE,
        ItemAction.SUSPEND: Trigger.SUSPEND,
        ItemAction.RESUME: Trigger.RESUME,
        ItemAction.DISCONNECT: Trigger.TERMINATE,
    }
)
"""What each action is to an asset."""


def allowed_actions(status: AssetStatus) -> list[ItemAction]:
    """The actions that may be ordered in this status."""
    return [action for action, trigger in TRIGGERS.items() if (status, trigger) in TRANSITIONS]


def broken_rules(
    asset: CustomerAsset, action: ItemAction, at: datetime, parts: Sequence[CustomerAsset] = ()
) -> Iterator[Broken]:
    """Which rules it breaks to order this action on the asset now, whatever else is ordered. `parts` go with it."""
    allowed = allowed_actions(asset.state)
    if action not in allowed:
        can = ", ".join(allowed) or "none of the actions"
        yield Broken(
            ProductStatus,
            f"the product is {asset.state}, which allows {can}",
            "/product_id",
            {
                "productId": asset.id,
                "status": asset.state.value,
                "action": action.value,
                "allowed": [one.value for one in allowed],
            },
        )
    if action is ItemAction.DISCONNECT:
        for one in (asset, *(part for part in parts if action in allowed_actions(part.state))):
            yield from (_not_over(one, term, end, "/product_id") for term, end in _running(one, at))


def shortened_terms(asset: CustomerAsset, wished: Sequence[WishedTerm], at: datetime) -> Iterator[Broken]:
    """Which commitments would end sooner than the customer agreed to, if the asset got the `wished` ones."""
    begun, after = asset.contents.started_at, terms_after(asset.contents, wished, at)
    for term, end in _running(asset, at):
        ends = (end_of(one, begun) for one in after if one.name == term.name)
        if not any(one is not None and one >= end for one in ends):
            number = next(number for number, one in enumerate(wished) if one.name == term.name)
            yield _not_over(asset, term, end, f"/wishes/terms/{number}")


def _running(asset: CustomerAsset, at: datetime) -> Iterator[tuple[AssetTerm, datetime]]:
    """The commitments that are not over, each with its end."""
    for term in asset.contents.terms:
        end = end_of(term, asset.contents.started_at)
        if end is not None and end > at:
            yield term, end


def _not_over(asset: CustomerAsset, term: AssetTerm, end: datetime, place: str) -> Broken:
    until = end.isoformat().replace("+00:00", "Z")
    details = {"productId": asset.id, "term": term.name, "until": until}
    return Broken(TermNotOver, f"{term.name} runs until {until}", place, details)


def parts_of(asset_id: str, get: Callable[[str], CustomerAsset]) -> list[str]:
    """The assets that a bundle is made of, also those inside its parts: an order of the bundle claims them, too.

    A part that belongs to another customer by now is no part any more, and one that nobody knows is none yet.
    """
    bundle = get(asset_id)
    found: dict[str, None] = {}
    ahead = [bundle]
    while ahead:
        for one in ahead.pop().contents.relationships:
            if one.type is not RelationshipType.BUNDLES or one.asset_id == asset_id or one.asset_id in found:
                continue
            try:
                part = get(one.asset_id)
            except AssetNotFound:
                continue
            if part.customer_id == bundle.customer_id:
                found[part.id] = None
                ahead.append(part)
    return list(found)


def end_of(term: AssetTerm, started_at: datetime | None) -> datetime | None:
    """None if it does not end, did not begin, or ends at no time of the calendar."""
    if term.until is not None or term.months is None or started_at is None:
        return term.until
    years, month = divmod(started_at.month - 1 + term.months, 12)
    year = started_at.year + years
    if not MINYEAR <= year <= MAXYEAR:
        return None
    day = min(started_at.day, calendar.monthrange(year, month + 1)[1])
    return started_at.replace(year=year, month=month + 1, day=day)
