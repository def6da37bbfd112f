"""Orders changed in units of work of their own, whichever store keeps them."""

from typing import Any

from canonical.ordering.commands import AnnotateOrder
from canonical.ordering.handlers import HANDLERS
from canonical.ordering.order import ORDERS, Order
from canonical.shared import jsontext
from canonical.shared.external_identifier import ExternalIdentifier
from canonical.shared.reader import ALL
from tests.contract.conftest import Store
from tests.contract.keeping import (
    LATER,
)
from tests.support.builders import (
    ANY_VERSION,
    ROUTER,
    a_change,
    a_command,
    a_line,
)
from tests.support.fakes import (
    CountingIdentities,
    StandingClock,
)

AMENDED = a_command(
    customer_id="C2",
    lines=(a_line(id="x", offering_id=ROUTER.id), a_change(id="y")),
    tolerated=("PRODUCT_NOT_FOUND",),
)


def ticket(number: int) -> tuple[ExternalIdentifier, ...]:
    return (ExternalIdentifier("crm", "ticket", str(number)),)


def say(name: str, number: int) -> AnnotateOrder:
    return AnnotateOrder(name, ANY_VERSION, ticket(number))


def annotate(order: Order) -> None:
    order.annotate(ticket(1), LATER)


def ask(store: Store, command: Any, carried: dict[str, Any] | None = None) -> tuple[Order, str]:
    """Change the order in a unit of work of its own; the order and its document."""
    with store.unit_of_work() as work:
        if carried is not None:
            work.repository(ORDERS).carry(command.order_id, carried)
        order: Order = HANDLERS[type(command)](command, work, StandingClock(LATER), CountingIdentities(1000))
        work.save()
        text, _ = work.repository(ORDERS).shown(order.id)
        work.commit()
    return order, text


def document(store: Store, name: str) -> dict[str, Any]:
    found: dict[str, Any] = jsontext.read_kept(store.reads.document(ORDERS, name, ALL).document)
    return found


def remove(order: Order) -> None:
    order.remove(LATER)
