"""What the portal's operations answer while one backend is in trouble, and what is left when it is over.

One product for each backend, several at a time; in each, fault after fault: the operations are called at the same time
while it lasts, then it ends, and everything has to be well again.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import count
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

import requests
import yaml

from tests.support.gates import Gate, gate
from tests.support.product import ORDERS, ROOT, Node, effects, portal_order
from tests.support.simulators import Backends, running_backends

BACKENDS = ("crm", "inventory", "bss", "billing", "scm")
RECOVERS_WITHIN = 10.0
LANES = 3
"""Products at a time."""
CLIENT = "portal"
CUSTOMER = "C12345"
PLANS = ("Basic", "Standard", "Premium")
SUBSCRIPTIONS_AND_PLANS = {"SUB1120": "Basic", "SUB1121": "Standard", "SUB1122": "Premium"}
SUBSCRIPTIONS = tuple(SUBSCRIPTIONS_AND_PLANS)
COMPLETED = {"reserve": 2, "createOrder": 1, "charge": 1}
SETTINGS = {
    "THREADS": "24",
    "PORTAL_WAIT": "2",
    "PARTS_WAIT": "1.2",
    "BACKEND_CONNECT_TIMEOUT": "0.5",
    "BACKEND_READ_TIMEOUT": "1",
    "BACKEND_CALL_TIMEOUT": "3",
}
MOST_NEW_THREADS = 6
"""Pools grow a little with what runs at once; a leak of one thread for each call is many more."""

CHANGES = {"inventory": ["reserve"], "bss": ["createOrder", "changePlan"], "billing": ["charge", "setPlan"]}
"""Operations with an effect, by the backends that have any. The answers of the others' reads are dropped."""


@dataclass(frozen=True)
class Fault:
    """`settings` go to the simulation; None shuts the backend's gate. `always`: no call gets through. `times`: how
    often each operation is called in the cell, all at once.
    """

    name: str
    settings: Mapping[str, Any] | None
    always: bool = True
    on_changes: bool = False
    times: int = 2

    def begin(self, lane: "Lane") -> None:
        if self.settings is None:
            lane.gates[lane.backend].shut()
            return
        hit = CHANGES.get(lane.backend) if self.on_changes else None
        lane.node.backends.fault(lane.backend, **self.settings, **({"operations": hit} if hit else {}))

    def end(self, lane: "Lane") -> None:
        lane.gates[lane.backend].open()
        lane.node.backends.clear()


FAULTS = (
    Fault("down", None),
    Fault("5 s slow", {"latencyMs": 5000}),
    Fault("500s at 30 %", {"status": 500, "rate": 0.3}, always=False, times=6),
    Fault("hang", {"hang": True}),
    Fault("malformed body", {"malformed": True}),
    Fault("wrong schema", {"wrongSchema": True}),
    Fault("dropped answer after the effect", {"dropAnswer": True}, on_changes=True),
    Fault("401", {"status": 401}),
    Fault("429", {"status": 429}),
)


@dataclass
class Lane:
    """A product of which one backend is broken again and again.

    `accepted` are the ids of all that was ever taken on; `sample` is an order that is done; `plans` are those that
    subscriptions have or will have.
    """

    backend: str
    node: Node
    gates: Mapping[str, Gate]
    accepted: list[str] = field(default_factory=list)
    sample: str = ""
    turns: Iterator[int] = field(default_factory=count)
    plans: dict[str, str] = field(default_factory=lambda: dict(SUBSCRIPTIONS_AND_PLANS))


@dataclass(frozen=True)
class Asked:
    """One call during the fault: `wrong` is everything about its answer that must not be."""

    status: int
    code: str
    body: Mapping[str, Any]
    seconds: float
    wrong: tuple[str, ...]

    @property
    def shown(self) -> str:
        missing = [entry["part"] for entry in self.body.get("unavailable", ())]
        without = f" without {', '.join(missing)}" if missing else ""
        return f"{self.status}{f' {self.code}' if self.code else ''}{without}"


@dataclass(frozen=True)
class Cell:
    """One backend, one fault, one operation. `recovered`: seconds from the fault's end until all was well."""

    asked: tuple[Asked, ...]
    recovered: float | None
    wrong: tuple[str, ...]


