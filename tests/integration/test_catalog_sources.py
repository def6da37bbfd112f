"""Files that are fetched: only from allowed addresses, from hosts that may be reached, and never by a detour."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_network

import pytest

from adapters.files.sources import Sources
from canonical.catalog.errors import FileRefused
from facade.tmf.hub.callbacks import CallbackRules

PERMITS = CallbackRules((ip_network("127.0.0.0/8"),)).permits
NOWHERE = CallbackRules().permits


class Answers(BaseHTTPRequestHandler):
    """A host of files: answers by the path."""

    def do_GET(self) -> None:
        match self.path:
            case "/files/here.jsonl?v=1":
                self._answer(200, b'{"a": 1}\n')
            case "/files/elsewhere":
                self._answer(302, b"", Location="/files/here.jsonl?v=1")
            case "/files/packed":
                self._answer(200, b"\x1f\x8b", **{"Content-Encoding": "gzip"})
            case "/files/cut":
                self._answer(200, b"half", **{"Content-Length": "8"})
            case _:
                self._answer(404, b"")

    def _answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(body))} | headers).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        """Nobody reads it."""


@contextmanager
def served() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module")
def host() -> Iterator[str]:
    with served() as address:
        yield address


def test_an_allowed_file_is_fetched(host: str) -> None:
    sources = Sources((f"{host}/files",), PERMITS)
    assert b"".join(sources.content(f"{host}/files/here.jsonl?v=1")) == b'{"a": 1}\n'


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/files/elsewhere", "leads to another one"),
        ("/files/packed", "packed"),
        ("/files/none", "answered 404"),
        ("/files/../secret", "not allowed"),
        ("/files/%2e%2e/secret", "not allowed"),
        ("/filesystem", "not allowed"),
        ("/other/here.jsonl", "not allowed"),
        ("/files/here.jsonl#x", "not allowed"),
        ("/files/cut", "cut off"),
    ],
)
def test_a_detour_or_another_place_is_refused(host: str, path: str, told: str) -> None:
    with pytest.raises(FileRefused, match=told):
        b"".join(Sources((f"{host}/files/",), PERMITS).content(f"{host}{path}"))


@pytest.mark.parametrize(
    "url",
    [
        "ftp://127.0.0.1/files/x",
        "file:///etc/passwd",
        "http://user:secret@127.0.0.1/files/x",
        "http://127.0.0.1:0/files/x",
        "http://[::1/files/x",
        "https://127.0.0.1/files/x",
        "http://127.0.0.1.example/files/x",
    ],
)
def test_an_address_that_begins_otherwise_is_refused(url: str) -> None:
    with pytest.raises(FileRefused, match=r"not allowed.*or use one of http://127\.0\.0\.1/files/"):
        b"".join(Sources(("http://127.0.0.1/files/",), PERMITS).content(url))


def test_a_host_inside_is_not_reached_unless_its_network_is_allowed(host: str) -> None:
    with pytest.raises(FileRefused, match="no public address"):
        b"".join(Sources((f"{host}/files/",), NOWHERE).content(f"{host}/files/here.jsonl?v=1"))


def test_without_allowed_addresses_the_refusal_says_what_to_do(host: str) -> None:
    with pytest.raises(FileRefused, match="upload it to /api/v1/catalog-files"):
        b"".join(Sources((), PERMITS).content(f"{host}/files/here.jsonl"))
