"""Structured logs: one JSON object a line on standard error, each with the correlation id of its request."""

import logging
import sys
from contextlib import suppress
from typing import Any, BinaryIO, cast

import structlog

from canonical.shared import jsontext


class Lossy:
    """A stream that loses lines when it cannot be written, as on a full disk: no request fails for its log line."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def write(self, line: bytes) -> None:
        with suppress(OSError):
            self._stream.write(line)

    def flush(self) -> None:
        with suppress(OSError):
            self._stream.flush()


def configure(level: str) -> None:
    """Route structlog and the standard library's loggers to the same lines. `level`: debug, info, warning, error.

    Loggers are not cached (1 µs a line), so one that was used before follows too.
    """
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[
            *shared,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(serializer=jsontext.write, default=str),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.BytesLoggerFactory(cast(BinaryIO, Lossy(sys.stderr.buffer))),
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    # It warns four times of every request whose operation takes several media types.
    logging.getLogger("connexion.operations.openapi3").setLevel(logging.ERROR)
