"""An HTTP proxy that changes, swaps, cuts short, delays or drops the answers of the server behind it.

    with tampering(backends.port) as proxy:
        product = Node(directory, backends, {"BILLING_URL": f"{proxy.url}/billing"})
        wrong = proxy.when("POST", "/billing/charges", nth=1).set("/amount", "0.01")
        ...
        assert wrong.hits == 1
        proxy.clear()

A rule is about the answers to one method and the paths that a regular expression matches in full (`/bss/orders/[^/]+`);
`nth` picks some of them, counted from 1. What a rule does can be combined; of several rules each does its part. The
server behind has always acted, except for calls that are turned back. `shut` and `open` are those of a `Gate`.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Any, Self

import h11
import orjson

from tests.support.gates import Cut, Gate

MORE = 65536
REMOVED = object()


@dataclass(frozen=True)
class Passing:
    """An answer on its way. `sent`: how many bytes of the body go out before the connection is cut; None for all."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes
    sent: int | None = None


Change = Callable[[Passing], Passing]


@dataclass
class Rule:
    """What becomes of the answers that it matches; `hits` counts them."""

    method: str
    path: str
    nth: frozenset[int] | None
    hits: int = 0
    seconds: float = 0.0
    turned_back: Passing | None = None
    _seen: int = 0
    _changes: list[Change] = field(default_factory=list)
    _earlier: Passing | None = None

    def set(self, pointer: str, value: Any) -> Self:
        """Another value at a JSON pointer, whether or not there was one; a function gets the present one. A step `*` is
        every entry of a list.
        """
        return self.edit(lambda body: changed_at(body, pointer, value))

    def remove(self, pointer: str) -> Self:
        return self.edit(lambda body: changed_at(body, pointer, REMOVED))

    def edit(self, change: Callable[[Any], Any]) -> Self:
        """Another JSON body than the one that `change` gets. An answer that is not JSON stays as it is."""

        def edited(answer: Passing) -> Passing:
            with suppress(orjson.JSONDecodeError):
                return replace(answer, body=orjson.dumps(change(orjson.loads(answer.body))))
            return answer

        return self._do(edited)

    def status(self, status: int) -> Self:
        return self._do(lambda answer: replace(answer, status=status))

    def header(self, name: str, value: str | None) -> Self:
        """Another value of a header; None takes it away."""
        wanted = name.lower().encode()

        def changed(answer: Passing) -> Passing:
            others = [(known, text) for known, text in answer.headers if known.lower() != wanted]
            new = [] if value is None else [(wanted, value.encode())]
            return replace(answer, headers=(*others, *new))

        return self._do(changed)

    def swap(self) -> Self:
        """The answer that the call before it should have got; the first call gets its own."""

        def swapped(answer: Passing) -> Passing:
            earlier, self._earlier = self._earlier, answer
            return earlier or answer

        return self._do(swapped)

    def truncate(self, length: int) -> Self:
        """So many bytes of the body, then the connection is cut."""
        return self._do(lambda answer: replace(answer, sent=length))

    def delay(self, seconds: float) -> Self:
        """Let the answer wait; the server has acted."""
        self.seconds = seconds
        return self

    def drop(self) -> Self:
        """Cut the connection after the server has acted."""

        def cut(_: Passing) -> Passing:
            raise Cut

        return self._do(cut)

    def turn_back(self, status: int, body: Any) -> Self:
        """Answer this in place of the server, which is not asked."""
        self.turned_back = Passing(status, ((b"content-type", b"application/json"),), orjson.dumps(body))
        return self

    def matches(self, method: str, path: str) -> bool:
        """Whether the rule is about this call. Asked once for each call, since calls are counted here."""
        if self.method not in ("*", method) or not re.fullmatch(self.path, path):
            return False
        self._seen += 1
        hit = self.nth is None or self._seen in self.nth
        self.hits += hit
        return hit

    def apply(self, answer: Passing) -> Passing:
        """Raises Cut."""
        for change in self._changes:
            answer = change(answer)
        return answer

    def _do(self, change: Change) -> Self:
        self._changes.append(change)
        return self


