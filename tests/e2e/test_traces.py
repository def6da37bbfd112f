"""One trace from a partner's request to the last backend call, also when another server process makes it."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.support.product import TMF622, partner_order, running_product
from tests.support.waiting import until

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = {"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"}


class Collector(ThreadingHTTPServer):
    """Keeps the spans it is sent: trace id and name."""

    def __init__(self) -> None:
        self.spans: list[tuple[str, str]] = []
        kept = self.spans

        class Taking(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                sent = ExportTraceServiceRequest.FromString(self.rfile.read(int(self.headers["Content-Length"])))
                for resource in sent.resource_spans:
                    for scope in resource.scope_spans:
                        kept.extend((span.trace_id.hex(), span.name) for span in scope.spans)
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        super().__init__(("127.0.0.1", 0), Taking)

    def of_trace(self) -> set[str]:
        return {name for trace, name in self.spans if trace == TRACE}


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def test_one_trace_leads_through_everything(tmp_path: Path, collector: Collector) -> None:
    endpoint = f"http://127.0.0.1:{collector.server_address[1]}"
    with running_product(tmp_path, OTEL_EXPORTER_OTLP_ENDPOINT=endpoint, OTEL_BSP_SCHEDULE_DELAY="200") as node:
        node.backends.fault("billing", status=503, operations=["charge"])
        order_id = node.post(TMF622, partner_order(), headers=PARENT).json()["id"]
        until(lambda: "billing charge" in collector.of_trace())
        node.kill()
        node.backends.clear()
        collector.spans.clear()
        node.start()
        assert node.until_finished(order_id)["state"] == "COMPLETED"
        until(lambda: "billing charge" in collector.of_trace())
        assert any(name.startswith("step charge#") for name in collector.of_trace())
        collector.spans.clear()
        order_id = node.post(TMF622, partner_order(), headers=PARENT).json()["id"]
        node.until_finished(order_id)
        wanted = {
            "POST createProductOrder",
            "translate",
            "process place-order",
            "step verify-customer#0",
            "crm getCustomer",
        }
        wanted |= {"step reserve-1#0", "inventory reserve", "bss createOrder", "billing charge"}
        until(lambda: wanted <= collector.of_trace())
