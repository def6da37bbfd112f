"""What a customer owes."""

from dataclasses import dataclass
from datetime import date

from canonical.shared.money import Money


@dataclass(frozen=True, slots=True)
class OutstandingBalance:
    """All open invoices in one currency."""

    amount: Money
    oldest_due_date: date
    open_invoices: int
