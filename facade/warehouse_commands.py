"""`tmf-facade warehouse`: history and metrics in a DuckDB file, fed by the events of a running product."""

import csv
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import wraps
from importlib.util import find_spec
from pathlib import Path
from types import FrameType
from typing import Any
from urllib.parse import urlsplit

import click
import structlog

from canonical.shared import jsontext
from facade.command_line import progress_bar
from facade.security.settings import PRODUCTION
from facade.settings import Settings

EXTRA = ("duckdb", "pygal")
INSTALL = "install the extra with `pip install --constraint deploy/constraints.txt '.[warehouse]'`"
PRIVATE = 0o077
"""The file has customers' data: nobody but its owner reads it."""

log = structlog.get_logger()


@click.group()
def warehouse() -> None:
    """History and metrics of all orders and products, in a file of its own (docs/warehouse.md)."""
    if missing := [name for name in EXTRA if find_spec(name) is None]:
        raise click.ClickException(f"the warehouse needs {' and '.join(missing)}: {INSTALL}")


def _told_trouble(command: Callable[..., None]) -> Callable[..., None]:
    """What the warehouse cannot do, in one line."""

    @wraps(command)
    def told(*values: Any, **options: Any) -> None:
        from facade.warehouse.errors import WarehouseError  # noqa: PLC0415 - the extra may be missing

        try:
            command(*values, **options)
        except WarehouseError as error:
            raise click.ClickException(str(error)) from error

    return told


@warehouse.command()
@click.pass_obj
@_told_trouble
def run(settings: Settings) -> None:
    """Read the product's events into WAREHOUSE_FILE, on and on, and answer queries.

    Continues where it stopped. One process owns the file. Ctrl-C stops it.
    """
    from facade.warehouse.asking import answering  # noqa: PLC0415 - the extra may be missing
    from facade.warehouse.feed import Feed  # noqa: PLC0415
    from facade.warehouse.following import follow  # noqa: PLC0415
    from facade.warehouse.store import Store, when_free  # noqa: PLC0415

    feed, path = Feed(_source(settings)), _made(settings)
    with (
        _owning(),
        closing(
            when_free(lambda: Store(path, source=feed.source.url, memory_mb=settings.warehouse_memory_mb))
        ) as store,
        answering(store, settings.warehouse_query_seconds),
    ):
        log.info("the warehouse reads", file=str(store.path), source=feed.source.url, after=store.number)
        for taken in follow(store, feed, settings.warehouse_chunk):
            log.debug("events stored", new=taken.new, number=taken.number, last=taken.last)


@warehouse.command()
@click.pass_obj
@_told_trouble
def rebuild(settings: Settings) -> None:
    """Make WAREHOUSE_FILE again from the first event of the product.

    The old file stays until the new one is complete. Stop `tmf-facade warehouse run` before.
    """
    from facade.warehouse.feed import Feed  # noqa: PLC0415 - the extra may be missing
    from facade.warehouse.following import rebuild as rebuilt  # noqa: PLC0415

    feed, path = Feed(_source(settings)), _made(settings)
    with _owning(), progress_bar(None) as told:
        taken = rebuilt(
            path, feed, settings.warehouse_chunk, settings.warehouse_memory_mb, lambda done: told(done.number)
        )
    click.echo(f"{path} has all events up to number {taken.number:,}")


@warehouse.command()
@click.argument("sql")
@click.option("--format", "form", type=click.Choice(["table", "csv", "json"]), default="table", show_default=True)
@click.option("--rows", default=1000, show_default=True, type=click.IntRange(1, 1_000_000), help="Most rows to print.")
@click.pass_obj
@_told_trouble
def query(settings: Settings, sql: str, form: str, rows: int) -> None:
    """Print what a query in SQL finds; `-` reads it from the standard input.

    Asks the running `tmf-facade warehouse run`, or opens the file. A query cannot change anything.
    """
    from facade.warehouse.asking import ask  # noqa: PLC0415 - the extra may be missing

    text = sys.stdin.read() if sql == "-" else sql
    with _private():
        answer = ask(settings.warehouse_path, [text], rows, settings.warehouse_query_seconds)[0]
    WRITERS[form](answer.columns, answer.rows)
    if answer.more:
        click.echo(f"only the first {rows:,} rows are here: --rows takes more", err=True)


