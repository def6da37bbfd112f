"""Hostile queries against a few thousand documents: refused or answered correctly, and never slowly."""

import math
import os
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from adapters.persistence import migrations, sqlite_functions
from adapters.persistence.database import Database
from adapters.persistence.reads import SqlReads
from canonical.ordering.order import ORDERS
from canonical.shared.criteria import Criterion
from canonical.shared.paging import Slice
from canonical.shared.reader import ALL
from facade.contract.violations import ContractViolation
from facade.tmf.query.listing import Listing, read_listing
from facade.tmf.query.refusals import NotSupported
from facade.tmf.query.selection import selection_of
from tests.support.postgres import execute
from tests.support.waiting import LONG
from tests.unit.query.hostile import queries
from tests.unit.query.oracle import meets
from tests.unit.query.sample import ATTRIBUTES, Sample, a_sample
from tests.unit.query.stored import INDEX, store

KEPT = 3_000
MIXTURES = int(os.environ.get("FUZZ_EXAMPLES", "900"))
MOST_CALLS = 1_000_000
"""Of functions while a query is read."""
MOST_STEPS = 100_000
"""Of SQLite: looks at the clock, one for so many of its instructions and one for each call of a function of ours."""


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
    both = [Database(url, seconds=LONG) for url in urls]
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


def test_hostile_queries_are_refused_or_answered_correctly_with_bounded_work(
    databases: list[Database], sample: Sample, monkeypatch: pytest.MonkeyPatch
) -> None:
    """How long they take, on PostgreSQL too, is told by `python -m tests.bench.hostile_queries`.

    Here a query that PostgreSQL works on for as long as a minute ends by the limit that searches have, as an error.
    """
    steps = Steps(monkeypatch)
    answered = refused = 0
    for query in queries(MIXTURES):
        with calls_bounded(query):
            wanted = read(query)
        if wanted is None:
            refused += 1
            continue
        answered += 1
        answers = []
        for database in databases:
            steps.made = 0
            found = SqlReads(database, LONG).documents(ORDERS, INDEX, ALL, Slice(0, 200), wanted.criterion, wanted.sort)
            assert steps.made < MOST_STEPS, query
            answers.append(found)
        assert answers[0] == answers[1], query
        if wanted.criterion is not None and not searches_text(wanted.criterion):
            expected = [document for document in sample if meets(document, wanted.criterion)]
            assert answers[0][1] == len(expected), query
            assert {one for one, *_ in answers[0][0]} <= {document["id"] for document in expected}, query
    assert answered > 200
    assert refused > 300


class Steps:
    """Counts how often a search on SQLite looks whether it is late."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.made = 0
        self._late = sqlite_functions._late
        monkeypatch.setattr(sqlite_functions, "_late", self)

    def __call__(self) -> bool:
        self.made += 1
        return self._late()


@contextmanager
def calls_bounded(query: bytes) -> Iterator[None]:
    """Fails when functions are called too often inside."""
    calls = 0

    def count(frame: object, event: str, argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        yield
    finally:
        sys.setprofile(None)
    assert calls < MOST_CALLS, query


def searches_text(criterion: Criterion) -> bool:
    """Python's own regular expressions, which the oracle uses, would hang where the product does not."""
    return "MATCHES" in repr(criterion)
