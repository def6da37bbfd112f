"""Assets of orders that completed before assets were kept, made in real databases."""

from dataclasses import replace

import pytest
import sqlalchemy as sa

from adapters.persistence.database import Database
from adapters.persistence.reads import SqlReads
from adapters.persistence.tables import asset_claims
from canonical.inventory.asset import ASSETS
from canonical.inventory.states import AssetStatus
from canonical.ordering.order import ORDERS, Order
from canonical.shared.paging import Slice
from canonical.shared.reader import ALL
from facade.bootstrap import assets as recording
from facade.bootstrap.assets import completed_orders, derive, deriving
from facade.settings import Settings
from tests.contract.keeping import LATER, complete, order_id, start
from tests.support.builders import an_order

SETTINGS = Settings(assets_per_item=3)


def keep(database: Database, *orders: Order) -> None:
    with deriving(database, SETTINGS)() as work:
        for order in orders:
            work.repository(ORDERS).add(order)
        work.commit()


def a_completed_order(number: int, quantity: int = 1) -> Order:
    order = an_order(id=order_id(number))
    order.items = tuple(replace(item, quantity=quantity) for item in order.items)
    start(order)
    complete(order)
    return order


def derived(database: Database) -> tuple[int, int]:
    return derive(database, deriving(database, SETTINGS), lambda _: None)


def test_what_completed_orders_added_is_there_and_active_since(database: Database) -> None:
    order = a_completed_order(1, quantity=2)
    keep(database, order, an_order(id=order_id(2)))
    added = len(order.items)
    assert completed_orders(database) == 1
    assert derived(database) == (1, 2 * added)
    reads = SqlReads(database)
    found = reads.aggregates(ASSETS, ALL, Slice(0, 100)).members
    assert len(found) == 2 * added
    assert {(one.state, one.contents.started_at, one.owner, one.customer_id) for one in found} == {
        (AssetStatus.ACTIVE, LATER, order.owner, order.customer_id)
    }
    assert {one.order_id for asset in found for one in asset.orders} == {order.id}
    shown = reads.aggregate(ORDERS, order.id, ALL)
    assert {asset_id for item in shown.items for asset_id in item.assets.ids} == {one.id for one in found}
    with database.reading() as connection:
        assert connection.execute(sa.select(asset_claims)).all() == []


def test_it_can_be_repeated(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "ORDERS_AT_ONCE", 2)
    keep(database, *(a_completed_order(number) for number in range(5)))
    orders, made = derived(database)
    assert (orders, made > 0) == (5, True)
    assert derived(database) == (0, 0)
    assert len(SqlReads(database).aggregates(ASSETS, ALL, Slice(0, 100)).members) == made


def test_more_than_an_item_may_make_today_is_one_asset_with_a_quantity(database: Database) -> None:
    order = a_completed_order(1, quantity=4)
    keep(database, order)
    derived(database)
    found = SqlReads(database).aggregates(ASSETS, ALL, Slice(0, 100)).members
    assert [one.contents.quantity for one in found] == [4] * len(order.items)
