"""Faults on demand: what a backend does wrong, for how many of its calls, and on which operations."""

import asyncio
import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from connexion.middleware.abstract import ROUTING_CONTEXT
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from adapters.simulators.refusals import Refusal, error
from canonical.shared import jsontext

TRANSPORT = "adapters.simulators.transport"
"""Where in the scope's extensions the server leaves the connection, so that it can be closed without an answer."""

TOKENS = "tokens"
"""What the backends' authorization server is called here; of the control API nothing else can be broken."""


@dataclass
class Fault:
    """One backend's misbehaviour. The dice start anew with every fault, so a run can be repeated.

    `hit` counts its calls so far, `held` those that wait at the moment.
    """

    settings: Mapping[str, Any]
    dice: random.Random = field(default_factory=lambda: random.Random(0))  # noqa: S311 - no secret hangs on it
    hit: int = 0
    held: int = 0

    @contextmanager
    def holding(self) -> Iterator[None]:
        """Count a call that waits."""
        self.held += 1
        try:
            yield
        finally:
            self.held -= 1

    def hits(self, operation: str) -> bool:
        if operation not in self.settings.get("operations", (operation,)):
            return False
        hits = self.dice.random() < float(self.settings.get("rate", 1))
        self.hit += hits
        return hits


class FaultBoard:
    """The faults in force. Kept in memory only: a restarted backend works again."""

    def __init__(self) -> None:
        self.operations: dict[str, set[str]] = {TOKENS: {"issueToken"}}
        self._faults: dict[str, Fault] = {}
        self._cleared = asyncio.Event()

    def put(self, backend: str, settings: Mapping[str, Any]) -> None:
        for operation in settings.get("operations", ()):
            if operation not in self.operations[backend]:
                raise Refusal(400, "UNKNOWN_OPERATION", f"{backend} has no operation {operation}")
        self._faults[backend] = Fault(settings)

    def settings(self) -> dict[str, Mapping[str, Any]]:
        return {backend: fault.settings for backend, fault in self._faults.items()}

    def calls(self, backend: str) -> dict[str, int]:
        """How many calls the backend's fault has hit so far, and how many of them it holds at the moment."""
        fault = self._faults.get(backend, Fault({}))
        return {"hit": fault.hit, "held": fault.held}

    def clear(self) -> None:
        """Forget all faults and let go of every call that waits."""
        self._faults.clear()
        self._cleared.set()
        self._cleared = asyncio.Event()

    def drawn_for(self, backend: str, operation: str) -> Fault | None:
        fault = self._faults.get(backend)
        if fault is None or operation not in self.operations[backend]:
            return None
        return fault if fault.hits(operation) else None

    async def wait(self, seconds: float) -> None:
        """So long, or until the faults are cleared."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._cleared.wait(), seconds)

    async def hang(self, receive: Receive) -> None:
        """Wait until the faults are cleared, the caller gives up or the server ends."""
        ends = [asyncio.ensure_future(self._cleared.wait()), asyncio.ensure_future(_caller_left(receive))]
        # The server cancels what still runs when it ends; passed on, it would answer 500.
        with suppress(asyncio.CancelledError):
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        for end in ends:
            end.cancel()


class FaultMiddleware:
    """Stands behind routing and before everything else, so a broken backend is broken for every caller."""

    def __init__(self, app: ASGIApp, board: FaultBoard) -> None:
        self.app, self.board = app, board

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        routing = scope.get("extensions", {}).get(ROUTING_CONTEXT, {})
        backend, operation = routing.get("api_base_path", "").strip("/") or TOKENS, routing.get("operation_id")
        drawn = self.board.drawn_for(backend, operation)
        if drawn is None:
            await self.app(scope, receive, send)
            return
        fault = drawn.settings
        if latency := fault.get("latencyMs"):
            receive = await _taken_in(receive)
            with drawn.holding():
                await self.board.wait(latency / 1000)
        if status := fault.get("status"):
            body, status, headers = error(status)
            await Response(jsontext.write(body), status, headers, "application/json")(scope, receive, send)
        elif fault.get("dropAnswer") or fault.get("hang"):
            if fault.get("dropAnswer"):
                await self._act_silently(scope, receive)
            if fault.get("hang"):
                with drawn.holding():
                    await self.board.hang(receive)
            await _close_unanswered(scope, receive)
        elif fault.get("malformed"):
            await self._answer_otherwise(lambda body: body[: len(body) // 2], scope, receive, send)
        elif fault.get("wrongSchema"):
            await self._answer_otherwise(_wrong, scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _act_silently(self, scope: Scope, receive: Receive) -> None:
        async def nowhere(_: Message) -> None: ...

        try:
            await self.app(scope, receive, nowhere)
        except Exception:  # noqa: BLE001 - whatever would have been answered, the caller does not get it
            return

    async def _answer_otherwise(
        self, changed: Callable[[bytes], bytes], scope: Scope, receive: Receive, send: Send
    ) -> None:
        answer: list[Message] = []

        async def hold(message: Message) -> None:
            answer.append(message)

        await self.app(scope, receive, hold)
        start, *parts = answer
        body = changed(b"".join(part.get("body", b"") for part in parts))
        kept = [(name, value) for name, value in start["headers"] if name.lower() != b"content-length"]
        await send({**start, "headers": [*kept, (b"content-length", str(len(body)).encode())]})
        await send({"type": "http.response.body", "body": body})


def _wrong(body: bytes) -> bytes:
    """As from another version: everything one level deeper, a list no list any more."""
    return jsontext.write({"data": jsontext.read_kept(body)})


async def _taken_in(receive: Receive) -> Receive:
    """The request read whole before its time comes: a slow backend acts even when its caller has gone by then."""
    messages = [await receive()]
    while messages[-1].get("more_body"):
        messages.append(await receive())

    async def again() -> Message:
        return messages.pop(0) if messages else await receive()

    return again


async def _close_unanswered(scope: Scope, receive: Receive) -> None:
    """Cut the connection. Returning before the server has noticed would make it answer 500."""
    scope["extensions"][TRANSPORT].abort()
    await _caller_left(receive)


async def _caller_left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
