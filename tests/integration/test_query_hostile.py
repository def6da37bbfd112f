"""Hostile queries against a few thousand documents: refused or answered correctly, and never slowly."""

import math
import os
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa

from adapters.persistence import migrations
from adapters.persistence.database import Database
from adapters.persistence.queries import SqlQueries
from canonical.shared.criteria import Criterion
from canonical.shared.paging import Slice
from canonical.shared.reader import ALL
from facade.contract.violations import ContractViolation
from facade.tmf.query.listing import Listing, read_listing
from facade.tmf.query.refusals import NotSupported
from facade.tmf.query.selection import selection_of
from tests.support.postgres import execute
from tests.unit.query.hostile import queries
from tests.unit.query.oracle import meets
from tests.unit.query.sample import ATTRIBUTES, Sample, a_sample
from tests.unit.query.stored import store

KEPT = 3_000
MIXTURES = int(os.environ.get("FUZZ_EXAMPLES", "900"))
PATIENCE = 60.0
"""Seconds that a search may take here: its own limit would hide what a query costs."""
MOST_CPU_SECONDS = 1.0
"""Of ours and of the database together. Time on the clock, which is printed too, says more about a busy machine."""


@dataclass(frozen=True, order=True, slots=True)
class Cost:
    """Seconds, and the query they were spent on."""

    cpu: float
    clock: float
    query: bytes

    def __str__(self) -> str:
        return f"{self.cpu * 1000:.0f} ms of CPU, {self.clock * 1000:.0f} ms by the clock: {self.query[:120]!r}"


@pytest.fixture(scope="module")
def sample() -> Sample:
    return a_sample(KEPT)


@pytest.fixture(scope="module")
def databases(
    postgres_server: sa.URL, tmp_path_factory: pytest.TempPathFactory, sample: Sample
) -> Iterator[list[Database]]:
    directory: Path = tmp_path_factory.mktemp("hostile")
    execute(postgres_server, "CREATE DATABASE hostile")
    postgres = postgres_server.set(database="hostile").render_as_string(hide_password=False)
    urls = (f"sqlite:///{directory / 'facade.db'}", postgres)
    for url in urls:
        with closing(Database(url, seconds=math.inf)) as patient:  # filling it takes a busy machine long
            migrations.upgrade(patient)
            store(patient, sample)
    both = [Database(url) for url in urls]
    yield both
    for database in both:
        database.close()
    execute(postgres_server, "DROP DATABASE hostile WITH (FORCE)")


def read(query: bytes) -> Listing | None:
    """None where it is refused, in few words and naming the parameter."""
    try:
        wanted = read_listing(query, ATTRIBUTES, "ProductOrder")
        selection_of(wanted.fields, ATTRIBUTES)
    except ContractViolation as refusal:
        told = [(violation.pointer, violation.message) for violation in refusal.violations]
    except NotSupported as refusal:
        told = [(refusal.pointer, str(refusal))]
    else:
        return wanted
    assert all(pointer.startswith("/") and len(message) < 300 for pointer, message in told), query
    return None


def test_hostile_queries_are_refused_or_answered_correctly_and_soon(
    databases: list[Database], sample: Sample, capsys: pytest.CaptureFixture[str]
) -> None:
    costs: dict[str, list[Cost]] = {"parser": []}
    answered = refused = 0
    for query in queries(MIXTURES):
        with spent(query, costs["parser"], []):
            wanted = read(query)
        if wanted is None:
            refused += 1
            continue
        answered += 1
        answers = []
        for database in databases:
            with spent(query, costs.setdefault(database.engine.dialect.name, []), servers_of(database)):
                found = SqlQueries(database, PATIENCE).documents(ALL, Slice(0, 200), wanted.criterion, wanted.sort)
            answers.append(found)
        assert answers[0] == answers[1], query
        if wanted.criterion is not None and not searches_text(wanted.criterion):
            expected = [document for document in sample if meets(document, wanted.criterion)]
            assert answers[0][1] == len(expected), query
            assert {one for one, _ in answers[0][0]} <= {document["id"] for document in expected}, query
    with capsys.disabled():
        print(f"\n{answered + refused} hostile queries on {KEPT} documents: {refused} refused, {answered} answered;")
        for name, all_costs in costs.items():
            print(f"  {name}: the costliest took {max(all_costs)}")
    assert answered > 200
    assert refused > 300
    assert max(max(all_costs) for all_costs in costs.values()).cpu < MOST_CPU_SECONDS


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


def searches_text(criterion: Criterion) -> bool:
    """Python's own regular expressions, which the oracle uses, would hang where the product does not."""
    return "MATCHES" in repr(criterion)
