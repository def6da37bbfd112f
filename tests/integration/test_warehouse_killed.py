"""The warehouse is killed again and again while it reads: in the end it has each event once, and the same state."""

import random
import threading
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from canonical.shared import jsontext
from facade.warehouse.store import Store
from tests.support.fed import Event, Fed, a_course, event
from tests.support.waiting import let_pass, until
from tests.support.warehousing import Warehouse

ORDERS = 120
KILLS = 2


def history() -> list[Event]:
    """Orders whose events are mixed; every fifth is removed in the end."""
    courses = [a_course(f"o{number}", 1) for number in range(ORDERS)]
    courses += [[event(1, "OrderRemoved", f"o{number}", 5)] for number in range(0, ORDERS, 5)]
    mixed = [one for step in range(4) for course in courses[:ORDERS] for one in course[step : step + 1]]
    mixed += [one for course in courses[ORDERS:] for one in course]
    return [one | {"number": number} for number, one in enumerate(mixed, start=1)]


class Product:
    """The feed of these events over HTTP. `asked`: the greatest number after which somebody asked."""

    def __init__(self, events: list[Event]) -> None:
        fed, product = Fed(events), self
        self.asked = 0

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                self._answer(jsontext.text({"access_token": "t", "expires_in": 3600}))

            def do_GET(self) -> None:
                query = {
                    name: int(values[0])
                    for name, values in parse_qs(urlsplit(self.path).query).items()
                    if name in ("after", "limit")
                }
                self._answer(fed.page(query["after"], limit=query["limit"]).text)
                product.asked = max(product.asked, query["after"])

            def _answer(self, text: str) -> None:
                content = text.encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                """Tests are quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"


@pytest.fixture
def product() -> Iterator[Product]:
    made = Product(history())
    threading.Thread(target=made.server.serve_forever, args=(0.01,), daemon=True).start()
    yield made
    made.server.shutdown()
    made.server.server_close()


def test_a_warehouse_that_is_killed_at_random_comes_to_the_same_state(product: Product, tmp_path: Path) -> None:
    events = history()
    chance = random.Random(15)
    killed = Warehouse(tmp_path, product.url, WAREHOUSE_CHUNK="10")
    for part in range(1, KILLS + 1):
        reached = part * len(events) // (KILLS + 1)
        with killed.running() as process:
            until(lambda reached=reached: product.asked >= reached, killed.log.read_text)  # type: ignore[misc]
            let_pass(chance.random() / 50)
            process.kill()
            process.wait()
        [[number, stored]] = killed.rows("SELECT number, (SELECT count(*) FROM events) FROM stream")
        assert number == stored < len(events), "what is stored and the cursor are one"
    with killed.running():
        killed.until_number(len(events))
        state = killed.state(len(events))
    other = Warehouse(tmp_path / "other", product.url)
    other.path.parent.mkdir()
    with closing(Store(other.path, source=product.url)) as store:
        store.take([Fed(events).page(0, limit=len(events)).text], len(events), len(events))
    assert state == other.state(len(events))
