"""`python -m tests.bench`: prints medians and ratios of one run, as Markdown. It measures and never fails by it."""

import os
import tempfile
import time
from pathlib import Path

import click

from tests.bench import (
    answer_checks,
    apart,
    catalog_import,
    catalog_reads,
    composite_reads,
    hostile_bodies,
    http_parsers,
    list_queries,
    product_orders,
    report,
    slow_backends,
    stopped_database,
    streams,
    translation,
    whole_orders,
)

MEASURES = (
    "post",
    "get",
    "orders",
    "apart",
    "latency",
    "checks",
    "reads",
    "slow",
    "stopped",
    "translation",
    "lists",
    "catalog",
    "import",
    "streams",
    "http",
    "bodies",
)


@click.command()
@click.option("--only", default=",".join(MEASURES), help=f"Which of {', '.join(MEASURES)}; with commas.")
@click.option("--rounds", default=5, show_default=True, type=click.IntRange(min=1))
@click.option("--database", default="sqlite", show_default=True, type=click.Choice(["sqlite", "postgres"]))
def main(only: str, rounds: int, database: str) -> None:
    """Measure the product against plain baselines."""
    wanted = only.split(",")
    if unknown := set(wanted) - set(MEASURES):
        raise click.BadParameter(f"unknown: {', '.join(sorted(unknown))}", param_hint="--only")
    began = time.monotonic()
    comparisons: list[report.Comparison] = []
    overhead = None
    checks = None
    reads: list[composite_reads.Composite] = []
    slow: list[slow_backends.Held] = []
    edge: list[str] = []
    with tempfile.TemporaryDirectory(prefix="facade-bench-") as kept:
        directory = Path(kept)
        if {"post", "get"} & set(wanted):
            click.echo("measuring TMF622 POST and GET …", err=True)
            comparisons += product_orders.compare(wanted, rounds, database, _made(directory / "held"))
        if {"orders", "latency", "checks"} & set(wanted):
            with whole_orders.running(database, _made(directory / "whole")) as sides:
                if "orders" in wanted:
                    click.echo("measuring whole orders …", err=True)
                    comparisons += whole_orders.compare(rounds, sides)
                if "latency" in wanted:
                    click.echo("measuring the latency of whole orders …", err=True)
                    overhead = whole_orders.overhead(rounds, sides)
                if "checks" in wanted:
                    click.echo("measuring the checks of backends' answers …", err=True)
                    checks = answer_checks.compare(rounds, sides)
        if "apart" in wanted:
            click.echo("measuring POST while processes run …", err=True)
            edge.append(report.table(apart.HEADS, apart.table_rows(database, _made(directory / "apart"), rounds)))
        if "reads" in wanted:
            click.echo("measuring reads of several backends …", err=True)
            reads = composite_reads.measure(database, _made(directory / "reads"), rounds)
        if "slow" in wanted:
            click.echo("measuring with backends that hang or are slow …", err=True)
            slow = slow_backends.measure(database, _made(directory / "slow"), rounds)
        if "stopped" in wanted:
            click.echo("measuring beside a database that answers nobody …", err=True)
            edge += stopped_database.tables(_made(directory / "stopped"))
        if "http" in wanted:
            click.echo("measuring ways to read HTTP …", err=True)
            edge.append(report.table(http_parsers.HEADS, http_parsers.compare(rounds, _made(directory / "http"))))
        if "bodies" in wanted:
            click.echo("measuring waits beside hostile bodies …", err=True)
            edge.append(
                report.table(hostile_bodies.HEADS, hostile_bodies.measure(database, _made(directory / "bodies")))
            )
    click.echo(report.machine(database, os.cpu_count() or 1, rounds))
    if comparisons:
        click.echo("\n" + report.table(report.COMPARISON_HEADS, [one.row() for one in comparisons]))
    if overhead:
        click.echo("\n" + report.table(report.OVERHEAD_HEADS, [overhead.row()]))
    if checks:
        click.echo("\n" + report.table(answer_checks.HEADS, [checks.row()]))
    if reads:
        click.echo("\n" + report.table(composite_reads.HEADS, [one.row() for one in reads]))
    if slow:
        click.echo("\n" + report.table(slow_backends.HEADS, [one.row() for one in slow]))
    for one in edge:
        click.echo("\n" + one)
    if {"post", "get"} & set(wanted):
        click.echo("\nIn the bare Connexion app's copy of the contract no operation asks for a token.")
    if "translation" in wanted:
        click.echo("measuring contract, bridge and mapper …", err=True)
        click.echo("\n" + translation.compare())
    for name in list_queries.DATABASES if "lists" in wanted else ():
        click.echo(f"measuring reads of long lists on {name} …", err=True)
        click.echo("\n" + list_queries.compare(name))
    for name in list_queries.DATABASES if "catalog" in wanted else ():
        click.echo(f"measuring reads of the catalog on {name} …", err=True)
        click.echo("\n" + catalog_reads.compare(name))
    for name in catalog_import.DATABASES if "import" in wanted else ():
        click.echo(f"measuring imports on {name} …", err=True)
        click.echo("\n" + catalog_import.measure(name))
    if "streams" in wanted:
        click.echo("measuring publishing to brokers …", err=True)
        click.echo("\n" + streams.measure())
    for warning in report.failures(comparisons) + composite_reads.failures(reads):
        click.echo(warning)
    click.echo(f"took {time.monotonic() - began:.0f} s", err=True)


def _made(directory: Path) -> Path:
    directory.mkdir()
    return directory


if __name__ == "__main__":
    main()
