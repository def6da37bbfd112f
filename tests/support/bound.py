"""Clients that may act for some customers only, and what they send."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import requests

from facade.security.clients import DEVELOPMENT_CLIENTS
from facade.security.development_keys import development_key
from tests.support.product import ORDERS, TMF622, Node, partner_order, portal_order
from tests.support.secured import signed
from tests.support.waiting import LONG

V4 = TMF622.replace("/v5/", "/v4/")
TASKS = TMF622.rpartition("/")[0] + "/cancelProductOrder"
MERGE = {"Content-Type": "application/merge-patch+json"}
MINE, FOREIGN, PENDING, SUSPENDED, UNKNOWN = "C12345", "C12346", "C20000", "C50000", "C77777"
NOT_MINE = (FOREIGN, PENDING, SUSPENDED, UNKNOWN, "c12345", "С12345", "C12345\u200b", "C12345 ", "%4312345")
"""Known and in good standing, known and not, unknown, and what only looks like the customer of the client."""


@dataclass(frozen=True)
class Caller:
    """`partner-claim` with a token that names its customers, and `more` scopes than its own."""

    node: Node
    customers: Any
    more: tuple[str, ...] = ()

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> requests.Response:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if body is not None and "Content-Type" not in sent:
            sent["Content-Type"] = "application/json"
        sent["Authorization"] = f"Bearer {self.token}"
        data = None if body is None else json.dumps(body)
        return requests.request(method, self.node.url + path, data=data, headers=sent, timeout=LONG)

    @property
    def token(self) -> str:
        return signed(
            development_key(self.node.directory / "var"),
            iss="tmf-facade-development",
            aud="tmf-facade",
            client_id="partner-claim",
            scope=" ".join((*DEVELOPMENT_CLIENTS["partner-claim"].scopes, *self.more)),
            customers=self.customers,
        )


def v4_order(customer: str) -> dict[str, Any]:
    return {
        "relatedParty": [{"role": "Customer", "id": customer, "@referredType": "Customer"}],
        "productOrderItem": [{"id": "1", "action": "add", "productOffering": {"id": "po_tv_basic"}}],
    }


BODIES: dict[str, Callable[[str], dict[str, Any]]] = {TMF622: partner_order, V4: v4_order, ORDERS: portal_order}
CUSTOMERS_AT = {
    TMF622: "/relatedParty/0/partyOrPartyRole/id",
    V4: "/relatedParty/0/id",
    ORDERS: "/customerId",
}


def answer_of(answer: requests.Response, *told: str) -> tuple[int, Any, dict[str, str]]:
    """An answer without what differs from one request to the next, and without the names in `told` in it."""
    body = answer.json()
    body.pop("id" if "@type" in body else "instance", None)
    text = json.dumps(body)
    for name in told:
        text = text.replace(json.dumps(name)[1:-1], "<name>")
    varying = ("date", "x-correlation-id", "content-length")
    headers = {name.lower(): value for name, value in answer.headers.items() if name.lower() not in varying}
    return answer.status_code, json.loads(text), headers
