"""The HTTP server: one process, or several that listen on the same port."""

import os
from contextlib import suppress
from dataclasses import dataclass

import structlog
import uvicorn
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

from facade.web.http_protocol import HttpProtocol

ONCE = 1_000_000_000
"""Seconds until uvicorn calls `callback_notify` again. It calls it first when it accepts connections."""

log = structlog.get_logger()


@dataclass(frozen=True)
class Listening:
    """Tells in the log that a server process accepts connections."""

    role: str
    host: str
    port: int

    async def __call__(self) -> None:
        host = f"[{self.host}]" if ":" in self.host else self.host
        log.info("listening", role=self.role, address=f"http://{host}:{self.port}", pid=os.getpid())


def run_server(application: str, listening: Listening, processes: int) -> None:
    """Serve until SIGINT or SIGTERM. `application` names a factory, which each process calls.

    Exits like `uvicorn.run`, which takes no callback, if the server cannot start.
    """
    config = uvicorn.Config(
        application,
        factory=True,
        host=listening.host,
        port=listening.port,
        workers=processes,
        log_config=None,
        access_log=False,
        proxy_headers=False,  # PublicAddress reads them
        lifespan="on",
        http=HttpProtocol,
        ws="none",
        timeout_graceful_shutdown=20,
        timeout_worker_healthcheck=60,  # a server process on a busy machine takes more than the usual 5 s to start
        callback_notify=listening,
        timeout_notify=ONCE,
    )
    if processes > 1:
        Multiprocess(config, sockets=[config.bind_socket()]).run()
        return
    config.load_app()
    server = uvicorn.Server(config)
    with suppress(KeyboardInterrupt):
        server.run()
    if not server.started:
        raise SystemExit(STARTUP_FAILURE)
