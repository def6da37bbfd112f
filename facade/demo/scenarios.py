"""The golden payloads that are played, by whom, and how each is to end."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from canonical.shared.reader import Reader
from facade.application.requests import Translation
from facade.demo.product import ORDERS, TMF622, DemoError, Product
from facade.portal import handlers as portal
from facade.tmf.engine.declaration import Sender
from facade.tmf.tmf622 import product_order
from facade.tmf.vocabulary import STANDARD

GOLDEN = Path(__file__).parents[2] / "fixtures" / "golden"


@dataclass(frozen=True)
class Side:
    """One API of the product: its client, its address, the folder of its golden payloads, and the attribute of their
    external ids.
    """

    name: str
    client: str
    path: str
    folder: str
    identifiers: str


PARTNER = Side("TMF622 v5", "partner-acme", TMF622, "tmf622/v5", "externalId")
PORTAL = Side("canonical API", "portal", ORDERS, "portal", "externalIdentifiers")


@dataclass(frozen=True)
class Scenario:
    """One golden payload. `code` is the error that its order is to end with, None when it is to be completed.

    `run` is added to its external ids, because each belongs to one order only.
    """

    title: str
    side: Side
    file: str
    code: str | None = None
    run: str = ""

    @property
    def body(self) -> Any:
        sent = json.loads((GOLDEN / self.side.folder / f"{self.file}.request.json").read_bytes())
        for identifier in sent.get(self.side.identifiers, ()):
            identifier["id"] += self.run
        return sent

    @property
    def translation(self) -> Translation:
        """What the payload means, as the product reads it."""
        if self.side is PORTAL:
            return portal.to_submit_order(self.body, Reader(self.side.client))
        return product_order.to_submit_order(self.body, Sender(self.side.client, STANDARD))


_STORIES = (
    ("Everything is in order", "01-happy-path", None),
    ("CRM does not know the customer", "02-unknown-customer", "CUSTOMER_NOT_FOUND"),
    ("The second item is out of stock", "03-no-stock", "INSUFFICIENT_STOCK"),
    ("The payment is declined", "04-payment-declined", "PAYMENT_DECLINED"),
)
SCENARIOS = tuple(Scenario(title, side, file, code) for side in (PARTNER, PORTAL) for title, file, code in _STORIES)


PARTNER_ORDER = """{
  "relatedParty": [{"role": "Customer", "partyOrPartyRole": {"@type": "PartyRoleRef", "id": "C12345"}}],
  "productOrderItem": [{"id": "1", "action": "add", "productOffering": {"id": "po_broadband_1g"}}]}"""
"""An order in the standard's words, as `tmf-facade run` shows it."""


def seed(product: Product) -> tuple[int, int]:
    """Place demonstration orders unless there are orders already. Returns how many were placed, and how many refused.

    Each has an idempotency key of its own, so that two starts at once place them once.
    """
    if _total(product):
        return 0, 0
    wanted = [scenario for scenario in SCENARIOS if scenario.code != "CUSTOMER_NOT_FOUND"]
    for number, scenario in enumerate(wanted, start=1):
        product.place(scenario.side.path, scenario.body, scenario.side.client, f"demonstration-{number}")
    placed = _total(product)
    return placed, len(wanted) - placed


def takes_standard_orders(product: Product) -> bool:
    """Whether the partner's profile lets it order in the standard's words. A dry run; no order is placed."""
    asked = {"api": "TMF622", "version": "v5", "operation": "createProductOrder", "payload": json.loads(PARTNER_ORDER)}
    answer = product.place("/api/v1/translations", asked, PARTNER.client)
    return answer.ok and bool(answer.json()["accepted"])


def _total(product: Product) -> int:
    total: int = product.read(f"{ORDERS}?limit=1", "portal")["total"]
    return total


def order_id(answer: Any) -> str:
    """The order's id, in a success as in a failure. Raises DemoError when no order was made."""
    body = answer.json()
    if "id" not in body or body.get("@type") == "Error":
        raise DemoError(f"the order was not accepted: {answer.status_code} {answer.text[:300]}")
    return str(body["id"])
