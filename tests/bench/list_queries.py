"""`python -m tests.bench.list_queries`: what reads of a long list cost, with few orders stored and with many.

Documents are cloned by the database from a few hundred real ones, each customer having about twenty orders. Both
databases are read in turn. Prints medians and ratios as Markdown; it measures and never fails by it.
"""

import itertools
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import click
import orjson
import sqlalchemy as sa

from adapters.persistence import migrations
from adapters.persistence.database import Database
from adapters.persistence.reads import SqlReads
from adapters.persistence.tables import documents
from canonical.ordering.order import ORDERS
from canonical.shared.reader import Reader
from facade.tmf.query.listing import read_listing
from tests.bench.report import mark, table
from tests.support.postgres import execute, running_postgres
from tests.unit.query.sample import ATTRIBUTES
from tests.unit.query.stored import INDEX, insert

SEEDED = 200
ORDERS_OF_A_CUSTOMER = 20
STATES = ("acknowledged", "inProgress", "held", "completed", "failed")
GOLDEN = Path(__file__).parents[2] / "fixtures/golden/tmf622/v5/50-every-kind-of-attribute.response.json"

FILTER = "state=held&relatedParty.partyOrPartyRole.id=C-00001"
QUERIES = {
    "filter on state + customer": FILTER,
    "the same by JSONPath": "state=held&filter=$.relatedParty[?(@.role=='Customer'"
    "%26%26@.partyOrPartyRole.id=='C-00001')]",
    "first page": "",
    "first page of one state": "state=held",
    "page 2,000 by creationDate": "sort=-creationDate&offset=39980",
    "page 100 by creationDate": "sort=creationDate&offset=1980",
    "filter without an index": "note.author=Nobody",
    "regular expression without an index": "description.regex=(a|b)%2Bc$",
    "sort without an index": "sort=priority",
}
"""The name shown, and the query string. `limit` is the default of 20."""


AIMED_AT = ("by id", "filter on state + customer")
AIM = 2.0
"""What these may cost with the most orders, as a multiple of what they cost with the fewest."""
SIZES = (1_000, 200_000)
DATABASES = ("sqlite", "postgres")
SLOW = "without an index"
SLOW_ROUNDS = 3


@click.command()
@click.option("--orders", default="1000,200000", show_default=True, help="How many are stored, with commas.")
@click.option("--rounds", default=40, show_default=True, type=click.IntRange(min=1))
@click.option("--only", default=",".join(DATABASES), show_default=True)
def main(orders: str, rounds: int, only: str) -> None:
    """Measure reads of the list on both databases."""
    for name in only.split(","):
        click.echo("\n" + compare(name, [int(size) for size in orders.split(",")], rounds))


def compare(name: str, sizes: Sequence[int] = SIZES, rounds: int = 40) -> str:
    """A table of what each read costs on one database, with each number of orders."""
    with databases_with(name, sizes, fill) as databases:
        taken = [reads_of(database, rounds) for database in databases]
        rows = []
        for read in taken[0]:
            medians = alternated([reads[read] for reads in taken], SLOW_ROUNDS if SLOW in read else rounds)
            ratio = medians[-1] / medians[0]
            aim = f" {mark(ratio <= AIM, f'≤ {AIM:g} ×')}" if read in AIMED_AT else ""
            rows.append([read, *(f"{one:.2f}" for one in medians), f"**{ratio:.2f} ×**{aim}"])
    heads = (f"{name}, median ms", *(f"{size:,} orders" for size in sizes), "ratio")
    return table(heads, rows)


def reads_of(database: Database, ids: int) -> dict[str, Callable[[], Any]]:
    queries = SqlReads(database, search_seconds=60)
    with database.reading() as connection:
        known = itertools.cycle(list(connection.scalars(sa.select(documents.c.id).limit(ids))))
    reads: dict[str, Callable[[], Any]] = {"by id": lambda: queries.document(ORDERS, next(known), Reader("acme"))}
    for name, text in QUERIES.items():
        reads[name] = partial(listed, queries, text)
    return reads


