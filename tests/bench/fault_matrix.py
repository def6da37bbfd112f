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
"""Longest recovery time in seconds, on a machine without other work."""

BY_DEFAULT = tuple(replace(fault, always=fault.always and "slow" not in fault.name) for fault in FAULTS)
"""With the default timeouts, the product waits for a backend that takes 5 s."""

HEAD = """# Fault matrix

This page shows what each operation of the portal answers while one backend fails.
`.venv/bin/python -m tests.bench.fault_matrix` runs the matrix and writes the page. `tests/e2e/test_fault_matrix.py`
runs the same matrix. It fails if an answer is not declared or not true, if an effect happens twice or belongs to no
order, if threads or calls remain, or if the product does not recover. The command also fails if the recovery takes
longer than {within:.0f} s.

In each cell, each operation is called twice at the same time, or six times if the fault hits only some calls
(subscriptions: three times). Different answers are separated by a comma. The time is the recovery time: from the end of
the fault until the order is confirmed, each effect exists once, and every part is readable. "Dropped answer" drops the
answers of calls that change something; if the operation makes no such call to the backend, it drops the answers of all
calls. "Contradicting answers" have other ids than those of the call, in every field with an id.

"Clock stepped" sets the wall clock of the product, just before the backend works again, while its orders wait.

`202` and `503 STILL_WORKING` mean that the request was accepted: it goes on by itself and is done after the end of the
fault.
For any other 503, nothing was done and nothing goes on.

The matrix runs twice. The tests use short timeouts:

{settings}

The second run uses the defaults. If a call is sent just before a hang ends, it ends only after `BACKEND_READ_TIMEOUT`.
With the default of 10 s, an order can take that much longer to go on than the tables show.
"""


DATABASE = """## The database

These tables show what the same operations answer while the database fails. The same command writes them with `--only
database`; `tests/e2e/test_database_matrix.py` runs them.

- Locked: another connection holds SQLite's write lock, or exclusive locks on all tables of PostgreSQL.
- Disk full: the product can write to no file, not even its log, or PostgreSQL reports a full disk.
- Frozen: all processes of PostgreSQL are stopped, and its connections stay open.

The order in flight was placed before the fault; its charge was taken and not answered. During the fault, liveness is
200 and readiness 503. The settings are those of the short timeouts, and

    DATABASE_TIMEOUT={timeout}

For `DATABASE_UNAVAILABLE` and `DATABASE_NOT_WRITABLE`, nothing was done and nothing goes on.
"""


def page(impatient: Results, by_default: Results) -> str:
    """The part about backends."""
    settings = "\n".join(f"    {name}={value}" for name, value in IMPATIENT.items())
    head = HEAD.format(within=RECOVERS_WITHIN, settings=settings)
    return "\n".join([head, *_part("Short timeouts", impatient), "", *_part("Default timeouts", by_default), ""])


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
        yield f"Calls {', '.join(backend for backend in BACKENDS if backend in operation.needs)}.\n"
        rows = [
            [fault.name, *(_shown(results[backend, fault.name, operation.name]) for backend in BACKENDS)]
            for fault in FAULTS
        ]
        yield table(["", *BACKENDS], rows) + "\n"


def _sum(results: Results) -> str:
    slowest = max(_seconds(cell) for cell in results.values())
    wrong = sum(bool(cell.wrong) for cell in results.values())
    return f"{len(results)} cells, {wrong} with something wrong; the slowest recovered after {slowest:.1f} s."


def _shown(cell: Cell) -> str:
    answers = ", ".join(dict.fromkeys(asked.shown for asked in cell.asked))
    after = "no recovery" if cell.recovered is None else f"{cell.recovered:.1f} s"
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
