"""The parts that the portal reads about an order and its customer: each with its source and a short text."""

from collections.abc import Callable, Mapping
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from facade.demo.product import ORDERS, Product

CONTEXT = "/api/v1/customer/{}/context"

IN_SHORT: Mapping[str, tuple[str, Callable[[Any], str]]] = {
    "orderDetails": ("BSS", lambda part: f"{part['orderId']} {part['status']}, {len(part['items'])} items"),
    "invoiceDetails": ("Billing", lambda part: f"{part['number']} {_money(part['total'])} {part['status']}"),
    "shipments": ("SCM", lambda part: ", ".join(f"{one['id']} {one['status']}" for one in part)),
    "profile": ("CRM", lambda part: f"{part['name']}, {part['status']}"),
    "subscriptions": ("BSS", lambda part: ", ".join(f"{one['id']} {one['plan']} {one['status']}" for one in part)),
    "outstandingBalances": ("Billing", lambda part: ", ".join(_money(one["amount"]) for one in part)),
    "recentShipments": ("SCM", lambda part: f"{len(part)}, newest {part[0]['id']} {part[0]['status']}"),
}
"""The source of each part, and its text in one line if it has content."""


def show_reads(product: Product, console: Console, order: Mapping[str, Any]) -> None:
    """Print the order's snapshot and its customer's context. Raises DemoError."""
    for path in (f"{ORDERS}/{order['id']}", CONTEXT.format(order["customerId"])):
        console.print(f"GET {path}")
        console.print(_parts(product.read(path, "portal")))


def _parts(answer: Mapping[str, Any]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="dim", padding=(0, 1, 0, 0))
    for column in ("part", "from", "says"):
        table.add_column(column, overflow="fold")
    missing = {entry["part"]: entry["code"] for entry in answer["unavailable"]}
    for part, (source, tell) in IN_SHORT.items():
        if part in answer:
            said = tell(answer[part]) if answer[part] else "nothing"
            table.add_row(part, source, f"[red]missing: {missing[part]}[/]" if part in missing else said)
    return table


def _money(amount: Mapping[str, Any]) -> str:
    return f"{amount['amount']} {amount['currency']}"
