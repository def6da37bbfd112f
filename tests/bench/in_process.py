"""The product inside this process, called without sockets and one request at a time."""

import asyncio
import os
import sys
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from typing import Any, TextIO

import uvloop

from facade.bootstrap import commands, serving
from facade.bootstrap.catalog import load_at_start
from facade.settings import Settings

Message = MutableMapping[str, Any]


class InProcess:
    """Drives an ASGI application as a server would."""

    def __init__(self, app: Any, runner: "asyncio.Runner") -> None:
        self._app = app
        self._runner = runner
        self.loop = runner.get_loop()

    def request(self, method: str, path: str, token: str, body: bytes = b"") -> tuple[int, bytes]:
        headers = [(b"host", b"127.0.0.1"), (b"authorization", f"Bearer {token}".encode())]
        if body:
            headers += [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "root_path": "",
            "headers": headers,
            "server": ("127.0.0.1", 8080),
            "client": ("127.0.0.1", 50000),
            "state": {},
        }
        sent: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Message) -> None:
            sent.append(message)

        self._runner.run(self._app(scope, receive, send))
        return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:])


@contextmanager
def product(settings: Mapping[str, str], log: TextIO) -> Iterator[tuple[InProcess, str]]:
    """The application, started with these settings, and a token for it. One for each process: settings stay.

    What it logs goes to `log`: the lines cost what they cost, and do not disturb what is printed.
    """
    os.environ.update(settings)
    sys.stderr = log
    read = Settings.from_environment()
    commands.upgrade_database(read)
    load_at_start(read)
    app = serving.application()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        lifespan = Lifespan(app)
        runner.run(lifespan.begin())
        try:
            yield InProcess(app, runner), commands.development_token(read, "qa", None)
        finally:
            runner.run(lifespan.end())
            sys.stderr = sys.__stderr__


class Lifespan:
    """The start and the end of an ASGI application."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self._said: asyncio.Queue[Message] = asyncio.Queue()
        self._heard: asyncio.Queue[Message] = asyncio.Queue()
        self._running: asyncio.Task[None]

    async def begin(self) -> None:
        scope = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}
        self._running = asyncio.create_task(self._app(scope, self._said.get, self._heard.put))
        await self._exchange("startup")

    async def end(self) -> None:
        await self._exchange("shutdown")
        await self._running

    async def _exchange(self, what: str) -> None:
        await self._said.put({"type": f"lifespan.{what}"})
        answer = await self._heard.get()
        if answer["type"] != f"lifespan.{what}.complete":
            raise RuntimeError(f"{what} failed: {answer.get('message')}")