class Operation(Protocol):
    """Something the portal does. `needs`: the backends that it asks."""

    name: str
    operation_id: str

    @property
    def needs(self) -> frozenset[str]: ...

    def call(self, lane: Lane) -> requests.Response: ...

    def wrong(self, lane: Lane, fault: Fault, answer: requests.Response) -> Iterator[str]:
        """What is not true of an answer given during the fault."""
        ...

    def well(self, lane: Lane, asked: Asked) -> bool:
        """Whether all is as it should be, the fault having ended; asked until it is."""
        ...


def _hit(operation: Operation, lane: Lane, fault: Fault) -> bool:
    """Whether no call of the operation can do what it wants of the backend."""
    return lane.backend in operation.needs and fault.always


class PlaceOrder:
    name = "place an order"
    operation_id = "placeOrder"
    needs = frozenset({"crm", "inventory", "bss", "billing"})

    def call(self, lane: Lane) -> requests.Response:
        answer = lane.node.post(ORDERS, portal_order(CUSTOMER), client=CLIENT)
        if order_id := answer.json().get("id"):
            lane.accepted.append(order_id)
        return answer

    def wrong(self, lane: Lane, fault: Fault, answer: requests.Response) -> Iterator[str]:
        body = answer.json()
        asked_about = fault.on_changes and lane.backend in CHANGES
        stopped = _hit(self, lane, fault) and not asked_about
        if "id" not in body:
            yield "no order is named"
        if answer.status_code == 201:
            if stopped:
                yield "confirmed, although a backend was away"
            if (body["status"], body["paymentStatus"]) != ("confirmed", "success"):
                yield f"201 with status {body['status']}, payment {body['paymentStatus']}"
            elif effects(lane.node.backends, body["id"]) != COMPLETED:
                yield "confirmed, and the ledgers say otherwise"
        elif answer.status_code == 503:
            if lane.backend not in self.needs:
                yield "503, although no backend that it needs was away"
            if body["code"] != "STILL_WORKING" or "Retry-After" not in answer.headers:
                yield f"503 {body['code']} without the time to ask again"
        else:
            yield f"{answer.status_code} {body.get('code')}: nobody refused this order"

    def well(self, lane: Lane, asked: Asked) -> bool:
        order = lane.node.get(f"{ORDERS}/{asked.body.get('id')}?include=none", client=CLIENT).json()
        done = effects(lane.node.backends, asked.body.get("id", "none"))
        return order.get("status") == "confirmed" and done == COMPLETED


@dataclass(frozen=True)
class Read:
    """An answer of several parts. `parts` says whose each one is, `path` where it is read."""

    name: str
    operation_id: str
    parts: Mapping[str, str]
    path: Callable[[Lane], str]

    @property
    def needs(self) -> frozenset[str]:
        return frozenset(self.parts.values())

    def call(self, lane: Lane) -> requests.Response:
        return lane.node.get(self.path(lane), client=CLIENT)

    def wrong(self, lane: Lane, fault: Fault, answer: requests.Response) -> Iterator[str]:
        if answer.status_code != 200:
            yield f"{answer.status_code}: the parts that are there were not shown"
            return
        body = answer.json()
        missing = {entry["part"]: entry for entry in body["unavailable"]}
        hits_reads = _hit(self, lane, fault) and not (fault.on_changes and lane.backend in CHANGES)
        for part, source in self.parts.items():
            if (body[part] is None) != (part in missing):
                yield f"{part} is {body[part]} and {'' if part in missing else 'not '}listed as unavailable"
            if part in missing and source != lane.backend:
                yield f"{part} is missing, although {source} was well"
            if part in missing and missing[part]["source"] != source:
                yield f"{part} is said to be {missing[part]['source']}'s"
            if part not in missing and source == lane.backend and hits_reads:
                yield f"{part} is there, although {source} was away"
            if part not in missing and not body[part]:
                yield f"{part} looks as if there were none"

    def well(self, lane: Lane, asked: Asked) -> bool:
        answer = lane.node.get(self.path(lane), client=CLIENT)
        return answer.status_code == 200 and not answer.json()["unavailable"]


