"""Whether an offering that is launched can be sold as it says."""

from datetime import datetime

from canonical.catalog.checks.check import check
from canonical.catalog.checks.findings import Catalog
from canonical.catalog.cycles import KINDS
from canonical.catalog.errors import NotSellable
from canonical.catalog.item import Item
from canonical.catalog.named import named_items
from canonical.catalog.offering import OFFERING
from canonical.catalog.ports import OrderShelf
from canonical.catalog.rule import RULE


def check_sellable(offering: Item, shelf: OrderShelf, at: datetime) -> None:
    """Raises NotSellable if the check finds an error in the offering at the moment, or later when it becomes valid."""
    around = _around(offering, shelf, max(at, offering.valid_from or at))
    about = (OFFERING, offering.item_id)
    errors = [one for one in check(around) if (one.kind, one.item_id) == about and one.is_error]
    if errors:
        told = "; ".join(f"{one.fault}: {one.message}" for one in errors)
        faults = list(dict.fromkeys(one.fault.value for one in errors))
        raise NotSellable(f"it cannot be launched: {told}", pointer=errors[0].pointer, faults=faults)


def _around(offering: Item, shelf: OrderShelf, at: datetime) -> Catalog:
    """The offering, what it names, and what the rules about it name, as all of it is at the moment."""
    kinds = {kind.name: kind for kind in KINDS}
    items: dict[tuple[str, str], Item] = {(OFFERING, offering.item_id): offering}
    editions = {(OFFERING, offering.item_id, offering.edition)}
    rules = shelf.rules_about(offering.item_id, at)
    ruled = [one for rule in rules for one in named_items(RULE, rule.contents)]
    for _, wanted, reference in (*named_items(OFFERING, offering.contents), *ruled):
        found = shelf.find(kinds[wanted], reference, at)
        if found is not None:
            items.setdefault((wanted, reference.id), found)
            editions.add((wanted, reference.id, found.edition))
    return Catalog(at, {**items, **{(RULE, rule.item_id): rule for rule in rules}}, frozenset(editions))
