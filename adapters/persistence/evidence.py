"""Audit records of refused requests that wait to be written.

A separate thread writes them in batches, so that no refusal waits for the database. Accepted requests have their audit
record in their own transaction, not here.
"""

import threading
from collections.abc import Callable, Sequence
from itertools import islice

import structlog
from sqlalchemy.exc import SQLAlchemyError

from canonical.audit.record import AuditRecord
from canonical.shared.errors import StoreUnavailable

MOST_WAITING = 5_000
BATCH = 100
AGAIN_AFTER_SECONDS = 1.0
CLOSING_SECONDS = 3.0

log = structlog.get_logger()


class EvidenceQueue:
    """Holds at most `most_waiting` records, by their ids.

    Further ones are dropped and counted. `write` stores a batch or raises; a batch that the database did not accept is
    written again later.
    """

    def __init__(self, write: Callable[[Sequence[AuditRecord]], None], most_waiting: int = MOST_WAITING) -> None:
        self._write = write
        self._most_waiting = most_waiting
        self._waiting: dict[str, AuditRecord] = {}
        self._dropped = 0
        self._untold = 0
        self._changed = threading.Condition()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def dropped(self) -> int:
        """How many records were lost since the start."""
        return self._dropped

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, record: AuditRecord) -> None:
        """Queue the record to be written soon. Never waits."""
        with self._changed:
            if len(self._waiting) >= self._most_waiting or self._closing.is_set():
                self._drop(1)
                return
            self._waiting[record.id] = record
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="evidence", daemon=True)
                self._thread.start()
            self._changed.notify()

    def find(self, record_id: str) -> AuditRecord | None:
        """The record, while it waits."""
        return self._waiting.get(record_id)

    def close(self) -> None:
        """Write the waiting records, as far as the database accepts them now."""
        with self._changed:
            self._closing.set()
            self._changed.notify()
        if self._thread is not None:
            self._thread.join(CLOSING_SECONDS)
        with self._changed:
            self._drop(len(self._waiting))
            self._waiting.clear()
        self._tell()

    def _run(self) -> None:
        while batch := self._next():
            try:
                self._keep(batch)
            except StoreUnavailable as error:
                log.warning("evidence waits", records=len(self), reason=error.message)
                if self._closing.wait(AGAIN_AFTER_SECONDS):
                    return
            else:
                self._tell()

    def _next(self) -> list[AuditRecord]:
        """The oldest waiting records; empty when nothing is left to do."""
        with self._changed:
            while not self._waiting and not self._closing.is_set():
                self._changed.wait()
            return list(islice(self._waiting.values(), BATCH))

    def _keep(self, batch: list[AuditRecord]) -> None:
        """Raises StoreUnavailable. A record that the database can never accept is dropped."""
        try:
            self._write(batch)
        except SQLAlchemyError:
            if len(batch) > 1:
                for record in batch:
                    self._keep([record])
                return
            log.exception("evidence cannot be written", record_id=batch[0].id)
            with self._changed:
                self._drop(1)
        with self._changed:
            for record in batch:
                self._waiting.pop(record.id, None)

    def _drop(self, records: int) -> None:
        """With the lock held."""
        self._dropped += records
        self._untold += records

    def _tell(self) -> None:
        with self._changed:
            lost, self._untold = self._untold, 0
        if lost:
            log.error("evidence dropped", records=lost)
