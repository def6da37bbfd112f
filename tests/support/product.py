"""The product as its users meet it: real processes, real HTTP, simulated backends beside it."""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
import sqlalchemy as sa

from facade.bootstrap.catalog import load_at_start
from facade.bootstrap.commands import upgrade_database
from facade.settings import Settings
from tests.support.simulators import Backends, running_backends
from tests.support.stepped import SteppedClock
from tests.support.waiting import LONG, until

ROOT = Path(__file__).parents[2]
TMF622 = "/tmf-api/productOrderingManagement/v5/productOrder"
ORDERS = "/api/v1/orders"
BACKENDS = ("inventory", "bss", "billing")

PATIENT = {
    "BACKEND_CONNECT_TIMEOUT": "60",
    "BACKEND_READ_TIMEOUT": "60",
    "BACKEND_CALL_TIMEOUT": "60",
    "DATABASE_TIMEOUT": "60",
    "PARTS_WAIT": "60",
    "PORTAL_WAIT": "60",
    "QUEUE_SECONDS": "60",
    "REQUEST_DEADLINE": "60",
    "SEARCH_SECONDS": "60",
}
"""A busy machine reaches none of these. A test about one of them sets it shorter."""


_PREPARING = threading.Lock()
"""Alembic 1.20 keeps the database that it migrates in module globals. Two threads mix theirs up without this."""


