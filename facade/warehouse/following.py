"""From the feed into the store: on and on, or once from the beginning."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

import duckdb
import stamina
import structlog

from facade.warehouse.errors import FeedAway, NotAllowed, WarehouseError, WarehouseInUse
from facade.warehouse.feed import EVERY_PRODUCT, EVERYBODY, FIRST_PRODUCTS, PAGE, Feed, Page
from facade.warehouse.store import Store, when_free

WAIT = 20
"""Seconds that the feed waits for an event."""
TRANSIENT = (FeedAway, duckdb.OutOfMemoryException)
"""A large query may use the memory for a moment."""

log = structlog.get_logger()
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Taken:
    """How far the store is: the number of new events, the last number, and the newest number of the product."""

    new: int
    number: int
    last: int


def follow(store: Store, feed: Feed, chunk: int) -> Iterator[Taken]:
    """Store what the feed has, for ever: at most `chunk` events in one transaction. Waits until the feed answers.

    Raises WarehouseError if somebody has to do something.
    """
    _patiently(lambda: check_stream(store, feed))
    _tell_what_is_not_seen(feed)
    wait = 0
    while True:
        taken = _patiently(partial(take_chunk, store, feed, chunk, wait))
        wait = WAIT if taken.number >= taken.last else 0
        if wait:
            read_loaded_assets(store, feed)
        yield taken


def take_chunk(store: Store, feed: Feed, chunk: int, wait: int = 0) -> Taken:
    """Store the next events of the feed. Raises FeedAway, WarehouseError; then nothing was stored."""
    after = store.number
    pages = list(_pages(feed, after, chunk, wait))
    last = pages[-1]
    if last.last < after:
        raise _other_stream(store, feed)
    first = next((int(page.items[0]["number"]) for page in pages if page.items), after + 1)
    if feed.sees_all and first > after + 1:
        log.warning("events are missing", first=after + 1, last=first - 1)
    new = store.take([page.text for page in pages if page.items], last.next, last.last)
    return Taken(new, last.next, last.last)


def read_loaded_assets(store: Store, feed: Feed) -> None:
    """Assets that a job loaded have no events of their own, so the list of products is read after each load.

    What is listed is as new as the last event, or newer: then the events that follow come to the same.
    """
    load = store.load_to_read
    if load is None or not feed.sees_products:
        return
    try:
        found = _read_products(store, feed)
    except NotAllowed:  # a token need not name its scopes
        feed.sees_products = False
        _tell_what_is_not_seen(feed)
        return
    store.assets_are_read(load)
    log.info("loaded assets are stored", assets=found)


def _read_products(store: Store, feed: Feed) -> int:
    query: str | None = FIRST_PRODUCTS
    found = 0
    while query is not None:
        page = _patiently(partial(feed.products, query))
        found += _patiently(partial(store.take_products, page.text))
        query = page.next
    return found


def check_stream(store: Store, feed: Feed) -> None:
    """Raises WarehouseError if the feed is not that of the database whose events are stored."""
    newest = store.newest
    if newest is None:
        return
    number, event_id = newest
    page = feed.page(number - 1, limit=1)
    other = [event for event in page.items if event["number"] == number and event["id"] != event_id]
    if page.last < store.number or other:
        raise _other_stream(store, feed)


def rebuild(path: Path, feed: Feed, chunk: int, memory_mb: int, told: Callable[[Taken], None]) -> Taken:
    """Make the file again from the whole feed, and put it in the place of the old one when it is complete.

    The old file is there until then. Raises WarehouseInUse while another process has it, and WarehouseError if it has
    events that the feed does not have any more.
    """
    fresh = path.with_name(f"{path.name}.rebuilt")
    old = _opened(path, memory_mb)
    try:
        _patiently(lambda: _check_nothing_is_lost(old, feed))
        _forget(fresh)
        store = Store(fresh, source=feed.source.url, memory_mb=memory_mb)
        try:
            end = _patiently(lambda: feed.page(0, limit=1)).last
            taken = Taken(0, 0, end)
            while taken.number < end:
                taken = _patiently(lambda: take_chunk(store, feed, chunk))
                told(taken)
            _check_nothing_was_lost(old, store)
            read_loaded_assets(store, feed)
        finally:
            store.close()
    finally:
        if old is not None:
            old.close()
    _forget(path.with_name(f"{path.name}.wal"))
    fresh.replace(path)
    return taken


def _pages(feed: Feed, after: int, chunk: int, wait: int) -> Iterator[Page]:
    left = chunk
    page = feed.page(after, wait, min(left, PAGE))
    while True:
        yield page
        left -= len(page.items)
        if left <= 0 or page.next >= page.last:
            return
        page = feed.page(page.next, limit=min(left, PAGE))


def _opened(path: Path, memory_mb: int) -> Store | None:
    """The old file, kept from other processes. None if there is none, or it cannot be read."""
    if not path.exists():
        return None
    try:
        return when_free(lambda: Store(path, memory_mb=memory_mb))
    except WarehouseInUse:
        raise
    except WarehouseError as error:
        log.warning("the old file cannot be read", reason=str(error))
        return None


def _check_nothing_is_lost(old: Store | None, feed: Feed) -> None:
    oldest = None if old is None else old.oldest
    items = feed.page(0, limit=1).items
    if old is None or oldest is None or not items:
        return
    if items[0]["number"] > oldest:
        raise _deleted(old, oldest)


def _check_nothing_was_lost(old: Store | None, fresh: Store) -> None:
    """The product keeps the newest event of each subject, so events between others may be deleted."""
    if old is None:
        return
    kept = fresh.numbers(fresh.number)
    other = next(kept, None)
    for number in old.numbers(fresh.number):
        while other is not None and other < number:
            other = next(kept, None)
        if other != number:
            raise _deleted(old, number)


def _deleted(old: Store, number: int) -> WarehouseError:
    return WarehouseError(
        f"{old.path} has the event with number {number}, which the product has deleted since (KEEP_EVENTS_DAYS). "
        "A rebuild would lose it. To begin without what was deleted, move the file away and start "
        "`tmf-facade warehouse run`"
    )


def _tell_what_is_not_seen(feed: Feed) -> None:
    if not feed.sees_all:
        log.warning("not all events are seen", client=feed.source.client, needs=EVERYBODY)
    if not feed.sees_products:
        log.warning("loaded assets are not seen", client=feed.source.client, needs=EVERY_PRODUCT)


def _other_stream(store: Store, feed: Feed) -> WarehouseError:
    return WarehouseError(
        f"{store.path} has events up to number {store.number}, which are not those of {feed.source.url}: "
        "its database was replaced or restored. Run `tmf-facade warehouse rebuild`, or correct WAREHOUSE_SOURCE"
    )


def _forget(path: Path) -> None:
    for one in (path, path.with_name(f"{path.name}.wal")):
        with suppress(FileNotFoundError):
            one.unlink()


def _patiently(work: Callable[[], T]) -> T:
    """Do it again after longer and longer pauses while the feed gives no answer."""
    for attempt in stamina.retry_context(_passes, attempts=None, timeout=None, wait_initial=0.5, wait_max=30):
        with attempt:
            return work()
    raise AssertionError("retries for ever")


def _passes(error: Exception) -> bool:
    if not isinstance(error, TRANSIENT):
        return False
    log.warning("the feed gives no answer", reason=str(error))
    return True
