"""The warehouse beside a running product: it reads the feed over HTTP, and its numbers are those of the product."""

import csv
import os
import re
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from canonical.shared import jsontext
from facade.cli import main
from facade.warehouse.tables import LAYOUT
from tests.support.browser import needs_browser, shown
from tests.support.product import ROOT, TMF622, Node, partner_order, portal_order
from tests.support.tampering import tampering
from tests.support.waiting import LONG, until
from tests.support.warehousing import Warehouse

CANCEL = TMF622.rpartition("/")[0] + "/cancelProductOrder"
TMF637 = "/tmf-api/productInventory/v5/product"
PAGE = 100


@pytest.fixture(scope="module")
def placed(product_on_sqlite: Node) -> list[str]:
    """Orders that completed, failed and were cancelled. Other tests place orders in the same product, too."""
    node = product_on_sqlite
    placed = [node.post(TMF622, partner_order(), "partner-acme").json()["id"] for _ in range(2)]
    placed.append(node.post("/api/v1/orders", portal_order(), "portal").json()["id"])
    placed.append(node.post(TMF622, partner_order("C40200"), "partner-acme").json()["id"])
    draft = node.post(TMF622, partner_order() | {"requestedInitialState": "draft"}, "partner-acme").json()["id"]
    task = {"productOrder": {"id": draft, "@type": "ProductOrderRef"}}
    assert node.post(CANCEL, task, "partner-acme").status_code == 201
    for order in (*placed, draft):
        node.until_finished(order)
    return [*placed, draft]


@pytest.fixture(scope="module")
def product(product_on_sqlite: Node, placed: list[str], tmp_path_factory: pytest.TempPathFactory) -> Node:
    """With these orders, and an asset that was loaded."""
    node = product_on_sqlite
    loaded = tmp_path_factory.mktemp("loaded") / "assets.jsonl"
    asset = {"id": "asset-warehouse", "customer": "C-warehouse", "status": "ACTIVE", "contents": {"name": "A line"}}
    loaded.write_text(jsontext.text(asset))
    done = CliRunner().invoke(main, ["assets", "load", str(loaded)], env={"DATABASE_URL": str(node.database)})
    assert done.exit_code == 0, done.output
    return node


def last(product: Node) -> int:
    return int(product.get("/api/v1/events", params={"limit": 1}).json()["last"])


def listed(product: Node, path: str) -> list[dict[str, Any]]:
    """Everything that a list of the product has."""
    found: list[dict[str, Any]] = []
    while True:
        page = product.get(path, params={"offset": len(found), "limit": PAGE}).json()
        found += page
        if len(page) < PAGE:
            return found


