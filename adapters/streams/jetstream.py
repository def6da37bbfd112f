"""Publishes events to NATS JetStream."""

import asyncio
import ssl
import threading
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from nats.aio.client import Client
from nats.aio.transport import TcpTransport
from nats.errors import Error as NatsError
from nats.errors import SecureConnRequiredError
from nats.js.api import RetentionPolicy, StorageType, StreamConfig
from nats.js.client import JetStreamContext
from nats.js.errors import NotFoundError

from canonical.events.ports import NotPublished, StreamMessage

TLS = "tls://"
SCHEMES = ("nats://", TLS)
CONNECT_SECONDS = 2
ACKNOWLEDGED_WITHIN = 5.0
CLOSED_WITHIN = 2.0
DUPLICATE_WINDOW_SECONDS = 600.0
"""For so long the stream recognises an event that is published again. Consumers recognise it by its id at any time."""
CONTENT_TYPE = "application/cloudevents+json"
TROUBLE = (NatsError, OSError, TimeoutError, ValueError)
"""ValueError: an answer that is no JSON."""


class SafeClient(Client):
    """Refuses a `tls://` server without TLS. nats-py 2.16 would go on and send the password as it is."""

    def _connect_command(self) -> bytes:
        server = self._current_server
        if server is not None and server.uri.scheme == "tls" and not self._server_info.get("tls_required"):
            raise SecureConnRequiredError
        return super()._connect_command()

    def drop(self) -> None:
        """Send nothing more. To close sends what is left, and waits for a server that may read nothing."""
        self._pending, self._pending_data_size = [], 0
        writer = self._transport._io_writer if isinstance(self._transport, TcpTransport) else None  # noqa: SLF001
        if writer is not None:
            writer.transport.abort()