class TamperingProxy(Gate):
    """A gate that understands HTTP/1.1. Without rules it passes everything on."""

    def __init__(self, behind: int) -> None:
        super().__init__(behind)
        self.url = f"http://127.0.0.1:{self.port}"
        self._rules: tuple[Rule, ...] = ()

    def when(self, method: str = "*", path: str = ".*", *, nth: int | Iterable[int] | None = None) -> Rule:
        """A new rule, in force at once. `method` `*` is any."""
        picked = None if nth is None else frozenset([nth] if isinstance(nth, int) else nth)
        rule = Rule(method, path, picked)
        self._rules = (*self._rules, rule)
        return rule

    def clear(self) -> None:
        """Forget all rules."""
        self._rules = ()

    async def _between(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        caller = h11.Connection(h11.SERVER)
        while caller.our_state is h11.IDLE:
            asked = await _message(caller, reader)
            if asked is None:
                return
            request, body = asked
            answer = await _unless_left(self._answer(request, body), caller, reader)
            await _send(caller, writer, answer)
            if answer.sent is not None or {caller.our_state, caller.their_state} != {h11.DONE}:
                return
            caller.start_next_cycle()

    async def _answer(self, request: h11.Request, body: bytes) -> Passing:
        method, path = request.method.decode(), request.target.decode().partition("?")[0]
        rules = [rule for rule in self._rules if rule.matches(method, path)]
        answer = next((rule.turned_back for rule in rules if rule.turned_back), None)
        if answer is None:
            answer = await self._asked(request, body)
        await asyncio.sleep(sum(rule.seconds for rule in rules))
        for rule in rules:
            answer = rule.apply(answer)
        return answer

    async def _asked(self, request: h11.Request, body: bytes) -> Passing:
        """What the server behind answers; it gets a connection for each call."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self._behind)
        try:
            server = h11.Connection(h11.CLIENT)
            headers = [pair for pair in request.headers if pair[0] not in (b"connection", b"content-length")]
            headers += [(b"connection", b"close"), (b"content-length", str(len(body)).encode())]
            for event in (
                h11.Request(method=request.method, target=request.target, headers=headers),
                h11.Data(data=body),
                h11.EndOfMessage(),
            ):
                writer.write(server.send(event) or b"")
            await writer.drain()
            answered = await _message(server, reader)
            if answered is None:
                raise Cut
            response, text = answered
            return Passing(response.status_code, tuple(response.headers), text)
        finally:
            writer.transport.abort()


async def _message(connection: h11.Connection, reader: asyncio.StreamReader) -> tuple[Any, bytes] | None:
    """A whole request or response, as its head and its body; None when the other side left before it was whole."""
    head, body = None, bytearray()
    while True:
        try:
            event = connection.next_event()
        except h11.RemoteProtocolError:
            return None
        if event is h11.NEED_DATA:
            connection.receive_data(await reader.read(MORE))
        elif isinstance(event, h11.Data):
            body += event.data
        elif isinstance(event, h11.EndOfMessage):
            return head, bytes(body)
        elif isinstance(event, h11.ConnectionClosed):
            return None
        elif not isinstance(event, h11.InformationalResponse):
            head = event


async def _unless_left(work: Awaitable[Passing], caller: h11.Connection, reader: asyncio.StreamReader) -> Passing:
    """What `work` gives. Raises Cut, and gives the work up, when the caller leaves before that."""
    working, leaving = asyncio.ensure_future(work), asyncio.ensure_future(reader.read(MORE))
    try:
        while not working.done():
            await asyncio.wait([working, leaving], return_when=asyncio.FIRST_COMPLETED)
            if leaving.done() and not working.done():
                more = leaving.result()
                if not more:
                    raise Cut
                caller.receive_data(more)
                leaving = asyncio.ensure_future(reader.read(MORE))
        return working.result()
    finally:
        for task in (working, leaving):
            task.cancel()
        await asyncio.gather(working, leaving, return_exceptions=True)
        if not leaving.cancelled() and leaving.exception() is None and leaving.result():
            caller.receive_data(leaving.result())


async def _send(caller: h11.Connection, writer: asyncio.StreamWriter, answer: Passing) -> None:
    left_out = (b"content-length", b"transfer-encoding", b"connection")
    headers = [pair for pair in answer.headers if pair[0].lower() not in left_out]
    headers.append((b"content-length", str(len(answer.body)).encode()))
    writer.write(caller.send(h11.Response(status_code=answer.status, headers=headers)) or b"")
    if answer.sent is not None:
        writer.write(answer.body[: answer.sent])
    else:
        writer.write(caller.send(h11.Data(data=answer.body)) or b"")
        writer.write(caller.send(h11.EndOfMessage()) or b"")
    await writer.drain()


def changed_at(body: Any, pointer: str, value: Any) -> Any:
    """`body` with another value at a JSON pointer, or without it where the value is REMOVED."""
    if not pointer:
        return value(body) if callable(value) else value
    _, name, *rest = pointer.split("/")
    further = "".join(f"/{step}" for step in rest)
    if isinstance(body, list):
        return [changed_at(one, further, value) if name in ("*", str(at)) else one for at, one in enumerate(body)]
    if not isinstance(body, dict):
        return body
    if value is REMOVED and not further:
        return {known: one for known, one in body.items() if known != name}
    return body | {name: changed_at(body.get(name), further, value)}


@contextmanager
def tampering(behind: int) -> Iterator[TamperingProxy]:
    """A proxy that is open; shut at the end."""
    with TamperingProxy(behind).running() as proxy:
        yield proxy
