"""The metrics for Prometheus; `docs/operators.md` lists them.

With several server processes, each writes its numbers into files of a common folder (PROMETHEUS_MULTIPROC_DIR, set
before they start), and the process that is asked adds them up. Numbers from the database are read on request.
"""

import os
import threading
from collections import Counter as Tally
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

import flask
from connexion.middleware.abstract import ROUTING_CONTEXT
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector

from facade.security.connexion_security import bearer_token
from facade.security.errors import ScopeMissing
from facade.security.principal import Principal, principal_in

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
CLIENTS = 100
"""The number of clients that are counted separately; all later ones count as `other`."""
OTHER = "other"
NOBODY = ""
BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
LONG_BOUNDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0)
SCOPE = "operations:read"
READ_EVERY_SECONDS = 2.0
"""The shortest time in seconds between two reads of the numbers from the database."""


class RequestMetrics:
    """Counts requests by operation and client. Called on the event loop, once for each request."""

    def __init__(self, registry: CollectorRegistry) -> None:
        labels = ("api", "operation", "client")
        self._requests = Counter("facade_requests", "Requests answered", (*labels, "status"), registry=registry)
        self._seconds = Histogram(
            "facade_request_seconds", "Time to the end of the answer", labels, buckets=BOUNDS, registry=registry
        )
        self._clients: set[str] = set()
        self._children: dict[Hashable, Any] = {}

    def observe(self, scope: Mapping[str, Any], status: int, seconds: float) -> None:
        """`status` 0: the client went away."""
        extensions = scope.get("extensions", {})
        routing = extensions.get(ROUTING_CONTEXT) or {}
        named = (routing.get("api_base_path") or "", routing.get("operation_id") or "", self._client(extensions))
        counted = self._children.get((*named, status))
        if counted is None:
            counted = self._children[(*named, status)] = self._requests.labels(*named, str(status))
        counted.inc()
        timed = self._children.get(named)
        if timed is None:
            timed = self._children[named] = self._seconds.labels(*named)
        timed.observe(seconds)

    def _client(self, extensions: Mapping[str, Any]) -> str:
        caller = principal_in(extensions.get("connexion_context") or {})
        if caller is None:
            return NOBODY
        if caller.client_id in self._clients:
            return caller.client_id
        if len(self._clients) >= CLIENTS:
            return OTHER
        self._clients.add(caller.client_id)
        return caller.client_id


class AnswerTimes:
    """The time of backend calls. Every calling thread reports each exchange with an answer."""

    def __init__(self, registry: CollectorRegistry) -> None:
        name, meaning = "facade_backend_answer_seconds", "Exchanges that brought an answer"
        self._seconds = Histogram(name, meaning, ("backend", "operation"), buckets=BOUNDS, registry=registry)
        self._children: dict[tuple[str, str], Histogram] = {}

    def observe(self, backend: str, operation: str, seconds: float) -> None:
        timed = self._children.get((backend, operation))
        if timed is None:
            timed = self._children[backend, operation] = self._seconds.labels(backend, operation)
        timed.observe(seconds)


class ProcessTimes:
    """The time of processes, from the submission of their subject. Every thread that carries one out reports it."""

    def __init__(self, registry: CollectorRegistry) -> None:
        begin, whole = "facade_process_begin_seconds", "facade_process_seconds"
        options: dict[str, Any] = {"labelnames": ("process",), "buckets": LONG_BOUNDS, "registry": registry}
        self._begun = Histogram(begin, "From acceptance to the first run of the process", **options)
        self._ended = Histogram(whole, "From acceptance to the end of the process", **options)

    def begun(self, process: str, seconds: float) -> None:
        self._begun.labels(process).observe(seconds)

    def ended(self, process: str, seconds: float) -> None:
        self._ended.labels(process).observe(seconds)


@dataclass(frozen=True, slots=True)
class Reading:
    """One number with its labels.

    `across`: how the gauges of several server processes become one, as a `multiprocess_mode` of prometheus_client.
    """

    name: str
    meaning: str
    labels: Mapping[str, str]
    value: float
    across: str = "livesum"


