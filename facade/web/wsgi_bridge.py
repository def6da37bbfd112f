"""Runs a WSGI application under ASGI with one thread hop for each request.

Replaces a2wsgi's bridge, which Connexion installs. That bridge crosses between thread and event loop for every message
(3 to 5 times a request), and no public option changes its ten threads. Here the body is read on the loop, the
application runs in a thread, and the loop sends its whole answer; so answers are never streamed.
"""

import asyncio
import contextvars
import io
import sys
from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any

from connexion.middleware.abstract import ROUTING_CONTEXT
from starlette.exceptions import HTTPException
from starlette.types import Receive, Scope, Send

from canonical.shared import jsontext
from canonical.shared.deadline import within
from facade.contract.bodies import whole_body
from facade.web.methods import MethodTable
from facade.web.threads import BoundedThreads, Queue

APART = ("/health/", "/metrics")
"""Health and metrics have separate threads, so that operators get answers when all other threads hang."""
THREADS_APART = 2

GRACE_SECONDS = 1.0
"""Seconds after the deadline, for an answer with the outcome of the request."""

ENDING = "ending"
"""The name in the `state` of a request under which an asyncio.Event tells that the server ends."""

WsgiAnswer = tuple[int, list[tuple[bytes, bytes]], bytes]
OnLoop = Mapping[tuple[str, str], Callable[[], Any]]
"""Handlers that need no thread and never wait, by base path and operationId; they return the JSON of a 200."""
Wait = Callable[[Scope], Awaitable[None]]
"""Returns when a request should be handled. It refuses nothing: the handler does that."""
Waits = Mapping[tuple[str, str], Wait]
"""What requests wait for on the loop, by base path and operationId."""
WSGIApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class WsgiBridge:
    """`threads` limits the requests that the application handles at the same time; those beyond `queue` are refused.

    `deadline` is the number of seconds, from the arrival of the request, for all calls of the application. If something
    exceeds it, such as a hanging disk, the request is answered a moment later. Operations in `on_loop` are answered at
    once, without a thread; those in `waits` wait first, and the deadline counts from then on. Only requests that
    Connexion has routed to an operation, and so checked, are accepted: Flask matches addresses that Connexion does not
    (`//orders`, `%0A`), and these would reach handlers without security and validation.
    """

    def __init__(
        self,
        app: WSGIApp,
        threads: int,
        methods: MethodTable,
        deadline: float,
        queue: Queue,
        on_loop: OnLoop = MappingProxyType({}),
        waits: Waits = MappingProxyType({}),
    ) -> None:
        self.app = app
        self._waits = waits
        self._on_loop = on_loop
        self._deadline = deadline
        self._methods = methods
        self._threads = BoundedThreads(threads, queue, "wsgi")
        self._apart = {start: BoundedThreads(THREADS_APART, queue, start.strip("/")) for start in APART}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        routing = scope.get("extensions", {}).get(ROUTING_CONTEXT) or {}
        if not routing.get("operation_id"):
            raise HTTPException(405 if self._methods.allow(scope["path"]) else 404)
        operation = (routing["api_base_path"], routing["operation_id"])
        handler, wait = self._on_loop.get(operation), self._waits.get(operation)
        if wait is not None:
            await _unless_ending(wait(scope), scope)
        status, headers, content = (
            await self._in_thread(scope, receive) if handler is None else await _at_once(handler, receive)
        )
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": content})

    async def _in_thread(self, scope: Scope, receive: Receive) -> WsgiAnswer:
        apart = (threads for start, threads in self._apart.items() if scope["path"].startswith(start))
        threads = next(apart, self._threads)
        threads.require_place()  # before the body is read; others may come while it is
        body = await whole_body(receive)
        with within(self._deadline):
            context = contextvars.copy_context()
        job = partial(context.run, _answer, self.app, _environ(scope, body))
        return await threads.run(job, self._deadline + GRACE_SECONDS)


async def _unless_ending(waiting: Awaitable[None], scope: Scope) -> None:
    """Wait, but no longer than until the server ends: else it would end only after those who wait."""
    ending = scope.get("state", {}).get(ENDING)
    if ending is None:
        await waiting
        return
    waits, ends = asyncio.ensure_future(waiting), asyncio.ensure_future(ending.wait())
    try:
        await asyncio.wait((waits, ends), return_when=asyncio.FIRST_COMPLETED)
        if waits.done():
            await waits
    finally:
        waits.cancel()
        ends.cancel()
        await asyncio.gather(waits, ends, return_exceptions=True)


async def _at_once(handler: Callable[[], Any], receive: Receive) -> WsgiAnswer:
    await whole_body(receive)  # which has a limit here as everywhere
    content = jsontext.write(handler())
    return 200, [(b"content-type", b"application/json"), (b"content-length", str(len(content)).encode())], content


def _answer(app: WSGIApp, environ: dict[str, Any]) -> WsgiAnswer:
    begun: list[Any] = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], None]:
        begun[:] = [
            int(status[:3]),
            [(name.lower().encode("latin1"), value.encode("latin1")) for name, value in headers],
        ]
        return lambda data: None

    chunks = app(environ, start_response)
    try:
        body = b"".join(chunks)
    finally:
        getattr(chunks, "close", lambda: None)()
    return begun[0], begun[1], body


def _environ(scope: Scope, body: bytes) -> dict[str, Any]:
    """The WSGI environment (PEP 3333) of an ASGI request whose body has been read."""
    root, path = scope.get("root_path", ""), scope["path"]
    server = scope.get("server") or ("localhost", 80)
    environ = {
        "asgi.scope": scope,
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": root.encode().decode("latin1"),
        "PATH_INFO": path.removeprefix(root).encode().decode("latin1"),
        "QUERY_STRING": scope["query_string"].decode("latin1"),
        "SERVER_NAME": server[0],
        "SERVER_PORT": str(server[1]),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "REMOTE_ADDR": (scope.get("client") or ("",))[0],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.get("scheme", "http"),
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for raw_name, raw_value in scope["headers"]:
        if b"_" in raw_name:  # WSGI would take If_Match for If-Match, which nobody has checked
            continue
        name, value = raw_name.decode("latin1").upper().replace("-", "_"), raw_value.decode("latin1")
        name = name if name in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{name}"
        environ[name] = f"{environ[name]},{value}" if name in environ else value
    environ["CONTENT_LENGTH"] = str(len(body))
    return environ
