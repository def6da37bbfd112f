"""Evidence of refusals between the request and the database."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from sqlalchemy.exc import SQLAlchemyError
from structlog.testing import capture_logs

from adapters.persistence import evidence
from adapters.persistence.evidence import BATCH, EvidenceQueue
from canonical.audit.record import AuditRecord
from canonical.shared.errors import StoreUnavailable
from tests.support.builders import NOON
from tests.support.waiting import until


def a_refusal(number: int) -> AuditRecord:
    return AuditRecord(f"r{number}", NOON, "acme", "POST /x", "c", 400, code="INVALID_REQUEST")


@dataclass
class Writer:
    """Keeps batches while it is open; `refused` it takes at no time."""

    open: threading.Event = field(default_factory=threading.Event)
    batches: list[list[str]] = field(default_factory=list)
    refused: frozenset[str] = frozenset()
    failures: int = 0

    def __call__(self, records: Sequence[AuditRecord]) -> None:
        self.open.wait()
        if self.failures:
            self.failures -= 1
            raise StoreUnavailable("the database does not answer")
        if self.refused & {record.id for record in records}:
            raise SQLAlchemyError("no such value")
        self.batches.append([record.id for record in records])

    @property
    def kept(self) -> list[str]:
        return [record_id for batch in self.batches for record_id in batch]


def test_nobody_waits_for_the_database_and_what_waits_can_be_read() -> None:
    writer = Writer()
    queue = EvidenceQueue(writer)
    for number in range(250):
        queue.add(a_refusal(number))
    assert queue.find("r249") == a_refusal(249)
    assert queue.find("r250") is None
    writer.open.set()
    until(lambda: len(queue) == 0)
    assert writer.kept == [f"r{number}" for number in range(250)]
    assert max(map(len, writer.batches)) <= BATCH
    assert len(writer.batches) <= 5
    assert queue.find("r249") is None


def test_what_exceeds_the_queue_is_dropped_counted_and_told() -> None:
    writer = Writer()
    queue = EvidenceQueue(writer, most_waiting=10)
    with capture_logs() as logs:
        for number in range(15):
            queue.add(a_refusal(number))
        assert (len(queue), queue.dropped) == (10, 5)
        writer.open.set()
        until(lambda: any(entry["event"] == "evidence dropped" for entry in logs))
        queue.add(a_refusal(15))
        queue.close()
    assert writer.kept == [f"r{number}" for number in (*range(10), 15)]
    assert [entry["records"] for entry in logs if entry["event"] == "evidence dropped"] == [5]


def test_a_database_that_is_away_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence, "AGAIN_AFTER_SECONDS", 0.01)
    writer = Writer(failures=3)
    writer.open.set()
    queue = EvidenceQueue(writer)
    with capture_logs() as logs:
        queue.add(a_refusal(1))
        until(lambda: writer.kept == ["r1"])
        queue.close()
    assert [entry["event"] for entry in logs] == ["evidence waits"] * 3
    assert queue.dropped == 0


def test_a_record_that_cannot_be_written_does_not_keep_the_others_back() -> None:
    writer = Writer(refused=frozenset({"r1"}))
    queue = EvidenceQueue(writer)
    for number in range(4):
        queue.add(a_refusal(number))
    writer.open.set()
    until(lambda: len(queue) == 0)
    assert sorted(writer.kept) == ["r0", "r2", "r3"]
    assert queue.dropped == 1


def test_closing_writes_what_waits() -> None:
    writer = Writer()
    queue = EvidenceQueue(writer)
    for number in range(3):
        queue.add(a_refusal(number))
    threading.Timer(0.05, writer.open.set).start()
    queue.close()
    assert writer.kept == ["r0", "r1", "r2"]
    queue.add(a_refusal(3))
    assert queue.dropped == 1


def test_closing_gives_up_on_a_database_that_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence, "CLOSING_SECONDS", 0.05)
    writer = Writer()
    queue = EvidenceQueue(writer)
    queue.add(a_refusal(1))
    with capture_logs() as logs:
        queue.close()
    assert [(entry["event"], entry["records"]) for entry in logs] == [("evidence dropped", 1)]
    writer.open.set()


def test_closing_without_any_evidence_does_nothing() -> None:
    EvidenceQueue(Writer()).close()