class Mirror:
    """Shows counts that are stored elsewhere: growing ones as counters, the others as gauges."""

    def __init__(
        self,
        registry: CollectorRegistry,
        totals: Callable[[], Iterable[Reading]],
        present: Callable[[], Iterable[Reading]],
    ) -> None:
        self._registry = registry
        self._totals, self._present = totals, present
        self._shown: dict[str, Counter | Gauge] = {}
        self._seen: Tally[Hashable] = Tally()
        self._lock = threading.Lock()
        self._stopped = threading.Event()

    def copy(self) -> None:
        with self._lock:
            for one in self._totals():
                key = (one.name, *one.labels.values())
                self._metric(Counter, one).inc(one.value - self._seen[key])
                self._seen[key] = one.value  # type: ignore[assignment] # some are seconds
            for one in self._present():
                self._metric(Gauge, one).set(one.value)

    def begin(self, every_seconds: float = 1.0) -> None:
        """Copy now and then, for other processes to see."""

        def copying() -> None:
            while not self._stopped.wait(every_seconds):
                self.copy()

        threading.Thread(target=copying, name="metrics", daemon=True).start()

    def stop(self) -> None:
        self._stopped.set()

    def _metric(self, kind: type[Any], one: Reading) -> Any:
        if one.name not in self._shown:
            options = {"multiprocess_mode": one.across} if kind is Gauge else {}
            names = tuple(one.labels)
            self._shown[one.name] = kind(one.name, one.meaning, names, registry=self._registry, **options)
        metric = self._shown[one.name]
        return metric.labels(**one.labels) if one.labels else metric


class ReadWhenAsked(Collector):
    """Gauges of what all server processes share."""

    def __init__(self, read: Callable[[], Iterable[Reading]]) -> None:
        self._read = read
        self._lock = threading.Lock()
        self._kept: list[Reading] = []
        self._until = 0.0

    def describe(self) -> Iterable[Metric]:
        return ()

    def collect(self) -> Iterator[Metric]:
        families: dict[str, GaugeMetricFamily] = {}
        for one in self._readings():
            if one.name not in families:
                families[one.name] = GaugeMetricFamily(one.name, one.meaning, labels=tuple(one.labels))
            families[one.name].add_metric(list(one.labels.values()), one.value)
        return iter(families.values())

    def _readings(self) -> list[Reading]:
        with self._lock:
            if monotonic() >= self._until:
                self._kept = list(self._read())
                self._until = monotonic() + READ_EVERY_SECONDS
            return self._kept


@dataclass(frozen=True)
class MetricsPage:
    """`registry` has the numbers of this process, `shared` those of all processes; `verify` checks a token if one is
    required.
    """

    registry: CollectorRegistry
    shared: Collector
    mirror: Mirror
    verify: Callable[[str], Principal] | None

    def operations(self) -> dict[str, Callable[..., Any]]:
        return {"metrics": self.metrics}

    def metrics(self) -> flask.Response:
        """Raises TokenRefused or ScopeMissing if a token is required."""
        if self.verify is not None:
            caller = self.verify(bearer_token(flask.request.headers.getlist("Authorization")))
            if not caller.may(SCOPE):
                raise ScopeMissing(caller, [SCOPE])
        self.mirror.copy()
        folder = os.environ.get(FOLDER)
        asked = CollectorRegistry() if folder else self.registry
        if folder:
            _forget_the_dead(Path(folder))
            MultiProcessCollector(asked)  # type: ignore[no-untyped-call]
        text = generate_latest(asked) + generate_latest(_Only(self.shared))
        return flask.Response(text, content_type=CONTENT_TYPE_LATEST)


class _Only(CollectorRegistry):
    def __init__(self, collector: Collector) -> None:
        super().__init__()
        self.register(collector)


def _forget_the_dead(folder: Path) -> None:
    """Removes the gauges of processes that have ended; their counters stay."""
    for pid in {int(path.stem.rpartition("_")[2]) for path in folder.glob("gauge_live*.db")}:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            mark_process_dead(pid, str(folder))  # type: ignore[no-untyped-call]
        except PermissionError:
            continue
