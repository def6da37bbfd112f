"""`python -m tests.bench.fault_matrix`: runs the fault matrix and writes its results to docs/fault-matrix.md."""

import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import click

from tests.bench.report import table
from tests.support import database_matrix
from tests.support.fault_matrix import DEFAULTS, IMPATIENT, Results, run
from tests.support.fault_operations import OPERATIONS
from tests.support.faults import BACKENDS, FAULTS, Cell
from tests.support.postgres import running_postgres
from tests.support.product import ROOT
from tests.support.waiting import LONG

PAGE = ROOT / "docs" / "fault-matrix.md"
RECOVERS_WITHIN = 10.0
"""Seconds after a fault's end, on a machine that does nothing else."""

BY_DEFAULT = tuple(replace(fault, always=fault.always and "slow" not in fault.name) for fault in FAULTS)
"""A backend that takes 5 s is waited for then."""

HEAD = """# Fault matrix

What each operation of the portal answers while one backend is in trouble, from a run of
`.venv/bin/python -m tests.bench.fault_matrix`, which writes this page. `tests/e2e/test_fault_matrix.py` runs the same
and fails when an answer is not declared or not true, when something is done twice or for nobody, when threads or calls
are left over, or when a cell does not get well again. This run fails when that takes longer than {within:.0f} s, too.

Each operation is called twice at once in every cell, and six times where only some calls fail (subscriptions: three).
Answers that differ are separated by a comma; the time is how long it took after the fault's end until everything was
well: the order confirmed, each effect there once, every part readable. The dropped answers are those of calls that
change something, where the backend has any that count here, and else those of all its calls. Answers about something
else name other ids than were asked for, in every field that has one.

Where the clock is stepped, that is the wall clock of the product: its orders wait for the backend, and it happens just
before the backend works again.

What is answered `503 STILL_WORKING` is accepted: it goes on by itself and is done after the fault's end. With any other
503 nothing was done and nothing goes on.

The matrix runs twice: impatient, as the tests do, with

{settings}

and with the defaults. A call that was sent into a hang just before the hang's end is given up only after
`BACKEND_READ_TIMEOUT`; with its default of 10 s an order can take that much longer to go on than the tables show.
"""


DATABASE = """## The database

What the same operations answer while the database is in trouble, from the same command with `--only database`;
`tests/e2e/test_database_matrix.py` runs it. Locked: somebody else holds SQLite's lock to write, or exclusive locks on
all tables of PostgreSQL. Disk full: the product can write to no file, its log included, or PostgreSQL reports a full
disk. Frozen: all processes of PostgreSQL are stopped, its connections stay open. The order in flight was placed before
the fault; its charge was taken and not answered. Liveness is 200 and readiness 503 meanwhile. The settings are those of
the impatient matrix, and

    DATABASE_TIMEOUT={timeout}

With `DATABASE_UNAVAILABLE` and `DATABASE_NOT_WRITABLE` nothing was done and nothing goes on.
"""


def page(impatient: Results, by_default: Results) -> str:
    """The part about backends."""
    settings = "\n".join(f"    {name}={value}" for name, value in IMPATIENT.items())
    head = HEAD.format(within=RECOVERS_WITHIN, settings=settings)
    return "\n".join([head, *_part("Impatient", impatient), "", *_part("With the defaults", by_default), ""])


def database_page(results: Results) -> str:
    """The part about the database."""
    operations = [*(operation.name for operation in OPERATIONS), database_matrix.IN_FLIGHT]
    rows = [
        [f"{fault}, {_NAMES[kind]}", *(_shown(results[kind, fault, operation]) for operation in operations)]
        for kind, faults in database_matrix.CELLS.items()
        for fault in faults
    ]
    head = DATABASE.format(timeout=database_matrix.SETTINGS["DATABASE_TIMEOUT"])
    return "\n".join([head, table(["", *operations], rows), "", _sum(results), ""])


_NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


def _part(name: str, results: Results) -> Iterator[str]:
    yield f"## {name}\n"
    yield from _tables(results)
    yield _sum(results)


def _tables(results: Results) -> Iterator[str]:
    for operation in OPERATIONS:
        yield f"### To {operation.name}\n"
        yield f"Asks {', '.join(backend for backend in BACKENDS if backend in operation.needs)}.\n"
        rows = [
            [fault.name, *(_shown(results[backend, fault.name, operation.name]) for backend in BACKENDS)]
            for fault in FAULTS
        ]
        yield table(["", *BACKENDS], rows) + "\n"


def _sum(results: Results) -> str:
    slowest = max(_seconds(cell) for cell in results.values())
    wrong = sum(bool(cell.wrong) for cell in results.values())
    return f"{len(results)} cells, {wrong} with something wrong; the slowest was well again after {slowest:.1f} s."


def _shown(cell: Cell) -> str:
    answers = ", ".join(dict.fromkeys(asked.shown for asked in cell.asked))
    after = "not well again" if cell.recovered is None else f"{cell.recovered:.1f} s"
    return f"{answers}; {after}" + (f" **{'; '.join(dict.fromkeys(cell.wrong))}**" if cell.wrong else "")


@click.command()
@click.option("--only", type=click.Choice(["backends", "database"]), help="Leave the other part of the page as it is.")
def main(only: str | None) -> None:
    """Run the matrix and write docs/fault-matrix.md. Fails when a cell is wrong."""
    began = time.monotonic()
    backends, database = _parts(PAGE.read_text())
    wrong = False
    with tempfile.TemporaryDirectory(prefix="facade-faults-") as kept:
        directory = Path(kept)
        if only != "database":
            impatient = run(directory / "impatient")
            by_default = run(directory / "default", DEFAULTS, BY_DEFAULT)
            backends = page(impatient, by_default)
            wrong |= _any_wrong(impatient) or _any_wrong(by_default)
        if only != "backends":
            with running_postgres() as server:
                results = database_matrix.run(directory / "database", server)
            database = database_page(results)
            wrong |= _any_wrong(results)
    PAGE.write_text(f"{backends}\n{database}")
    click.echo(f"wrote {PAGE} in {time.monotonic() - began:.0f} s", err=True)
    sys.exit(wrong)


def _parts(text: str) -> tuple[str, str]:
    """What the page says of backends, and of the database."""
    heading = DATABASE.partition("\n")[0]
    backends, _, database = text.partition(f"\n{heading}\n")
    return backends, f"{heading}\n{database}"


def _seconds(cell: Cell) -> float:
    return LONG if cell.recovered is None else cell.recovered


def _any_wrong(results: Results) -> bool:
    return any(cell.wrong or _seconds(cell) > RECOVERS_WITHIN for cell in results.values())


if __name__ == "__main__":
    main()
