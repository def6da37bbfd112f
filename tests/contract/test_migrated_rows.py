"""Rows of the schema before, as migration 0008 carries them over."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from adapters.persistence import migrations
from adapters.persistence.database import Database
from adapters.persistence.tables import external_id_claims
from canonical.ordering.cancellation import CANCELLATIONS
from canonical.ordering.order import ORDERS
from canonical.shared.errors import NotFound
from canonical.shared.reader import CustomerSet, Reader
from tests.contract.conftest import SqlStore
from tests.contract.keeping import LATER
from tests.support.earlier import BOTH, database_at, schema_at

AT = "2026-05-03T12:00:00.123456Z"
MILLISECONDS = "2026-05-03T12:00:00.123000Z"
ORDER: dict[str, Any] = {
    "id": "o1",
    "owner": "acme",
    "customer_id": "C1",
    "items": [],
    "submitted_at": AT,
    "state": "ASSESSING_CANCELLATION",
    "cancellation_id": "c1",
    "timeline": [{"at": AT, "state": "ASSESSING_CANCELLATION", "trigger": "cancel"}],
}
CANCELLATION: dict[str, Any] = {
    "id": "c1",
    "owner": "acme",
    "order_id": "o1",
    "created_at": AT,
    "reason": "“zu spät” \\ \U0001f680",
    "state": "ASSESSING",
}


@pytest.fixture(params=BOTH)
def before(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database as release 0.1.0 left it."""
    with database_at("0007", request, tmp_path) as database:
        yield database


def insert(database: Database, name: str, **row: Any) -> None:
    with database.writing() as connection:
        table = sa.Table(name, sa.MetaData(), autoload_with=connection)
        connection.execute(sa.insert(table), row)
        connection.commit()


def insert_order(database: Database) -> None:
    insert(database, "orders", id="o1", owner="acme", state=ORDER["state"], version=2, body=json.dumps(ORDER))


def insert_document(database: Database) -> None:
    shown = {"state": "assessingCancellation", "ordered_at": MILLISECONDS, "version": 2, "carried": "{}"}
    names = {"order_id": "o1", "owner": "acme", "customer_id": "C1"}
    insert(database, "product_order_documents", **names, **shown, document='{"id":"o1"}')


def insert_cancellation(database: Database) -> None:
    shown = {
        "state": "acknowledged",
        "asked_at": MILLISECONDS,
        "version": 1,
        "carried": "{}",
        "document": '{"id":"c1"}',
    }
    body = json.dumps(CANCELLATION, ensure_ascii=False)
    insert(database, "cancellations", id="c1", owner="acme", order_id="o1", body=body, **shown)


def test_a_cancellation_stays_its_customers_when_it_is_decided(before: Database) -> None:
    insert_order(before)
    insert_document(before)
    insert_cancellation(before)
    migrations.upgrade(before)
    store = SqlStore(before)
    with store.unit_of_work() as work:
        cancellation = work.repository(CANCELLATIONS).get("c1")
        assert (cancellation.customer_id, cancellation.reason) == ("C1", CANCELLATION["reason"])
        cancellation.accept(LATER)
        work.commit()
    allowed, other = (Reader("acme", customers=CustomerSet(frozenset({name}))) for name in ("C1", "C2"))
    assert store.reads.document(CANCELLATIONS, "c1", allowed).version == 2
    with pytest.raises(NotFound):
        store.reads.document(CANCELLATIONS, "c1", other)


def test_an_order_without_a_document_stops_the_migration_and_is_not_lost(before: Database) -> None:
    insert_order(before)
    with pytest.raises(RuntimeError, match="1 order has no row in product_order_documents: o1"):
        migrations.upgrade(before)
    insert_document(before)
    migrations.upgrade(before)
    assert SqlStore(before).reads.aggregate(ORDERS, "o1", Reader("acme")).customer_id == "C1"


def identified(order_id: str, state: str, *ids: str) -> dict[str, Any]:
    """The row of an order with external identifiers, as migration 0013 left it."""
    identifiers = [{"owner": "crm", "type": "", "id": one} for one in ids]
    names = {"resource": "order", "id": order_id, "owner": "acme", "customer_id": "C1", "state": state}
    times = dict.fromkeys(("created_at", "changed_at"), MILLISECONDS)
    aggregate = json.dumps(ORDER | {"id": order_id, "state": state, "external_identifiers": identifiers})
    return names | times | {"shown_state": state, "version": 1, "carried": "{}", "aggregate": aggregate}


def test_the_first_live_order_with_an_external_identifier_has_it_after_the_migration(before: Database) -> None:
    with schema_at("0013", before) as connection:
        connection.commit()
    insert(before, "documents", **identified("o1", "FAILED", "PO-1"))
    insert(before, "documents", **identified("o2", "COMPLETED", "PO-1", "PO-1", "PO-2"))
    insert(before, "documents", **identified("o3", "DRAFT", "PO-1", "PO-3", "x" * 101))
    insert(before, "documents", **identified("o4", "ACKNOWLEDGED"))
    migrations.upgrade(before)
    with before.reading() as connection:
        rows = connection.execute(sa.select(external_id_claims).order_by(external_id_claims.c.external_id)).all()
    assert [tuple(row) for row in rows] == [
        ("acme", "crm", "", "PO-1", "o2"),
        ("acme", "crm", "", "PO-2", "o2"),
        ("acme", "crm", "", "PO-3", "o3"),
    ]
    assert SqlStore(before).reads.aggregate(ORDERS, "o3", Reader("acme")).external_identifiers[0].id == "PO-1"