def alternated(reads: Sequence[Callable[[], Any]], rounds: int) -> list[float]:
    """Milliseconds of each, medians of rounds in which they take turns, the first half not counted."""
    taken: list[list[float]] = [[] for _ in reads]
    for _ in range(2 * rounds):
        for read, times in zip(reads, taken, strict=True):
            times.append(timed(read))
    return [statistics.median(times[rounds:]) for times in taken]


def listed(queries: SqlReads, text: str) -> None:
    wanted = read_listing(text.encode(), ATTRIBUTES, "ProductOrder")
    queries.documents(ORDERS, INDEX, Reader("acme"), wanted.page.slice, wanted.criterion, wanted.sort)


def timed(read: Callable[[], Any]) -> float:
    began = time.perf_counter()
    read()
    return (time.perf_counter() - began) * 1000


@contextmanager
def databases_with(name: str, sizes: Iterable[int], fill: Callable[[Database, int], None]) -> Iterator[list[Database]]:
    """Databases of their own, each filled with so many."""
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="list-bench-")))
        if name == "sqlite":
            addresses = [f"sqlite:///{directory}/{size}.db" for size in sizes]
        else:
            server = stack.enter_context(running_postgres())
            addresses = []
            for size in sizes:
                execute(server, f"CREATE DATABASE bench_{size}")
                addresses.append(server.set(database=f"bench_{size}").render_as_string(hide_password=False))
        databases = [Database(address, seconds=600) for address in addresses]
        for database, size in zip(databases, sizes, strict=True):
            stack.callback(database.close)
            fill(database, size)
        yield databases


def fill(database: Database, size: int) -> None:
    migrations.upgrade(database)
    chance = random.Random(622)
    golden = orjson.loads(GOLDEN.read_bytes())["ACKNOWLEDGED"]
    seeded = min(size, SEEDED)
    with database.writing() as connection:
        for number in range(seeded):
            document = {**golden, "id": f"{number:036d}", "state": chance.choice(STATES)}
            document["relatedParty"] = [
                {"role": "Customer", "partyOrPartyRole": {"id": f"C-{number // ORDERS_OF_A_CUSTOMER:05d}"}}
            ]
            document["creationDate"] = f"2026-05-03T12:{number // 60 % 60:02d}:{number % 60:02d}.000Z"
            insert(connection, document)
        clone(connection, seeded, size)
        connection.commit()
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text("ANALYZE" if database.sqlite else "VACUUM ANALYZE"))


def clone(connection: sa.Connection, seeded: int, size: int) -> None:
    """Copies with ids, customers and years of their own. The first customers stay those of the seed."""
    values = {"last": size // seeded - 1}
    connection.execute(sa.text(f"{_COPIES} {_CLONED_DOCUMENTS}"), values)
    connection.execute(sa.text(f"{_COPIES} {_CLONED_TERMS}"), values)


_COPIES = "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < :last)"
_CLONED_DOCUMENTS = """
INSERT INTO documents (resource, id, owner, customer_id, state, shown_state, created_at, changed_at, version, carried,
    aggregate, document)
SELECT d.resource, PADDED || substr(d.id, 6), d.owner, d.customer_id, d.state, d.shown_state,
    YEAR || substr(d.created_at, 5), d.changed_at, 1, '{}', '{}',
    replace(replace(replace(d.document, d.id, PADDED || substr(d.id, 6)), '"C-', '"C' || PADDED || '-'),
        '"creationDate":"2026', '"creationDate":"' || YEAR)
FROM documents d, n
""".replace("PADDED", "substr('00000' || n.n, length('00000' || n.n) - 4)").replace("YEAR", "'20' || (10 + n.n % 80)")
_CLONED_TERMS = """
INSERT INTO terms (resource, path, value, id)
SELECT d.resource, d.path, CASE WHEN d.path LIKE 'related%' THEN replace(d.value, 'C-', 'C' || PADDED || '-')
    WHEN d.path LIKE 'external%' THEN d.value || n.n ELSE d.value END, PADDED || substr(d.id, 6)
FROM terms d, n
""".replace("PADDED", "substr('00000' || n.n, length('00000' || n.n) - 4)")


if __name__ == "__main__":
    main()
