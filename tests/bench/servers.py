"""The servers under measurement, each a process of its own."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

from tests.support.postgres import running_postgres

ROOT = Path(__file__).parents[2]
STARTS_WITHIN = 60.0
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Server:
    port: int
    pid: int

    @property
    def cpu_seconds(self) -> float:
        """What the process has used so far, to 10 ms; 0 where there is no /proc."""
        try:
            fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        except FileNotFoundError:
            return 0.0
        return (int(fields[11]) + int(fields[12])) / _TICKS


@dataclass(frozen=True)
class Product:
    """Our application with the settings it runs with; its state lies in `directory`."""

    directory: Path
    settings: Mapping[str, str]

    @contextmanager
    def served(self, role: tuple[str, ...] = ("serve", "--work"), before: tuple[str, ...] = ()) -> Iterator[Server]:
        """Durable storage, one worker unless the settings say otherwise, authentication on, all else as shipped.

        `before`: words before the command.
        """
        self._command("db", "upgrade")
        port = free_port()
        command = [*before, sys.executable, "-m", "facade.cli", *role]
        environment = {"WORKERS": "1"} | self._environment() | {"PORT": str(port)}
        with _running(command, environment, port, "/health/live", self.directory / "product.log") as server:
            yield server

    @contextmanager
    def working(self, before: tuple[str, ...] = ()) -> Iterator[Server]:
        """`work` beside what is served."""
        port = free_port()
        command = [*before, sys.executable, "-m", "facade.cli", "work"]
        environment = self._environment() | {"WORK_PORT": str(port)}
        with _running(command, environment, port, "/health/live", self.directory / "work.log") as server:
            yield server

    def token(self, client: str = "qa") -> str:
        return self._command("token", client).strip()

    def _command(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-m", "facade.cli", *arguments],
            cwd=ROOT,
            env=self._environment(),
            capture_output=True,
            check=False,
            text=True,
        )
        if done.returncode:
            raise RuntimeError(done.stderr)
        return done.stdout

    def _environment(self) -> dict[str, str]:
        as_deployed = {"MALLOC_ARENA_MAX": "2"}
        return clean_environment() | as_deployed | {"STATE_DIR": str(self.directory)} | dict(self.settings)


@contextmanager
def uvicorn(app: str, path: str, directory: Path, settings: Mapping[str, str] | None = None) -> Iterator[Server]:
    """A baseline under uvicorn with one worker; `path` is asked to see whether it is up."""
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", app, "--port", str(port), "--no-access-log", "--log-level", "warning"]
    log = directory / f"{app.partition(':')[0]}.log"
    with _running(command, clean_environment() | dict(settings or {}), port, path, log) as server:
        yield server


@contextmanager
def bare_asgi(protocol: str, directory: Path) -> Iterator[Server]:
    """An application that does nothing, behind one of the ways to read HTTP."""
    port = free_port()
    command = [sys.executable, "-m", "tests.bench.bare_asgi", protocol, str(port)]
    with _running(command, clean_environment(), port, "/", directory / f"{protocol}.log") as server:
        yield server


@contextmanager
def database_settings(kind: str, directory: Path) -> Iterator[dict[str, str]]:
    """What makes the product use `sqlite` in its state directory, or a fresh `postgres` server."""
    if kind == "sqlite":
        yield {}
        return
    with running_postgres() as server:
        yield {"DATABASE_URL": server.render_as_string(hide_password=False)}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def clean_environment() -> dict[str, str]:
    """Ours without settings of the product that the caller's shell may hold (`make` exports some)."""
    ours = (
        "PORT",
        "WORK_PORT",
        "BACKENDS_PORT",
        "WORKERS",
        "DATABASE_URL",
        "BACKENDS_URL",
        "STATE_DIR",
        "THREADS",
        "LOG_LEVEL",
    )
    return {name: value for name, value in os.environ.items() if name not in ours} | {"PYTHONWARNINGS": "ignore"}


@contextmanager
def _running(command: list[str], environment: Mapping[str, str], port: int, path: str, log: Path) -> Iterator[Server]:
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT)
    try:
        _wait_until_up(process, f"http://127.0.0.1:{port}{path}", log)
        yield Server(port, process.pid)
    finally:
        process.terminate()
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_up(process: "subprocess.Popen[bytes]", url: str, log: Path) -> None:
    deadline = time.monotonic() + STARTS_WITHIN
    while True:
        try:
            requests.get(url, timeout=2).raise_for_status()
        except requests.RequestException:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{process.args!r} did not start:\n{log.read_text()[-4000:]}") from None
            time.sleep(0.05)
        else:
            return
