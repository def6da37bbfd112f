"""Hostile queries against a few thousand documents: refused or answered correctly, and never slowly."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from adapters.persistence import migrations
from adapters.persistence.database import Database
from adapters.persistence.queries import SqlQueries
from canonical.shared.criteria import Criterion
from facade.contract.violations import ContractViolation
from facade.tmf.query.listing import Listing, read_listing
from facade.tmf.query.refusals import NotSupported
from facade.tmf.query.selection import selection_of
from tests.support.postgres import execute, postgres_server
from tests.unit.query.hostile import queries
from tests.unit.query.oracle import meets
from tests.unit.query.sample import ATTRIBUTES, Sample, a_sample
from tests.unit.query.stored import store

__all__ = ["postgres_server"]

KEPT = 3_000
MIXTURES = int(os.environ.get("FUZZ_EXAMPLES", "900"))
LONGEST_SECONDS = 10.0
"""What a statement is stopped after. How long the slowest takes is printed, and on a machine of its own is 0.3 s."""


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
    both = [Database(f"sqlite:///{directory / 'facade.db'}"), Database(postgres)]
    for database in both:
        migrations.upgrade(database)
        store(database, sample)
    yield both
    for database in both:
        database.close()
    execute(postgres_server, "DROP DATABASE hostile WITH (FORCE)")


def read(query: bytes) -> Listing | None:
    """None where it is refused, in few words and naming the parameter."""
    try:
        wanted = read_listing(query, ATTRIBUTES)
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
    slowest: dict[str, tuple[float, bytes]] = {}
    answered = refused = 0
    for query in queries(MIXTURES):
        began = time.perf_counter()
        wanted = read(query)
        slowest["parser"] = max(slowest.get("parser", (0.0, b"")), (time.perf_counter() - began, query))
        if wanted is None:
            refused += 1
            continue
        answered += 1
        answers = []
        for database in databases:
            began = time.perf_counter()
            answers.append(SqlQueries(database).documents(None, 0, 200, wanted.criterion, wanted.sort))
            name = database.engine.dialect.name
            slowest[name] = max(slowest.get(name, (0.0, b"")), (time.perf_counter() - began, query))
        assert answers[0] == answers[1], query
        if wanted.criterion is not None and not searches_text(wanted.criterion):
            expected = [document for document in sample if meets(document, wanted.criterion)]
            assert answers[0][1] == len(expected), query
            assert {one for one, _ in answers[0][0]} <= {document["id"] for document in expected}, query
    with capsys.disabled():
        print(f"\n{answered + refused} hostile queries on {KEPT} documents: {refused} refused, {answered} answered;")
        for name, (seconds, query) in slowest.items():
            print(f"  {name}: the slowest took {seconds * 1000:.0f} ms: {query[:100]!r}")
    assert answered > 150
    assert refused > 300
    assert max(seconds for seconds, _ in slowest.values()) < LONGEST_SECONDS


def searches_text(criterion: Criterion) -> bool:
    """Python's own regular expressions, which the oracle uses, would hang where the product does not."""
    return "MATCHES" in repr(criterion)
