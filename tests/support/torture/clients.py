"""Those who order, read, cancel and change plans while everything fails, and ask again when they get no answer."""

import threading
import time
from collections.abc import Callable
from random import Random
from typing import Any

import requests

from tests.support.fault_operations import PLANS, SUBSCRIPTIONS
from tests.support.product import ORDERS, TMF622, Node, partner_order, portal_order
from tests.support.torture.notes import LOST, Kind, Notes, Wish
from tests.support.torture.world import World

CUSTOMERS = ("C12345", "C12346", "C12347", "C12348", "C12349")
IN_TROUBLE = ("C40200", "C20000", "C50000", "C99999")
"""Their orders fail: the payment is declined, or CRM does not vouch for them."""
OFFERINGS = {"po_broadband_1g": "SKU123", "po_router_premium": "SKU456", "po_tv_basic": "SKU789"}
SOLD_OUT = "SKU999"
PATIENCE = 3
"""With more than so many unsettled wishes a client wants nothing new."""
OVER = frozenset({"COMPLETED", "FAILED", "CANCELLED"})

OF_ORDERS = frozenset(
    {
        "BACKEND_REFUSED",
        "CUSTOMER_NOT_FOUND",
        "CUSTOMER_NOT_IN_GOOD_STANDING",
        "GIVEN_UP",
        "INSUFFICIENT_STOCK",
        "ORDER_CANCELLED",
        "PAYMENT_DECLINED",
    }
)
OF_PLANS = frozenset(
    {
        "BACKEND_REFUSED",
        "CONCURRENT_CHANGE",
        "GIVEN_UP",
        "INVALID_PLAN",
        "SUBSCRIPTION_NOT_FOUND",
        "SUBSCRIPTION_TERMINATED",
        "VERSION_MISMATCH",
    }
)
REFUSALS = {Kind.PORTAL: OF_ORDERS, Kind.PARTNER: frozenset[str](), Kind.PLAN: OF_PLANS}
"""What may be answered to each; backends that lie refuse for reasons that are not true."""


class Client:
    """One who does this and that, as its dice say, until `over`."""

    def __init__(self, number: int, world: World, notes: Notes, dice: Random) -> None:
        self._number = number
        self._world = world
        self._notes = notes
        self._dice = dice
        self._mine: list[Wish] = []
        self._open: list[Wish] = []

    def work(self, over: threading.Event) -> None:
        acts: dict[Callable[[], None], int] = {
            self._order_as_portal: 30,
            self._order_as_partner: 25,
            self._change_plan: 6,
            self._again: 20,
            self._cancel: 7,
            self._read: 12,
        }
        while not over.wait(self._dice.uniform(0.02, 0.25)):
            self._open = [wish for wish in self._open if not wish.settled]
            act = self._dice.choices([*acts], [*acts.values()])[0]
            (self._again if len(self._open) > PATIENCE else act)()
            if self._open and self._open[-1].answers[-1].status == LOST:
                over.wait(self._dice.uniform(0.2, 1.5))

    def _order_as_portal(self) -> None:
        skus = self._dice.sample(sorted(OFFERINGS.values()), self._dice.randint(1, 3))
        quantities = {sku: self._dice.randint(1, 4) for sku in skus}
        if self._dice.random() < 0.05:
            quantities[SOLD_OUT] = 1
        customer = self._customer()
        body = portal_order(customer, **quantities)
        self._ask(self._wish(Kind.PORTAL, "portal", "POST", ORDERS, body, customer, tuple(quantities.items())))

    def _order_as_partner(self) -> None:
        offerings = self._dice.sample(sorted(OFFERINGS), self._dice.randint(1, 3))
        lines = tuple((OFFERINGS[offering], 1) for offering in offerings)
        customer = self._customer()
        body = partner_order(customer, *offerings)
        wish = self._ask(self._wish(Kind.PARTNER, "partner-acme", "POST", TMF622, body, customer, lines))
        if wish.subjects and self._dice.random() < 0.35:
            time.sleep(self._dice.uniform(0, 1.5))
            self._cancel_one(wish)

    def _change_plan(self) -> None:
        path = f"/api/v1/subscriptions/{self._dice.choice(SUBSCRIPTIONS)}"
        self._ask(self._wish(Kind.PLAN, "portal", "PATCH", path, {"plan": self._dice.choice(PLANS)}, ""))

    def _again(self) -> None:
        """Ask for something once more: what is not settled, or else anything."""
        if self._mine:
            self._ask(self._dice.choice(self._open or self._mine))

    def _cancel(self) -> None:
        accepted = [wish for wish in self._mine[-5:] if wish.lines and wish.subjects]
        if accepted:
            self._cancel_one(self._dice.choice(accepted))

    def _cancel_one(self, wish: Wish) -> None:
        order_id = next(iter(wish.subjects))
        answer = self._other("POST", f"{ORDERS}/{order_id}/cancel", wish.client, json={"reason": "torture"})
        if answer is None:
            return
        self._notes.check("a cancellation", answer, frozenset({"INVALID_TRANSITION", "CONCURRENT_CHANGE"}))
        if answer.status_code == 202:
            self._notes.cancelled.add(order_id)
            self._notes.count("cancellation accepted")

    def _read(self) -> None:
        accepted = [(wish, subject) for wish in self._mine if wish.lines for subject in wish.subjects]
        if not accepted:
            return
        wish, order_id = self._dice.choice(accepted)
        answer = self._other("GET", f"{ORDERS}/{order_id}?include=none", wish.client)
        if answer is None:
            return
        self._notes.check("the read of an accepted order", answer, frozenset())
        if answer.status_code == 200 and (state := answer.json()["state"]) in OVER:
            before = self._notes.seen.setdefault(order_id, state)
            if before != state:
                self._notes.complain(f"order {order_id} was {before}, and is {state} now")

    def _wish(
        self, kind: Kind, client: str, method: str, path: str, body: Any, customer: str, lines: tuple[Any, ...] = ()
    ) -> Wish:
        key = f"{self._number}-{len(self._mine)}"
        wish = self._notes.wish(Wish(kind, client, method, path, body, key, customer, lines))
        self._mine.append(wish)
        self._open.append(wish)
        return wish

    def _ask(self, wish: Wish) -> Wish:
        ask(wish, self._dice.choice(self._world.nodes), self._notes, self._dice.uniform(1.0, 8.0))
        return wish

    def _other(self, method: str, path: str, client: str, **options: Any) -> requests.Response | None:
        try:
            node = self._dice.choice(self._world.nodes)
            return node.request(method, path, client, timeout=self._dice.uniform(1.0, 8.0), **options)
        except requests.RequestException:
            return None

    def _customer(self) -> str:
        return self._dice.choice(IN_TROUBLE if self._dice.random() < 0.12 else CUSTOMERS)


def ask(wish: Wish, node: Node, notes: Notes, seconds: float) -> None:
    """Ask for it, and wait so long for the answer."""
    try:
        headers = {"Idempotency-Key": wish.key}
        answer = node.request(wish.method, wish.path, wish.client, json=wish.body, headers=headers, timeout=seconds)
        notes.answered(wish, answer)
    except requests.RequestException as error:
        notes.lost(wish, error)
    else:
        notes.check(f"a {wish.kind}", answer, REFUSALS[wish.kind])
