"""Runs the simulated backends in one uvicorn process."""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import structlog
import uvicorn
from uvicorn.config import STARTUP_FAILURE
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from adapters.simulators.app import build_app
from adapters.simulators.faults import TRANSPORT

ONCE = 1_000_000_000
"""Seconds until uvicorn calls `callback_notify` again. It calls it first when it accepts connections."""

log = structlog.get_logger()


@dataclass(frozen=True)
class Listening:
    """Tells in the log that the backends accept connections."""

    host: str
    port: int

    async def __call__(self) -> None:
        host = f"[{self.host}]" if ":" in self.host else self.host
        log.info("listening", role="backends", address=f"http://{host}:{self.port}", pid=os.getpid())


class AbortableProtocol(HttpToolsProtocol):
    """Hands each request its connection, because ASGI has no way to close one without an answer."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {TRANSPORT: self.transport}  # type: ignore[dict-item]


def serve(
    host: str,
    port: int,
    state: Path | str,
    *,
    client_id: str = "facade",
    client_secret: str = "facade-secret",  # noqa: S107 - of a simulation
    token_seconds: int = 3600,
    development: bool = True,
) -> None:
    """Serve until SIGINT or SIGTERM. What hangs by then is cut off after a second."""
    app = build_app(
        state,
        client_id=client_id,
        client_secret=client_secret,
        token_seconds=token_seconds,
        development=development,
    )
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        http=AbortableProtocol,
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=1,
        callback_notify=Listening(host, port),
        timeout_notify=ONCE,
    )
    server = uvicorn.Server(config)
    with suppress(KeyboardInterrupt):
        server.run()
    if not server.started:
        raise SystemExit(STARTUP_FAILURE)
