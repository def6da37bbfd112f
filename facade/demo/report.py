"""Tables of an order's path: payload, command, backend effects, state on both sides."""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from rich import box
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from facade.application.requests import Translation
from facade.demo.product import TMF622, Product
from facade.demo.reads import show_reads
from facade.demo.scenarios import SCENARIOS, Scenario, order_id

WIDTH = 80
"""Columns of a usual terminal."""
ONE_LINE = 36
"""Characters of two pointers that stand in one line."""
UNDONE_BY = {"reserve": "release", "createOrder": "cancelOrder", "charge": "refund"}


@dataclass(frozen=True)
class Played:
    """How a scenario went."""

    scenario: Scenario
    answer: str
    order: Mapping[str, Any]
    effects: Sequence[Mapping[str, Any]] | None

    @property
    def as_told(self) -> bool:
        code = (self.order["failure"] or {}).get("code")
        return bool(code == self.scenario.code and (code or self.order["status"] == "confirmed"))


def demonstrate(product: Product, console: Console) -> int:
    """Play every scenario and show its path. Returns how many did not end as expected. Raises DemoError."""
    product.check()
    console.print(f"Playing against {product.url}, with the backends at {product.backends_url}.\n")
    run = f"-{secrets.token_hex(4)}"
    scenarios = [replace(scenario, run=run) for scenario in SCENARIOS]
    played = [_play(scenario, number, product, console) for number, scenario in enumerate(scenarios, start=1)]
    console.rule("All orders", align="left", characters="─")
    console.print(_summary(played))
    confirmed = next((one for one in reversed(played) if one.order["status"] == "confirmed"), None)
    if confirmed is not None:
        console.rule("What the portal reads", align="left", characters="─")
        show_reads(product, console, confirmed.order)
    return sum(not one.as_told for one in played)


def console_for(width: int | None = None) -> Console:
    """A console that is never wider than WIDTH, and exactly so when its output is piped."""
    console = Console(highlight=False, width=width)
    return console if console.is_terminal and console.width <= WIDTH else Console(highlight=False, width=WIDTH)


def _play(scenario: Scenario, number: int, product: Product, console: Console) -> Played:
    side = scenario.side
    console.rule(f"[bold]{number}. {scenario.title}[/] · {side.client}, {side.name}", align="left", characters="─")
    answer = product.place(side.path, scenario.body, side.client)
    body = answer.json()
    said = (body.get("status") or body["state"]) if answer.ok else body["title"]
    played = Played(
        scenario,
        f"{answer.status_code} {said}",
        order := product.order(order_id(answer), "portal"),
        product.effects(order["id"]),
    )
    document = product.read(f"{TMF622}/{order['id']}", side.client)
    console.print(f"POST {side.path}")
    console.print(
        f"sent     fixtures/golden/{side.folder}/{scenario.file}.request.json, external ids with {scenario.run}"
    )
    console.print(f"answered [bold]{played.answer}[/], order {order['id']}\n")
    for title, shown in (
        ("Payload → command", _translation(scenario.translation)),
        ("Backend effects", _effects(played.effects)),
        ("State now", _states(order, document)),
    ):
        console.print(Group(Text(title, style="bold cyan"), shown))
    return played


