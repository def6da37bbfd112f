"""What every store promises to whoever pages through a list while others write to it."""

from collections.abc import Callable
from dataclasses import replace
from itertools import chain
from typing import Any

import pytest

from canonical.ordering.cancellation import CANCELLATIONS
from canonical.ordering.order import ORDERS
from canonical.shared.paging import Found, Position, Slice
from canonical.shared.projection import SearchIndex
from canonical.shared.reader import ALL, CustomerSet, Reader
from tests.contract.conftest import Store
from tests.contract.keeping import LATER, keep, order_id
from tests.support.builders import a_cancellation, an_order

ACME = Reader("partner-acme")
BOUND = Reader("partner-acme", customers=CustomerSet(prefixes=("C1",)))


def an_id(number: int) -> str:
    return order_id(number)


def place(store: Store, number: int) -> None:
    """An order with a cancellation of the same id."""
    keep(store, an_order(id=an_id(number)))
    with store.unit_of_work() as work:
        work.repository(CANCELLATIONS).add(replace(a_cancellation(order_id=an_id(number)), id=an_id(number), events=[]))
        work.commit()


def keys_of(page: Found[Any]) -> list[str]:
    return [one[0] if isinstance(one, tuple) else one.id for one in page.members]


LISTS: dict[str, Callable[[Store, Reader, Slice], Found[Any]]] = {
    "aggregates": lambda store, reader, part: store.reads.aggregates(ORDERS, reader, part),
    "documents": lambda store, reader, part: store.reads.documents(ORDERS, SearchIndex(), reader, part),
    "cancellations": lambda store, reader, part: store.reads.documents(CANCELLATIONS, SearchIndex(), reader, part),
}


def walk(
    read: Callable[[Slice], Found[Any]], limit: int, between: Callable[[int], None] = lambda page: None
) -> list[list[str]]:
    """The keys of each page, followed by positions; `between` happens after each."""
    pages: list[list[str]] = []
    after: Position | None = None
    for number in range(100):
        page = read(Slice(0, limit, after))
        pages.append(keys_of(page))
        if page.last is None:
            return pages
        after = page.last
        between(number)
    raise AssertionError("the pages never end")


@pytest.mark.parametrize("reader", [ALL, ACME, BOUND], ids=["all", "own", "bound"])
@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("limit", [1, 2, 3, 7, 10])
def test_pages_by_positions_are_the_list(store: Store, name: str, reader: Reader, limit: int) -> None:
    for number in range(7):
        place(store, number)
    expected = [an_id(number) for number in reversed(range(7))]
    pages = walk(lambda part: LISTS[name](store, reader, part), limit)
    assert [*chain.from_iterable(pages)] == expected
    assert all(len(page) == limit for page in pages[:-1])
    assert len(pages[-1]) > 0, "there is no empty page at the end"


@pytest.mark.parametrize("name", LISTS)
def test_what_others_insert_and_remove_neither_repeats_nor_skips(store: Store, name: str) -> None:
    for number in range(10, 20):
        keep(store, an_order(id=an_id(number), draft=True))
        with store.unit_of_work() as work:
            work.repository(CANCELLATIONS).add(
                replace(a_cancellation(order_id=an_id(number)), id=an_id(number), events=[])
            )
            work.commit()

    def write(page: int) -> None:
        if page > 4:
            return
        place(store, 30 + page)  # newer than all: offsets would move by one
        place(store, 5 - page)  # older than all
        with store.unit_of_work() as work:  # the last one shown, where the next page begins
            work.repository(ORDERS).get(an_id(18 - 2 * page)).remove(LATER)
            work.commit()

    pages = walk(lambda part: LISTS[name](store, ALL, part), 2, write)
    shown = [*chain.from_iterable(pages)]
    assert len(shown) == len(set(shown)), "nothing is shown twice"
    assert [key for key in shown if key >= an_id(10)] == [an_id(number) for number in reversed(range(10, 20))]


@pytest.mark.parametrize("name", LISTS)
def test_a_page_at_a_position_counts_the_whole_list(store: Store, name: str) -> None:
    for number in range(5):
        place(store, number)
    page = LISTS[name](store, ALL, Slice(0, 2, Position((), an_id(3))))
    assert (keys_of(page), page.total, page.last) == ([an_id(2), an_id(1)], 5, Position((), an_id(1)))
    page = LISTS[name](store, ALL, Slice(0, 2, Position((), an_id(0))))
    assert (page.members, page.total, page.last) == ([], 5, None)
    page = LISTS[name](store, ALL, Slice(0, 0, Position((), an_id(3))))
    assert (page.members, page.total, page.last) == ([], 5, None)


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("key", ["", "zzz", "'; DROP TABLE orders; --", "\u20ac"])
def test_a_position_that_nobody_was_at_is_a_position(store: Store, name: str, key: str) -> None:
    place(store, 1)
    page = LISTS[name](store, ALL, Slice(0, 10, Position((), key)))
    assert keys_of(page) == ([an_id(1)] if an_id(1) < key else [])
