"""The feed as the warehouse reads it: tokens, and what answers mean, over real HTTP."""

import base64
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from canonical.shared import jsontext
from facade.warehouse.errors import FeedAway, NotAllowed, WarehouseError
from facade.warehouse.feed import Feed, Source
from tests.support.private_ca import Authority, served_over_tls

TOKEN = {"access_token": "t1", "expires_in": 3600, "scope": "events:read events:read:all"}
EMPTY = {"items": [], "next": 0, "last": 0}


class Product:
    """Answers tokens and events as it is told; `asked` has the paths with their Authorization."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.credentials: list[str] = []
        self.tokens: list[tuple[int, object]] = []
        self.events: list[tuple[int, object]] = []
        self.links: list[str] = []
        product = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                self._answer(product.tokens, TOKEN)

            def do_GET(self) -> None:
                self._answer(product.events, EMPTY)

            def _answer(self, answers: list[tuple[int, object]], usual: object) -> None:
                kind, _, credentials = self.headers["Authorization"].partition(" ")
                product.asked.append((self.path.partition("?")[0], kind))
                product.credentials.append(credentials)
                status, body = answers.pop(0) if answers else (200, usual)
                content = body if isinstance(body, bytes) else jsontext.write(body)
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.send_header("Location", "/elsewhere")
                if product.links and self.command == "GET" and (link := product.links.pop(0)):
                    self.send_header("Link", link)
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                """Tests are quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.feed = Feed(Source(self.url, f"{self.url}/oauth/token", "warehouse", "secret"))


@pytest.fixture
def product() -> Iterator[Product]:
    made = Product()
    threading.Thread(target=made.server.serve_forever, args=(0.01,), daemon=True).start()
    yield made
    made.server.shutdown()
    made.server.server_close()


def test_a_token_serves_until_it_is_refused(product: Product) -> None:
    product.events = [(200, EMPTY), (401, {}), (200, EMPTY)]
    for _ in range(2):
        assert product.feed.page(0).last == 0
    token, events = ("/oauth/token", "Basic"), ("/api/v1/events", "Bearer")
    assert product.asked == [token, events, events, token, events]
    assert product.feed.sees_all


def test_a_token_without_everybodys_events_is_noticed(product: Product) -> None:
    product.tokens = [(200, TOKEN | {"scope": "events:read"})]
    product.feed.page(0)
    assert not product.feed.sees_all


@pytest.mark.parametrize(
    ("tokens", "events", "error", "message"),
    [
        ([(401, {})], [], WarehouseError, "check WAREHOUSE_CLIENT and WAREHOUSE_SECRET"),
        ([(200, b"<html>")], [], WarehouseError, "is no token: check WAREHOUSE_TOKEN_URL"),
        ([(200, [])], [], WarehouseError, "is no token"),
        ([(404, {})], [], WarehouseError, "answers 404: check WAREHOUSE_TOKEN_URL"),
        ([(302, {})], [], WarehouseError, "answers 302: check WAREHOUSE_TOKEN_URL"),
        ([(429, {})], [], FeedAway, "answers 429"),
        ([(503, {})], [], FeedAway, "answers 503"),
        ([], [(403, {})], NotAllowed, "needs the scopes events:read and events:read:all"),
        ([], [(401, {}), (401, {})], NotAllowed, "refuses the client warehouse"),
        ([], [(404, {})], WarehouseError, "check WAREHOUSE_SOURCE"),
        ([], [(302, {})], WarehouseError, "answers 302"),
        ([], [(429, {})], FeedAway, "answers 429"),
        ([], [(500, {})], FeedAway, "answers 500"),
        ([], [(200, b"<html>")], WarehouseError, "is no page of events"),
        ([], [(200, {"items": []})], WarehouseError, "is no page of events"),
    ],
)
def test_what_passes_is_told_from_what_somebody_has_to_change(
    product: Product,
    tokens: list[tuple[int, object]],
    events: list[tuple[int, object]],
    error: type[Exception],
    message: str,
) -> None:
    product.tokens, product.events = tokens, events
    with pytest.raises(WarehouseError, match=message) as raised:
        product.feed.page(0)
    assert type(raised.value) is error


def test_the_list_of_products_is_read_page_by_page(product: Product) -> None:
    product.links = ['<https://public.example/product?cursor=abc&limit=200>; rel="next"', ""]
    product.events = [(206, [{"id": "a1"}]), (206, [{"id": "a2"}]), (403, {})]
    first = product.feed.products()
    assert first.next == "cursor=abc&limit=200"
    second = product.feed.products(first.next)
    assert (first.text, second.text, second.next) == ('[{"id":"a1"}]', '[{"id":"a2"}]', None)
    with pytest.raises(WarehouseError, match="needs the scopes inventory:read and inventory:read:all"):
        product.feed.products()


def test_a_product_behind_a_private_authority_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ours, other = Authority(tmp_path / "ours"), Authority(tmp_path / "other")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(other.bundle))
    made = Product()
    with served_over_tls(made.server, ours.issue("product")) as url:

        def feed(bundle: Path | str) -> Feed:
            return Feed(Source(url, f"{url}/oauth/token", "warehouse", "secret", str(bundle)))

        assert feed(ours.bundle).page(0).last == 0
        for wrong in ("", other.bundle):
            with pytest.raises(FeedAway, match="no certificate that we trust"):
                feed(wrong).page(0)
        with pytest.raises(WarehouseError, match="WAREHOUSE_CA_BUNDLE cannot be read"):
            feed(tmp_path / "missing.pem").page(0)


def test_client_and_secret_are_form_encoded(product: Product) -> None:
    Feed(Source(product.url, f"{product.url}/oauth/token", "ware:house", "50% +")).page(0)
    assert base64.b64decode(product.credentials[0]) == b"ware%3Ahouse:50%25+%2B"


def test_a_product_that_is_down_is_asked_again_later() -> None:
    with pytest.raises(FeedAway, match="nobody answers"):
        Feed(Source("http://127.0.0.1:1", "http://127.0.0.1:1/oauth/token", "warehouse", "x")).page(0)
