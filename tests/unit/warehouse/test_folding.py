"""Events become rows: history, the state after the last event, and what follows from both."""

from decimal import Decimal
from typing import Any

import duckdb
import pytest

from facade.warehouse.errors import WarehouseError
from facade.warehouse.store import Store
from facade.warehouse.tables import STATE_TABLES
from tests.support.fed import CHARGED, a_course, an_order, event, text_of


def rows(store: Store, statement: str) -> list[list[Any]]:
    return store.ask([statement], 10_000, 600)[0].rows


def everything(store: Store) -> dict[str, list[list[Any]]]:
    return {table: rows(store, f"FROM {table} ORDER BY ALL") for table in STATE_TABLES}


def test_the_state_of_a_subject_is_that_of_its_last_event(store: Store) -> None:
    events = [*a_course("o1", 1), event(5, "OrderSubmitted", "o2", 1, an_order("acknowledged"))]
    assert store.take([text_of(events)], 5, 9) == 5
    assert (store.number, store.newest, store.oldest) == (5, (5, "o2-1"), 1)
    assert rows(store, "SELECT order_id, state, owner, customer_id FROM orders ORDER BY 1") == [
        ["o1", "completed", "partner-acme", "C12345"],
        ["o2", "acknowledged", "partner-acme", "C12345"],
    ]
    assert rows(store, "SELECT subject_id, sequence, document->>'$.state' FROM entities ORDER BY 1") == [
        ["o1", 4, "completed"],
        ["o2", 1, "acknowledged"],
    ]
    assert rows(store, "SELECT state, previous FROM order_states WHERE order_id = 'o1' ORDER BY number") == [
        ["acknowledged", None],
        ["inProgress", "acknowledged"],
        ["completed", "inProgress"],
    ]
    assert rows(store, "SELECT order_id, seconds FROM lead_times") == [["o1", Decimal(3)]]
    assert rows(store, "SELECT state, orders FROM orders_by_hour") == [
        ["acknowledged", 2],
        ["completed", 1],
        ["inProgress", 1],
    ]
    assert rows(store, "SELECT last FROM stream") == [[9]]


def test_chunks_give_the_same_as_one_and_a_repeated_event_changes_nothing(store: Store) -> None:
    events = [*a_course("o1", 1), *a_course("o2", 5), event(9, "OrderRemoved", "o1", 5, an_order("completed"))]
    for begin in range(0, 9, 2):
        part = events[begin : begin + 2]
        assert store.take([text_of(part)], part[-1]["number"], 9) == len(part)
        # the same again, with what came before it
        assert store.take([text_of(events[: begin + 2])], part[-1]["number"], 9) == 0
    parts = everything(store)
    assert [row[0] for row in parts["orders"]] == ["o2"], "a removed order is gone from the state"
    assert len(parts["events"]) == 9
    assert len(parts["order_charges"]) == 2
    other = Store(store.path.with_name("other.duckdb"), source="http://product")
    other.take([text_of(events)], 9, 9)
    assert everything(other) == parts
    other.close()


def test_an_event_twice_in_one_page_or_behind_the_cursor_is_stored_once(store: Store) -> None:
    events = a_course("o1", 11)
    assert store.take([text_of([events[0], events[0], *events[1:]]), text_of(events)], 14, 14) == 4
    late = event(3, "OrderSubmitted", "o3", 1, an_order("acknowledged"))
    assert store.take([text_of([late])], 3, 14) == 0, "numbers only grow"
    again = event(15, "OrderFailed", "o1", 4, an_order("failed"))
    assert store.take([text_of([again])], 15, 15) == 0, "an event is known by its id"
    assert rows(store, "SELECT state FROM orders") == [["completed"]]
    assert store.number == 15
    assert rows(store, "FROM missing_numbers ORDER BY first") == [[1, 10], [15, 15]]


def test_a_removal_takes_away_no_other_kind_of_subject_with_the_same_id(store: Store) -> None:
    kept = {"status": "active", "name": "Fibre"}
    asset = event(1, "AssetCreated", "1001", 1, kept) | {"subject": {"type": "asset", "id": "1001", "sequence": 1}}
    removed = event(3, "OfferingRemoved", "1001", 2) | {"subject": {"type": "offering", "id": "1001", "sequence": 2}}
    store.take([text_of([asset, event(2, "OrderSubmitted", "1001", 3, an_order("acknowledged")), removed])], 3, 3)
    assert rows(store, "SELECT asset_id FROM assets") == rows(store, "SELECT order_id FROM orders") == [["1001"]]


def test_prices_that_no_column_can_hold_stop_nothing(store: Store) -> None:
    stated = {
        "name": "huge",
        "priceType": "oneTime",
        "price": {"taxIncludedAmount": {"unit": "EUR", "value": 9 * 10**15}},
    }
    store.take([text_of(a_course("o1", 1, [stated, stated]))], 4, 4)
    assert rows(store, "SELECT price_type, amount FROM order_charges") == [["oneTime", None]]


def test_a_page_that_cannot_be_stored_leaves_nothing_behind(store: Store) -> None:
    store.take([text_of(a_course("o1", 1))], 4, 4)
    before = everything(store)
    broken = event(9, "OrderSubmitted", "o2", 1, an_order("acknowledged")) | {"at": "yesterday"}
    with pytest.raises(WarehouseError, match="up to 9 cannot be stored"):
        store.take([text_of(a_course("o3", 5)), text_of([broken])], 9, 9)
    assert everything(store) == before
    assert store.number == 4
    assert store.take([text_of(a_course("o3", 5))], 8, 8) == 4


