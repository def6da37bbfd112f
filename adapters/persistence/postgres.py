"""Connections to PostgreSQL that end at the deadline of the current work.

The server's own limit (`statement_timeout`) does not help against a frozen or unreachable server: its sockets stay
open, and no answer comes. So the client waits until its deadline and then closes the connection, because its state is
unknown; the pool discards it.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
import sqlalchemy as sa
from psycopg.abc import RV, PQGen

from canonical.shared.deadline import seconds_left

CONNECT_SECONDS = 10
"""Seconds for connecting, unless the address says otherwise or the deadline is nearer."""
LEAST_CONNECT_SECONDS = 2
"""The least that psycopg allows for connecting."""
ABANDONED_AFTER = 6
"""The server ends a transaction that is idle for this many times the limit of a statement, so that a frozen node does
not keep its locks.
"""


class CommitUnknown(psycopg.OperationalError):
    """The connection was lost while the transaction was being committed."""


class PunctualConnection(psycopg.Connection[Any]):
    """A connection that waits for an answer until the deadline, and then is closed."""

    def wait(self, gen: PQGen[RV], interval: float = 0.1, timeout: float | None = None) -> RV:
        left = seconds_left()
        if timeout is not None or left == math.inf:
            return super().wait(gen, interval, timeout)
        try:
            return super().wait(gen, interval, left)
        except psycopg.OperationalError as error:
            if seconds_left():
                raise
            self.close()
            raise psycopg.OperationalError("the server did not answer in time") from error

    def commit(self) -> None:
        """Raises CommitUnknown if the server did not confirm the outcome of the transaction."""
        try:
            super().commit()
        except psycopg.OperationalError as error:
            if self.closed:
                raise CommitUnknown(str(error)) from error
            raise


def create_engine(url: sa.URL, seconds: float, pool: dict[str, Any]) -> sa.Engine:
    """An engine whose statements end after `seconds` on the server as well."""
    engine = sa.create_engine(url, pool_pre_ping=True, **pool)
    limits = _limits(seconds)

    @sa.event.listens_for(engine, "do_connect")
    def connect(dialect: Any, record: Any, arguments: list[Any], given: dict[str, Any]) -> PunctualConnection:
        connection = _connected(arguments, given)
        try:
            # Not set as options of the connection, because connection poolers may refuse those.
            connection.execute(limits)
        except psycopg.Error:
            connection.close()
            raise
        connection.autocommit = False
        return connection

    return engine


def own_connection(engine: sa.Engine) -> PunctualConnection:
    """A connection outside the pool, without transactions and without the server's limits. The caller closes it."""
    return _connected(*engine.dialect.create_connect_args(engine.url))


def _connected(arguments: Sequence[Any], given: Mapping[str, Any]) -> PunctualConnection:
    left = min(float(given.get("connect_timeout", CONNECT_SECONDS)), seconds_left())
    if left < LEAST_CONNECT_SECONDS:
        raise psycopg.OperationalError("there is no time left to connect")
    options = {**given, "connect_timeout": int(left), "autocommit": True}
    return PunctualConnection.connect(*arguments, **options)


def _limits(seconds: float) -> bytes:
    """Statements that set the server's limits for a session."""
    milliseconds = 0 if seconds == math.inf else int(seconds * 1000)
    abandoned = ABANDONED_AFTER * milliseconds
    return f"SET statement_timeout = {milliseconds}; SET idle_in_transaction_session_timeout = {abandoned}".encode()
