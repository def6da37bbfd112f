"""Prices that whoever orders states, held against those of the catalog."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType

from canonical.ordering.commands import ItemAction, PriceKind, StatedPrice, SubmitOrder
from canonical.ordering.errors import PriceDiffers
from canonical.ordering.items import OrderedOffering
from canonical.shared.money import Money, total

PERIODS = MappingProxyType(
    {"monthly": "month", "months": "month", "yearly": "year", "annual": "year", "years": "year", "weekly": "week"}
)
"""How else periods are called."""
MONTH = "month"


@dataclass(frozen=True, slots=True)
class _Group:
    """Stated prices that are of one thing together; `first` is the number of the first of them."""

    first: int
    kind: PriceKind
    period: str | None
    whole: bool
    prices: list[StatedPrice]

    def says(self, ours: Money) -> bool:
        """Whether the prices with tax come to ours, or those without."""
        if any(one.currency != ours.currency for one in self.prices):
            return False
        return ours.amount in self._sums

    @property
    def told(self) -> str:
        return " or ".join(f"{one:f} {self.prices[0].currency}" for one in dict.fromkeys(self._sums))

    @property
    def _sums(self) -> list[Decimal]:
        columns = ([one.with_tax for one in self.prices], [one.without_tax for one in self.prices])
        known = [[one for one in column if one is not None] for column in columns]
        return [sum(column, start=Decimal()) for column in known if len(column) == len(self.prices)]


def check_stated_prices(command: SubmitOrder, offerings: Sequence[OrderedOffering | None]) -> None:
    """Raises PriceDiffers, with a pointer into the command, for the first price that is not ours, unless tolerated.

    What is not added is not charged by the order, so nothing that is stated of it is compared.
    """
    if PriceDiffers.code in command.tolerated:
        return
    added = [
        (index, line, offering)
        for index, (line, offering) in enumerate(zip(command.lines, offerings, strict=True))
        if offering is not None and line.action is ItemAction.ADD
    ]
    for index, line, offering in added:
        for group in _groups(line.stated_prices):
            ours = list(_charged(offering, group, line.quantity if group.whole else 1))
            _compare(group, ours, f"/lines/{index}")
    for group in _groups(command.stated_prices):
        ours = [charge for _, line, offering in added for charge in _charged(offering, group, line.quantity)]
        _compare(group, ours, "")


def _groups(stated: Sequence[StatedPrice]) -> Iterator[_Group]:
    found: dict[tuple[PriceKind, str | None, bool], _Group] = {}
    for number, one in enumerate(stated):
        period = _period(one.period) if one.kind is PriceKind.RECURRING else None
        key = (one.kind, period, one.whole)
        found.setdefault(key, _Group(number, *key, [])).prices.append(one)
    yield from found.values()


def _charged(offering: OrderedOffering, group: _Group, quantity: int) -> Iterator[Money]:
    if group.kind is PriceKind.ONE_TIME:
        yield from () if offering.one_time is None else (offering.one_time * quantity,)
    else:
        yield from (one.amount * quantity for one in offering.recurring if _period(one.period) == group.period)


def _compare(group: _Group, ours: Sequence[Money], at: str) -> None:
    currencies = {one.currency for one in ours}
    if len(currencies) > 1:
        return  # the order itself is refused for that
    sum_of_ours = total(ours, ours[0].currency if ours else group.prices[0].currency)
    if group.says(sum_of_ours):
        return
    what = "once" if group.period is None else f"for each {group.period}"
    raise PriceDiffers(
        f"the price {what} is {sum_of_ours}, not {group.told}",
        pointer=f"{at}/stated_prices/{group.first}",
        stated=group.told,
        ours=str(sum_of_ours),
    )


def _period(period: str | None) -> str:
    """As periods are compared; a month where none is named."""
    words = (period or MONTH).casefold().split()
    word = words[-1] if len(words) < 3 and words[:-1] in ([], ["1"]) else " ".join(words)
    return PERIODS.get(word, word)
