"""Where the numbers come from that `facade.metrics` shows."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from platform import python_version
from types import MappingProxyType

from prometheus_client import CollectorRegistry, ProcessCollector

from adapters.backends.breaker import BreakerState
from adapters.persistence.delivery_reads import SqlDeliveryReads
from adapters.persistence.event_numbers import EventNumbers
from adapters.persistence.process_records import SqlProcessReads
from adapters.persistence.stream_backlog import stream_backlog
from canonical.shared.errors import StoreUnavailable
from facade.bootstrap.core import Core
from facade.metrics import MetricsPage, Mirror, Reading, ReadWhenAsked
from facade.security.tokens import TokenVerifier
from facade.settings import OFF

BY_OPERATION: Mapping[str, str] = MappingProxyType(
    {
        "retries": "Retries within calls",
        "contract_violations": "Answers outside the contract",
        "contradictions": "Answers that contradict their call",
        "foreign_entries": "List entries that were left out",
    }
)
"""Counts of a backend by operation, as they are called in its snapshot and in the metric."""

PROCESS_TOTAL = "process_cpu_seconds"
PROCESS: Mapping[str, str] = MappingProxyType(
    {
        "process_resident_memory_bytes": "livesum",
        "process_virtual_memory_bytes": "livesum",
        "process_open_fds": "livesum",
        "process_max_fds": "livemin",
        "process_start_time_seconds": "livemax",
    }
)
"""Numbers of operating system processes, and how those of several server processes become one."""
_of_this_process = ProcessCollector(registry=None)
"""Collects nothing where there is no /proc."""


def metrics_page(core: Core, registry: CollectorRegistry, verifier: TokenVerifier) -> MetricsPage:
    mirror = Mirror(registry, lambda: _totals(core), lambda: _present(core))
    shared = ReadWhenAsked(lambda: _stored(core))
    return MetricsPage(registry, shared, mirror, verifier.verify if core.settings.metrics_access == "token" else None)


def _totals(core: Core) -> Iterator[Reading]:
    for family in _of_this_process.collect():
        if family.name == PROCESS_TOTAL:
            yield Reading(family.name, family.documentation, {}, family.samples[0].value)
    yield Reading("facade_audit_dropped", "Audit records that were lost", {}, core.audit.waiting.dropped)
    for outcome, count in dict(core.delivery.counted).items():
        yield Reading("facade_notifications", "Tries to deliver notifications", {"outcome": outcome}, count)
    if core.relay is not None:
        yield Reading("facade_stream_published", "Events that were published", {}, core.relay.published)
        yield Reading("facade_stream_failures", "Attempts to publish that failed", {}, core.relay.failures)
    for backend, kept in core.backends.snapshot().items():
        at = {"backend": backend}
        for (operation, outcome), count in kept.calls.items():
            labels = at | {"operation": operation, "outcome": outcome}
            yield Reading("facade_backend_calls", "Calls that ended, by outcome", labels, count)
        for name, meaning in BY_OPERATION.items():
            for operation, count in getattr(kept, name).items():
                yield Reading(f"facade_backend_{name}", meaning, at | {"operation": operation}, count)
        for state, count in kept.breaker_changes.items():
            labels = at | {"state": state.value}
            yield Reading("facade_backend_circuit_changes", "How often the breaker entered this state", labels, count)
        yield Reading("facade_backend_tokens_failed", "Failed requests for a token", at, kept.tokens_failed)


def _backlogs(core: Core, now: datetime) -> Iterator[Reading]:
    """Of the listeners that have something waiting or dead, or are paused."""
    found = SqlDeliveryReads(core.database).backlogs()
    yield Reading("facade_listeners_paused", "Listeners that are paused", {}, sum(one.paused for one in found))
    for one in found:
        at = {"client": one.owner, "listener": one.listener_id}
        age = max(0.0, (now - one.oldest).total_seconds()) if one.oldest else 0.0
        yield Reading("facade_notifications_waiting", "Notifications that wait for a listener", at, one.waiting)
        yield Reading("facade_notifications_oldest_seconds", "The age of the oldest of them", at, age)
        yield Reading("facade_dead_letters", "Notifications that were given up", at, one.dead)


def _to_publish(core: Core, now: datetime) -> Iterator[Reading]:
    if core.settings.stream == OFF:
        return
    backlog = stream_backlog(core.database, core.settings.stream)
    age = max(0.0, (now - backlog.oldest).total_seconds()) if backlog.oldest else 0.0
    yield Reading("facade_stream_waiting", "Events that are to be published", {}, backlog.waiting)
    yield Reading("facade_stream_waiting_oldest_seconds", "The age of the oldest of them", {}, age)


def _present(core: Core) -> Iterator[Reading]:
    build = {"version": version("tmf-facade"), "python": python_version()}
    yield Reading("facade_build_info", "What is running", build, 1, across="livemax")
    yield Reading("facade_server_processes", "Server processes that answer together", {}, 1)
    for family in _of_this_process.collect():
        if family.name in PROCESS:
            yield Reading(family.name, family.documentation, {}, family.samples[0].value, PROCESS[family.name])
    yield Reading("facade_process_runs", "Processes that are carried out at this moment", {}, core.engine.running())
    yield Reading("facade_process_places", "Processes that can be carried out at a time", {}, core.engine.places)
    yield Reading("facade_audit_waiting", "Audit records that wait to be written", {}, len(core.audit.waiting))
    for backend, kept in core.backends.snapshot().items():
        at = {"backend": backend}
        for state in BreakerState:
            meaning = "Server processes whose circuit breaker is in this state"
            yield Reading("facade_backend_circuit", meaning, at | {"state": state.value}, kept.breaker is state)
        yield Reading("facade_backend_in_flight", "Calls under way", at, kept.in_flight)
        yield Reading("facade_backend_held", "Server processes that obey a Retry-After", at, kept.held_seconds > 0)


def _stored(core: Core) -> Iterable[Reading]:
    """Empty if the database does not answer; /health/ready reports that."""
    try:
        reads, events = SqlProcessReads(core.database), EventNumbers(core.database).backlog()
        counts, waiting_processes = reads.counts(), reads.backlog()
        backlogs = [*_backlogs(core, datetime.now(UTC)), *_to_publish(core, datetime.now(UTC))]
    except StoreUnavailable:
        return
    now = datetime.now(UTC)
    for (state, problem), (count, oldest) in counts.items():
        labels = {"state": state.value, "problem": problem.value if problem else ""}
        yield Reading("facade_processes", "Processes that have not ended, and fallouts", labels, count)
        age = max(0.0, (now - oldest).total_seconds())
        yield Reading("facade_process_oldest_seconds", "Time of the oldest of them in this state", labels, age)
    for process, (waiting, oldest) in waiting_processes.items():
        labels = {"process": process}
        yield Reading("facade_process_backlog", "Processes that no node has taken yet", labels, waiting)
        age = max(0.0, (now - oldest).total_seconds())
        yield Reading("facade_process_backlog_oldest_seconds", "How long the oldest of them waits", labels, age)
    yield from backlogs
    yield Reading("facade_events_last_number", "The number of the last event in the stream", {}, events.head)
    yield Reading("facade_events_waiting", "Committed events without a number", {}, events.waiting)
    age = max(0.0, (now - events.oldest).total_seconds()) if events.oldest else 0.0
    yield Reading("facade_events_waiting_oldest_seconds", "The age of the oldest of them", {}, age)
