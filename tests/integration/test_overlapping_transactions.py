"""Transactions that overlap, and the files of SQLite."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Timer

import pytest
import sqlalchemy as sa

from adapters.persistence.database import Database
from adapters.persistence.tables import nodes
from adapters.persistence.unit_of_work import SqlUnitOfWork
from canonical.ordering.order import ORDERS
from canonical.shared.errors import ConcurrentChange
from tests.support.builders import NOON, an_order
from tests.support.databases import BLANK
from tests.support.fakes import (
    SteppingClock,
)
from tests.support.waiting import LONG


def test_of_two_units_of_work_that_read_the_same_order_the_second_to_commit_is_refused(
    postgres_database: Database,
) -> None:
    """On SQLite the second would wait before it reads."""

    def unit_of_work() -> SqlUnitOfWork:
        return SqlUnitOfWork(postgres_database, BLANK, SteppingClock())

    with unit_of_work() as work:
        work.repository(ORDERS).add(an_order())
        work.commit()
    with unit_of_work() as first, unit_of_work() as second:
        orders = [work.repository(ORDERS).get(an_order().id) for work in (first, second)]
        for order in orders:
            order.start(NOON)
        first.commit()
        with pytest.raises(ConcurrentChange):
            second.commit()


def test_a_claim_waits_for_one_that_has_not_ended(postgres_database: Database) -> None:
    def unit_of_work() -> SqlUnitOfWork:
        return SqlUnitOfWork(postgres_database, BLANK, SteppingClock())

    def claim() -> bool:
        with unit_of_work() as work:
            return work.claim_key("portal", "key", "hash", ("order", "o2"), None)

    with ThreadPoolExecutor(1) as pool:
        with unit_of_work() as first:
            assert first.claim_key("portal", "key", "hash", ("order", "o1"), None)
            waiting = pool.submit(claim)
            with pytest.raises(TimeoutError):
                waiting.result(timeout=0.2)
            first.commit()
        assert waiting.result(timeout=LONG) is False


def test_readers_on_sqlite_do_not_wait_for_a_writer(sqlite_database: Database) -> None:
    with sqlite_database.writing() as writing, sqlite_database.reading() as reading:
        writing.execute(sa.insert(nodes), {"id": "a", "beats": 0})
        assert reading.scalar(sa.select(sa.func.count()).select_from(nodes)) == 0
        assert reading.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"


def test_sqlite_makes_the_folder_of_its_file(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'new' / 'folder' / 'facade.db'}", seconds=LONG)
    with database.reading() as connection:
        assert connection.scalar(sa.select(1)) == 1
    database.close()
    assert (tmp_path / "new" / "folder" / "facade.db").exists()


def test_server_processes_that_begin_at_once_wait_for_whoever_makes_the_file(tmp_path: Path) -> None:
    file = tmp_path / "new.db"
    with sqlite3.connect(file, isolation_level=None, check_same_thread=False) as other:
        other.execute("BEGIN IMMEDIATE")
        Timer(0.2, other.rollback).start()
        database = Database(f"sqlite:///{file}", seconds=LONG)
        with database.reading() as connection:
            assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        database.close()
    other.close()
