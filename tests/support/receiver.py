"""A listener for notifications: a real HTTP server that keeps what it gets."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import orjson

Answer = int | tuple[int, Mapping[str, str]]


@dataclass(frozen=True)
class Got:
    """One request. `number` counts from 1."""

    number: int
    path: str
    headers: Mapping[str, str]
    raw: bytes
    body: Any


@dataclass
class Receiver:
    """`answer` decides the status of each request; 204 unless it says otherwise."""

    url: str = ""
    got: list[Got] = field(default_factory=list)
    answer: Callable[[Got], Answer] = lambda got: 204
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, path: str, headers: Mapping[str, str], raw: bytes) -> Answer:
        with self._lock:
            got = Got(len(self.got) + 1, path, headers, raw, orjson.loads(raw))
            self.got.append(got)
        return self.answer(got)

    def of(self, path: str) -> list[Any]:
        """The bodies that came to this path."""
        with self._lock:
            return [one.body for one in self.got if one.path == path]

    def states(self, path: str, resource: str = "productOrder") -> list[tuple[str, str]]:
        """The event types that came to this path, each with the state of its resource."""
        return [(one["eventType"], one["event"][resource].get("state", "")) for one in self.of(path)]


@contextmanager
def receiving(port: int = 0) -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            answer = receiver.take(self.path, dict(self.headers), raw)
            status, headers = answer if isinstance(answer, tuple) else (answer, {})
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            if status != 204:
                self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Nothing: tests look at what was kept."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    receiver.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, name="receiver", daemon=True).start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
