"""`make torture`: minutes of random faults of all kinds; fails when an order is lost, stuck, doubled or not as told."""

import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

import click
import sqlalchemy as sa

from tests.bench.report import table
from tests.support.postgres import running_server
from tests.support.torture import Torment, torture


@click.command()
@click.option("--minutes", default=10.0, show_default=True, help="How long the faults go on.")
@click.option("--seed", type=int, help="That of an earlier run has the same faults at the same moments.")
@click.option("--database", default="sqlite", show_default=True, type=click.Choice(["sqlite", "postgresql"]))
@click.option("--keep", is_flag=True, help="Keep logs and databases, and say where they are.")
def main(minutes: float, seed: int | None, database: str, keep: bool) -> None:
    """Torture the product: one node on SQLite, two on PostgreSQL."""
    torment = Torment(minutes * 60, int(time.time()) if seed is None else seed)
    click.echo(f"seed {torment.seed}", err=True)
    with _folder(keep) as kept, _server(kept, database) as server:
        report = torture(kept, torment, server)
    for head, counted in (("fault", report.faults), ("answer", report.answers), ("in the end", report.ended)):
        click.echo(table([head, "times"], [[name, str(times)] for name, times in sorted(counted.items())]) + "\n")
    if report.wrong:
        click.echo(report.shown, err=True)
    click.echo(f"{len(report.wrong)} things wrong")
    sys.exit(bool(report.wrong))


@contextmanager
def _folder(keep: bool) -> Iterator[Path]:
    if not keep:
        with tempfile.TemporaryDirectory(prefix="facade-torture-") as kept:
            yield Path(kept)
        return
    kept = tempfile.mkdtemp(prefix="facade-torture-")
    click.echo(f"logs and databases are in {kept}", err=True)
    yield Path(kept)


def _server(kept: Path, database: str) -> AbstractContextManager[sa.URL | None]:
    return running_server() if database == "postgresql" else nullcontext()


if __name__ == "__main__":
    main()
