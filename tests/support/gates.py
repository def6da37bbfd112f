"""A door in front of a server: open, it passes bytes on; shut, connections are refused, as when the server is down."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Self

from tests.support.waiting import LONG


class Cut(Exception):
    """What passes is cut: neither side hears more of the other."""


class Gate:
    """On a port of its own, in front of another port of this machine."""

    def __init__(self, behind: int) -> None:
        self._behind = behind
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="gate", daemon=True)
        self._server: asyncio.Server | None = None
        self._passing: set[asyncio.Task[None]] = set()

    @property
    def passing(self) -> int:
        """How many connections there are."""
        return len(self._passing)

    def open(self) -> None:
        asyncio.run_coroutine_threadsafe(self._open(), self._loop).result(LONG)

    def shut(self) -> None:
        """Cut what passes, and refuse what comes."""
        asyncio.run_coroutine_threadsafe(self._shut(), self._loop).result(LONG)

    async def _open(self) -> None:
        if self._server is None:
            self._server = await asyncio.start_server(self._enter, "127.0.0.1", self.port)

    async def _shut(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for task in self._passing:
            task.cancel()
        await asyncio.gather(*self._passing, return_exceptions=True)

    async def _enter(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._passing.add(task)
        try:
            await self._between(reader, writer)
        except (OSError, Cut, asyncio.CancelledError):
            pass
        finally:
            writer.transport.abort()
            self._passing.discard(task)

    async def _between(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass on what comes from either side until one leaves."""
        inner_reader, inner = await asyncio.open_connection("127.0.0.1", self._behind)
        ways = [asyncio.ensure_future(_pass(reader, inner)), asyncio.ensure_future(_pass(inner_reader, writer))]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            inner.transport.abort()

    @contextmanager
    def running(self) -> Iterator[Self]:
        """Open; shut at the end."""
        self._thread.start()
        self.open()
        try:
            yield self
        finally:
            self.shut()
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(LONG)
            self._loop.close()


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while piece := await reader.read(65536):
            writer.write(piece)
            await writer.drain()