@warehouse.command()
@click.argument("path", metavar="[FILE]", default="warehouse-report.html", type=click.Path(path_type=Path))
@click.pass_obj
@_told_trouble
def report(settings: Settings, path: Path) -> None:
    """Write a page about orders and products to FILE (warehouse-report.html), or with `-` to the standard output.

    The page has charts and numbers, and loads nothing from elsewhere.
    """
    from facade.warehouse.asking import ask  # noqa: PLC0415 - the extra may be missing
    from facade.warehouse.report import QUERIES, ROWS, page  # noqa: PLC0415

    with _private():
        answers = ask(settings.warehouse_path, QUERIES, ROWS, settings.warehouse_query_seconds)
    text = page(answers)
    if path == Path("-"):
        click.echo(text, nl=False)
        return
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise click.ClickException(f"{path} cannot be written: {error.strerror}") from error
    click.echo(f"{path} is written")


def _source(settings: Settings) -> Any:
    from facade.warehouse.feed import Source  # noqa: PLC0415 - the extra may be missing

    if settings.mode == PRODUCTION and settings.warehouse_secret == Settings.warehouse_secret:
        raise click.ClickException("WAREHOUSE_SECRET must be set in production")
    url = (settings.warehouse_source or f"http://127.0.0.1:{settings.port}").rstrip("/")
    token_url = settings.warehouse_token_url or f"{url}/oauth/token"
    for variable, address in (("WAREHOUSE_SOURCE", url), ("WAREHOUSE_TOKEN_URL", token_url)):
        if "@" in urlsplit(address).netloc:  # the report and the log show the address
            raise click.ClickException(
                f"{variable} has a user or a password: use WAREHOUSE_CLIENT and WAREHOUSE_SECRET instead"
            )
    return Source(url, token_url, settings.warehouse_client, settings.warehouse_secret, settings.warehouse_ca_bundle)


def _made(settings: Settings) -> Path:
    """The path of the file, in a folder that exists."""
    path = settings.warehouse_path
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise click.ClickException(f"WAREHOUSE_FILE: {path.parent} cannot be made: {error.strerror}") from error
    return path


@contextmanager
def _private() -> Iterator[None]:
    """Nobody else reads the files that are made here, also those of a large query."""
    mask = os.umask(PRIVATE)
    try:
        yield
    finally:
        os.umask(mask)


@contextmanager
def _owning() -> Iterator[None]:
    """Files are private. SIGTERM and Ctrl-C are no errors: what was not committed is read again."""
    asked: list[int] = []

    def stop(number: int, _: FrameType | None) -> None:
        asked.append(number)
        raise KeyboardInterrupt

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        with _private():
            yield
    except (KeyboardInterrupt, RuntimeError):  # DuckDB raises RuntimeError for an interrupted statement
        if not asked:
            raise
        raise click.exceptions.Exit(0) from None
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _write_table(columns: list[str], rows: list[list[Any]]) -> None:
    """Aligned, numbers to the right."""
    texts = [["" if value is None else _printable(_text(value)) for value in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(columns, *texts, strict=True)]
    numeric = [all(value is None or _is_number(value) for value in column) for column in zip(*rows, strict=True)]
    numeric = numeric or [False] * len(columns)
    for row in (columns, ["-" * width for width in widths], *texts):
        cells = zip(row, widths, numeric, strict=True)
        line = "  ".join(cell.rjust(width) if number else cell.ljust(width) for cell, width, number in cells)
        click.echo(line.rstrip())


def _write_csv(columns: list[str], rows: list[list[Any]]) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([["" if value is None else _text(value) for value in row] for row in rows])


def _write_json(columns: list[str], rows: list[list[Any]]) -> None:
    if twice := sorted({name for name in columns if columns.count(name) > 1}):
        raise click.ClickException(f"several columns are named {', '.join(twice)}: give them names with AS")
    for row in rows:
        click.echo(jsontext.text(dict(zip(columns, row, strict=True))))


WRITERS = {"table": _write_table, "csv": _write_csv, "json": _write_json}


def _is_number(value: Any) -> bool:
    return not isinstance(value, str | bool | list | dict)


def _printable(text: str) -> str:
    """Without what a terminal would obey."""
    return "".join(one if one.isprintable() or one == "\n" else "�" for one in text)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else jsontext.text(value)
