"""What the catalog says of the offerings that an order names, and which of its rules the order breaks."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Protocol

from canonical.ordering.commands import ItemAction, OrderLine, OrderMarket, SubmitOrder
from canonical.ordering.errors import OfferingNotSoldAlone, RuleBroken
from canonical.ordering.items import OrderedOffering
from canonical.ordering.lines import bundle_of
from canonical.ordering.wishes import ChosenCharacteristic

NEWLY_SOLD = frozenset({ItemAction.ADD, ItemAction.MODIFY})
"""The actions by which a customer gets what is offered now. Others are about what the customer has."""
ACCEPTED_WITH_REASON = "an item that states a reason is accepted"


@dataclass(frozen=True, slots=True)
class Broken:
    """A rule that something breaks; `place` is a pointer into the line, empty for the line itself."""

    error: type[RuleBroken]
    message: str
    place: str = ""
    details: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))


class Offer(Protocol):
    """An offering as the catalog has it at one moment."""

    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def sku(self) -> str: ...

    @property
    def sold_alone(self) -> bool:
        """Whether it can be ordered outside a bundle."""
        ...

    def takes(self, offering_id: str, /) -> bool:
        """Whether it is a bundle that this offering is a member of."""
        ...

    def broken_in(self, markets: Sequence[OrderMarket], /) -> Iterable[Broken]:
        """Which of the markets it is not sold in."""
        ...

    def broken(self, line: OrderLine, kept: bool = False, /) -> Iterable[Broken]:
        """What a line that names it breaks, whatever else is ordered. `kept`: the customer's product is one of it
        already, so it need not be sold any more.
        """
        ...

    def broken_with(self, line: OrderLine, counts: Mapping[str, int], /) -> Iterable[Broken]:
        """What a line that names it breaks in an order that has so many of which offerings."""
        ...

    def broken_by(self, members: Mapping[str, int], quantity: int, /) -> Iterable[Broken]:
        """What so many of it with these members break, counted in all by their offerings."""
        ...

    def ordered(self, line: OrderLine, /) -> OrderedOffering:
        """What the order remembers of it, configured as the line asks."""
        ...

    def become(self, line: OrderLine, had: Sequence[ChosenCharacteristic], /) -> OrderedOffering:
        """What a product with these values will be like: it keeps those that the line does not change and that are
        still allowed.
        """
        ...


def check_offers(command: SubmitOrder, offers: Sequence[Offer | None], kept: Sequence[Offer | None]) -> None:
    """Raises a kind of RuleBroken, with a pointer into the command, for the first rule that is broken and not
    tolerated.

    `offers` are those that the lines name, `kept` those that the products which they change are of; both stand in the
    order of the lines.
    """
    for index, broken in _broken(command, offers, kept):
        refuse(command, index, broken)


def refuse(command: SubmitOrder, index: int, broken: Broken) -> None:
    """Raises the error of a rule that line `index` breaks, unless the line may break it, perhaps with a reason."""
    code, message = broken.error.code, broken.message
    if code in command.tolerated or (code in command.excusable and command.lines[index].reason):
        return
    if code in command.excusable:
        message = f"{message}; {ACCEPTED_WITH_REASON}"
    raise broken.error(message, pointer=f"/lines/{index}{broken.place}", **broken.details)


def _broken(
    command: SubmitOrder, offers: Sequence[Offer | None], kept: Sequence[Offer | None]
) -> Iterator[tuple[int, Broken]]:
    lines = command.lines
    parents = bundle_of(lines)
    counts: Counter[str] = Counter()
    for line, offer in zip(lines, offers, strict=True):
        if offer is not None and _stays(line):
            counts[offer.id] += line.quantity
    known = {line.id: offer for line, offer in zip(lines, offers, strict=True) if offer is not None}
    for index, (line, offer, own) in enumerate(zip(lines, offers, kept, strict=True)):
        if own is not None and (offer is None or offer.id == own.id):
            yield from ((index, broken) for broken in own.broken(line, True))
            continue
        if offer is None:
            continue
        # First: what a client must not see tells nothing of itself.
        if line.action in NEWLY_SOLD:
            yield from ((index, broken) for broken in offer.broken_in(command.markets))
        yield from ((index, broken) for broken in offer.broken(line))
        if line.action is ItemAction.ADD:
            yield from ((index, broken) for broken in _alone(line, offer, parents, known))
            members = _members(line, lines, parents, known)
            yield from ((index, broken) for broken in offer.broken_by(members, line.quantity))
        if line.action in NEWLY_SOLD:
            yield from ((index, broken) for broken in offer.broken_with(line, counts))


def _alone(line: OrderLine, offer: Offer, parents: Mapping[str, str], known: Mapping[str, Offer]) -> Iterator[Broken]:
    parent = known.get(parents.get(line.id, ""))
    if not offer.sold_alone and (parent is None or not parent.takes(offer.id)):
        yield Broken(OfferingNotSoldAlone, f"{offer.name} is sold in a bundle only", "/offering_id")


def _members(
    bundle: OrderLine, lines: Sequence[OrderLine], parents: Mapping[str, str], known: Mapping[str, Offer]
) -> Mapping[str, int]:
    counts: Counter[str] = Counter()
    for line in lines:
        if parents.get(line.id) == bundle.id and line.id in known and _stays(line):
            counts[known[line.id].id] += line.quantity
    return counts


def _stays(line: OrderLine) -> bool:
    """Whether the customer has it afterwards."""
    return line.action is not ItemAction.DISCONNECT
