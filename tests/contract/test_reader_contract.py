"""What every store shows to a reader that is bound to customers, and what it does not even hint at."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from canonical.ordering.cancellation import CANCELLATIONS
from canonical.ordering.errors import CancellationNotFound, OrderNotFound
from canonical.ordering.order import ORDERS, Order
from canonical.shared.paging import Slice
from canonical.shared.projection import SearchIndex
from canonical.shared.reader import ALL, CustomerSet, Reader
from tests.contract.conftest import Store
from tests.contract.keeping import change, complete, keep, order_id, start
from tests.support.builders import NOON, a_cancellation, an_order

CUSTOMERS = ("C1", "C12", "c1", "C1 ", " C1", "C\u200b1", "С1", "D%1", "D_1", "DX1", "Ä-1", "")
"""By the number of their order, from 0; the seventh begins with a Cyrillic letter."""
ACME, PORTAL = "partner-acme", "portal"


def ids(*customers: str) -> CustomerSet:
    return CustomerSet(frozenset(customers))


def beginning(*prefixes: str) -> CustomerSet:
    return CustomerSet(prefixes=prefixes)


SEEN: list[tuple[Reader, set[str]]] = [
    (Reader(ACME, customers=ids()), {""}),
    (Reader(ACME, customers=ids("C1")), {"C1", ""}),
    (Reader(ACME, customers=ids("C1", "c1", "C2")), {"C1", "c1", ""}),
    (Reader(ACME, customers=ids("%", "_", "C_", "D%1")), {"D%1", ""}),
    (Reader(ACME, customers=beginning("C1")), {"C1", "C12", "C1 ", ""}),
    (Reader(ACME, customers=beginning("c", "D_")), {"c1", "D_1", ""}),
    (Reader(ACME, customers=beginning("D%")), {"D%1", ""}),
    (Reader(ACME, customers=beginning("Ä")), {"Ä-1", ""}),
    (Reader(ACME, customers=beginning("")), set(CUSTOMERS)),
    (Reader(ACME, customers=CustomerSet(frozenset({"С1"}), ("DX",))), {"С1", "DX1", ""}),
    (Reader(PORTAL, customers=beginning("")), set()),
    (Reader(PORTAL, everybody=True, customers=beginning("C1")), {"C1", "C12", "C1 "}),
    (Reader(PORTAL, everybody=True, customers=ids()), set()),
    (Reader(ACME), set(CUSTOMERS)),
    (ALL, set(CUSTOMERS)),
]


def named(number: int) -> str:
    return f"ORD{number:05}"


@pytest.fixture
def filled(store: Store) -> Store:
    """A completed order of partner-acme for each customer, and a cancellation of each that its client asked for."""
    for number, customer in enumerate(CUSTOMERS):
        keep(store, an_order(id=order_id(number), customer_id=customer or "C0"), {"customer": customer})
        change(store, order_id(number), start)
        change(store, order_id(number), numbered(number, customer))
        with store.unit_of_work() as work:
            work.repository(CANCELLATIONS).add(
                a_cancellation(id=f"cancellation-{number:02}", order_id=order_id(number), customer_id=customer)
            )
            work.commit()
    return store


def numbered(number: int, customer: str) -> Callable[[Order], None]:
    def end(order: Order) -> None:
        complete(order)
        order.bss_order_id, order.customer_id = named(number), customer

    return end


@pytest.mark.parametrize(("reader", "customers"), SEEN, ids=range(len(SEEN)))
def test_a_reader_sees_the_orders_of_its_customers_and_nothing_of_others(
    filled: Store, reader: Reader, customers: set[str]
) -> None:
    reads = filled.reads
    seen = {number for number, customer in enumerate(CUSTOMERS) if customer in customers}
    for number in range(len(CUSTOMERS)):
        for name in (order_id(number), named(number)):
            found: list[Any] = [
                found_by(reads.aggregate, ORDERS, name, reader),
                found_by(reads.document, ORDERS, name, reader),
            ]
            assert found == [order_id(number) if number in seen else None] * 2
        task = f"cancellation-{number:02}"
        assert found_by(reads.aggregate, CANCELLATIONS, task, reader) == (task if number in seen else None)
        known = found_by(lambda *asked: reads.to_change(*asked)[0], ORDERS, order_id(number), reader)
        assert known == (order_id(number) if number in seen else None)
    listed = [order_id(number) for number in sorted(seen, reverse=True)]
    orders, total, _ = reads.aggregates(ORDERS, reader, Slice(0, 100))
    assert ([order.id for order in orders], total) == (listed, len(seen))
    documents, total, _ = reads.documents(ORDERS, SearchIndex(), reader, Slice(0, 100))
    assert ([one.id for one in documents], total) == (listed, len(seen))
    tasks, total, _ = reads.documents(CANCELLATIONS, SearchIndex(), reader, Slice(0, 100))
    assert ([one.id for one in tasks], total) == (
        [f"cancellation-{number:02}" for number in sorted(seen, reverse=True)],
        len(seen),
    )


def test_an_order_that_is_not_seen_is_refused_as_one_that_is_not_there(filled: Store) -> None:
    reader = Reader(ACME, customers=ids("C2"))
    for ask, name in ((filled.reads.aggregate, order_id(0)), (filled.reads.document, order_id(0))):
        refusals = []
        for asked in (name, order_id(99)):
            with pytest.raises(OrderNotFound) as refused:
                ask(ORDERS, asked, reader)
            refusals.append((refused.value.message, refused.value.pointer, set(refused.value.details)))
        assert refusals[0] == refusals[1]


def test_a_page_and_its_count_leave_out_what_is_not_seen(filled: Store) -> None:
    reader = Reader(ACME, customers=ids("C1", "C12", "c1"))
    documents, total, _ = filled.reads.documents(ORDERS, SearchIndex(), reader, Slice(1, 2))
    assert [json.loads(one.document)["carried"]["customer"] for one in documents] == ["c1", "C12"]
    assert total == 4


def listed(store: Store, reader: Reader) -> set[str]:
    return {one.id for one in store.reads.documents(ORDERS, SearchIndex(), reader, Slice(0, 100)).members}


def test_an_order_that_changes_its_customer_is_seen_by_the_new_ones_reader(filled: Store) -> None:
    keep(filled, an_order(id=order_id(50), customer_id="C1", draft=True))
    old, new = (Reader(ACME, customers=ids(customer)) for customer in ("C1", "C7"))

    def hand_over(order: Order) -> None:
        order.annotate((), NOON)
        order.customer_id = "C7"

    change(filled, order_id(50), hand_over)
    assert filled.reads.aggregate(ORDERS, order_id(50), new).customer_id == "C7"
    assert order_id(50) in listed(filled, new)
    assert order_id(50) not in listed(filled, old)


def test_a_cancellation_belongs_to_its_client_whoever_placed_the_order(filled: Store) -> None:
    with filled.unit_of_work() as work:
        work.repository(CANCELLATIONS).add(
            replace(a_cancellation(id="asked-by-portal", order_id=order_id(0), customer_id="C1"), owner=PORTAL)
        )
        work.commit()
    bound = ids("C1")
    assert filled.reads.aggregate(CANCELLATIONS, "asked-by-portal", Reader(PORTAL, customers=bound))
    with pytest.raises(CancellationNotFound):
        filled.reads.aggregate(CANCELLATIONS, "asked-by-portal", Reader(ACME, customers=bound))
    with pytest.raises(CancellationNotFound):
        filled.reads.aggregate(CANCELLATIONS, "asked-by-portal", Reader(PORTAL, customers=ids("C2")))


def found_by(ask: Callable[..., Any], *asked: Any) -> Any:
    """The id of what is found."""
    try:
        return ask(*asked).id
    except (OrderNotFound, CancellationNotFound):
        return None
