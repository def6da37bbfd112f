"""How many of which offerings a bundle takes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from canonical.catalog.offering import Group, OfferingContents
from canonical.catalog.selling import Reason, Refusal


@dataclass(frozen=True, slots=True)
class Limits:
    """From `least` to `most` of what is called `what`, together of all `offerings`; `most` None for no limit."""

    what: str
    offerings: frozenset[str]
    least: int
    most: int | None

    def counted(self, counts: Mapping[str, int]) -> int:
        return sum(count for offering, count in counts.items() if offering in self.offerings)


def member_limits(contents: OfferingContents) -> Mapping[str, Limits]:
    """The limits of each member by its offering. What a member says itself in the bundle counts; what it says in a
    group can only narrow that.
    """
    found: dict[str, Limits] = {}
    for member in contents.all_members:
        known = found.get(member.offering.id)
        least, most = member.least or 0, member.most
        if known is not None:
            least = max(known.least, least)
            most = min((one for one in (known.most, most) if one is not None), default=None)
        found[member.offering.id] = Limits(member.offering.id, frozenset({member.offering.id}), least, most)
    return found


def group_limits(contents: OfferingContents) -> Iterator[Limits]:
    yield from (limits for group in contents.groups for limits in _of_group(group))


def refusals(contents: OfferingContents, counts: Mapping[str, int], quantity: int = 1) -> Iterator[Refusal]:
    """Why `quantity` of the bundle cannot have these members, counted in all by their offerings."""
    members = member_limits(contents)
    if not members:
        return
    for offering in counts.keys() - members.keys():
        yield Refusal(Reason.CARDINALITY, f"{offering} is no member of {contents.name}: it takes {', '.join(members)}")
    for limits in (*members.values(), *group_limits(contents)):
        count, most = limits.counted(counts), limits.most
        if count < limits.least * quantity or (most is not None and count > most * quantity):
            bounds = f"{limits.least} to {most}" if most is not None else f"at least {limits.least}"
            text = f"{contents.name} takes {bounds} of {limits.what} each, not {count} in {quantity}"
            told = {"member": limits.what, "least": limits.least, "most": most, "count": count}
            yield Refusal(Reason.CARDINALITY, text, details=MappingProxyType(told))


def _of_group(group: Group) -> Iterator[Limits]:
    offerings = frozenset(one.offering.id for one in group.all_members)
    if group.least is not None or group.most is not None:
        yield Limits(group.name, offerings, group.least or 0, group.most)
    yield from (limits for inner in group.groups for limits in _of_group(inner))