class ChangePlan:
    """Each call moves the next of three subscriptions on to the next plan."""

    name = "change a subscription"
    operation_id = "changePlan"
    needs = frozenset({"bss", "billing"})
    steps: Mapping[str, str] = MappingProxyType({"bss": "change-plan", "billing": "bill-plan"})

    def call(self, lane: Lane) -> requests.Response:
        subscription = SUBSCRIPTIONS[next(lane.turns) % len(SUBSCRIPTIONS)]
        plan = PLANS[(PLANS.index(lane.plans[subscription]) + 1) % len(PLANS)]
        path = f"/api/v1/subscriptions/{subscription}"
        answer = lane.node.request("PATCH", path, client=CLIENT, json={"plan": plan})
        if change_id := _change_id(answer.json()):
            lane.accepted.append(change_id)
            lane.plans[subscription] = plan
        return answer

    def wrong(self, lane: Lane, fault: Fault, answer: requests.Response) -> Iterator[str]:
        body = answer.json()
        asked_about = fault.on_changes and lane.backend in CHANGES
        if answer.status_code == 200:
            if _hit(self, lane, fault) and not asked_about:
                yield "changed, although a backend was away"
            if not self._made(lane, body["change"]["id"], body["plan"]):
                yield "changed, and the ledgers say otherwise"
        elif answer.status_code == 503:
            if lane.backend not in self.needs:
                yield "503, although no backend that it needs was away"
            if (body["code"] == "STILL_WORKING") != ("id" in body) or "Retry-After" not in answer.headers:
                yield f"503 {body['code']} does not say whether the change goes on, or when to ask"
        elif (answer.status_code, body["code"]) != (409, "CONCURRENT_CHANGE") or lane.backend != "bss":
            yield f"{answer.status_code} {body.get('code')}: nobody refused this change"

    def well(self, lane: Lane, asked: Asked) -> bool:
        change_id = _change_id(asked.body)
        if change_id and not self._made(lane, change_id, asked.body.get("plan", "")):
            return False
        known = [lane.node.get(f"/api/v1/subscriptions/{one}", client=CLIENT).json() for one in SUBSCRIPTIONS]
        return all(one.get("pendingChange", "away") is None for one in known) and all(
            one["plan"] == lane.node.backends.ledger("billing", id=one["id"])[-1]["data"]["plan"] for one in known
        )

    def _made(self, lane: Lane, change_id: str, plan: str) -> bool:
        """Once in each backend, and as the change was asked for."""
        made = [lane.node.backends.ledger(backend, key=f"{change_id}:{step}") for backend, step in self.steps.items()]
        return [[entry["data"]["plan"] for entry in entries] for entries in made] == [[plan], [plan]]


def _change_id(body: Mapping[str, Any]) -> str | None:
    """Of the change that goes on or was made."""
    found = body["change"]["id"] if "change" in body else body.get("id")
    return str(found) if found else None


OPERATIONS: tuple[Operation, ...] = (
    PlaceOrder(),
    Read(
        "read an order's snapshot",
        "getOrder",
        {"orderDetails": "bss", "invoiceDetails": "billing", "shipments": "scm"},
        lambda lane: f"{ORDERS}/{lane.sample}",
    ),
    Read(
        "read a customer's context",
        "getCustomerContext",
        {"profile": "crm", "subscriptions": "bss", "outstandingBalances": "billing", "recentShipments": "scm"},
        lambda lane: f"/api/v1/customer/{CUSTOMER}/context",
    ),
    ChangePlan(),
)

Results = Mapping[tuple[str, str, str], Cell]
"""By backend, fault and operation."""


def run(directory: Path, lanes: int = LANES) -> Results:
    """Every cell, one product for each backend."""
    results: dict[tuple[str, str, str], Cell] = {}
    with ThreadPoolExecutor(lanes) as pool:
        for found in pool.map(lambda backend: _run_lane(directory, backend), BACKENDS):
            results |= found
    return results


