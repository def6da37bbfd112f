"""Signals between processes of one machine, by named pipes in a folder beside SQLite's file.

Each listener has a pipe of its own, whose name says what it listens to. The path of a pipe may have any length, unlike
that of a Unix socket.
"""

import errno
import os
import select
import threading
from collections.abc import Collection, Iterable
from contextlib import suppress
from pathlib import Path

import structlog

from adapters.signals.topics import Heard, Topic

log = structlog.get_logger()

READ_AT_ONCE = 65536
_UNFINISHED = "."
"""Names of pipes that nobody reads yet begin with this."""


class PipeSignals:
    """The signals of the node `node`. `folder` is made when it is needed."""

    def __init__(self, folder: Path, node: str) -> None:
        self._folder = folder
        self._node = node
        self._pipe: Path | None = None
        self._file = -1
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def begin(self, topics: Collection[Topic], heard: Heard) -> None:
        try:
            self._open(topics)
        except OSError as error:
            log.warning("signals cannot be heard; the node polls 4 times a second", reason=str(error))
            return
        self._thread = threading.Thread(target=self._listen, args=(heard,), name="signals", daemon=True)
        self._thread.start()

    def tell(self, topic: Topic, subject: str = "") -> None:
        with suppress(OSError):  # nobody has listened yet, or the folder is not ours
            for pipe in self._listeners(topic):
                _write(pipe, f"{topic} {subject}\n".encode())

    def close(self) -> None:
        self._stopped.set()
        if self._thread is not None and self._pipe is not None:
            with suppress(BlockingIOError):  # it is full: its reader is awake, and sees that it is to stop
                os.write(self._file, b"\n")
            self._thread.join()
            self._pipe.unlink(missing_ok=True)
            os.close(self._file)
            self._thread = None

    def _open(self, topics: Collection[Topic]) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        name = f"{self._node}.{'+'.join(topics)}"
        unfinished = self._folder / f"{_UNFINISHED}{name}"
        os.mkfifo(unfinished, 0o600)
        # For writing too: so it stays open while nobody else writes.
        self._file = os.open(unfinished, os.O_RDWR | os.O_NONBLOCK)
        # Only now others see it: they remove a pipe that nobody reads.
        self._pipe = unfinished.rename(self._folder / name)

    def _listeners(self, topic: Topic) -> Iterable[str]:
        with os.scandir(self._folder) as entries:
            for entry in entries:
                node, _, topics = entry.name.partition(".")
                if node not in (self._node, "") and topic in topics.split("+"):
                    yield entry.path

    def _listen(self, heard: Heard) -> None:
        waiting, rest = select.poll(), b""
        waiting.register(self._file, select.POLLIN)
        while not self._stopped.is_set():
            waiting.poll()
            *lines, rest = (rest + os.read(self._file, READ_AT_ONCE)).split(b"\n")
            for line in filter(None, lines):
                topic, _, subject = line.decode().partition(" ")
                heard(Topic(topic), subject)


def _write(pipe: str, line: bytes) -> None:
    """A line this short is written whole or not at all."""
    try:
        file = os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
    except OSError as error:
        if error.errno == errno.ENXIO:  # its reader was killed
            with suppress(OSError):
                Path(pipe).unlink()
        return
    try:
        with suppress(OSError):  # the pipe is full: its reader has enough to do
            os.write(file, line)
    finally:
        os.close(file)
