"""Bundles that nobody can order."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from canonical.catalog.bundles import group_limits, member_limits
from canonical.catalog.checks.findings import Catalog, Fault, Finding, finding
from canonical.catalog.item import Item
from canonical.catalog.lifecycle import OFFERED
from canonical.catalog.offering import OFFERING, Group


def impossible_bundles(catalog: Catalog) -> Iterator[Finding]:
    for bundle in catalog.of(OFFERING):
        if bundle.state in OFFERED:
            for pointer, message, remedy in _impossible(catalog, bundle):
                yield finding(OFFERING, bundle, pointer, Fault.BUNDLE_IMPOSSIBLE, message, remedy)


def _impossible(catalog: Catalog, bundle: Item) -> Iterator[tuple[str, str, str]]:
    contents = bundle.contents
    members = member_limits(contents)
    if contents.bundle and not members:
        yield "/members", "it is a bundle without members", "add members"
    for limits in (*members.values(), *group_limits(contents)):
        if limits.most is not None and limits.most < limits.least:
            text = f"it takes at least {limits.least} and at most {limits.most} of {limits.what}"
            yield "/members", text, "let most be no less than least"
    for offering_id, limits in members.items():
        member = catalog.items.get((OFFERING, offering_id))
        if limits.least and member is not None and not _can_be_sold(member, catalog.at):
            yield "/members", f"it needs {offering_id}, which is not sold", f"publish {offering_id}, or take it out"
    for limits in group_limits(contents):
        sold = [members[one] for one in limits.offerings if _is_sold(catalog, one)]
        at_most = None if any(one.most is None for one in sold) else sum(one.most or 0 for one in sold)
        if at_most is not None and at_most < limits.least:
            text = f"{limits.what} needs {limits.least}, and at most {at_most} can be ordered"
            yield "/groups", text, "add members that are sold, or lower what the group needs"
        if limits.most is not None and sum(one.least for one in sold) > limits.most:
            text = f"the members of {limits.what} that are needed are more than the {limits.most} that it takes"
            yield "/groups", text, "raise what the group takes, or let members be optional"
    places = _places_in_groups(contents.groups)
    for offering_id in sorted({one for one in places if places.count(one) > 1}):
        yield "/groups", f"{offering_id} is in two groups", "leave it in one of them"


def _is_sold(catalog: Catalog, offering_id: str) -> bool:
    member = catalog.items.get((OFFERING, offering_id))
    return member is not None and _can_be_sold(member, catalog.at)


def _can_be_sold(member: Item, at: datetime) -> bool:
    return member.state in OFFERED and (member.valid_until is None or at < member.valid_until)


def _places_in_groups(groups: Iterable[Group]) -> list[str]:
    return [member.offering.id for group in groups for member in group.all_members]
