"""Spans: nothing without a tracer, one trace with one."""

import asyncio
import contextvars
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from connexion.middleware.abstract import ROUTING_CONTEXT
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from adapters.backends.messages import Outgoing
from adapters.telemetry.tracer import OtelTracer
from canonical.processes.errors import PaymentDeclined
from canonical.shared import tracing
from facade.web.tracing import Tracing

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
TRACE = 0x0AF7651916CD43DD8448EB211C80319C


@pytest.fixture
def kept() -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    tracer = OtelTracer(SimpleSpanProcessor(exporter), "test")
    tracing.install(tracer)
    yield exporter
    tracing.install(None)
    tracer.close()


def named(kept: InMemorySpanExporter) -> dict[str, ReadableSpan]:
    return {span.name: span for span in kept.get_finished_spans()}


def trace_of(span: ReadableSpan) -> int:
    assert span.context is not None
    return int(span.context.trace_id)


def test_without_a_tracer_there_is_nothing() -> None:
    with tracing.span("work") as span:
        span.rename("x")
        span.note(a=1)
        span.failed("y")
        assert tracing.traceparent() is None
    assert tracing.span("a") is tracing.span("b"), "not even an object"


def test_spans_lie_within_each_other_and_go_on_elsewhere(kept: InMemorySpanExporter) -> None:
    with tracing.span("request", "server", PARENT):
        with tracing.span("translate"):
            pass
        told = tracing.traceparent()
    with tracing.span("process", parent=told), tracing.span("step"):
        pass
    spans = named(kept)
    assert {trace_of(span) for span in spans.values()} == {TRACE}
    request = spans["request"]
    for name, above in (("translate", request), ("process", request), ("step", spans["process"])):
        parent = spans[name].parent
        assert parent is not None
        assert above.context is not None
        assert parent.span_id == above.context.span_id


@pytest.mark.parametrize("given", ["", "x", "00-0-0-01", PARENT.replace("00-", "ff-", 1), "00-" + "0" * 32 + "-1-01"])
def test_a_parent_that_makes_no_sense_begins_a_trace(kept: InMemorySpanExporter, given: str) -> None:
    with tracing.span("request", "server", given or None):
        pass
    assert named(kept)["request"].parent is None


def test_a_failure_is_told_by_its_code_and_not_in_words(kept: InMemorySpanExporter) -> None:
    with pytest.raises(PaymentDeclined), tracing.span("charge"):
        raise PaymentDeclined("card of John Doe was refused")
    span = named(kept)["charge"]
    assert (span.status.status_code, span.status.description) == (StatusCode.ERROR, "PAYMENT_DECLINED")
    assert not span.events


def test_a_backend_is_told_of_the_trace_and_only_then(kept: InMemorySpanExporter) -> None:
    request = Outgoing("GET", "http://crm/x", {}, None)
    with tracing.span("call", "client", PARENT):
        assert request.prepared("t", 1).headers["traceparent"].split("-")[1] == PARENT.split("-")[1]
    assert "traceparent" not in request.prepared("t", 1).headers


def ask(path: str, status: int, headers: list[tuple[bytes, bytes]]) -> None:
    """One request whose handler works in a thread, as ours do."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        scope["extensions"] = {ROUTING_CONTEXT: {"operation_id": "placeOrder"}}

        def handler() -> None:
            with tracing.span("translate"):
                pass

        await asyncio.to_thread(handler)
        worker = threading.Thread(target=contextvars.copy_context().run, args=(handler,))
        worker.start()
        worker.join()
        await send({"type": "http.response.start", "status": status, "headers": []})

    async def send(message: Any) -> None:
        pass

    scope = {"type": "http", "method": "POST", "path": path, "headers": headers}
    asyncio.run(Tracing(app)(scope, app, send))  # type: ignore[arg-type]


def test_a_request_is_named_after_its_operation_and_below_the_caller(kept: InMemorySpanExporter) -> None:
    ask("/api/v1/orders", 503, [(b"traceparent", PARENT.encode())])
    spans = kept.get_finished_spans()
    assert {trace_of(span) for span in spans} == {TRACE}
    request = named(kept)["POST placeOrder"]
    assert request.attributes is not None
    assert request.attributes["http.response.status_code"] == 503
    assert request.status.status_code is StatusCode.ERROR
    assert [span.name for span in spans] == ["translate", "translate", "POST placeOrder"]


def test_health_and_metrics_are_not_traced(kept: InMemorySpanExporter) -> None:
    ask("/health/live", 200, [])
    assert "POST placeOrder" not in named(kept)
