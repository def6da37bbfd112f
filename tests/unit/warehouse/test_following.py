"""From the feed into the store, from wherever it stopped or from the beginning."""

from collections.abc import Iterator
from contextlib import closing, suppress
from itertools import islice
from pathlib import Path

import pytest
import stamina

from facade.warehouse.errors import FeedAway, NotAllowed, WarehouseError, WarehouseInUse
from facade.warehouse.feed import Products
from facade.warehouse.following import Taken, follow, rebuild
from facade.warehouse.store import Store
from facade.warehouse.tables import STATE_TABLES
from tests.support.fed import Fed, a_course, an_order, event

MEMORY = 256


@pytest.fixture(autouse=True)
def without_pauses() -> Iterator[None]:
    with stamina.set_testing(True, attempts=100):
        yield


def content(store: Store) -> list[object]:
    return [store.ask([f"FROM {table} ORDER BY ALL"], 10_000, 600)[0].rows for table in STATE_TABLES]


def test_it_reads_in_chunks_and_goes_on_with_the_next_event(store: Store) -> None:
    feed = Fed([*a_course("o1", 1), *a_course("o2", 5)])
    read = list(islice(follow(store, feed, chunk=3), 3))
    assert read == [Taken(3, 3, 8), Taken(3, 6, 8), Taken(2, 8, 8)]
    feed.events.append(event(9, "OrderSubmitted", "o3", 1, an_order("acknowledged")))
    assert next(follow(store, feed, chunk=3)) == Taken(1, 9, 9)


def test_it_waits_for_a_feed_that_is_away(store: Store) -> None:
    feed = Fed(a_course("o1", 1), [FeedAway("nobody answers")] * 3)
    assert next(follow(store, feed, chunk=100)) == Taken(4, 4, 4)
    assert feed.asked == [0, 0, 0, 0]


@pytest.mark.parametrize("other", [a_course("o9", 1), a_course("o1", 1)[:2], []])
def test_the_feed_of_another_database_is_refused(store: Store, other: list[dict[str, object]]) -> None:
    next(follow(store, Fed(a_course("o1", 1)), chunk=100))
    with pytest.raises(WarehouseError, match="replaced or restored"):
        next(follow(store, Fed(other), chunk=100))
    assert store.number == 4


def test_a_rebuild_comes_to_the_same_state(store: Store) -> None:
    feed = Fed([*a_course("o1", 1), *a_course("o2", 5), event(9, "OrderRemoved", "o1", 5)])
    for _ in islice(follow(store, feed, chunk=2), 5):
        pass
    before = content(store)
    with pytest.raises(WarehouseInUse):
        rebuild(store.path, feed, 2, MEMORY, print)
    store.close()
    taken = rebuild(store.path, feed, 4, MEMORY, lambda taken: None)
    assert (taken.number, taken.last) == (9, 9)
    with closing(Store(store.path, read_only=True)) as rebuilt:
        assert content(rebuilt) == before
    assert [path.name for path in store.path.parent.iterdir()] == [store.path.name]


def test_a_rebuild_that_fails_leaves_the_old_file(store: Store) -> None:
    feed = Fed(a_course("o1", 1))
    next(follow(store, feed, chunk=100))
    before = content(store)
    store.close()
    told: list[Taken] = []

    def stops(taken: Taken) -> None:
        told.append(taken)
        raise KeyboardInterrupt

    with suppress(KeyboardInterrupt):
        rebuild(store.path, feed, 2, MEMORY, stops)
    assert told == [Taken(2, 2, 4)]
    with closing(Store(store.path)) as old:
        assert content(old) == before
    assert rebuild(store.path, feed, 2, MEMORY, lambda taken: None).number == 4


def test_a_rebuild_does_not_lose_what_the_product_has_deleted(store: Store) -> None:
    feed = Fed([*a_course("o1", 1), *a_course("o2", 5)])
    next(follow(store, feed, chunk=100))
    store.close()
    with pytest.raises(WarehouseError, match="KEEP_EVENTS_DAYS"):
        rebuild(store.path, Fed(feed.events[4:]), 100, MEMORY, print)
    with closing(Store(store.path)) as old:
        assert old.oldest == 1