class JetStreamPublisher:
    """Publishes on subjects `<prefix>.<type of the aggregate>.<its id>`.

    Creates a stream for all of them if there is none. Each of `servers` is `nats://host:4222` or
    `tls://user:password@host:4222`. `credentials` is a file of NATS; `ca` has the certificates of the authorities that
    sign the servers' certificates. Raises ValueError or OSError for unusable ones, and ModuleNotFoundError without the
    library that credentials need. It connects with the first event, and anew after each failure.
    """

    def __init__(
        self, servers: Sequence[str], prefix: str, credentials: Path | None = None, ca: Path | None = None
    ) -> None:
        if not all(map(_is_server, servers)):
            raise ValueError("use servers such as nats://host:4222 or tls://host:4222, with commas between them")
        if ca is not None and not all(server.startswith(TLS) for server in servers):
            raise ValueError("certificates check a server only with TLS: use servers such as tls://host:4222")
        self._servers = list(servers)
        self._prefix = prefix
        self._options: dict[str, Any] = {"name": "tmf-facade", "connect_timeout": CONNECT_SECONDS}
        if credentials is not None:
            import_module("nkeys")
            self._options["user_credentials"] = str(credentials)
        if ca is not None:
            self._options["tls"] = ssl.create_default_context(cafile=str(ca))
        self._client: SafeClient | None = None
        self._jetstream: JetStreamContext | None = None
        self._closed = asyncio.Event()
        self._reason: Exception | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="nats", daemon=True)

    def publish(self, messages: Sequence[StreamMessage]) -> None:
        try:
            self._run(self._publish(messages))
        except TROUBLE as error:
            reason = self._reason or error
            self._run(self._disconnect())
            raise NotPublished(f"NATS did not take all events: {_name(reason)}") from reason

    def close(self) -> None:
        if self._thread.is_alive():
            self._run(self._disconnect())
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
        self._loop.close()

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        """In the thread of the loop, which also answers the server's pings between two calls."""
        if not self._thread.is_alive():
            self._thread.start()
        asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _publish(self, messages: Sequence[StreamMessage]) -> None:
        jetstream, over = await self._connected(), asyncio.Event()
        sending = asyncio.ensure_future(self._sent(jetstream, messages, over))
        closed = asyncio.ensure_future(self._closed.wait())
        try:
            await asyncio.wait((sending, closed), timeout=ACKNOWLEDGED_WITHIN, return_when="FIRST_COMPLETED")
            if not sending.done():
                raise ConnectionError("the connection was closed") if closed.done() else TimeoutError
            sending.result()
        finally:
            closed.cancel()
            over.set()
            sending.cancel()
            with suppress(asyncio.CancelledError, *TROUBLE):
                await sending

    async def _sent(self, jetstream: JetStreamContext, messages: Sequence[StreamMessage], over: asyncio.Event) -> None:
        """Send the messages and wait until all are acknowledged, or until `over` is set."""
        sent = []
        for one in messages:
            if over.is_set():  # nats-py 2.16 swallows a cancellation while it waits for a server that does not read
                raise ConnectionError("the server does not read")
            sent.append(
                await jetstream.publish_async(
                    subject_of(self._prefix, one),
                    one.body,
                    headers={"Nats-Msg-Id": one.event_id, "Content-Type": CONTENT_TYPE},
                )
            )
        await asyncio.gather(*sent)

    async def _connected(self) -> JetStreamContext:
        if self._jetstream is None or self._client is None or not self._client.is_connected:
            await self._disconnect()
            client = await self._connection()
            jetstream = client.jetstream(publish_async_max_pending=1000)
            await self._ensure_stream(jetstream)
            self._jetstream = jetstream
        return self._jetstream

    async def _connection(self) -> SafeClient:
        """To one of the servers. It does not connect again by itself: it would send what it still holds then."""
        self._closed, self._reason = asyncio.Event(), None

        async def note(error: Exception) -> None:
            self._reason = error

        async def end() -> None:
            self._closed.set()

        client = SafeClient()
        connecting = client.connect(
            self._servers,
            allow_reconnect=False,
            max_reconnect_attempts=1,  # for each server, before one is found
            reconnect_time_wait=0,
            error_cb=note,
            closed_cb=end,
            **self._options,
        )
        self._client = client  # to be closed, however this ends
        await asyncio.wait_for(connecting, 2 * CONNECT_SECONDS * (len(self._servers) + 1))
        return client

    async def _ensure_stream(self, jetstream: JetStreamContext) -> None:
        subjects = f"{self._prefix}.>"
        try:
            await jetstream.find_stream_name_by_subject(subjects)
        except NotFoundError:
            await jetstream.add_stream(
                StreamConfig(
                    name=stream_name(self._prefix),
                    description="Events of the product",
                    subjects=[subjects],
                    retention=RetentionPolicy.LIMITS,
                    storage=StorageType.FILE,
                    duplicate_window=DUPLICATE_WINDOW_SECONDS,
                )
            )

    async def _disconnect(self) -> None:
        client, self._client, self._jetstream = self._client, None, None
        if client is not None:
            client.drop()
            with suppress(*TROUBLE, AssertionError):  # this one, if it never began to connect
                await asyncio.wait_for(client.close(), CLOSED_WITHIN)


def _is_server(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return text.startswith(SCHEMES) and bool(parts.hostname) and parts.port != 0
    except ValueError:  # the port is no number
        return False


def _name(error: Exception) -> str:
    """The kind of error: its text may have addresses."""
    return "AuthorizationError" if "authorization" in str(error).lower() else type(error).__name__


def subject_of(prefix: str, message: StreamMessage) -> str:
    """Where a message is published. An id can have characters that subjects cannot; they are percent-encoded."""
    return f"{prefix}.{message.subject_type}.{quote(message.subject, safe='').replace('.', '%2E')}"


def stream_name(prefix: str) -> str:
    """The name of the stream that is made for a prefix: a name has no dots."""
    return prefix.replace(".", "-")
