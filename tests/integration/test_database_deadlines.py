"""A database that is locked, frozen or unreachable holds nobody up for longer than agreed."""

import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing, contextmanager

import pytest
import sqlalchemy as sa

from adapters.persistence.database import Database
from adapters.persistence.tables import nodes
from canonical.shared.deadline import within
from canonical.shared.errors import StoreUnavailable
from tests.support.database_faults import frozen, locked
from tests.support.waiting import LONG, until

LITTLE = 2.5
"""Seconds; with fewer nothing can be connected to."""


@pytest.fixture
def impatient(database: Database) -> Iterator[Database]:
    """The same database with little time for each use."""
    url = database.url.render_as_string(hide_password=False)
    with closing(Database(url, seconds=LITTLE)) as impatient:
        use(impatient)
        yield impatient


def use(database: Database) -> None:
    with database.writing() as connection:
        connection.execute(sa.select(nodes.c.id)).all()
        connection.commit()


def read(database: Database) -> None:
    with database.reading() as connection:
        connection.execute(sa.select(nodes.c.id)).all()


def given_up(work: Callable[[], object], at_once: int = 1) -> list[BaseException | None]:
    """What each of `at_once` threads got; all of them end while the fault lasts."""
    pool = ThreadPoolExecutor(at_once)
    jobs = [pool.submit(work) for _ in range(at_once)]
    done, held_up = wait(jobs, LONG)
    pool.shutdown(wait=False)
    assert not held_up
    return [job.exception() for job in done]


def test_a_lock_of_somebody_else_is_waited_for_until_the_deadline(impatient: Database) -> None:
    with locked(impatient.url):
        errors = given_up(lambda: use(impatient), at_once=20)
    assert {type(error) for error in errors} == {StoreUnavailable}
    use(impatient)


def test_readers_on_sqlite_do_not_wait_for_a_lock_to_write(sqlite_database: Database) -> None:
    with locked(sqlite_database.url):
        assert given_up(lambda: read(sqlite_database)) == [None]


def test_the_deadline_of_the_work_at_hand_counts_when_it_is_nearer(database: Database) -> None:
    url = database.url.render_as_string(hide_password=False)

    def hurried() -> None:
        with within(0.3):
            use(patient)

    with closing(Database(url, seconds=3 * LONG)) as patient:
        use(patient)
        with locked(patient.url):
            [error] = given_up(hurried)
    assert isinstance(error, StoreUnavailable)


@pytest.mark.parametrize("work", [use, read])
def test_a_frozen_server_is_given_up_and_used_again_once_it_goes_on(
    postgres_server: sa.URL, postgres_database: Database, work: Callable[[Database], None]
) -> None:
    url = postgres_database.url.render_as_string(hide_password=False)
    with closing(Database(url, seconds=LITTLE)) as database:
        for _ in range(3):
            use(database)
        with frozen(postgres_server):
            errors = given_up(lambda: work(database), at_once=20)
        assert {type(error) for error in errors} == {StoreUnavailable}
        for _ in range(20):
            work(database)


def test_a_frozen_server_does_not_let_anybody_connect_for_ever(
    postgres_server: sa.URL, postgres_database: Database
) -> None:
    url = postgres_database.url.render_as_string(hide_password=False)
    with closing(Database(url, seconds=LITTLE)) as database, frozen(postgres_server):
        [error] = given_up(lambda: read(database))
    assert isinstance(error, StoreUnavailable)


@contextmanager
def silent_port() -> Iterator[int]:
    """Connections are taken and nothing is answered."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_whoever_takes_connections_and_says_nothing_is_given_up() -> None:
    with silent_port() as port, closing(Database(f"postgresql://u:p@127.0.0.1:{port}/x", seconds=LITTLE)) as database:
        [error] = given_up(lambda: read(database))
    assert isinstance(error, StoreUnavailable)


def test_a_statement_that_takes_too_long_is_ended_on_the_server_too(postgres_database: Database) -> None:
    url = postgres_database.url.render_as_string(hide_password=False)
    with closing(Database(url, seconds=LITTLE)) as database:

        def wait_on_the_server() -> None:
            with database.reading() as connection:
                connection.execute(sa.text("SELECT pg_sleep(60)"))

        [error] = given_up(wait_on_the_server)
        assert isinstance(error, StoreUnavailable)
        until(lambda: not asleep(postgres_database))


def asleep(database: Database) -> int:
    active = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)' AND state = 'active'"
    with database.reading() as connection:
        return connection.scalar(sa.text(active)) or 0


def test_a_statement_of_sqlite_that_takes_too_long_is_interrupted(sqlite_database: Database) -> None:
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"

    def count() -> None:
        with database.reading() as connection:
            connection.exec_driver_sql(endless)

    with closing(Database(f"sqlite:///{sqlite_database.url.database}", seconds=LITTLE)) as database:
        [error] = given_up(count)
        assert isinstance(error, StoreUnavailable)
        read(database)
