"""Which databases are connected to, and how many connections a process takes."""

from concurrent.futures import ThreadPoolExecutor
from typing import cast

import pytest
import sqlalchemy as sa

from adapters.persistence.database import Database, UnusableAddress, address, connections


def test_a_server_process_takes_few_connections_from_postgresql() -> None:
    for url in ("postgresql://db/x", "postgresql+psycopg://db/x"):
        assert connections(address(url)).items() >= {"pool_size": 10, "max_overflow": 0}.items()


def test_more_threads_than_connections_only_wait(postgres_database: Database) -> None:
    def work(number: int) -> int:
        with postgres_database.writing() as connection:
            connection.execute(sa.text("SELECT pg_sleep(0.05)"))
            return number

    with ThreadPoolExecutor(48) as pool:
        assert list(pool.map(work, range(96))) == list(range(96))
    assert cast(sa.QueuePool, postgres_database.engine.pool).checkedin() <= 10


@pytest.mark.parametrize(
    "url", ["foo", "", "postgresql//u:secret@h/x", "postgresql://u:secret@h:port/x", "mysql://u:secret@h/x"]
)
def test_an_address_of_no_database_we_work_with_is_refused_without_showing_its_password(url: str) -> None:
    with pytest.raises(UnusableAddress, match="use postgresql://user:password@host/name or sqlite:") as refused:
        Database(url)
    assert "secret" not in str(refused.value)


def test_a_host_that_does_not_answer_is_given_up_after_a_while() -> None:
    assert address("postgresql://db/x").query["connect_timeout"] == "10"
    assert address("postgresql://db/x?connect_timeout=3").query["connect_timeout"] == "3"
