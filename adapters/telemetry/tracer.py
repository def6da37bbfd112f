"""The tracer that sends spans to an OpenTelemetry collector (OTLP over HTTP)."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import MappingProxyType

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from canonical.shared.errors import CanonicalError

KINDS = MappingProxyType({"internal": SpanKind.INTERNAL, "server": SpanKind.SERVER, "client": SpanKind.CLIENT})
PARENT = "traceparent"
_PROPAGATOR = TraceContextTextMapPropagator()


class OtelSpan:
    def __init__(self, span: trace.Span) -> None:
        self._span = span

    def rename(self, name: str) -> None:
        self._span.update_name(name)

    def note(self, **attributes: str | float | bool) -> None:
        self._span.set_attributes({name.replace("__", "."): value for name, value in attributes.items()})

    def failed(self, why: str) -> None:
        self._span.set_status(Status(StatusCode.ERROR, why))


class OtelTracer:
    """Spans go to `processor`. Ids and times only: no payload, no text of an error."""

    def __init__(self, processor: SpanProcessor, service: str) -> None:
        self._provider = TracerProvider(resource=Resource.create({SERVICE_NAME: service}))
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("tmf-facade")

    @contextmanager
    def span(self, name: str, kind: str, parent: str | None) -> Iterator[OtelSpan]:
        above = _PROPAGATOR.extract({PARENT: parent}, Context()) if parent else None
        with self._tracer.start_as_current_span(
            name, above, KINDS[kind], record_exception=False, set_status_on_exception=False
        ) as span:
            kept = OtelSpan(span)
            try:
                yield kept
            except Exception as error:
                kept.failed(error.code if isinstance(error, CanonicalError) else type(error).__name__)
                raise

    def traceparent(self) -> str | None:
        carrier: dict[str, str] = {}
        _PROPAGATOR.inject(carrier)
        return carrier.get(PARENT)

    def close(self) -> None:
        """Send what has not been sent."""
        self._provider.shutdown()


def otlp_tracer(endpoint: str, service: str) -> OtelTracer:
    """Sends spans in batches, from a thread of its own, to the collector at `endpoint`."""
    exporter = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces")
    return OtelTracer(BatchSpanProcessor(exporter), service)
