"""Which databases are connected to, and how many connections a process takes."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import cast

import pytest
import sqlalchemy as sa

from adapters.persistence.database import Database, UnusableAddress
from tests.support.waiting import LONG


def test_a_server_process_takes_few_connections_and_more_threads_only_wait(postgres_database: Database) -> None:
    def work(number: int) -> int:
        with postgres_database.writing() as connection:
            connection.execute(sa.text("SELECT pg_sleep(0.05)"))
            return number

    with ThreadPoolExecutor(48) as pool:
        assert list(pool.map(work, range(96))) == list(range(96))
    assert cast(sa.QueuePool, postgres_database.engine.pool).checkedin() <= 10
    count = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    with postgres_database.reading() as connection:
        assert (connection.scalar(sa.text(count)) or 0) <= 10


@pytest.mark.parametrize(
    "url", ["foo", "", "postgresql//u:secret@h/x", "postgresql://u:secret@h:port/x", "mysql://u:secret@h/x"]
)
def test_an_address_of_no_database_we_work_with_is_refused_without_showing_its_password(url: str) -> None:
    with pytest.raises(UnusableAddress, match="use postgresql://user:password@host/name or sqlite:") as refused:
        Database(url, seconds=LONG)
    assert "secret" not in str(refused.value)


def test_the_server_knows_the_limits_of_a_session(postgres_database: Database) -> None:
    url = postgres_database.url.render_as_string(hide_password=False)
    with closing(Database(url, seconds=4)) as database, database.reading() as connection:
        assert connection.scalar(sa.text("SHOW statement_timeout")) == "4s"
        assert connection.scalar(sa.text("SHOW idle_in_transaction_session_timeout")) == "24s"
    with closing(Database(url, seconds=float("inf"))) as database, database.reading() as connection:
        assert connection.scalar(sa.text("SHOW statement_timeout")) == "0"
