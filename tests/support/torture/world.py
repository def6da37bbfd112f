"""What is tortured: nodes of the product, a database, and backends behind doors; and who starts again what ended."""

import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import requests
import sqlalchemy as sa

from tests.support.faults import BACKENDS
from tests.support.postgres import new_database
from tests.support.product import Node
from tests.support.simulators import Backends
from tests.support.stepped import SteppedClock
from tests.support.tampering import TamperingProxy, tampering
from tests.support.torture.truth import Truth
from tests.support.waiting import LONG, until

IMPATIENT = {
    "PORTAL_WAIT": "2",
    "BACKEND_CONNECT_TIMEOUT": "0.5",
    "BACKEND_READ_TIMEOUT": "1",
    "BACKEND_CALL_TIMEOUT": "3",
    "BACKEND_BREAKER_PAUSE": "1",
    "DATABASE_TIMEOUT": "3",
}


class StillDown(Exception):
    """It has not come back from an earlier fault. On a busy machine it would never come back if it were killed now."""


class Keeper:
    """Starts something again whenever it has ended, as systemd does, unless somebody holds it down."""

    def __init__(self, start: Callable[[], None], running: Callable[[], bool]) -> None:
        self._start = start
        self._running = running
        self._held = 0
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._keep, daemon=True)

    @contextmanager
    def down(self, end: Callable[[], None]) -> Iterator[None]:
        with self._lock:
            self._held += 1
            end()
        try:
            yield
        finally:
            with self._lock:
                self._held -= 1

    @contextmanager
    def keeping(self) -> Iterator[None]:
        self._thread.start()
        try:
            yield
        finally:
            self._over.set()
            self._thread.join()

    def _keep(self) -> None:
        while not self._over.wait(0.1):
            with self._lock, suppress(RuntimeError):
                if not self._held and not self._running():
                    self._start()


@dataclass(frozen=True)
class World:
    """`nodes` by name with their `clocks`, all with one database; `doors` by the names of the backends behind them.

    `keepers` are those of the nodes, and of the `backends`. `server` is the PostgreSQL's address, SQLite has none.
    """

    backends: Backends
    doors: Mapping[str, TamperingProxy]
    nodes: list[Node]
    clocks: Mapping[str, SteppedClock]
    keepers: Mapping[str, Keeper]
    truth: Truth
    given_server: sa.URL | None

    @property
    def database(self) -> sa.URL:
        return self.nodes[0].database

    @property
    def postgres(self) -> bool:
        return self.given_server is not None

    @property
    def server(self) -> sa.URL:
        """Of the PostgreSQL."""
        assert self.given_server is not None
        return self.given_server

    @property
    def serving(self) -> bool:
        """Whether some node takes connections."""
        for node in self.nodes:
            with suppress(OSError), socket.create_connection(("127.0.0.1", node.port), timeout=1):
                return True
        return False

    def down(self, name: str) -> AbstractContextManager[None]:
        """A node, or the `backends`, ended by kill -9 and kept from starting again. Raises StillDown."""
        self._check_serving(name)
        end = self.backends.kill if name == "backends" else self._node(name).kill
        return self.keepers[name].down(end)

    @contextmanager
    def frozen(self, name: str) -> Iterator[None]:
        """The process is stopped, and goes on later as if nothing had been. Raises StillDown."""
        self._check_serving(name)
        pid = self._node(name).pid
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            with suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGCONT)

    def heal(self) -> None:
        """Take back what is left of faults, and wait until all is ready."""
        for door in self.doors.values():
            door.clear()
            door.open()
        for clock in self.clocks.values():
            clock.step(-clock.seconds)
        until(self._well, lambda: "not ready again after the faults")

    def _well(self) -> bool:
        try:
            self.backends.clear()
            return all(requests.get(f"{node.url}/health/ready", timeout=LONG).ok for node in self.nodes)
        except requests.RequestException:
            return False

    def _check_serving(self, name: str) -> None:
        url = f"{self.backends.url}/_health" if name == "backends" else f"{self._node(name).url}/health/live"
        try:
            requests.get(url, timeout=2).raise_for_status()
        except requests.RequestException as error:
            raise StillDown(name) from error

    def _node(self, name: str) -> Node:
        return next(node for node in self.nodes if node.name == name)


def _running(one: Node | Backends) -> bool:
    return one.running


@contextmanager
def running_world(directory: Path, server: sa.URL | None) -> Iterator[World]:
    """One node on SQLite, or two on a PostgreSQL server."""
    with ExitStack() as stack:
        backends = Backends(directory)
        backends.start()
        stack.callback(backends.stop)
        doors = {name: stack.enter_context(tampering(backends.port)) for name in BACKENDS}
        environment = IMPATIENT | {f"{name.upper()}_URL": f"{door.url}/{name}" for name, door in doors.items()}
        names = ["first"]
        if server is not None:
            environment["DATABASE_URL"] = stack.enter_context(new_database(server))
            names.append("second")
        clocks = {name: SteppedClock(directory / f"clock of {name}") for name in names}
        nodes = [Node(directory, backends, environment, name, clock) for name, clock in clocks.items()]
        nodes[0].prepare()
        keepers = {node.name: Keeper(node.launch, partial(_running, node)) for node in nodes}
        keepers["backends"] = Keeper(backends.start, partial(_running, backends))
        for node in nodes:
            node.start()
            stack.callback(node.kill)
        for keeper in keepers.values():
            stack.enter_context(keeper.keeping())
        yield World(backends, doors, nodes, clocks, keepers, Truth(backends.state), server)
