"""Connections to PostgreSQL that give up at the deadline of the work at hand.

The server's own limit (`statement_timeout`) does not help against a server that is frozen or out of reach: its sockets
stay open and nothing comes. So the client waits no longer than its deadline and then closes the connection, as nobody
can say in what state it is; the pool discards it.
"""

import math
from typing import Any

import psycopg
import sqlalchemy as sa
from psycopg.abc import RV, PQGen

from canonical.shared.deadline import seconds_left

CONNECT_SECONDS = 10
"""For a connection, unless the address says otherwise or the deadline is nearer."""
LEAST_CONNECT_SECONDS = 2
"""psycopg gives a connection no fewer."""
ABANDONED_AFTER = 6
"""A transaction whose client says nothing for so many times the time of a statement is ended by the server: a node that
is frozen itself must not keep its locks.
"""


class CommitUnknown(psycopg.OperationalError):
    """The connection was lost while the transaction was being committed."""


class PunctualConnection(psycopg.Connection[Any]):
    """Waits for no answer beyond the deadline. It is closed then."""

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
        """Raises CommitUnknown when the server did not say what became of the transaction."""
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
        left = min(float(given.get("connect_timeout", CONNECT_SECONDS)), seconds_left())
        if left < LEAST_CONNECT_SECONDS:
            raise psycopg.OperationalError("there is no time left to connect")
        options = {**given, "connect_timeout": int(left), "autocommit": True}
        connection = PunctualConnection.connect(*arguments, **options)
        try:
            # Not among the options of the connection: poolers between us and the server may refuse those.
            connection.execute(limits)
        except psycopg.Error:
            connection.close()
            raise
        connection.autocommit = False
        return connection

    return engine


def _limits(seconds: float) -> bytes:
    """Statements that set the server's limits for a session."""
    milliseconds = 0 if seconds == math.inf else int(seconds * 1000)
    abandoned = ABANDONED_AFTER * milliseconds
    return f"SET statement_timeout = {milliseconds}; SET idle_in_transaction_session_timeout = {abandoned}".encode()
