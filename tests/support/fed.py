"""Pages of the feed, as the product answers them, and a feed that has them in memory."""

from collections.abc import Sequence
from typing import Any

from canonical.shared import jsontext
from facade.warehouse.feed import FIRST_PRODUCTS, PAGE, Feed, Page, Products, Source

Event = dict[str, Any]

CHARGED = [
    {"name": "charged", "priceType": "oneTime", "price": {"taxIncludedAmount": {"unit": "EUR", "value": 49.9}}},
    {
        "name": "charged",
        "priceType": "recurring",
        "recurringChargePeriod": "month",
        "price": {"taxIncludedAmount": {"unit": "EUR", "value": 39.9}},
    },
]


def event(number: int, kind: str, subject: str, sequence: int, document: Any = None, **changes: Any) -> Event:
    """An event of an order, unless `changes` says something else. `at`: one second for each number."""
    return {
        "number": number,
        "id": f"{subject}-{sequence}",
        "type": kind,
        "version": 1,
        "at": f"2026-11-28T10:{number // 60:02}:{number % 60:02}.000001Z",
        "subject": {"type": "order", "id": subject, "sequence": sequence},
        "owner": "partner-acme",
        "customerId": "C12345",
        "actor": "place-order",
        "correlationId": "c",
        "causationId": "d",
        "hints": {"orderId": subject},
        "document": document,
        **changes,
    }


def an_order(state: str, prices: Any = None, **item: Any) -> dict[str, Any]:
    """The document of an order with one item."""
    bought = {"id": "1", "action": "add", "quantity": 1, "productOffering": {"id": "po_fibre"}, "state": state, **item}
    return {
        "@type": "ProductOrder",
        "state": state,
        "creationDate": "2026-11-28T10:00:00.000Z",
        "productOrderItem": [bought | ({"itemTotalPrice": prices} if prices else {})],
    }


def a_course(subject: str, first: int, prices: Any = None) -> list[Event]:
    """The events of an order that completes."""
    return [
        event(first, "OrderSubmitted", subject, 1, an_order("acknowledged")),
        event(first + 1, "OrderValidated", subject, 2, an_order("inProgress")),
        event(first + 2, "OrderFulfilmentStarted", subject, 3, an_order("inProgress")),
        event(first + 3, "OrderCompleted", subject, 4, an_order("completed", prices or CHARGED)),
    ]


def text_of(events: Sequence[Event]) -> str:
    return jsontext.text({"items": list(events), "next": events[-1]["number"], "last": events[-1]["number"]})


class Fed(Feed):
    """A feed of these events; `asked` has what was asked for, and the next `errors` are raised instead of answers."""

    def __init__(self, events: Sequence[Event], errors: Sequence[Exception] = ()) -> None:
        self.listed: list[list[dict[str, Any]]] = []
        super().__init__(Source("http://product", "http://product/oauth/token", "warehouse", "secret"))
        self.events = list(events)
        self.errors = list(errors)
        self.asked: list[int] = []

    def page(self, after: int, wait: int = 0, limit: int = PAGE) -> Page:
        self.asked.append(after)
        if self.errors:
            raise self.errors.pop(0)
        last = self.events[-1]["number"] if self.events else 0
        items = [one for one in self.events if one["number"] > after][:limit]
        following = items[-1]["number"] if len(items) == limit else last
        text = jsontext.text({"items": items, "next": following, "last": last})
        return Page(text, items, following, last)

    def products(self, query: str = FIRST_PRODUCTS) -> Products:
        """The pages in `listed`."""
        place = 0 if query == FIRST_PRODUCTS else int(query)
        following = str(place + 1) if place + 1 < len(self.listed) else None
        return Products(jsontext.text(self.listed[place]), following)
