"""The portal's operations while a backend is in trouble: how each is called, what is wrong with an answer, and when
all is well again.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Protocol
from uuid import uuid4

import requests

from tests.support.faults import CHANGES, SUBSCRIPTIONS_AND_PLANS, Asked, Fault, Lane
from tests.support.product import ORDERS, effects, portal_order
from tests.support.waiting import until

CLIENT = "portal"
CUSTOMER = "C12345"
PLANS = ("Basic", "Standard", "Premium")
SUBSCRIPTIONS = tuple(SUBSCRIPTIONS_AND_PLANS)
COMPLETED = {"reserve": 2, "createOrder": 1, "charge": 1}


class Operation(Protocol):
    """Something the portal does. `needs`: the backends that it asks."""

    @property
    def name(self) -> str: ...
    @property
    def operation_id(self) -> str: ...
    @property
    def needs(self) -> frozenset[str]: ...

    def call(self, lane: Lane) -> requests.Response: ...

    def wrong(self, lane: Lane, fault: Fault, answer: requests.Response) -> Iterator[str]:
        """What is not true of an answer given during the fault."""
        ...

    def well(self, lane: Lane, asked: Asked) -> bool:
        """Whether all is as it should be, the fault having ended; asked until it is."""
        ...


def _answer(operation: Operation, lane: Lane, ask: Callable[[dict[str, str]], requests.Response]) -> requests.Response:
    """What a client is told that asks with one key: at once, or, where the broken backend is not needed, at last.

    On a busy machine the product may be still at work when it answers. Where nothing that it needs is away, it has to
    end all the same, while the fault lasts.
    """
    key = {"Idempotency-Key": str(uuid4())}
    answer = ask(key)
    going_on = answer.status_code == 202 or answer.json().get("code") == "STILL_WORKING"
    if going_on and lane.backend not in operation.needs:
        until(lambda: ask(key).status_code not in (202, 503))
        answer = ask(key)
    return answer


def _hit(operation: Operation, lane: Lane, fault: Fault) -> bool:
    """Whether no call of the operation can do what it wants of the backend."""
    return lane.backend in operation.needs and fault.always


class PlaceOrder:
    name = "place an order"
    operation_id = "placeOrder"
    needs = frozenset({"crm", "inventory", "bss", "billing"})

    def call(self, lane: Lane) -> requests.Response:
        body = portal_order(CUSTOMER)
        answer = _answer(self, lane, lambda key: lane.node.post(ORDERS, body, client=CLIENT, headers=key))
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
        elif answer.status_code == 202:
            if lane.backend not in self.needs:
                yield "202, although no backend that it needs was away"
            if body["status"] != "processing" or "Retry-After" not in answer.headers:
                yield f"202 with status {body['status']}, or without the time to ask again"
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
        """On a busy machine a backend that is well may answer too late, or its breaker may be open. Its parts have to
        come all the same, while the fault lasts.
        """
        answer = self._asked(lane)
        if self._lacks_others(lane, answer):
            until(lambda: not self._lacks_others(lane, self._asked(lane)))
            answer = self._asked(lane)
        return answer

    def _asked(self, lane: Lane) -> requests.Response:
        return lane.node.get(self.path(lane), client=CLIENT)

    def _lacks_others(self, lane: Lane, answer: requests.Response) -> bool:
        """Whether a part of a backend without a fault is missing."""
        return answer.ok and any(one["source"] != lane.backend for one in answer.json()["unavailable"])

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
        sent: dict[str, Any] = {"client": CLIENT, "json": {"plan": plan}}
        answer = _answer(self, lane, lambda key: lane.node.request("PATCH", path, headers=key, **sent))
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
