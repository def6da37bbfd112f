"""What is counted of requests, and how counts that are kept elsewhere are shown."""

from typing import Any

from connexion.middleware.abstract import ROUTING_CONTEXT
from prometheus_client import CollectorRegistry, generate_latest

from facade import metrics
from facade.metrics import CLIENTS, AnswerTimes, Mirror, Reading, ReadWhenAsked, RequestMetrics
from facade.security.principal import Principal


def a_request(client: str | None, operation: str = "placeOrder") -> dict[str, Any]:
    found = {} if client is None else {"token_info": {"principal": Principal(client, frozenset())}}
    routing = {"api_base_path": "/api/v1", "operation_id": operation}
    return {"extensions": {ROUTING_CONTEXT: routing, "connexion_context": found}}


def test_requests_are_counted_and_timed_by_operation_and_client() -> None:
    registry = CollectorRegistry()
    counted = RequestMetrics(registry)
    for status in (201, 201, 503):
        counted.observe(a_request("acme"), status, 0.02)
    counted.observe({}, 404, 0.001)
    labels = {"api": "/api/v1", "operation": "placeOrder", "client": "acme"}
    assert registry.get_sample_value("facade_requests_total", labels | {"status": "201"}) == 2
    assert registry.get_sample_value("facade_requests_total", labels | {"status": "503"}) == 1
    assert registry.get_sample_value("facade_request_seconds_bucket", labels | {"le": "0.01"}) == 0
    assert registry.get_sample_value("facade_request_seconds_bucket", labels | {"le": "0.025"}) == 3
    nobody = {"api": "", "operation": "", "client": "", "status": "404"}
    assert registry.get_sample_value("facade_requests_total", nobody) == 1


def test_clients_beyond_the_first_are_counted_together() -> None:
    registry = CollectorRegistry()
    counted = RequestMetrics(registry)
    for number in range(CLIENTS + 20):
        counted.observe(a_request(f"client-{number}"), 200, 0.01)
    text = generate_latest(registry).decode()
    assert text.count("facade_request_seconds_count{") == CLIENTS + 1
    other = {"api": "/api/v1", "operation": "placeOrder", "client": "other"}
    assert registry.get_sample_value("facade_request_seconds_count", other) == 20


def test_what_is_counted_elsewhere_is_shown_as_it_stands_however_often_it_is_copied() -> None:
    registry, kept = CollectorRegistry(), {"crm": 1.0}
    mirror = Mirror(
        registry,
        lambda: [Reading("calls", "Calls", {"backend": name}, count) for name, count in kept.items()],
        lambda: [Reading("busy", "Busy", {"backend": name}, count) for name, count in kept.items()],
    )
    for count in (1.0, 4.5, 4.5):
        kept["crm"] = count
        mirror.copy()
    assert registry.get_sample_value("calls_total", {"backend": "crm"}) == 4.5
    assert registry.get_sample_value("busy", {"backend": "crm"}) == 4.5


def test_a_count_without_labels_is_shown_too() -> None:
    registry = CollectorRegistry()
    mirror = Mirror(registry, lambda: [Reading("lost", "Lost", {}, 2)], lambda: [Reading("waiting", "Waiting", {}, 3)])
    mirror.copy()
    assert (registry.get_sample_value("lost_total"), registry.get_sample_value("waiting")) == (2, 3)


def test_what_backends_take_is_timed_by_backend_and_operation() -> None:
    registry = CollectorRegistry()
    times = AnswerTimes(registry)
    for seconds in (0.02, 0.02, 3.0):
        times.observe("crm", "getCustomer", seconds)
    times.observe("bss", "getOrder", 0.3)
    labels = {"backend": "crm", "operation": "getCustomer"}
    name = "facade_backend_answer_seconds"
    found = [registry.get_sample_value(f"{name}_bucket", labels | {"le": le}) for le in ("0.01", "0.025", "5.0")]
    assert found == [0, 2, 3]
    assert registry.get_sample_value(f"{name}_sum", labels) == 3.04
    assert registry.get_sample_value(f"{name}_count", {"backend": "bss", "operation": "getOrder"}) == 1


def test_the_database_is_not_read_as_often_as_somebody_asks() -> None:
    reads: list[int] = []

    def read() -> list[Reading]:
        reads.append(1)
        return [Reading("processes", "Processes", {"state": "waiting"}, len(reads))]

    registry = CollectorRegistry()
    registry.register(ReadWhenAsked(read))
    for _ in range(3):
        assert registry.get_sample_value("processes", {"state": "waiting"}) == 1
    assert metrics.READ_EVERY_SECONDS > 0
