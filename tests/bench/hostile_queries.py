"""`python -m tests.bench.hostile_queries`: the processor time of the costliest of many hostile queries.

The queries are those of tests/integration/test_query_hostile.py, against as many documents. Prints Markdown; it
measures and never fails by it.
"""

import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import click
import sqlalchemy as sa

from adapters.persistence import migrations
from adapters.persistence.database import Database
from adapters.persistence.reads import SqlReads
from canonical.ordering.order import ORDERS
from canonical.shared.paging import Slice
from canonical.shared.reader import ALL
from tests.bench.report import table
from tests.integration.test_query_hostile import KEPT, MIXTURES, read
from tests.support.postgres import running_postgres
from tests.support.waiting import LONG
from tests.unit.query.hostile import queries
from tests.unit.query.sample import a_sample
from tests.unit.query.stored import INDEX, store


@dataclass(frozen=True, order=True, slots=True)
class Cost:
    """Seconds, of the processor and by the clock, and the query they were spent on."""

    cpu: float
    clock: float
    query: bytes


@click.command()
def main() -> None:
    """Measure what hostile queries cost."""
    with tempfile.TemporaryDirectory(prefix="facade-hostile-") as kept, ExitStack() as stack:
        directory, sample = Path(kept), a_sample(KEPT)
        server = stack.enter_context(running_postgres())
        urls = (f"sqlite:///{directory / 'facade.db'}", server.render_as_string(hide_password=False))
        databases = [stack.enter_context(closing(Database(url, seconds=LONG))) for url in urls]
        for database in databases:
            migrations.upgrade(database)
            store(database, sample)
        costs = measured(databases)
    rows = [
        [name, f"{one.cpu * 1000:,.0f}", f"{one.clock * 1000:,.0f}", f"`{one.query[:100].decode(errors='replace')}`"]
        for name, one in ((name, max(found)) for name, found in costs.items())
    ]
    click.echo(table(["", "processor ms", "clock ms", "the costliest query"], rows))


def measured(databases: Iterable[Database]) -> dict[str, list[Cost]]:
    """Of reading each query, and of answering it from each database."""
    costs: dict[str, list[Cost]] = {"parser": []}
    for query in queries(MIXTURES):
        with spent(query, costs["parser"], []):
            wanted = read(query)
        for database in databases if wanted else ():
            assert wanted
            with spent(query, costs.setdefault(database.engine.dialect.name, []), servers_of(database)):
                SqlReads(database, LONG).documents(ORDERS, INDEX, ALL, Slice(0, 200), wanted.criterion, wanted.sort)
    return costs


@contextmanager
def spent(query: bytes, costs: list[Cost], servers: list[int]) -> Iterator[None]:
    """Adds what is spent inside to `costs`: by this thread, and by the processes of `servers`."""
    clock, cpu = time.perf_counter(), time.thread_time() + sum(map(cpu_of, servers))
    yield
    clock, cpu = time.perf_counter() - clock, time.thread_time() + sum(map(cpu_of, servers)) - cpu
    costs.append(Cost(cpu, clock, query))


def servers_of(database: Database) -> list[int]:
    """The process that PostgreSQL has for the next connection, where it can be looked at."""
    if database.sqlite:
        return []
    with database.reading() as connection:
        found = connection.scalar(sa.select(sa.func.pg_backend_pid()))
    return [found] if found and Path(f"/proc/{found}/schedstat").exists() else []


def cpu_of(process: int) -> float:
    return int(Path(f"/proc/{process}/schedstat").read_text().split()[0]) / 1e9


if __name__ == "__main__":
    main()