def _table(*columns: str, whole: int = 0) -> Table:
    """A table whose first `whole` columns are never broken into lines."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="dim", padding=(0, 1, 0, 0))
    for index, column in enumerate(columns):
        table.add_column(column, overflow="fold", no_wrap=index < whole)
    return table


def _translation(translation: Translation) -> Group:
    """The source of each field of the command, and the carried attributes."""
    command = dict(_leaves(asdict(translation.command), ""))
    table = _table()
    for title, width in (("payload → command", 40), ("value", 16), ("how", 22)):
        table.add_column(title, overflow="fold", width=width)
    table.add_row("(token) → /owner", command["/owner"], "client id")
    for mapped in translation.trail:
        said = [value for pointer, value in command.items() if _is_under(pointer, mapped.target)]
        if said and not any(_is_under(other.target, mapped.target, strictly=True) for other in translation.trail):
            apart = " → " if len(mapped.source + mapped.target) <= ONE_LINE else "\n→ "
            table.add_row(f"{mapped.source}{apart}{mapped.target}", "\n".join(said), mapped.rule)
    carried = [mapped.source for mapped in translation.trail if mapped.target.startswith("/carried/")]
    return Group(table, Text(f"carried, kept as sent: {', '.join(carried) or 'nothing'}\n"))


def _leaves(node: Any, at: str) -> Iterator[tuple[str, str]]:
    """Every non-empty value with its pointer."""
    if isinstance(node, Mapping):
        for name, value in node.items():
            yield from _leaves(value, f"{at}/{name}")
    elif isinstance(node, tuple | list):
        for index, value in enumerate(node):
            yield from _leaves(value, f"{at}/{index}")
    elif node is not None:
        yield at, node.isoformat().replace("+00:00", "Z") if isinstance(node, datetime) else str(node)


def _is_under(pointer: str, root: str, strictly: bool = False) -> bool:
    return pointer.startswith(f"{root}/") or (pointer == root and not strictly)


def _effects(effects: Sequence[Mapping[str, Any]] | None) -> Table | Text:
    if effects is None:
        return Text("The backends are not simulated, so they keep no ledger.\n")
    if not effects:
        return Text("none: the order ended before anything was changed\n")
    table = _table("at", "backend", "operation", "on", "what")
    table.add_column("key: order id +", no_wrap=True)
    for effect in effects:
        key = str(effect["key"]).partition(":")[2]
        at = str(effect["at"])[11:19]
        table.add_row(at, effect["backend"], effect["operation"], effect["id"], _what(effect["data"]), f":{key}")
    return table


def _what(data: Mapping[str, Any]) -> str:
    if "amount" in data:
        return f"{data['amount']} {data['currency']} {data['status']}"
    if "items" in data:
        return f"{len(data['items'])} items {data['status']}"
    return f"{data['quantity']} × {data['sku']} {data['status']}"


def _states(order: Mapping[str, Any], document: Mapping[str, Any]) -> Table:
    failure = order["failure"] or {}
    message = (document.get("productOrderErrorMessage") or [{}])[0]
    theirs = {
        "state": document["state"],
        "items": ", ".join(f"{item['id']} {item['state']}" for item in document["productOrderItem"]),
        "completed": document.get("completionDate"),
        "error code": message.get("code"),
        "message": "\n".join(str(message.get("message", "")).split("; ")),
    }
    ours = {
        "state": f"{order['state']} ({order['stateCategory']})",
        "status": order["status"],
        "payment": f"{order['paymentStatus']}, {order['total']['amount']} {order['total']['currency']}",
        "BSS order": order["orderId"],
        "failed at": failure.get("step"),
        "undone": "\n".join(failure.get("undone", ())),
        "was": " → ".join(entry["state"] for entry in order["timeline"]),
    }
    both = Table.grid(padding=(0, 3, 0, 0))
    both.add_row(_pairs("TMF622 v5", theirs), _pairs("canonical API", ours))
    return both


def _pairs(title: str, values: Mapping[str, Any]) -> Table:
    table = _table(title, "", whole=1)
    for name, value in values.items():
        if value:
            table.add_row(name, value)
    return table


def _summary(played: Sequence[Played]) -> Table:
    table = _table("", "order", "answered", "ended", "effects left", whole=4)
    for number, one in enumerate(played, start=1):
        mark = "[green]✓[/]" if one.as_told else "[bold red]✗[/]"
        ended = (one.order["failure"] or {}).get("code") or one.order["state"]
        table.add_row(f"{mark} {number}", one.scenario.title, one.answer, ended, _standing(one.effects))
        if number < len(played) and played[number].scenario.side is not one.scenario.side:
            table.add_section()
    return table


def _standing(effects: Sequence[Mapping[str, Any]] | None) -> str:
    """The effects that were not undone, counted by operation."""
    if effects is None:
        return "?"
    done = [effect["operation"] for effect in effects]
    left = {name: done.count(name) - done.count(undo) for name, undo in UNDONE_BY.items()}
    return ", ".join(f"{count} {name}" for name, count in left.items() if count) or "none"
