"""Calls the simulated backends as the tests of them do: every answer is held against the backend's contract."""

import uuid
from typing import Any

import requests

from tests.support.simulators import Backends, check_contract
from tests.support.waiting import LONG

NAMES = ["crm", "inventory", "bss", "billing", "scm"]


class Client:
    """Calls the backends with a token and checks each answer against the contract."""

    def __init__(self, backends: Backends) -> None:
        self.backends = backends
        self.token = backends.token()

    def call(
        self, method: str, path: str, body: Any = None, *, key: str | None = None, timeout: float = LONG, **more: Any
    ) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.token}"} | more.pop("headers", {})
        if key is not None:
            headers["Idempotency-Key"] = key
        answer = requests.request(method, self.backends.url + path, json=body, headers=headers, timeout=timeout, **more)
        check_contract(method, path, answer)
        return answer

    def order(self, customer: str = "C12345") -> str:
        items = [{"sku": "SKU123", "quantity": 1}]
        body = {"customerId": customer, "externalId": name(), "items": items}
        return str(self.call("POST", "/bss/orders", body).json()["orderId"])

    def charge(self, order: str, key: str | None = None, **more: Any) -> requests.Response:
        body = {"orderId": order, "amount": "25.50", "currency": "EUR"}
        return self.call("POST", "/billing/charges", body, key=key, **more)

    def reserve(self, sku: str = "SKU123", quantity: Any = 1, **more: Any) -> requests.Response:
        reference = more.pop("reference", None)
        body = {"sku": sku, "quantity": quantity} | ({"reference": reference} if reference else {})
        return self.call("POST", "/inventory/reservations", body, **more)


def name() -> str:
    """A key, reference or external id that nothing else uses."""
    return uuid.uuid4().hex
