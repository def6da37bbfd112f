"""Audit records are found by client, subject and time on every database, newest first."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from adapters.persistence.audit import SqlAuditTrail, insert_record
from adapters.persistence.database import Database
from canonical.audit.ports import AuditSearch
from canonical.audit.record import AuditRecord
from canonical.shared.paging import Slice
from facade.identities import new_id
from tests.contract.keeping import an_audit_record

ALL = Slice(0, 100)


@pytest.fixture
def kept(database: Database) -> list[AuditRecord]:
    """Five records, oldest first: of two clients in turn, the last two about another order."""
    now = datetime.now(UTC)
    records = [
        replace(
            an_audit_record(new_id(), "order-1" if number < 3 else "order-2"),
            client=("acme", "shop")[number % 2],
            at=now + timedelta(milliseconds=number),
        )
        for number in range(5)
    ]
    with database.writing() as connection:
        for record in records:
            insert_record(connection, record)
        connection.commit()
    return records


def found(database: Database, **wanted: object) -> Sequence[AuditRecord]:
    return SqlAuditTrail(database).search(AuditSearch(**wanted), ALL).members  # type: ignore[arg-type]


def test_records_are_found_newest_first(database: Database, kept: list[AuditRecord]) -> None:
    assert found(database) == kept[::-1]
    assert found(database, client="acme") == [kept[4], kept[2], kept[0]]
    assert found(database, subjects=("order-2", "order-3")) == [kept[4], kept[3]]
    assert found(database, client="shop", subjects=("order-1",)) == [kept[1]]
    assert found(database, subjects=()) == []


def test_a_time_is_from_its_beginning_and_before_its_end(database: Database, kept: list[AuditRecord]) -> None:
    assert found(database, begin=kept[1].at, end=kept[3].at) == [kept[2], kept[1]]
    assert found(database, begin=kept[4].at + timedelta(days=1)) == []
    assert found(database, end=kept[0].at) == []
    ends = {"begin": datetime(1, 1, 1, tzinfo=UTC), "end": datetime(9999, 12, 31, tzinfo=UTC)}
    assert found(database, **ends) == kept[::-1]


def test_pages_follow_each_other(database: Database, kept: list[AuditRecord]) -> None:
    trail, seen, after = SqlAuditTrail(database), list[AuditRecord](), None
    for members, more in ((2, True), (2, True), (1, False)):
        page = trail.search(AuditSearch(), Slice(0, 2, after))
        seen, after = [*seen, *page.members], page.last
        assert (len(page.members), after is not None) == (members, more)
    assert seen == kept[::-1]
