"""What the portal's operations answer while one backend is in trouble, and what is left when it is over.

One product for each backend, several at a time; in each, fault after fault: the operations are called at the same time
while it lasts, then it ends, and everything has to be well again.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from time import monotonic
from typing import Any

import requests
import yaml

from tests.support.fault_operations import OPERATIONS, SUBSCRIPTIONS, ChangePlan, Operation
from tests.support.faults import BACKENDS, CHANGES, FAULTS, Asked, Cell, Fault, Lane
from tests.support.product import PATIENT, ROOT, Node
from tests.support.simulators import Backends, running_backends
from tests.support.stepped import SteppedClock
from tests.support.tampering import tampering
from tests.support.waiting import LONG, until

LANES = 3
"""Products at a time."""
MOST_NEW_THREADS = 14
"""Errors that are answered at once take threads that successes do not: Starlette runs their handlers in a pool of its
own. So a cell may add one for each of its calls; a leak of one for each call of every cell is more."""
IMPATIENT = {
    "PORTAL_WAIT": "2",
    "PARTS_WAIT": "3",
    "BACKEND_CONNECT_TIMEOUT": "0.5",
    "BACKEND_READ_TIMEOUT": "1",
    "BACKEND_CALL_TIMEOUT": "3",
}

DEFAULTS = dict.fromkeys((*PATIENT, "NODE_LEASE"), "")
"""What `Node` sets otherwise is as if it were not set."""

Results = Mapping[tuple[str, str, str], Cell]
"""By backend, fault and operation."""


def run(directory: Path, settings: Mapping[str, str] = IMPATIENT, faults: tuple[Fault, ...] = FAULTS) -> Results:
    """Every cell, one product for each backend."""
    results: dict[tuple[str, str, str], Cell] = {}
    with ThreadPoolExecutor(LANES) as pool:
        for found in pool.map(lambda backend: _run_lane(directory / backend, backend, settings, faults), BACKENDS):
            results |= found
    return results


def _run_lane(directory: Path, backend: str, settings: Mapping[str, str], faults: tuple[Fault, ...]) -> Results:
    directory.mkdir(parents=True)
    with _lane(directory, backend, settings) as lane:
        warm_up(lane)
        before = threads(lane.node)
        cells = {(backend, fault.name): _break(lane, fault, before) for fault in faults}
        return {
            (*place, operation.name): _lasting(lane, operation, found[operation.name])
            for place, found in cells.items()
            for operation in OPERATIONS
        }


def _lasting(lane: Lane, operation: Operation, cell: Cell) -> Cell:
    """The cell once more at the end of all: a slow backend may act long after its caller has gone."""
    if cell.recovered is None or all(operation.well(lane, one) for one in cell.asked):
        return cell
    return replace(cell, wrong=(*cell.wrong, "no longer well at the end of all"))


@contextmanager
def _lane(directory: Path, backend: str, settings: Mapping[str, str]) -> Iterator[Lane]:
    with running_backends(directory) as backends, tampering(backends.port) as door:
        own = {f"{backend.upper()}_URL": f"http://127.0.0.1:{door.port}/{backend}"}
        node = Node(directory, backends, {**settings, **own}, clock=SteppedClock(directory / "clock"))
        node.prepare()
        node.start()
        try:
            yield Lane(backend, node, {backend: door})
        finally:
            node.stop()


def warm_up(lane: Lane) -> None:
    """Ask more at once than any cell does, so that pools have grown; and wait until all of it is done."""
    with ThreadPoolExecutor(72) as pool:
        for _ in range(2):
            calls = [pool.submit(OPERATIONS[0].call, lane) for _ in range(24)]
            lane.sample = calls[0].result().json()["id"]
            calls += [pool.submit(operation.call, lane) for operation in OPERATIONS[1:3] for _ in range(24)]
            for call in calls:
                call.result()
    for order_id in lane.accepted:
        lane.node.until_finished(order_id)
    for _ in SUBSCRIPTIONS:
        until(lambda: _accepted(ChangePlan().call(lane).json()))
    until(lambda: all(_plan_agreed(lane, subscription) for subscription in SUBSCRIPTIONS))


def _accepted(change: Mapping[str, Any]) -> bool:
    """A busy machine may have opened a breaker, and closes it again."""
    return "change" in change or change["code"] == "STILL_WORKING"


def _plan_agreed(lane: Lane, subscription: str) -> bool:
    known = lane.node.get(f"/api/v1/subscriptions/{subscription}").json()
    return known.get("pendingChange", "away") is None


def _break(lane: Lane, fault: Fault, threads_before: int) -> dict[str, Cell]:
    fault.begin(lane)
    with ThreadPoolExecutor(fault.times * len(OPERATIONS)) as pool:
        asking = {
            operation.name: [
                pool.submit(ask, lane, operation, partial(operation.wrong, lane, fault))
                for _ in range(_times(operation, fault))
            ]
            for operation in OPERATIONS
        }
        asked = {name: tuple(call.result() for call in calls) for name, calls in asking.items()}
    fault.end(lane)
    ended = monotonic()
    with ThreadPoolExecutor(len(OPERATIONS)) as pool:
        recovered = dict(
            zip(
                asked,
                pool.map(lambda operation: _recovers(lane, operation, asked[operation.name], ended), OPERATIONS),
                strict=True,
            )
        )
    left = tuple(left_behind(lane, threads_before))
    return {
        operation.name: Cell(
            asked[operation.name],
            recovered[operation.name],
            tuple(problem for one in asked[operation.name] for problem in one.wrong)
            + (() if recovered[operation.name] is not None else ("does not get well",))
            + left,
        )
        for operation in OPERATIONS
    }


def _times(operation: Operation, fault: Fault) -> int:
    """No subscription is changed twice at once: that is refused, and rightly so."""
    return min(fault.times, len(SUBSCRIPTIONS)) if isinstance(operation, ChangePlan) else fault.times


def ask(lane: Lane, operation: Operation, judge: Callable[[requests.Response], Iterable[str]]) -> Asked:
    """One call; `judge` says what is not true of its answer."""
    answer = operation.call(lane)
    wrong = list(judge(answer))
    if str(answer.status_code) not in _declared(operation.operation_id):
        wrong.append(f"{answer.status_code} is not declared")
    return Asked(answer.status_code, answer.json().get("code", ""), answer.json(), tuple(wrong))


def until_well(well: Callable[[], bool], since: float) -> float | None:
    """Seconds until this is true, for the page with the results. None when it never is."""
    with suppress(AssertionError):
        until(well)
        return monotonic() - since
    return None


def _recovers(lane: Lane, operation: Operation, asked: tuple[Asked, ...], since: float) -> float | None:
    return until_well(lambda: all(operation.well(lane, one) for one in asked), since)


def left_behind(lane: Lane, threads_before: int) -> Iterator[str]:
    """What the fault left, everything being well again: threads, calls under way, effects that belong to no order."""
    ready = requests.get(f"{lane.node.url}/health/ready", timeout=LONG).json()
    if busy := {name: one["inFlight"] for name, one in ready["backends"].items() if one["inFlight"]}:
        yield f"calls still under way: {busy}"
    if (now := threads(lane.node)) > threads_before + MOST_NEW_THREADS:
        yield f"{now} threads, {threads_before} before"
    for backend, entries in _ledgers(lane.node.backends).items():
        keys = [str(entry["key"]) for entry in entries if entry["key"]]
        if len(keys) != len(set(keys)):
            yield f"{backend} acted twice under one key"
        if strangers := {key.partition(":")[0] for key in keys} - set(lane.accepted):
            yield f"{backend} acted for orders that nobody was told of: {strangers}"


def _ledgers(backends: Backends) -> dict[str, list[dict[str, Any]]]:
    return {backend: backends.ledger(backend) for backend in CHANGES}


def threads(node: Node) -> int:
    """Of the operating system process that serves."""
    status = Path(f"/proc/{node.pid}/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("Threads:")))


@cache
def _declared(operation_id: str) -> frozenset[str]:
    spec = yaml.load((ROOT / "specs" / "canonical" / "v1.yaml").read_text(), Loader=yaml.CSafeLoader)
    operations = (operation for path in spec["paths"].values() for operation in path.values())
    return frozenset(
        next(one["responses"] for one in operations if isinstance(one, dict) and one.get("operationId") == operation_id)
    )
