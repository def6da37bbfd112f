"""`tmf-facade warehouse` as an operator runs it, and questions to its file."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from facade.cli import main
from facade.warehouse.asking import ask, note_of
from facade.warehouse.tables import STATE_TABLES
from tests.support.product import ROOT
from tests.support.waiting import LONG, until

REACHED = "SELECT number, assets_read >= (SELECT coalesce(max(number), 0) FROM asset_loads) FROM stream"


class Warehouse:
    """A file, and the commands that use it. `running` starts the process that owns it."""

    def __init__(self, folder: Path, source: str, **environment: str) -> None:
        self.path = folder / "warehouse.duckdb"
        self.log = folder / "warehouse.log"
        self.source = source
        self._settings = {"WAREHOUSE_FILE": str(self.path), "STATE_DIR": str(folder), "LOG_LEVEL": "debug"}
        self._settings |= {"PYTHONWARNINGS": "ignore", **environment}

    @contextmanager
    def running(self, source: str = "") -> Iterator[subprocess.Popen[bytes]]:
        """The process, once it answers. Asked to stop at the end."""
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "facade.cli", "warehouse", "run"],
                cwd=ROOT,
                env={**os.environ, **self._environment(source)},
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        try:
            until(lambda: self._answers(process), self.log.read_text)
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(LONG)

    def command(self, *words: str) -> Result:
        """In this process, because a start takes a while."""
        return CliRunner().invoke(main, ["warehouse", *words], env=self._environment())

    def rows(self, statement: str) -> list[list[Any]]:
        return ask(self.path, [statement], 100_000, LONG)[0].rows

    def until_number(self, number: int) -> None:
        """Until all events up to this one are stored, and the assets that they say were loaded."""

        def reached() -> bool:
            [[stored, complete]] = self.rows(REACHED)
            return bool(stored >= number and complete)

        until(reached, self.log.read_text)

    def state(self, up_to: int) -> list[list[list[Any]]]:
        """All rows that follow from the events up to this number."""
        assert self.rows("SELECT max(number) FROM events") == [[up_to]]
        return [self.rows(f"FROM {table} ORDER BY ALL") for table in STATE_TABLES]

    def _answers(self, process: subprocess.Popen[bytes]) -> bool:
        assert process.poll() is None, self.log.read_text()
        return note_of(self.path).exists()

    def _environment(self, source: str = "") -> dict[str, str]:
        return {**self._settings, "WAREHOUSE_SOURCE": source or self.source}