def _run_lane(directory: Path, backend: str) -> Results:
    own = directory / backend
    own.mkdir()
    with _lane(own, backend) as lane:
        _warm_up(lane)
        before = threads(lane.node)
        cells = {(backend, fault.name): _break(lane, fault, before) for fault in FAULTS}
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
def _lane(directory: Path, backend: str) -> Iterator[Lane]:
    with running_backends(directory) as backends, gate(backends.port) as door:
        own = {f"{backend.upper()}_URL": f"http://127.0.0.1:{door.port}/{backend}"}
        node = Node(directory, backends, SETTINGS | own)
        node.command("db", "upgrade")
        node.start()
        try:
            yield Lane(backend, node, {backend: door})
        finally:
            node.stop()


def _warm_up(lane: Lane) -> None:
    """More at once than any cell does, so that pools have grown; and wait until all of it is done."""
    with ThreadPoolExecutor(72) as pool:
        for _ in range(2):
            calls = [pool.submit(OPERATIONS[0].call, lane) for _ in range(24)]
            lane.sample = calls[0].result().json()["id"]
            calls += [pool.submit(operation.call, lane) for operation in OPERATIONS[1:3] for _ in range(24)]
            for call in calls:
                call.result()
    for order_id in lane.accepted:
        lane.node.until_finished(order_id, within=60)
    for _ in SUBSCRIPTIONS:
        ChangePlan().call(lane).raise_for_status()


def _break(lane: Lane, fault: Fault, threads_before: int) -> dict[str, Cell]:
    fault.begin(lane)
    with ThreadPoolExecutor(fault.times * len(OPERATIONS)) as pool:
        asking = {
            operation.name: [pool.submit(_ask, lane, fault, operation) for _ in range(_times(operation, fault))]
            for operation in OPERATIONS
        }
        asked = {name: tuple(call.result() for call in calls) for name, calls in asking.items()}
    fault.end(lane)
    ended = time.monotonic()
    with ThreadPoolExecutor(len(OPERATIONS)) as pool:
        recovered = dict(
            zip(
                asked,
                pool.map(lambda operation: _recovers(lane, operation, asked[operation.name], ended), OPERATIONS),
                strict=True,
            )
        )
    left = tuple(_left_behind(lane, threads_before))
    return {
        operation.name: Cell(
            asked[operation.name],
            recovered[operation.name],
            tuple(problem for one in asked[operation.name] for problem in one.wrong)
            + (() if recovered[operation.name] is not None else (f"not well after {RECOVERS_WITHIN} s",))
            + left,
        )
        for operation in OPERATIONS
    }


def _times(operation: Operation, fault: Fault) -> int:
    """No subscription is changed twice at once: that is refused, and rightly so."""
    return min(fault.times, len(SUBSCRIPTIONS)) if isinstance(operation, ChangePlan) else fault.times


def _ask(lane: Lane, fault: Fault, operation: Operation) -> Asked:
    began = time.monotonic()
    answer = operation.call(lane)
    took = time.monotonic() - began
    wrong = list(operation.wrong(lane, fault, answer))
    if str(answer.status_code) not in _declared(operation.operation_id):
        wrong.append(f"{answer.status_code} is not declared")
    return Asked(answer.status_code, answer.json().get("code", ""), answer.json(), took, tuple(wrong))


def _recovers(lane: Lane, operation: Operation, asked: tuple[Asked, ...], since: float) -> float | None:
    while not all(operation.well(lane, one) for one in asked):
        if time.monotonic() - since > RECOVERS_WITHIN:
            return None
        time.sleep(0.1)
    return time.monotonic() - since


def _left_behind(lane: Lane, threads_before: int) -> Iterator[str]:
    """What the fault left, everything being well again: threads, calls under way, effects that belong to no order."""
    ready = requests.get(f"{lane.node.url}/health/ready", timeout=10).json()
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
    assert node._process is not None
    status = Path(f"/proc/{node._process.pid}/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("Threads:")))


@cache
def _declared(operation_id: str) -> frozenset[str]:
    spec = yaml.load((ROOT / "specs" / "canonical" / "v1.yaml").read_text(), Loader=yaml.CSafeLoader)
    operations = (operation for path in spec["paths"].values() for operation in path.values())
    return frozenset(
        next(one["responses"] for one in operations if isinstance(one, dict) and one.get("operationId") == operation_id)
    )
