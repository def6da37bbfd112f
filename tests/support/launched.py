"""`tmf-facade run` as its users start it."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support.waiting import LONG, until

ROOT = Path(__file__).parents[2]
COMMAND = (sys.executable, "-m", "facade.cli")
LAST_LINE = "`make demo"


def free_ports(number: int) -> list[int]:
    with ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(number)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]


class Launched:
    """`tmf-facade run` on free ports, with what it printed.

    `command` starts `tmf-facade`, and `folder` is where it is started: usually those of this checkout.
    """

    def __init__(
        self, directory: Path, command: Sequence[str] = COMMAND, folder: Path = ROOT, **environment: str
    ) -> None:
        self.state = directory / "var"
        self.command, self.folder = list(command), folder
        port, backends_port, self.work_port, self.stream_port = free_ports(4)
        own = {"STATE_DIR": str(self.state), "PORT": str(port), "BACKENDS_PORT": str(backends_port)}
        own |= {"WORK_PORT": str(self.work_port), "STREAM_PORT": str(self.stream_port)}
        outer = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "BACKENDS_URL")}
        self.environment = {**outer, **own, **environment}
        self.ports = (port, backends_port)
        self.output = directory / "output.txt"
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [*self.command, "run"],
                cwd=self.folder,
                env=self.environment,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    @property
    def printed(self) -> str:
        return self.output.read_text()

    def until_ready(self) -> "Launched":
        until(lambda: LAST_LINE in self.printed or self.process.poll() is not None, lambda: self.printed)
        assert self.process.poll() is None, self.printed
        return self

    def run(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run another `tmf-facade` command with the same settings, unless others are given."""
        return subprocess.run(
            [*self.command, *words],
            cwd=self.folder,
            env=self.environment | environment,
            capture_output=True,
            check=False,
            text=True,
            timeout=LONG,
        )

    def stop(self, how: signal.Signals = signal.SIGINT) -> int:
        self.process.send_signal(how)
        return self.process.wait(timeout=LONG)

    def living(self) -> dict[int, str]:
        """The processes that run with these settings, by number, with their command lines."""
        if not Path("/proc/self/environ").exists():
            pytest.skip("looking for processes that were left behind needs Linux's /proc")
        found = {}
        for directory in Path("/proc").glob("[0-9]*"):
            try:
                if f"STATE_DIR={self.state}\0" in (directory / "environ").read_text(errors="replace"):
                    found[int(directory.name)] = (directory / "cmdline").read_text().replace("\0", " ")
            except OSError:
                continue
        return {number: command for number, command in found.items() if command}
