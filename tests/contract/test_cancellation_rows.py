"""How cancellations are found in SQL by what their documents say."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from adapters.persistence.database import Database
from adapters.persistence.reads import SqlReads
from adapters.persistence.unit_of_work import SqlUnitOfWork
from canonical.ordering.cancellation import CANCELLATIONS, Cancellation
from canonical.shared.paging import Slice
from canonical.shared.reader import ALL, Reader
from facade.bootstrap.declared import projectors
from facade.bootstrap.versions import versions_of
from facade.tmf.query.listing import read_listing
from facade.tmf.tmf622.api import TMF622
from tests.support.fakes import SteppingClock
from tests.support.waiting import LONG

V5, V4 = (versions_of(TMF622, version)["cancelProductOrder"] for version in ("v5", "v4"))
BEGIN = datetime(2026, 5, 3, 12, 0, 0, 123456, tzinfo=UTC)
SENT: list[dict[str, Any]] = [
    {},
    {"@type": "CancelProductOrder", "productOrder": {"id": "o2", "href": "https://elsewhere", "name": "mine"}},
    {"acmeWord": "ä “x”", "requestedCancellationDate": "2026-06-01T00:00:00Z"},
    {},
]


def asked(number: int) -> Cancellation:
    """The first is being assessed, then accepted, denied, done."""
    at = BEGIN + timedelta(days=number)
    reason = None if number == 1 else f"reason {number}"
    made = Cancellation(f"c{number}", "acme" if number % 2 else "other", f"o{number}", at, reason)
    if number in (2, 4):
        made.accept(at)
    if number == 3:
        made.deny("charged", "the order was charged", at)
    if number == 4:
        made.done("all undone: “x”", at + timedelta(seconds=1))
    return made


@pytest.fixture
def filled(database: Database) -> Database:
    for number, sent in enumerate(SENT, start=1):
        with SqlUnitOfWork(database, projectors(), SteppingClock()) as work:
            work.repository(CANCELLATIONS).add(asked(number))
            work.repository(CANCELLATIONS).carry(f"c{number}", sent)
            work.commit()
    return database


def found(database: Database, version: Any, query: str, reader: Reader = ALL) -> list[str]:
    wanted = read_listing(query.encode(), version.searchable, "cancelProductOrder")
    index = version.resource.index
    listed = SqlReads(database, LONG).documents(
        CANCELLATIONS, index, reader, Slice(0, 10), wanted.criterion, wanted.sort
    )
    assert len(listed[0]) == listed[1]
    return [task_id for task_id, *_ in listed[0]]


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("", ["c4", "c3", "c2", "c1"]),
        ("state=acknowledged,done", ["c4", "c1"]),
        ("state.ne=done&sort=id", ["c1", "c2", "c3"]),
        ("id=c2", ["c2"]),
        ("productOrder.id=o3,o1", ["c3", "c1"]),
        ("productOrder.name=mine", ["c2"]),
        ("creationDate=2026-05-05T12:00:00.123Z", ["c2"]),
        ("creationDate.gt=2026-05-05T12:00:00.123Z&sort=creationDate", ["c3", "c4"]),
        ("requestedCancellationDate.gte=2026-06-01", ["c3"]),
        ("cancellationReason.regex=[23]$", ["c3", "c2"]),
        ("filter=$.productOrder[?(@.id=='o4')]", ["c4"]),
        ("sort=-cancellationReason", ["c4", "c3", "c2", "c1"]),
    ],
)
def test_tasks_are_found_by_what_they_say(filled: Database, query: str, ids: list[str]) -> None:
    assert found(filled, V5, query) == ids


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("state=terminatedWithError", ["c3"]),
        ("productOrder.id=o2", ["c2"]),
        ("effectiveCancellationDate.gt=2020-01-01&sort=-state", ["c4"]),
    ],
)
def test_tasks_are_found_by_v4s_names(filled: Database, query: str, ids: list[str]) -> None:
    assert found(filled, V4, query) == ids


def test_a_filter_never_leads_to_another_clients_tasks(filled: Database) -> None:
    assert found(filled, V5, "state.ne=rejected", reader=Reader("acme")) == ["c3", "c1"]
    assert found(filled, V5, "id=c2", reader=Reader("acme")) == []