@pytest.fixture(scope="module")
def warehouse(product: Node, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """That was killed while it read, and runs again."""
    made = Warehouse(tmp_path_factory.mktemp("warehouse"), product.url, WAREHOUSE_CHUNK="50")
    with tampering(product.port) as proxy:
        third = proxy.when("GET", "/api/v1/events", nth=3).delay(LONG)
        with made.running(proxy.url) as process:
            until(lambda: third.hits, made.log.read_text)
            process.kill()
            process.wait()
    assert made.rows("SELECT number FROM stream") == [[100]], "two chunks were stored, and nothing of the third"
    with made.running():
        made.until_number(last(product))
        yield made


def test_it_has_what_the_product_has_after_a_kill(product: Node, placed: list[str], warehouse: Warehouse) -> None:
    def has_all_orders() -> bool:
        known = {one["id"]: one["state"] for one in listed(product, TMF622)}
        return dict(warehouse.rows("SELECT order_id, state FROM orders")) == known

    until(has_all_orders, warehouse.log.read_text)  # those of other tests may not have ended
    warehouse.until_number(last(product))
    orders = listed(product, TMF622)
    assets = listed(product, TMF637)
    assert dict(warehouse.rows("SELECT asset_id, status FROM assets")) == {one["id"]: one["status"] for one in assets}
    assert ["asset-warehouse", "C-warehouse", "A line"] in warehouse.rows(
        "SELECT asset_id, customer_id, name FROM assets"
    )
    assert warehouse.rows("SELECT count(*), count(DISTINCT id), min(number), max(number) FROM events") == [
        [last(product), last(product), 1, last(product)]
    ]
    states = Counter(one["state"] for one in orders)
    assert dict(warehouse.rows("FROM orders_by_state")) == states
    assert {"completed", "failed", "cancelled"} <= states.keys()
    charged: dict[tuple[str, str], float] = {}
    for order in orders:
        for item in order["productOrderItem"] if order["id"] in placed and order["state"] == "completed" else ():
            for price in item.get("itemTotalPrice", ()):
                key = (item["productOffering"]["id"], price["priceType"])
                charged[key] = charged.get(key, 0) + price["price"]["taxIncludedAmount"]["value"]
    revenue: dict[tuple[str, str], float] = {}
    charges = "FROM order_charges JOIN orders USING (order_id) WHERE orders.state = 'completed'"
    for order_id, offering, kind, amount in warehouse.rows(
        f"SELECT order_id, offering_id, price_type, amount {charges}"
    ):
        if order_id in placed:
            revenue[offering, kind] = revenue.get((offering, kind), 0) + float(amount)
    assert revenue == pytest.approx(charged)
    assert charged


def test_what_happens_now_arrives_and_is_asked_of_the_process(product: Node, warehouse: Warehouse) -> None:
    order = product.post(TMF622, partner_order(), "partner-acme").json()["id"]
    product.until_finished(order)
    newest = "SELECT order_id, seconds > 0 AS positive FROM lead_times ORDER BY acknowledged_at DESC LIMIT 1"
    until(lambda: warehouse.rows(newest) == [[order, True]], lambda: warehouse.rows(newest))
    done = warehouse.command("query", newest, "--format", "csv")
    assert list(csv.reader(done.stdout.splitlines())) == [["order_id", "positive"], [order, "true"]], done.stderr
    refused = warehouse.command("query", "COPY orders TO '/tmp/stolen.csv'")
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert refused.stderr.startswith("Error: COPY is not allowed: only SELECT")
    second = warehouse.command("run")
    assert second.exit_code == 1
    assert "only one may have it open" in second.stderr


def test_a_rebuild_and_a_stopped_warehouse_say_the_same(product: Node, warehouse: Warehouse) -> None:
    number = last(product)
    warehouse.until_number(number)
    before = warehouse.state(number)
    stopped = Warehouse(warehouse.path.parent / "rebuilt", product.url)
    stopped.path.parent.mkdir()
    done = stopped.command("rebuild")
    assert done.exit_code == 0, done.stderr
    assert done.stdout == f"{stopped.path} has all events up to number {number:,}\n"
    assert stopped.state(number) == before
    assert stopped.path.stat().st_mode & 0o077 == 0
    [[read]] = stopped.rows("SELECT max(number) FROM asset_loads")
    assert stopped.command("query", "FROM stream", "--format", "json").stdout == (
        f'{{"number":{number},"last":{number},"assets_read":{read},"source":"{product.url}","layout":{LAYOUT}}}\n'
    )


def test_the_reader_in_the_documents_counts_each_event_once(product: Node, tmp_path: Path) -> None:
    file, number = tmp_path / "events.db", last(product)

    def counted() -> list[Any]:
        with closing(sqlite3.connect(file)) as database, suppress(sqlite3.OperationalError):
            return list(database.execute("SELECT number, (SELECT sum(events) FROM counts) FROM cursor").fetchone())
        return [0, 0]  # it has made no tables yet

    def reached(wanted: int) -> bool:
        return bool(counted()[0] >= wanted)

    command = [sys.executable, str(ROOT / "docs/examples/reader.py"), product.url, str(file)]
    environment = {**os.environ, "CLIENT": "portal", "SECRET": "portal-secret"}
    for wanted in (200, number):
        process = subprocess.Popen(command, env=environment)
        until(partial(reached, wanted))
        process.kill()
        process.wait()
        assert counted()[0] == counted()[1], "each event counts once"


@pytest.fixture
def report(warehouse: Warehouse, tmp_path: Path) -> Path:
    path = tmp_path / "report.html"
    done = warehouse.command("report", str(path))
    assert (done.exit_code, done.stdout) == (0, f"{path} is written\n"), done.stderr
    return path


def shows_the_numbers(text: str, warehouse: Warehouse) -> bool:
    """Whether each number of orders by state, and of assets by status, is in a row of a table."""
    counted = warehouse.rows("FROM orders_by_state") + warehouse.rows("FROM assets_by_status")
    return all(re.search(rf"<td>{name}</td><td [^>]*>{count:,}</td>", text) for name, count in counted)


def test_the_report_has_the_numbers_of_the_product(warehouse: Warehouse, report: Path) -> None:
    text = report.read_text()
    assert shows_the_numbers(text, warehouse)
    assert "default-src" in text
    assert "<script" not in text


@needs_browser
def test_the_report_opens_in_a_browser(warehouse: Warehouse, report: Path, tmp_path: Path) -> None:
    text = shown(report.as_uri(), tmp_path / "browser")
    assert shows_the_numbers(text, warehouse)
    assert text.count('class="pygal-chart"') == report.read_text().count('class="pygal-chart"') > 3
