"""What every store promises of the orders, documents and events that it keeps, and of what is read of them."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from canonical.ordering.errors import OrderNotFound
from canonical.ordering.order import ORDERS, Order, PaymentStatus
from canonical.ordering.states import State
from canonical.shared import jsontext
from canonical.shared.money import Money
from canonical.shared.paging import Slice
from canonical.shared.projection import SearchIndex
from canonical.shared.reader import ALL, Reader
from tests.contract.conftest import Store
from tests.contract.keeping import CARRIED, LATER, change, complete, keep, order_id, start, write_everything
from tests.support.builders import BROADBAND, ROUTER, a_failure, a_line, an_offering, an_order


def test_an_order_comes_back_as_it_was(store: Store) -> None:
    exact = an_offering(one_time=Money(Decimal("0.10"), "EUR"))
    order = an_order(
        lines=(a_line(id="ä/1"), a_line(id="2", quantity=100_000)),
        offerings=[exact, ROUTER],
        requested_start=datetime(2026, 6, 1, 6, 0, 0, 123456, tzinfo=UTC),
        agreed_version="partner-acme@file:1a2b3c4d5e6f",
    )
    keep(store, order)
    assert order.version == 1
    assert order.events == []
    with store.unit_of_work() as work:
        assert work.repository(ORDERS).get(order.id) == order
    assert store.reads.aggregate(ORDERS, order.id, ALL) == order


def test_an_order_in_every_detail_of_failure_comes_back_as_it_was(store: Store) -> None:
    failure = a_failure(details={"sku": "SKU999", "available": 0, "ids": ["a"], "none": None}, not_undone=("y",))
    keep(store, an_order())
    change(store, order_id(1), start)
    failed = change(
        store, order_id(1), lambda order: order.fall_out(failure, PaymentStatus.DECLINED, "ORD00001", LATER)
    )
    assert store.reads.aggregate(ORDERS, order_id(1), ALL) == failed
    assert failed.failure == failure


def test_an_order_is_found_by_its_number_in_bss(store: Store) -> None:
    keep(store, an_order())
    change(store, order_id(1), start)
    change(store, order_id(1), complete)
    with store.unit_of_work() as work:
        assert work.repository(ORDERS).get("ORD00001").id == order_id(1)
    assert store.reads.aggregate(ORDERS, "ORD00001", Reader("partner-acme")).id == order_id(1)
    for reader in (Reader("partner-acme"), ALL):
        assert store.reads.document(ORDERS, "ORD00001", reader) == store.reads.document(ORDERS, order_id(1), reader)
    with pytest.raises(OrderNotFound):
        store.reads.document(ORDERS, "ORD00001", Reader("portal"))


def test_our_id_counts_before_a_number_of_bss_and_the_newest_order_before_others(store: Store) -> None:
    def numbered(number: str) -> Callable[[Order], None]:
        return lambda order: order.complete(number, PaymentStatus.SUCCESS, LATER)

    for number, given in ((1, order_id(3)), (2, "ORD00007"), (3, "ORD00007")):
        keep(store, an_order(id=order_id(number)))
        change(store, order_id(number), start)
        change(store, order_id(number), numbered(given))
    for name, found in ((order_id(3), 3), ("ORD00007", 3), (order_id(1), 1)):
        assert store.reads.aggregate(ORDERS, name, ALL).id == order_id(found)
        assert store.reads.document(ORDERS, name, ALL).id == order_id(found)
        with store.unit_of_work() as work:
            assert work.repository(ORDERS).get(name).id == order_id(found)


@pytest.mark.parametrize("name", ["none", "", "x" * 1000, "'; DROP TABLE orders; --", "ORD00001"])
def test_an_order_that_is_not_there_is_not_found(store: Store, name: str) -> None:
    keep(store, an_order())
    with store.unit_of_work() as work, pytest.raises(OrderNotFound) as missing:
        work.repository(ORDERS).get(name)
    assert missing.value.details == {"orderId": name}
    with pytest.raises(OrderNotFound):
        store.reads.aggregate(ORDERS, name, ALL)
    with pytest.raises(OrderNotFound):
        store.reads.document(ORDERS, name, ALL)


def test_in_a_unit_of_work_an_order_is_the_same_object_each_time(store: Store) -> None:
    keep(store, an_order())
    with store.unit_of_work() as work:
        new = an_order(id=order_id(2))
        work.repository(ORDERS).add(new)
        assert work.repository(ORDERS).get(order_id(1)) is work.repository(ORDERS).get(order_id(1))
        assert work.repository(ORDERS).get(new.id) is new


def test_an_order_got_by_its_bss_number_is_the_one_got_by_its_id(store: Store) -> None:
    keep(store, an_order())
    change(store, order_id(1), start)
    change(store, order_id(1), complete)
    with store.unit_of_work() as work:
        by_number = work.repository(ORDERS).get("ORD00001")
        assert work.repository(ORDERS).get(order_id(1)) is by_number
        assert work.repository(ORDERS).get("ORD00001") is by_number


def test_each_change_makes_a_new_version(store: Store) -> None:
    keep(store, an_order())
    assert [change(store, order_id(1), what).version for what in (start, complete)] == [2, 3]
    assert store.reads.aggregate(ORDERS, order_id(1), ALL).version == 3
    assert store.reads.document(ORDERS, order_id(1), ALL).version == 3


def test_an_order_that_was_only_read_keeps_its_version(store: Store) -> None:
    keep(store, an_order())
    assert change(store, order_id(1), lambda order: None).version == 1


def test_several_orders_are_kept_together(store: Store) -> None:
    with store.unit_of_work() as work:
        for number in (1, 2, 3):
            work.repository(ORDERS).add(an_order(id=order_id(number)))
        work.commit()
    assert store.reads.aggregates(ORDERS, ALL, Slice(0, 10))[1] == 3


def test_events_wait_for_delivery_in_order_and_without_gaps(store: Store) -> None:
    keep(store, an_order())
    change(store, order_id(1), start)
    change(store, order_id(1), complete)
    assert store.events(order_id(1)) == [
        (1, "OrderSubmitted"),
        (2, "OrderValidated"),
        (3, "OrderFulfilmentStarted"),
        (4, "OrderCompleted"),
    ]


def test_events_of_one_order_count_apart_from_those_of_another(store: Store) -> None:
    for number in (1, 2):
        keep(store, an_order(id=order_id(number)))
        change(store, order_id(number), start)
    assert [sequence for sequence, _ in store.events(order_id(2))] == [1, 2, 3]


def test_what_was_carried_is_in_the_document_through_every_change(store: Store) -> None:
    with store.unit_of_work() as work:
        work.repository(ORDERS).add(an_order())
        work.repository(ORDERS).carry(order_id(1), CARRIED)
        work.save()
        made, version = work.repository(ORDERS).shown(order_id(1))
        work.commit()
    assert version == 1
    for state, what in ((State.ACKNOWLEDGED, None), (State.FULFILLING, start), (State.COMPLETED, complete)):
        if what is not None:
            change(store, order_id(1), what)
        text = store.reads.document(ORDERS, order_id(1), ALL).document
        assert jsontext.read_kept(text) == {"id": order_id(1), "state": state.value, "carried": CARRIED}
    assert jsontext.read_kept(made) == {"id": order_id(1), "state": "ACKNOWLEDGED", "carried": CARRIED}


def test_an_order_that_carries_nothing_has_a_document_too(store: Store) -> None:
    keep(store, an_order())
    change(store, order_id(1), start)
    assert jsontext.read_kept(store.reads.document(ORDERS, order_id(1), ALL).document)["carried"] == {}


@pytest.fixture
def filled(store: Store) -> Store:
    """Five orders: the odd ones of partner-acme, the even ones of the portal."""
    for number in range(1, 6):
        owner = "partner-acme" if number % 2 else "portal"
        keep(store, an_order(id=order_id(number), owner=owner), {"number": number})
    return store


@pytest.mark.parametrize(
    ("reader", "offset", "limit", "numbers", "total"),
    [
        (ALL, 0, 20, [5, 4, 3, 2, 1], 5),
        (ALL, 1, 2, [4, 3], 5),
        (ALL, 4, 20, [1], 5),
        (ALL, 5, 20, [], 5),
        (ALL, 10_000_000, 200, [], 5),
        (ALL, 0, 0, [], 5),
        (Reader("partner-acme"), 0, 20, [5, 3, 1], 3),
        (Reader("partner-acme"), 1, 1, [3], 3),
        (Reader("portal"), 0, 20, [4, 2], 2),
        (Reader("nobody"), 0, 20, [], 0),
    ],
)
def test_a_page_holds_the_newest_first_and_counts_what_the_caller_may_see(
    filled: Store, reader: Reader, offset: int, limit: int, numbers: list[int], total: int
) -> None:
    orders, count, _ = filled.reads.aggregates(ORDERS, reader, Slice(offset, limit))
    assert ([order.id for order in orders], count) == ([order_id(number) for number in numbers], total)
    documents, count, _ = filled.reads.documents(ORDERS, SearchIndex(), reader, Slice(offset, limit))
    assert ([one.id for one in documents], count) == ([order_id(number) for number in numbers], total)
    assert [jsontext.read_kept(one.document)["carried"]["number"] for one in documents] == numbers


def test_another_clients_order_is_not_found(filled: Store) -> None:
    assert filled.reads.aggregate(ORDERS, order_id(1), Reader("partner-acme")).owner == "partner-acme"
    for owner in ("portal", "nobody", ""):
        with pytest.raises(OrderNotFound):
            filled.reads.aggregate(ORDERS, order_id(1), Reader(owner))
        with pytest.raises(OrderNotFound):
            filled.reads.document(ORDERS, order_id(1), Reader(owner))


def test_what_is_not_committed_is_not_read(store: Store) -> None:
    with store.unit_of_work() as work:
        write_everything(work)
        assert store.reads.aggregates(ORDERS, ALL, Slice(0, 10)) == ([], 0, None)
        assert store.reads.kept_answer("partner-acme", "key-1") is None


def test_offerings_are_found_by_id_and_by_sku_as_they_are_sold_now(store: Store) -> None:
    with store.unit_of_work() as work:
        offerings = work.offerings
        for known in (BROADBAND, ROUTER):
            for offer in (offerings.by_id(known.id), offerings.by_sku(known.sku)):
                ordered = offer.ordered(a_line())
                assert (ordered.id, ordered.name, ordered.sku) == (known.id, known.name, known.sku)
                assert (ordered.one_time, ordered.recurring) == (known.one_time, known.recurring)
        assert offerings.by_id("po_none") is None
        assert offerings.by_sku("") is None
