"""`python -m tests.bench.asset_reads`: what reads of the installed base cost, with few assets and with many.

Assets are loaded as `tmf-facade assets load` does it, and the rate is printed. Both databases are read in turn. Prints
medians and ratios as Markdown; it measures and never fails by it.
"""

import itertools
import json
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import click
import sqlalchemy as sa

from adapters.persistence import migrations
from adapters.persistence.database import Database
from adapters.persistence.reads import SqlReads
from canonical.inventory.asset import ASSETS
from canonical.shared.criteria import Compare, Operator, PathStep
from canonical.shared.paging import Slice
from canonical.shared.reader import ALL
from facade.app import spec_of
from facade.bootstrap.assets import load
from facade.portal.assets import INDEX
from facade.tmf.query.attributes import SchemaAttributes
from facade.tmf.query.listing import read_listing
from facade.tmf.tmf637.api import PRODUCT, TMF637
from tests.bench.list_queries import DATABASES, alternated, databases_with
from tests.bench.report import mark, table

FEWEST = 1_000
FOR_EACH_CUSTOMER = 5
ATTRIBUTES = SchemaAttributes(spec_of(TMF637.versions["v5"].spec), PRODUCT.schema, PRODUCT.addresses)
AIMS = {"by id": 2.0, "by customer": 2.0, "by characteristic value": 3.0, "TMF637 by customer": 2.0}
"""What these may cost with the most assets, as a multiple of what they cost with the fewest."""


@click.command()
@click.option("--rounds", default=40, show_default=True, type=click.IntRange(min=1))
@click.option("--most", default=1_000_000, show_default=True, type=click.IntRange(min=FEWEST))
@click.option("--only", default=",".join(DATABASES), show_default=True)
def main(rounds: int, most: int, only: str) -> None:
    """Measure reads of the installed base on both databases."""
    for name in only.split(","):
        click.echo("\n" + compare(name, rounds, most))


def compare(name: str, rounds: int, most: int) -> str:
    """A table of what each read costs on one database, with each number of assets."""
    sizes = (FEWEST, most)
    with databases_with(name, sizes, fill) as databases:
        taken = [reads_of(database, size) for database, size in zip(databases, sizes, strict=True)]
        rows = []
        for read, aim in AIMS.items():
            medians = alternated([reads[read] for reads in taken], rounds)
            ratio = medians[-1] / medians[0]
            told = f"**{ratio:.2f} ×** {mark(ratio <= aim, f'≤ {aim:g} ×')}"
            rows.append([read, *(f"{one:.2f}" for one in medians), told])
    return table((f"{name}, median ms", *(f"{size:,} assets" for size in sizes), "ratio"), rows)


def reads_of(database: Database, size: int) -> dict[str, Callable[[], Any]]:
    reads, numbers = SqlReads(database, search_seconds=60), itertools.cycle(range(0, size, max(1, size // 97)))

    def by_id() -> Any:
        return reads.document(ASSETS, f"asset-{next(numbers)}", ALL)

    def found(path: str, text: Callable[[int], str]) -> Any:
        asked = Compare((PathStep(path),), Operator.EQUAL, (text(next(numbers)),))
        assets = reads.found(ASSETS, INDEX, ALL, Slice(0, 20), asked, None)
        assert assets.members, "the benchmark asks for what is there"

    def listed() -> None:
        query = f"relatedParty.partyOrPartyRole.id={_customer(next(numbers))}"
        wanted = read_listing(query.encode(), ATTRIBUTES, PRODUCT.name)
        reads.documents(ASSETS, PRODUCT.index, ALL, wanted.page.slice, wanted.criterion, wanted.sort)

    return {
        "by id": by_id,
        "by customer": partial(found, "customer", _customer),
        "by characteristic value": partial(found, "characteristic", lambda number: f"msisdn={_msisdn(number)}"),
        "TMF637 by customer": listed,
    }


def fill(database: Database, size: int) -> None:
    migrations.upgrade(database)
    with tempfile.TemporaryFile() as file:
        file.writelines(_lines(size))
        file.seek(0)
        begun = time.perf_counter()
        load(database, file, click.echo, lambda _: None)
        seconds = time.perf_counter() - begun
    if size > FEWEST:
        click.echo(f"{size:,} assets loaded, {size / seconds:,.0f} a second")
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text("ANALYZE" if database.sqlite else "VACUUM ANALYZE"))


def _lines(size: int) -> Iterator[bytes]:
    for number in range(size):
        contents = {
            "name": "Mobile M",
            "offering": {"id": f"po-{number % 50}", "version": "1", "name": "Mobile M"},
            "characteristics": [
                {"name": "msisdn", "value": _msisdn(number)},
                {"name": "simType", "value": "eSIM"},
            ],
            "prices": [{"type": "RECURRING", "amount": "19.90 EUR", "period": "month"}],
            "started_at": "2025-03-01T09:00:00Z",
        }
        line = {"id": f"asset-{number}", "customer": _customer(number), "contents": contents}
        yield json.dumps(line).encode() + b"\n"


def _customer(number: int) -> str:
    return f"C{number // FOR_EACH_CUSTOMER}"


def _msisdn(number: int) -> str:
    return f"+49170{number:08}"


if __name__ == "__main__":
    main()
