"""`python -m tests.bench.catalog_reads`: what reads of the catalog cost, with few offerings and with many.

Offerings are cloned by the database from a few hundred real ones. Both databases are read in turn. Prints medians and
ratios as Markdown; it measures and never fails by it.
"""

import itertools
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

import click
import sqlalchemy as sa

from adapters.persistence import migrations
from adapters.persistence.database import Database
from adapters.persistence.reads import SqlReads
from adapters.persistence.tables import documents
from adapters.persistence.unit_of_work import SqlUnitOfWork
from canonical.catalog.commands import CreateItem
from canonical.catalog.handlers import create_item
from canonical.catalog.item import Definition
from canonical.catalog.lifecycle import LifecycleStatus
from canonical.catalog.offering import OFFERINGS, OfferingContents
from canonical.catalog.references import Reference
from canonical.catalog.words import having
from canonical.shared.editions import Named
from canonical.shared.paging import Slice
from canonical.shared.reader import ALL
from facade.app import spec_of
from facade.bootstrap.declared import projectors
from facade.clock import SystemClock
from facade.identities import SortableIdentities
from facade.portal.catalog_reads import INDEX
from facade.tmf.query.attributes import SchemaAttributes
from facade.tmf.query.listing import read_listing
from facade.tmf.tmf620.api import TMF620
from tests.bench.list_queries import DATABASES, alternated, databases_with
from tests.bench.report import mark, table

FEWEST, MOST = 60, 100_000
SIZES = (FEWEST, MOST)
SEEDED = 500
BRANDS = ("Fibre", "Mobile", "Television", "Static IP", "Router")
STATUSES = (LifecycleStatus.LAUNCHED, LifecycleStatus.ACTIVE, LifecycleStatus.RETIRED, LifecycleStatus.IN_STUDY)
RESOURCE = TMF620.resource("productOffering")
ATTRIBUTES = SchemaAttributes(spec_of(TMF620.versions["v5"].spec), RESOURCE.schema, RESOURCE.addresses)
AIMS = {"by id": 1.2, "category and status": 2.0, "two words": 2.0}
"""What these may cost with the most offerings, as a multiple of what they cost with the fewest."""


@click.command()
@click.option("--rounds", default=40, show_default=True, type=click.IntRange(min=1))
@click.option("--only", default=",".join(DATABASES), show_default=True)
def main(rounds: int, only: str) -> None:
    """Measure reads of the catalog on both databases."""
    for name in only.split(","):
        click.echo("\n" + compare(name, rounds))


def compare(name: str, rounds: int = 40) -> str:
    """A table of what each read costs on one database, with each number of offerings."""
    with databases_with(name, SIZES, fill) as databases:
        taken = [reads_of(database) for database in databases]
        rows = []
        for read in taken[0]:
            medians = alternated([reads[read] for reads in taken], rounds)
            ratio = medians[-1] / medians[0]
            aim = f" {mark(ratio <= AIMS[read], f'≤ {AIMS[read]:g} ×')}" if read in AIMS else ""
            rows.append([read, *(f"{one:.2f}" for one in medians), f"**{ratio:.2f} ×**{aim}"])
    return table((f"{name}, median ms", *(f"{size:,} offerings" for size in SIZES), "ratio"), rows)


def reads_of(database: Database) -> dict[str, Callable[[], Any]]:
    reads, at = SqlReads(database, search_seconds=60), datetime.now(UTC)
    with database.reading() as connection:
        chosen = sa.select(documents.c.reference).where(documents.c.resource == OFFERINGS.name).limit(60)
        known = itertools.cycle([str(one) for one in connection.scalars(chosen)])

    def listed(query: str, remembering: bool = True) -> None:
        wanted = read_listing(query.encode(), ATTRIBUTES, RESOURCE.name)
        reader = reads if remembering else SqlReads(database, search_seconds=60)
        reader.documents(OFFERINGS, RESOURCE.index, ALL, wanted.page.slice, wanted.criterion, wanted.sort, at)

    return {
        "by id": lambda: reads.document(OFFERINGS, Named(next(known), at), ALL),
        "category and status": partial(listed, "category.id=c8&lifecycleStatus=Launched"),
        "category and status, none has both": partial(listed, "category.id=c7&lifecycleStatus=Launched"),
        "two words": lambda: reads.found(OFFERINGS, INDEX, ALL, Slice(0, 20), having("fib first"), at),
        "status only": partial(listed, "lifecycleStatus=Launched"),
        "status only, first time after a change": partial(listed, "lifecycleStatus=Launched", remembering=False),
    }


def fill(database: Database, size: int) -> None:
    migrations.upgrade(database)
    seeded, clock, identities = min(size, SEEDED), SystemClock(), SortableIdentities()
    with SqlUnitOfWork(database, projectors(), clock) as work:
        for number in range(seeded):
            contents = OfferingContents(
                name=f"{BRANDS[number % len(BRANDS)]} n{number}{' first' if number < FEWEST else ''}",
                description="Sold everywhere.",
                categories=(Reference(f"c{number % 100}"),),
                channels=(Reference("web"), Reference("shop")),
            )
            definition = Definition(contents, status=STATUSES[number % len(STATUSES)])
            create_item(CreateItem(OFFERINGS, "bench", definition, f"po-{number:05d}"), work, clock, identities)
        work.commit()
    with database.writing() as connection:
        values = {"last": max((size - seeded) // max(seeded - FEWEST, 1), 0)}
        if values["last"]:
            connection.execute(sa.text(f"{_COPIES} {_CLONED_DOCUMENTS}"), values)
            connection.execute(sa.text(f"{_COPIES} {_CLONED_TERMS}"), values)
        connection.commit()
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text("ANALYZE" if database.sqlite else "VACUUM ANALYZE"))


_COPIES = "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < :last)"
_PADDED = "substr('00000' || n.n, length('00000' || n.n) - 4)"
_CLONED_DOCUMENTS = """
INSERT INTO documents (resource, id, owner, customer_id, reference, state, shown_state, created_at, changed_at, version,
    carried, aggregate, document, edition, shown_from, shown_until)
SELECT d.resource, PADDED || substr(d.id, 6), d.owner, d.customer_id, d.reference || PADDED, d.state,
    d.shown_state, d.created_at, d.changed_at, 1, '{}', replace(d.aggregate, d.reference, d.reference || PADDED),
    replace(d.document, d.reference, d.reference || PADDED), d.edition, d.shown_from, d.shown_until
FROM documents d, n WHERE d.resource = 'offering' AND d.document NOT LIKE '% first"%'
""".replace("PADDED", _PADDED)
_CLONED_TERMS = """
INSERT INTO terms (resource, path, value, id)
SELECT d.resource, d.path, d.value, PADDED || substr(d.id, 6) FROM terms d, n
WHERE d.resource = 'offering' AND d.id IN (SELECT id FROM documents WHERE document NOT LIKE '% first"%')
""".replace("PADDED", _PADDED)


if __name__ == "__main__":
    main()
