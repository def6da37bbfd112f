"""Any orders, whatever becomes of them, leave what databases keep consistent: `test_order_assets_property.py` on real
units of work.
"""

import os
from collections.abc import Mapping
from typing import Any, Self

import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings

from adapters.persistence.database import Database
from adapters.persistence.reads import SqlReads
from adapters.persistence.tables import asset_claims, documents, idempotency_keys, outbox, processes, terms
from adapters.persistence.unit_of_work import SqlUnitOfWork
from canonical.inventory.asset import ASSETS, CustomerAsset
from canonical.inventory.ports import Claim
from canonical.ordering.order import ORDERS, Order
from canonical.shared.reader import ALL
from facade.bootstrap.declared import projectors
from tests.support.fakes import CountingIdentities, SteppingClock
from tests.unit.processes.asset_orders import Base
from tests.unit.processes.order_world import ON_SALE, Wish, World, carry_out, last_fates, sequences
from tests.unit.processes.placing import Placing

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "50"))
FILLED = (documents, terms, asset_claims, outbox, processes, idempotency_keys)


class OnSale(SqlUnitOfWork):
    """A unit of work that sells the offerings of the tests."""

    def __enter__(self) -> Self:
        super().__enter__()
        self.offerings = ON_SALE  # type: ignore[assignment]
        return self


class KeptOrders:
    """The orders of a database by their ids."""

    def __init__(self, database: Database) -> None:
        self._reads = SqlReads(database)

    def __getitem__(self, order_id: str) -> Order:
        return self._reads.aggregate(ORDERS, order_id, ALL)


class Kept:
    """A database, as `Memory` is seen by the tests of orders."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._clock = SteppingClock()
        self.orders = KeptOrders(database)

    def unit_of_work(self) -> OnSale:
        return OnSale(self._database, projectors(), self._clock)

    @property
    def rows(self) -> dict[tuple[str, str], tuple[int, str]]:
        query = sa.select(documents.c.resource, documents.c.id, documents.c.version, documents.c.document)
        return {(row.resource, row.id): (row.version, row.document) for row in self._read(query)}

    @property
    def claims(self) -> dict[str, Claim]:
        return {
            row.asset: Claim(row.asset, row.order_id, row.item, row.action)
            for row in self._read(sa.select(asset_claims))
        }

    def _read(self, query: Any) -> list[Any]:
        with self._database.reading() as connection:
            return list(connection.execute(query))


class KeptBase(Base):
    """The installed base in an emptied database."""

    def __init__(self, database: Database) -> None:
        with database.writing() as connection:
            for table in FILLED:
                connection.execute(sa.delete(table))
            connection.commit()
        self._reads = SqlReads(database)
        self.memory = Kept(database)
        self.identities = CountingIdentities()

    def placing(self, *lines: Any, command: Mapping[str, Any] | None = None, **backends: Any) -> Placing:
        return super().placing(*lines, command=command, reads=self._reads, **backends)

    @property
    def assets(self) -> dict[str, CustomerAsset]:
        ids = sorted(name for kind, name in self.memory.rows if kind == ASSETS.name)
        return {one: self._reads.aggregate(ASSETS, one, ALL) for one in ids}


WITH_DATABASE = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=WITH_DATABASE)
@given(sequences, last_fates)
def test_any_orders_leave_everything_consistent(
    database: Database, ordered: list[tuple[list[Wish], str | None]], last: str | None
) -> None:
    base = KeptBase(database)
    carry_out(World(base), ordered, last)
    rows, project = base.memory.rows, projectors()[ASSETS.name]
    for name, asset in base.assets.items():
        assert rows[ASSETS.name, name] == (asset.version, project(asset, {}).document)
