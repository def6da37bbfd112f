"""Offerings that nobody can get to, and rules that nobody can keep."""

from collections.abc import Iterator

from canonical.catalog.category import CATEGORY
from canonical.catalog.checks.findings import Catalog, Fault, Finding, finding
from canonical.catalog.item import Item
from canonical.catalog.lifecycle import OFFERED
from canonical.catalog.offering import OFFERING
from canonical.catalog.references import Reference
from canonical.catalog.relations import is_exclusion, is_requirement
from canonical.catalog.rule import RULE, RuleType
from canonical.catalog.selling import is_valid


def unreachable(catalog: Catalog) -> Iterator[Finding]:
    in_bundles = {
        member.offering.id
        for bundle in catalog.of(OFFERING)
        if bundle.state in OFFERED
        for member in bundle.contents.all_members
    }
    for offering in catalog.of(OFFERING):
        if offering.state in OFFERED:
            for pointer, message, remedy in _out_of_reach(catalog, offering, in_bundles):
                yield finding(OFFERING, offering, pointer, Fault.UNREACHABLE_OFFERING, message, remedy)


def _out_of_reach(catalog: Catalog, offering: Item, in_bundles: set[str]) -> Iterator[tuple[str, str, str]]:
    contents = offering.contents
    if contents.sellable is False and offering.item_id not in in_bundles:
        yield "/sellable", "it is sold in bundles only, and no bundle has it", "add it to a bundle"
    if not contents.categories:
        yield "/categories", "it is in no category", "put it into a category"
    elif not any(_is_shown(catalog, one) for one in contents.categories):
        yield "/categories", "none of its categories is published", "publish one of them"
    if contents.allowed_actions and not any(one.action.casefold() == "add" for one in contents.allowed_actions):
        yield "/allowed_actions", "nobody may add it", "allow the action add, or retire it"


def _is_shown(catalog: Catalog, category: Reference) -> bool:
    found = catalog.get(CATEGORY, category)
    return found is not None and found.state in OFFERED


def contradictions(catalog: Catalog) -> Iterator[Finding]:
    required, excluded = _relations(catalog)
    for key, pointers in required.items():
        offering, other = key
        reverse = (other, offering)
        if key in excluded or reverse in excluded or offering == other:
            item = catalog.items.get((OFFERING, offering))
            if item is not None:
                what = "itself" if offering == other else f"{other} and excludes it"
                yield finding(
                    OFFERING,
                    item,
                    pointers,
                    Fault.CONTRADICTORY_RULES,
                    f"it requires {what}",
                    "take one of the two out",
                )
    yield from _required_excluded(catalog, required, excluded)


def _required_excluded(catalog: Catalog, required: "_Pairs", excluded: "_Pairs") -> Iterator[Finding]:
    """Two that are both required, of which one excludes the other; and what is required is not sold."""
    by_offering: dict[str, list[tuple[str, str]]] = {}
    for (offering, other), pointer in required.items():
        by_offering.setdefault(offering, []).append((other, pointer))
    for offering, others in by_offering.items():
        item = catalog.items.get((OFFERING, offering))
        if item is None:
            continue
        for index, (one, pointer) in enumerate(others):
            for two, _ in others[index + 1 :]:
                if (one, two) in excluded or (two, one) in excluded:
                    text = f"it requires {one} and {two}, which exclude one another"
                    yield finding(
                        OFFERING, item, pointer, Fault.CONTRADICTORY_RULES, text, "require one of the two only"
                    )
            wanted = catalog.items.get((OFFERING, one))
            if wanted is not None and wanted.state not in OFFERED and item.state in OFFERED:
                text = f"it requires {one}, which is not sold"
                yield finding(OFFERING, item, pointer, Fault.CONTRADICTORY_RULES, text, f"publish {one}")


_Pairs = dict[tuple[str, str], str]
"""Of two offerings, with the pointer to where the first says so."""


def _relations(catalog: Catalog) -> tuple[_Pairs, _Pairs]:
    """What requires what, and what excludes what: by relationships, and by rules without a condition."""
    required: _Pairs = {}
    excluded: _Pairs = {}
    for offering in catalog.of(OFFERING):
        for index, one in enumerate(offering.contents.relationships):
            pairs = required if is_requirement(one.type) else excluded if is_exclusion(one.type) else None
            if pairs is not None and is_valid(one.valid_from, one.valid_until, catalog.at):
                pairs[offering.item_id, one.to.id] = f"/relationships/{index}"
    for rule in catalog.of(RULE):
        contents = rule.contents
        single = contents.type is RuleType.REQUIRES and len(contents.others) == 1
        pairs = required if single else excluded if contents.type is RuleType.EXCLUDES else None
        if pairs is None or contents.when is not None or rule.state not in OFFERED:
            continue
        for one in contents.offerings:
            for other in contents.others:
                pairs.setdefault((one.id, other.id), "")
    return required, excluded
