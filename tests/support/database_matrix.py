"""What the portal's operations answer while the database is in trouble, and what is left when it is over.

One product for each kind of database; in each, fault after fault. Before a fault an order is placed whose charge is
taken and not answered; while it lasts the operations are called at the same time; then everything has to be well again.
"""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from pathlib import Path
from time import monotonic
from types import MappingProxyType

import requests
import sqlalchemy as sa

from tests.support.database_faults import frozen, full, locked
from tests.support.fault_matrix import IMPATIENT, ask, left_behind, threads, until_well, warm_up
from tests.support.fault_operations import OPERATIONS, Operation, PlaceOrder
from tests.support.faults import Asked, Cell, Lane
from tests.support.postgres import new_database
from tests.support.product import Node
from tests.support.simulators import running_backends
from tests.support.waiting import LONG, until

IN_FLIGHT = "an order in flight"
SETTINGS = {**IMPATIENT, "DATABASE_TIMEOUT": "5"}

Fault = Callable[[Node], AbstractContextManager[None]]
FAULTS: Mapping[str, Fault] = MappingProxyType(
    {
        "locked": lambda node: locked(node.database),
        "disk full": lambda node: full(node.database, node.pid),
        "frozen": lambda node: frozen(node.database),
    }
)
CELLS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"sqlite": ("locked", "disk full"), "postgresql": ("locked", "disk full", "frozen")}
)
"""The faults that each kind of database can have."""

NEEDS: Mapping[str, str] = MappingProxyType(
    {"placeOrder": "write", "changePlan": "write", "getOrder": "read", "getCustomerContext": "nothing"}
)
"""What each operation needs of the database."""
TOLD = {"DATABASE_UNAVAILABLE", "DATABASE_NOT_WRITABLE"}

Results = Mapping[tuple[str, str, str], Cell]
"""By kind of database, fault and operation."""


def run(directory: Path, server: sa.URL) -> Results:
    """Every cell. `server` is a PostgreSQL on this machine, which is frozen meanwhile."""
    results: dict[tuple[str, str, str], Cell] = {}
    with ThreadPoolExecutor(len(CELLS)) as pool:
        for found in pool.map(lambda kind: _run_lane(directory / kind, kind, server), CELLS):
            results |= found
    return results


def _run_lane(directory: Path, kind: str, server: sa.URL) -> Results:
    directory.mkdir(parents=True)
    with _lane(directory, kind, server) as lane:
        warm_up(lane)
        before = threads(lane.node)
        return {
            (kind, fault, operation): cell
            for fault in CELLS[kind]
            for operation, cell in _break(lane, kind, fault, before).items()
        }


@contextmanager
def _lane(directory: Path, kind: str, server: sa.URL) -> Iterator[Lane]:
    with ExitStack() as stack:
        settings = dict(SETTINGS)
        if kind == "postgresql":
            settings["DATABASE_URL"] = stack.enter_context(new_database(server))
        backends = stack.enter_context(running_backends(directory))
        node = Node(directory, backends, settings)
        node.prepare()
        node.start()
        stack.callback(node.stop)
        yield Lane("billing", node, {})  # which keeps the order in flight from ending


def _break(lane: Lane, kind: str, fault: str, threads_before: int) -> dict[str, Cell]:
    """The cells of a fault by operation; `IN_FLIGHT` is the order that was placed before it."""
    readable = kind == "sqlite" or fault == "disk full"
    with ThreadPoolExecutor(2 * len(OPERATIONS) + 1) as pool:
        lane.node.backends.fault("billing", dropAnswer=True, hang=True, operations=["charge"])
        charges = len(lane.node.backends.ledger("billing"))
        placing = pool.submit(ask, lane, PlaceOrder(), _goes_on)
        until(lambda: len(lane.node.backends.ledger("billing")) > charges)
        with FAULTS[fault](lane.node):
            calls = {
                operation.name: [pool.submit(ask, lane, operation, _judge(operation, readable)) for _ in range(2)]
                for operation in OPERATIONS
            }
            asked = {name: tuple(call.result() for call in found) for name, found in calls.items()}
            in_flight = placing.result()
            health = tuple(_health(lane.node))
        lane.node.backends.clear()
        ended = monotonic()
        recovering = {
            operation.name: pool.submit(until_well, partial(_works, lane, operation), ended) for operation in OPERATIONS
        }
        recovering[IN_FLIGHT] = pool.submit(until_well, lambda: PlaceOrder().well(lane, in_flight), ended)
        recovered = {name: job.result() for name, job in recovering.items()}
    left = (*health, *left_behind(lane, threads_before))
    answers = {**asked, IN_FLIGHT: (in_flight,)}
    return {name: _cell(found, recovered[name], left) for name, found in answers.items()}


def _cell(asked: tuple[Asked, ...], recovered: float | None, left: tuple[str, ...]) -> Cell:
    wrong = [problem for one in asked for problem in one.wrong]
    if recovered is None:
        wrong.append("does not get well")
    return Cell(asked, recovered, (*wrong, *left))


def _judge(operation: Operation, readable: bool) -> Callable[[requests.Response], Iterator[str]]:
    needs = NEEDS[operation.operation_id]
    possible = needs == "nothing" or (needs == "read" and readable)

    def wrong(answer: requests.Response) -> Iterator[str]:
        if possible and answer.status_code != 200:
            yield f"{answer.status_code}, although it needs {needs} of the database"
        if not possible and (answer.status_code != 503 or answer.json()["code"] not in TOLD):
            yield f"{answer.status_code} {answer.json().get('code')}, although the database takes nothing"
        if not possible and "Retry-After" not in answer.headers:
            yield "it does not say when to ask again"

    return wrong


def _goes_on(answer: requests.Response) -> Iterator[str]:
    told = answer.status_code == 202 or answer.json().get("code") == "STILL_WORKING"
    if not told or "id" not in answer.json():
        yield f"{answer.status_code} {answer.json().get('code')}: the order was accepted and goes on"


def _health(node: Node) -> Iterator[str]:
    live, ready = (requests.get(f"{node.url}/health/{one}", timeout=LONG).status_code for one in ("live", "ready"))
    if (live, ready) != (200, 503):
        yield f"liveness is {live} and readiness {ready}"


def _works(lane: Lane, operation: Operation) -> bool:
    return operation.call(lane).ok
