"""What is charged for an order, and the prices that whoever orders states, held against that."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
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
class ChargedPrice:
    """What is charged once, or for each `period`. `net`: the catalog says that no tax is included."""

    kind: PriceKind
    period: str | None
    amount: Money
    net: bool


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


def charged_prices(bought: Iterable[tuple[OrderedOffering, int]]) -> list[ChargedPrice]:
    """What so many of these offerings cost together: a sum for each period and currency."""
    found: dict[tuple[PriceKind, str | None, str], list[ChargedPrice]] = {}
    for offering, quantity in bought:
        for one in _prices(offering):
            whole = replace(one, amount=one.amount * quantity)
            found.setdefault((one.kind, one.period, one.amount.currency), []).append(whole)
    return [
        ChargedPrice(kind, period, total((one.amount for one in prices), currency), _all_net(prices))
        for (kind, period, currency), prices in found.items()
    ]


def not_stated(stated: Sequence[StatedPrice], ours: Iterable[ChargedPrice]) -> list[ChargedPrice]:
    """Those of ours that the stated prices do not say."""
    groups = {(group.kind, group.period): group for group in _groups(stated)}
    known = ((one, groups.get((one.kind, one.period))) for one in ours)
    return [one for one, group in known if group is None or not group.says(one.amount)]


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
            ours = charged_prices([(offering, line.quantity if group.whole else 1)])
            _compare(group, ours, f"/lines/{index}")
    whole = charged_prices((offering, line.quantity) for _, line, offering in added)
    for group in _groups(command.stated_prices):
        _compare(group, whole, "")


def _groups(stated: Sequence[StatedPrice]) -> Iterator[_Group]:
    found: dict[tuple[PriceKind, str | None, bool], _Group] = {}
    for number, one in enumerate(stated):
        period = _period(one.period) if one.kind is PriceKind.RECURRING else None
        key = (one.kind, period, one.whole)
        found.setdefault(key, _Group(number, *key, [])).prices.append(one)
    yield from found.values()


def _prices(offering: OrderedOffering) -> Iterator[ChargedPrice]:
    if offering.one_time is not None:
        yield ChargedPrice(PriceKind.ONE_TIME, None, offering.one_time, _is_net(offering, None))
    for one in offering.recurring:
        yield ChargedPrice(PriceKind.RECURRING, _period(one.period), one.amount, _is_net(offering, one.period))


def _all_net(prices: Iterable[ChargedPrice]) -> bool:
    """What costs nothing is the same with tax."""
    net = {one.net for one in prices if one.amount.amount}
    return net == {True}


def _is_net(offering: OrderedOffering, period: str | None) -> bool:
    said = {one.tax_included for one in offering.prices if one.amount is not None and one.period == period}
    return False in said and True not in said


def _compare(group: _Group, charged: Iterable[ChargedPrice], at: str) -> None:
    ours = [one.amount for one in charged if (one.kind, one.period) == (group.kind, group.period)]
    if len(ours) > 1:
        return  # in several currencies, for which the order itself is refused
    sum_of_ours = ours[0] if ours else Money(Decimal("0.00"), group.prices[0].currency)
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
