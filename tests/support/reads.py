"""What the systems that belong to others know, ready made; and ways of asking them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from canonical.customers.balance import OutstandingBalance
from canonical.customers.reference import CustomerProfile, CustomerStatus
from canonical.shared.errors import BackendError, BackendUnavailable, CanonicalError
from canonical.subscriptions.subscription import Subscription, SubscriptionStatus
from canonical.views.parts import Missing, Part, PartQuery
from canonical.views.records import (
    Invoice,
    InvoiceLine,
    InvoiceStatus,
    OrderRecord,
    RecordedItem,
    RecordStatus,
    Shipment,
    ShipmentStatus,
)
from tests.support.builders import NOON, euros

AWAY = BackendUnavailable("away")
PROFILE = CustomerProfile("C12345", "John Doe", "john.doe@example.com", CustomerStatus.VERIFIED)
BALANCE = OutstandingBalance(euros("49.90"), date(2026, 8, 15), 1)


def a_record(**changes: Any) -> OrderRecord:
    record = OrderRecord(
        "ORD00001", RecordStatus.CREATED, "C12345", "web-1", (RecordedItem("SKU123", 2, "RSV001"),), NOON, None
    )
    return replace(record, **changes)


def an_invoice(**changes: Any) -> Invoice:
    lines = (InvoiceLine("SKU123", 2),)
    return replace(Invoice("INV4567", euros("99.80"), date(2026, 7, 31), InvoiceStatus.PAID, lines), **changes)


def a_shipment(status: ShipmentStatus = ShipmentStatus.IN_TRANSIT, **changes: Any) -> Shipment:
    shipment = Shipment("SHIP7890", "ORD00001", status, "DHL", "TRK7890", NOON, date(2026, 7, 5))
    return replace(shipment, **changes)


def a_subscription(**changes: Any) -> Subscription:
    return replace(Subscription("SUB1122", "C12345", "Premium", SubscriptionStatus.ACTIVE, 1), **changes)


@dataclass
class Says:
    """Any reading port: answers `value` to every question, or raises it when it is an error, and counts."""

    value: Any
    asked: list[str] = field(default_factory=list)

    def __call__(self, about: str) -> Any:
        self.asked.append(about)
        if isinstance(self.value, CanonicalError):
            raise self.value
        return self.value

    record = invoice = of_order = recent = profile = of_customer = outstanding = __call__


class AsksInTurn:
    """Asks one after the other, at noon."""

    def ask(self, questions: Sequence[PartQuery]) -> "AnsweredInTurn":
        return AnsweredInTurn({question.part: (question, question.ask) for question in questions})


@dataclass
class AnsweredInTurn:
    questions: Mapping[str, tuple[PartQuery, Callable[[], Any]]]

    def part(self, name: str) -> Part:
        question, ask = self.questions[name]
        try:
            return Part(ask())
        except CanonicalError as error:
            retryable = isinstance(error, BackendError)
            return Part(None, Missing(question.part, question.source, error.code, NOON, retryable), error)