@dataclass
class Node:
    """One server process of the product on a port of its own. With a `clock` its wall clock is that one.

    `program`: the module that is run, and its first arguments. `role`: what it does.
    """

    directory: Path
    backends: Backends
    environment: dict[str, str] = field(default_factory=dict)
    name: str = "app"
    clock: SteppedClock | None = None
    program: tuple[str, ...] = ("facade.cli",)
    role: tuple[str, ...] = ("serve", "--work")

    def __post_init__(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = self.directory / f"{self.name}.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._tokens: dict[str, str] = {}

    @property
    def settings(self) -> dict[str, str]:
        return {
            **os.environ,
            "STATE_DIR": str(self.directory / "var"),
            "PORT": str(self.port),
            "WORK_PORT": str(self.port),
            "BACKENDS_URL": self.backends.url,
            **PATIENT,
            "NODE_LEASE": "1.5",
            "VALIDATE_RESPONSES": "true",
            "CHECK_BACKEND_ANSWERS": "1",
            "PYTHONWARNINGS": "ignore",
            **self.environment,
        }

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run `tmf-facade` with this node's settings."""
        return subprocess.run(
            [sys.executable, "-m", "facade.cli", *words],
            cwd=ROOT,
            env=self.settings,
            check=True,
            capture_output=True,
            text=True,
        )

    def prepare(self) -> None:
        """Bring its database up to date, as `tmf-facade db upgrade` does."""
        settings = Settings.from_environment(self.settings)
        with _PREPARING:
            upgrade_database(settings)
            load_at_start(settings)

    def start(self) -> None:
        """Start it and wait until it is ready."""
        self.launch()
        until(self._started, self._last_lines)

    def launch(self) -> None:
        """Start it and wait for nothing."""
        program = self.program if self.clock is None else ("tests.support.stepped", str(self.clock.file))
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", *program, *self.role],
                cwd=ROOT,
                env=self.settings,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """Of the operating system process that serves, or that began those which do."""
        assert self._process is not None
        return self._process.pid

    @property
    def database(self) -> sa.URL:
        """Where this node keeps what it keeps."""
        given = self.environment.get("DATABASE_URL")
        return sa.make_url(given or f"sqlite:///{self.directory / 'var' / 'facade.db'}")

    def kill(self) -> None:
        """End it as a crash would: `kill -9` of all its processes."""
        self._end(signal.SIGKILL)

    def stop(self) -> bool:
        """Whether it ended by itself, once it was asked to."""
        return self._end(signal.SIGTERM)

    def get(self, path: str, client: str = "qa", **options: Any) -> requests.Response:
        return self.request("GET", path, client, **options)

    def post(self, path: str, body: Any, client: str = "qa", **options: Any) -> requests.Response:
        return self.request("POST", path, client, json=body, **options)

    def request(self, method: str, path: str, client: str = "qa", **options: Any) -> requests.Response:
        """The answer. A client whose token is not accepted gets another one, once."""
        token = self.token(client)
        answer = self._sent(method, path, token, options)
        if answer.status_code == 401:
            if self._tokens.get(client) == token:
                self._tokens.pop(client, None)
            answer = self._sent(method, path, self.token(client), options)
        return answer

    def _sent(self, method: str, path: str, token: str, options: dict[str, Any]) -> requests.Response:
        rest = options | {"headers": {"Authorization": f"Bearer {token}", **options.get("headers", {})}}
        return requests.request(method, self.url + path, timeout=rest.pop("timeout", LONG), **rest)

    def token(self, client: str) -> str:
        """As the client gets it: from the development server."""
        if client not in self._tokens:
            form = {"grant_type": "client_credentials", "client_id": client, "client_secret": f"{client}-secret"}
            answer = requests.post(f"{self.url}/oauth/token", data=form, timeout=LONG)
            answer.raise_for_status()
            self._tokens[client] = answer.json()["access_token"]
        return self._tokens[client]

    def until_finished(self, order_id: str) -> dict[str, Any]:
        """The canonical order once no process works on it any more."""
        order: dict[str, Any] = {}

        def finished() -> bool:
            order.update(self.get(f"{ORDERS}/{order_id}?include=none").json())
            return bool(order["status"] != "processing")

        until(finished, lambda: f"still {order['state']}:\n{self._last_lines()}")
        return order

    def _started(self) -> bool:
        assert self.running, f"the product did not start:\n{self._last_lines()}"
        return self._answers()

    def _last_lines(self) -> str:
        return self.log.read_text()[-4000:]

    def _answers(self) -> bool:
        try:
            return requests.get(f"{self.url}/health/ready", timeout=LONG).ok
        except requests.RequestException:
            return False

    def _end(self, how: signal.Signals) -> bool:
        if self._process is None or not self.running:
            return True
        process, self._process = self._process, None
        os.killpg(process.pid, how)
        try:
            process.wait(timeout=LONG)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            return False
        return True


@contextmanager
def running_product(directory: Path, **environment: str) -> Iterator[Node]:
    """One node on SQLite (or DATABASE_URL) with backends of its own."""
    with running_backends(directory) as backends:
        node = Node(directory, backends, environment)
        node.prepare()
        node.start()
        try:
            yield node
        finally:
            node.stop()


@contextmanager
def running_apart(directory: Path, workers: tuple[str, ...] = ("work",), **environment: str) -> Iterator[list[Node]]:
    """A node that serves, and after it one for each name of `workers`, with backends of their own."""
    with running_backends(directory) as backends:
        serve = Node(directory, backends, environment, "serve", role=("serve",))
        nodes = [serve, *(Node(directory, backends, environment, name, role=("work",)) for name in workers)]
        serve.prepare()
        try:
            for node in nodes:
                node.start()
            yield nodes
        finally:
            for node in nodes:
                node.stop()


def effects(backends: Backends, order_id: str) -> dict[str, int]:
    """What stands in the ledgers for an order, counted by operation."""
    counted: dict[str, int] = {}
    for backend in BACKENDS:
        for entry in backends.ledger(backend):
            if str(entry["key"]).startswith(f"{order_id}:"):
                counted[entry["operation"]] = counted.get(entry["operation"], 0) + 1
    return counted


def portal_order(customer: str = "C12345", **quantities: int) -> dict[str, Any]:
    """A body for POST /api/v1/orders; quantities by SKU."""
    items = [{"sku": sku, "quantity": quantity} for sku, quantity in (quantities or {"SKU123": 2, "SKU456": 1}).items()]
    return {"customerId": customer, "items": items}


def partner_order(customer: str = "C12345", *offerings: str) -> dict[str, Any]:
    """A TMF622 v5 body for one of each offering."""
    return {
        "@type": "ProductOrder",
        "relatedParty": [
            {
                "@type": "RelatedPartyRefOrPartyRoleRef",
                "role": "Customer",
                "partyOrPartyRole": {"@type": "PartyRoleRef", "@referredType": "Customer", "id": customer},
            }
        ],
        "productOrderItem": [
            {
                "@type": "ProductOrderItem",
                "id": str(number),
                "action": "add",
                "quantity": 1,
                "productOffering": {"@type": "ProductOfferingRef", "id": offering},
            }
            for number, offering in enumerate(offerings or ("po_broadband_1g", "po_router_premium"), start=1)
        ],
    }
