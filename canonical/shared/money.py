"""Amounts of money: decimal, with a currency, never a float."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from canonical.shared.errors import CurrenciesDiffer


@dataclass(frozen=True, slots=True)
class Money:
    """`amount` in major units of `currency` (ISO 4217, e.g. "EUR")."""

    amount: Decimal
    currency: str

    def __add__(self, other: "Money") -> "Money":
        if self.currency != other.currency:
            raise CurrenciesDiffer(
                f"amounts in {self.currency} and {other.currency} cannot be added",
                currencies=sorted({self.currency, other.currency}),
            )
        return Money(self.amount + other.amount, self.currency)

    def __mul__(self, quantity: int) -> "Money":
        return Money(self.amount * quantity, self.currency)

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"


def total(amounts: Iterable[Money], currency: str) -> Money:
    """The sum of `amounts`, nothing of `currency` when there are none.

    Raises CurrenciesDiffer.
    """
    return sum(amounts, start=Money(Decimal("0.00"), currency))
