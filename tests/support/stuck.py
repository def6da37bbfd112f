"""Processes that are stuck at the charge, or fell out of it."""

import threading
from dataclasses import dataclass, field
from typing import Any

from adapters.persistence.database import Database
from canonical.ordering.handlers import PLACE_ORDER
from canonical.ordering.order import Order
from canonical.processes.decisions import Outcome
from canonical.processes.errors import PaymentDeclined
from canonical.processes.ports import ChargeRequest
from canonical.shared.errors import BackendRefused, BackendUnavailable, OutcomeUnknown
from tests.support.by_hand import ByHand
from tests.support.fakes import TakesMoney, TakesOrders
from tests.support.waiting import LONG

DONE = {"call": "charge", "outcome": Outcome.DONE, "result": "CHG7"}
NOT_DONE = {"call": "charge", "outcome": Outcome.NOT_DONE}


@dataclass
class Moody(TakesMoney):
    """Raises these in turn, then does as it is asked. `begun` and `go_on` let a test hold a call."""

    errors: list[Exception] = field(default_factory=list)
    asking: list[Exception] = field(default_factory=list)
    begun: threading.Event = field(default_factory=threading.Event)
    go_on: threading.Event | None = None

    def charge(self, request: ChargeRequest, key: str) -> str:
        self.begun.set()
        if self.go_on is not None:
            self.go_on.wait(LONG)
        if self.errors:
            self.calls.append(("charge", key))
            raise self.errors.pop(0)
        return super().charge(request, key)

    def find_charge(self, request: ChargeRequest) -> str | None:
        if self.asking:
            raise self.asking.pop(0)
        return super().find_charge(request)


@dataclass
class KeepsOrders(TakesOrders):
    """Refuses to cancel so many times."""

    refusals: int = 1

    def cancel(self, bss_order_id: str, order: Order, key: str) -> None:
        self.refusals -= 1
        if self.refusals >= 0:
            raise BackendRefused("BSS refused cancelOrder", status=409)
        super().cancel(bss_order_id, order, key)


AWAY = BackendUnavailable("billing cannot be reached")


def away(database: Database, times: int = 1) -> ByHand:
    placing = ByHand(database, Moody(errors=[AWAY] * times))
    placing.next_run()
    return placing


def unknown(database: Database) -> ByHand:
    lost = [OutcomeUnknown("billing perhaps acted")]
    placing = ByHand(database, Moody(errors=list(lost), asking=[AWAY]))
    placing.next_run()
    return placing


def fallen_out(database: Database, refusals: int = 1) -> ByHand:
    placing = ByHand(database, Moody(errors=[PaymentDeclined("Payment failure")]), KeepsOrders(refusals=refusals))
    placing.next_run()
    return placing


def charges(placing: ByHand) -> int:
    return [name for name, _ in placing.payments.calls].count("charge")


def records(placing: ByHand) -> dict[str, dict[str, Any]]:
    return {name: answer for name, _, answer in placing.reads.answers(PLACE_ORDER, placing.order_id)}
