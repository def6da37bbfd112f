"""The load generator: a process of its own that keeps some connections busy for some seconds.

It reads a job as JSON from standard input and writes what it saw as JSON to standard output. Raw bytes over uvloop and
a parser that looks at the status and Content-Length only: about 30 µs of CPU a request, a tenth of what a server needs.
"""

import asyncio
import itertools
import json
import statistics
import subprocess
import sys
import time
from collections import Counter
from dataclasses import asdict, dataclass
from typing import cast

import uvloop

from tests.bench.payloads import SERIAL

WARM_UP_SECONDS = 0.3


@dataclass(frozen=True)
class Job:
    """`paths` are asked in turn; SERIAL in the body becomes a running number that begins at `first`.

    `pace`: seconds that a connection waits between an answer and its next request.
    """

    port: int
    method: str
    paths: list[str]
    token: str | None = None
    body: str = ""
    first: int = 0
    connections: int = 16
    seconds: float = 2.0
    warm_up: float = WARM_UP_SECONDS
    pace: float = 0.0


@dataclass(frozen=True)
class Seen:
    """Answers by status, their rate over the time measured, latencies in milliseconds, and the generator's own CPU."""

    statuses: dict[str, int]
    rate: float
    p50: float
    p99: float
    sent: int
    cpu_seconds: float

    @property
    def failures(self) -> int:
        return sum(count for status, count in self.statuses.items() if not status.startswith("2"))


def run(job: Job) -> Seen:
    """Carry the job out in a fresh process. Raises RuntimeError with its complaint."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.load"],
        input=json.dumps(asdict(job)),
        capture_output=True,
        check=False,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    return Seen(**json.loads(done.stdout))


class Generator:
    """All connections of one job."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.serials = itertools.count(job.first)
        self.heads = itertools.cycle([_head(job, path) for path in job.paths])
        self.body = job.body.encode().split(SERIAL.encode())
        now = time.perf_counter()
        self.begins = now + job.warm_up
        self.ends = self.begins + job.seconds
        self.latencies: list[float] = []
        self.statuses: Counter[str] = Counter()
        self.sent = 0

    def next_request(self) -> bytes:
        self.sent += 1
        if len(self.body) == 1:
            return next(self.heads) + self.body[0]
        return next(self.heads) + f"{next(self.serials):08d}".encode().join(self.body)

    async def run(self) -> Seen:
        loop = asyncio.get_running_loop()
        made = [
            await loop.create_connection(lambda: Connection(self), "127.0.0.1", self.job.port)
            for _ in range(self.job.connections)
        ]
        await asyncio.gather(*(connection.closed for _, connection in made))
        if not self.latencies:
            raise RuntimeError("no answer arrived in time")
        ordered = sorted(self.latencies)
        return Seen(
            statuses=dict(self.statuses),
            rate=len(ordered) / self.job.seconds,
            p50=statistics.median(ordered) * 1000,
            p99=ordered[int(len(ordered) * 0.99)] * 1000,
            sent=self.sent,
            cpu_seconds=time.process_time(),
        )


class Connection(asyncio.Protocol):
    """One request after another until the time is up; an answer that comes later is waited for, but not counted."""

    def __init__(self, generator: Generator) -> None:
        self.generator = generator
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.received = b""
        self.wanted = 0
        self.transport: asyncio.WriteTransport
        self.sent_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.WriteTransport", transport)
        self._send()

    def data_received(self, data: bytes) -> None:
        self.received += data
        if not self.wanted:
            end = self.received.find(b"\r\n\r\n")
            if end < 0:
                return
            self.wanted = end + 4 + _length(self.received[:end])
        if len(self.received) < self.wanted:
            return
        now = time.perf_counter()
        generator = self.generator
        if generator.begins <= now <= generator.ends:
            generator.latencies.append(now - self.sent_at)
        generator.statuses[self.received[9:12].decode()] += 1
        self.received, self.wanted = b"", 0
        if now + generator.job.pace >= generator.ends:
            self.transport.close()
        elif generator.job.pace:
            asyncio.get_running_loop().call_later(generator.job.pace, self._send)
        else:
            self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        if self.closed.done():
            return
        if time.perf_counter() + self.generator.job.pace < self.generator.ends:
            self.closed.set_exception(exc or ConnectionError("the server closed the connection"))
        else:
            self.closed.set_result(None)

    def _send(self) -> None:
        self.sent_at = time.perf_counter()
        self.transport.write(self.generator.next_request())


def _head(job: Job, path: str) -> bytes:
    lines = [f"{job.method} {path} HTTP/1.1", f"Host: 127.0.0.1:{job.port}", "Accept: application/json"]
    if job.token:
        lines.append(f"Authorization: Bearer {job.token}")
    if job.body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(job.body.encode())}"]
    return "\r\n".join([*lines, "", ""]).encode()


def _length(head: bytes) -> int:
    _, found, rest = head.lower().partition(b"\r\ncontent-length:")
    if not found:
        raise RuntimeError(f"an answer without Content-Length: {head!r}")
    return int(rest.split(b"\r\n", 1)[0])


def main() -> None:
    job = Job(**json.load(sys.stdin))

    async def generate() -> Seen:
        return await Generator(job).run()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        json.dump(asdict(runner.run(generate())), sys.stdout)


if __name__ == "__main__":
    main()
