"""Equal orders that come at the same moment, on both databases."""

from datetime import UTC, datetime, timedelta
from threading import Event, Thread

import sqlalchemy as sa

from adapters.persistence.audit import accepted_before, insert_record
from adapters.persistence.database import Database
from adapters.persistence.tables import documents
from canonical.audit.record import AuditRecord
from tests.support.waiting import LONG

NOW = datetime.now(UTC)
MILLISECONDS = f"{int(NOW.timestamp() * 1000):012x}"
ACCEPTED = AuditRecord(
    id=f"{MILLISECONDS[:8]}-{MILLISECONDS[8:]}-7000-8000-000000000001",
    at=NOW,
    client="partner-acme",
    operation="placeOrder",
    correlation_id="",
    status=201,
    payload_hash="hash",
    translation=(),
    subject_type="order",
    subject="o1",
)
ORDER = dict.fromkeys(("owner", "customer_id", "created_at", "changed_at", "carried", "aggregate"), "") | {
    "resource": "order",
    "id": "o1",
    "state": "ACKNOWLEDGED",
    "shown_state": "acknowledged",
    "version": 1,
}


def earlier(connection: sa.Connection) -> str | None:
    return accepted_before(connection, "partner-acme", "placeOrder", "hash", NOW - timedelta(seconds=10), {"FAILED"})


def test_the_second_one_waits_for_the_first_and_sees_it(database: Database) -> None:
    found, coming = list[str | None](), Event()

    def come_second() -> None:
        coming.set()
        with database.writing() as connection:
            found.append(earlier(connection))

    second = Thread(target=come_second)
    with database.writing() as connection:
        assert earlier(connection) is None
        second.start()
        assert coming.wait(LONG)
        insert_record(connection, ACCEPTED)
        connection.execute(sa.insert(documents), ORDER)
        connection.commit()
    second.join(LONG)
    assert found == ["o1"]