def test_a_rebuild_does_not_lose_what_was_deleted_behind_events_that_stay(store: Store) -> None:
    feed = Fed([*a_course("o1", 1), *a_course("o2", 5), event(9, "OrderRemoved", "o1", 5)])
    next(follow(store, feed, chunk=100))
    store.close()
    newest = Fed([one for one in feed.events if one["number"] not in (6, 7)])
    with pytest.raises(WarehouseError, match=r"number 6.*KEEP_EVENTS_DAYS"):
        rebuild(store.path, newest, 3, MEMORY, lambda taken: None)
    with closing(Store(store.path)) as old:
        assert old.number == 9
    restored = Fed(a_course("o9", 1))
    assert rebuild(store.path, restored, 3, MEMORY, lambda taken: None).number == 4


def test_a_file_that_is_none_is_rebuilt(tmp_path: Path) -> None:
    path = tmp_path / "warehouse.duckdb"
    path.write_text("something else" * 1000)
    with pytest.raises(WarehouseError, match="cannot be opened"):
        Store(path)
    assert rebuild(path, Fed(a_course("o1", 1)), 100, MEMORY, lambda taken: None).number == 4
    with closing(Store(path)) as store:
        assert store.number == 4


def loaded(number: int, count: int) -> dict[str, object]:
    about = {"type": "asset", "id": f"job-{number}", "sequence": 1}
    told = event(number, "CustomerAssetsLoaded", f"job-{number}", 1, hints={"jobId": "job", "count": count})
    return told | {"subject": about}


def an_asset(name: str, status: str) -> dict[str, object]:
    customer = {"role": "Customer", "partyOrPartyRole": {"id": "C12345"}}
    return {
        "id": name,
        "href": f"https://product/{name}",
        "status": status,
        "creationDate": "2026-11-01T10:00:00.000Z",
        "relatedParty": [{"role": "Payer"}, customer],
        "productOffering": {"id": "po_fibre", "name": "Fibre"},
    }


def of_an_asset(number: int, kind: str, name: str, sequence: int, status: str) -> dict[str, object]:
    about = {"type": "asset", "id": name, "sequence": sequence}
    return event(number, kind, name, sequence, an_asset(name, status)) | {"subject": about}


def test_loaded_assets_are_read_from_the_list_once_after_each_load(store: Store) -> None:
    feed = Fed([loaded(1, 2), of_an_asset(2, "CustomerAssetRemoved", "a3", 2, "active")])
    # the list is newer than the events: a2 was suspended meanwhile, and its event is still to come
    feed.listed = [[an_asset("a1", "active"), an_asset("a2", "suspended")], [an_asset("a3", "active")]]
    next(follow(store, feed, chunk=100))
    assets = "SELECT asset_id, status, customer_id FROM assets ORDER BY 1"
    read = [["a1", "active", "C12345"], ["a2", "suspended", "C12345"]]
    assert store.ask([assets], 10, 600)[0].rows == read, "a removed one does not come back"
    assert store.ask(["SELECT name FROM offerings"], 10, 600)[0].rows == [["Fibre"]]
    assert store.ask(["SELECT count(*) FROM entities WHERE contains(document, 'href')"], 10, 600)[0].rows == [[1]]
    feed.listed = []  # asked again, it would fail
    feed.events.append(of_an_asset(3, "CustomerAssetStatusChanged", "a2", 2, "suspended"))
    next(follow(store, feed, chunk=100))
    assert store.ask([assets], 10, 600)[0].rows == read
    feed.events.append(loaded(4, 1))
    feed.listed = [[an_asset(name, "active") for name in ("a1", "a2", "a4")]]
    next(follow(store, feed, chunk=100))
    assert [row[0] for row in store.ask([assets], 10, 600)[0].rows] == ["a1", "a2", "a4"]
    before = content(store)
    store.close()
    feed.listed = [[an_asset("a4", "active"), an_asset("a1", "active")], [an_asset("a2", "suspended")]]
    rebuild(store.path, feed, 100, MEMORY, lambda taken: None)
    with closing(Store(store.path, read_only=True)) as rebuilt:
        assert content(rebuilt) == before


def test_a_client_that_may_not_list_products_reads_events(store: Store) -> None:
    class Narrow(Fed):
        def products(self, query: str = "") -> Products:
            raise NotAllowed("inventory:read is missing")

    feed = Narrow([loaded(1, 2)])
    assert next(follow(store, feed, chunk=100)) == Taken(1, 1, 1)
    assert not feed.sees_products
    assert store.load_to_read == 1, "the report says that they are missing"