class Committing:
    """A connection whose transaction has ended when COMMIT raises this."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, raised: BaseException) -> None:
        self._connection, self._raised = connection, raised

    def execute(self, statement: str, *values: Any) -> duckdb.DuckDBPyConnection:
        done = self._connection.execute(statement, *values)
        if statement == "COMMIT":
            raise self._raised
        return done

    def close(self) -> None:
        self._connection.close()


@pytest.mark.parametrize(
    ("raised", "told", "text"),
    [(KeyboardInterrupt(), KeyboardInterrupt, "^$"), (duckdb.IOException("disk full"), WarehouseError, "disk full")],
    ids=["a signal", "a full disk"],
)
def test_what_ends_a_commit_is_told(
    store: Store, monkeypatch: pytest.MonkeyPatch, raised: BaseException, told: type[BaseException], text: str
) -> None:
    monkeypatch.setattr(store, "_connection", Committing(store._connection, raised))
    with pytest.raises(told, match=text):
        store.take([text_of(a_course("o1", 1))], 4, 4)


def test_a_store_goes_on_where_it_stopped(store: Store) -> None:
    store.take([text_of(a_course("o1", 1))], 4, 4)
    before = everything(store)
    store.close()
    again = Store(store.path, source="http://elsewhere")
    assert (again.number, again.source, everything(again)) == (4, "http://product", before)
    again.close()


@pytest.mark.parametrize(
    ("prices", "action", "amounts"),
    [
        (CHARGED, "add", [["oneTime", None, "49.9000"], ["recurring", "month", "39.9000"]]),
        # the partner's own price, and what was charged instead
        ([CHARGED[0] | {"name": "agreed", "price": {"taxIncludedAmount": {"unit": "EUR", "value": 1}}}, CHARGED[0]],
         "add", [["oneTime", None, "49.9000"]]),
        # the partner's prices come to what was charged, so they stand alone
        ([{"priceType": "oneTime", "price": {"dutyFreeAmount": {"unit": "EUR", "value": value}}} for value in (1.5, 2)],
         "add", [["oneTime", None, "3.5000"]]),
        # a changed product: only what we charged
        ([CHARGED[1] | {"name": "agreed"}, CHARGED[0]], "modify", [["oneTime", None, "49.9000"]]),
        ([{"priceType": "oneTime"}], "add", [["oneTime", None, None]]),
    ],
)  # fmt: skip
def test_revenue_is_what_was_charged(store: Store, prices: Any, action: str, amounts: Any) -> None:
    order = an_order("completed", prices, action=action)
    store.take([text_of([event(1, "OrderCompleted", "o1", 1, order)])], 1, 1)
    found = rows(store, "SELECT price_type, period, amount FROM order_charges ORDER BY ALL")
    assert [[kind, period, None if amount is None else str(amount)] for kind, period, amount in found] == amounts


def test_the_items_of_a_bundle_are_items(store: Store) -> None:
    order = an_order("completed")
    child = {"id": "1.1", "action": "add", "productOffering": {"id": "po_router"}, "itemTotalPrice": CHARGED[:1]}
    order["productOrderItem"][0]["productOrderItem"] = [child | {"productOrderItem": [{"id": "1.1.1"}]}]
    store.take([text_of([event(1, "OrderCompleted", "o1", 1, order)])], 1, 1)
    assert [row[0] for row in rows(store, "SELECT item_id FROM order_items ORDER BY 1")] == ["1", "1.1", "1.1.1"]
    assert rows(store, "SELECT offering_id, orders FROM revenue_by_offering") == [["po_router", 1]]


def test_assets_cancellations_and_failures_are_counted(store: Store) -> None:
    def asset(number: int, kind: str, subject: str, document: Any, **hints: Any) -> dict[str, Any]:
        about = {"type": "asset", "id": subject, "sequence": number}
        return event(number, kind, subject, number, document, hints=hints) | {"subject": about}

    task = {"id": "t1", "state": "done", "productOrder": {"id": "o1"}, "creationDate": "2026-11-28T10:00:00.000Z"}
    about = {"type": "cancellation", "id": "t1", "sequence": 1}
    events = [
        asset(1, "CustomerAssetsLoaded", "job", None, jobId="job", count=40),
        asset(2, "CustomerAssetCreated", "a1", {"status": "pendingActive", "productOffering": {"id": "po_fibre"}}),
        asset(3, "CustomerAssetActivated", "a1", {"status": "active", "productOffering": {"id": "po_fibre"}}),
        asset(4, "CustomerAssetCreated", "a2", {"status": "active"}),
        asset(5, "CustomerAssetRemoved", "a2", {"status": "active"}),
        event(6, "CancellationDone", "t1", 1, task) | {"subject": about},
        event(7, "OrderFailed", "o2", 1, an_order("failed"), hints={"code": "PAYMENT_DECLINED"}),
        event(8, "OrderFellOut", "o3", 1, an_order("failed"), hints={"code": "OUT_OF_STOCK"}),
    ]
    store.take([text_of(events)], 8, 8)
    assert rows(store, "FROM assets_by_status") == [["active", 1]]
    assert rows(store, "SELECT offering_id FROM assets") == [["po_fibre"]]
    assert rows(store, "SELECT assets FROM asset_loads") == [[40]]
    assert rows(store, "SELECT order_id, state FROM cancellations") == [["o1", "done"]]
    assert rows(store, "FROM fallout_by_code") == [["failed", "PAYMENT_DECLINED", 1], ["fellOut", "OUT_OF_STOCK", 1]]


def test_events_without_documents_still_tell_the_state(store: Store) -> None:
    store.take([text_of([event(1, "OrderSubmitted", "o1", 1), event(2, "OrderCompleted", "o1", 2)])], 2, 2)
    assert rows(store, "SELECT state FROM orders") == [["completed"]]
    assert rows(store, "SELECT count(*) FROM lead_times") == [[1]]
