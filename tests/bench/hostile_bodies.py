"""How long others wait while twelve bodies that take long to judge come in at once."""

import json
import statistics
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import requests

from tests.bench import servers
from tests.bench.payloads import PRODUCT_ORDERS
from tests.support.product import partner_order

AT_ONCE = 12
PAUSE = 0.002
OTHERS = {"live": "/health/live", "list": f"{PRODUCT_ORDERS}?limit=1&fields=id"}
"""One answered by the event loop, one by a thread and the database."""
HEADS = ("12 orders of", "KiB", "answered", "all after ms", "live p50 / max ms", "list p50 / max ms")


def bodies() -> Mapping[str, dict[str, Any]]:
    """The first three as large as 48 KiB allow; the last has as many values as any body may have."""
    good = partner_order()
    [item, _] = good["productOrderItem"]
    untyped = {"id": "1", "action": "add", "quantity": 1, "productOffering": {"id": "x"}}

    def order_of(entry: Any, count: int) -> dict[str, Any]:
        return good | {"productOrderItem": [entry] * count}

    return {
        "items with a wrong action": order_of(item | {"action": "change"}, 330),
        "numbers instead of items": order_of(1, 24_000),
        "empty items": order_of({}, 16_000),
        "empty parties": good | {"relatedParty": [{}] * 16_000},
        "500 items without @type": order_of(untyped, 500),
        "as many empty items as may be": order_of({}, 49_000),
    }


def measure(database: str, directory: Path) -> list[list[str]]:
    """The rows of a table, the first of them without any such body."""
    with servers.database_settings(database, directory) as settings:
        product = servers.Product(directory, settings | {"HOLD_PROCESSES": "true"})
        with product.served() as server:
            client = _Client(f"http://127.0.0.1:{server.port}", product.token())
            return [client.row(name, body) for name, body in {"nothing": None, **bodies()}.items()]


def _nothing_for_a_second() -> list[int]:
    time.sleep(1)
    return []


class _Client:
    def __init__(self, url: str, token: str) -> None:
        self._url = url
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def row(self, name: str, body: Any) -> list[str]:
        content = json.dumps(body, separators=(",", ":")).encode() if body else b""
        ended = threading.Event()
        with ThreadPoolExecutor(len(OTHERS)) as asking:
            waits = [asking.submit(self._ask, path, ended) for path in OTHERS.values()]
            began = time.perf_counter()
            statuses = self._send(content) if content else _nothing_for_a_second()
            took = (time.perf_counter() - began) * 1000
            ended.set()
        shown = [f"{statistics.median(each.result()):.1f} / {max(each.result()):.0f}" for each in waits]
        counts = ", ".join(f"{statuses.count(status)} × {status}" for status in sorted(set(statuses)))
        return [name, f"{len(content) / 1024:.0f}", counts, f"{took:.0f}", *shown]

    def _send(self, content: bytes) -> list[int]:
        def post(_: int) -> int:
            url = self._url + PRODUCT_ORDERS
            return requests.post(url, data=content, headers=self._headers, timeout=300).status_code

        with ThreadPoolExecutor(AT_ONCE) as pool:
            return list(pool.map(post, range(AT_ONCE)))

    def _ask(self, path: str, ended: threading.Event) -> list[float]:
        waits = []
        with requests.Session() as session:
            session.get(self._url + path, headers=self._headers, timeout=300)
            while not ended.wait(PAUSE):
                began = time.perf_counter()
                session.get(self._url + path, headers=self._headers, timeout=300)
                waits.append((time.perf_counter() - began) * 1000)
        return waits
