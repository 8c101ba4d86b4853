"""A collector: takes OTLP/HTTP, decodes it, and keeps it. And a black hole: takes the connection and never answers."""

from __future__ import annotations

import gzip
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import Span


class OTLPReceiver:
    """What came in. ``raw`` holds every body, unpacked: for saying what must be in none of them."""

    def __init__(self) -> None:
        self.endpoint = ""
        self.raw: list[bytes] = []
        self.headers: list[dict[str, str]] = []
        self.spans: list[Span] = []
        self.metrics: list[Metric] = []
        self.resources: list[Resource] = []

    def take(self, path: str, body: bytes, headers: dict[str, str]) -> int:
        """Decode one request; return the HTTP status."""
        self.raw.append(body)
        self.headers.append(headers)
        if path == "/v1/traces":
            for spans in ExportTraceServiceRequest.FromString(body).resource_spans:
                self.resources.append(spans.resource)
                self.spans += [span for scope in spans.scope_spans for span in scope.spans]
            return 200
        if path == "/v1/metrics":
            for metrics in ExportMetricsServiceRequest.FromString(body).resource_metrics:
                self.resources.append(metrics.resource)
                self.metrics += [metric for scope in metrics.scope_metrics for metric in scope.metrics]
            return 200
        return 404

    def total(self, name: str) -> int:
        """Return the sum over the newest points of a counter."""
        newest = [metric for metric in self.metrics if metric.name == name][-1:]
        return sum(point.as_int for metric in newest for point in metric.sum.data_points)


def attributes(pairs: Any) -> dict[str, Any]:
    """Return OTLP attributes as a dict."""
    found: dict[str, Any] = {}
    pair: KeyValue
    for pair in pairs:
        kind = pair.value.WhichOneof("value")
        found[pair.key] = getattr(pair.value, kind) if kind else None
    return found


@contextmanager
def otlp_receiver() -> Iterator[OTLPReceiver]:
    """Run a collector on a free port."""
    receiver = OTLPReceiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            headers = {name.lower(): value for name, value in self.headers.items()}
            self.send_response(receiver.take(self.path, body, headers))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    receiver.endpoint = f"http://127.0.0.1:{server.server_port}"
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def black_hole() -> Iterator[str]:
    """Run a server that takes connections and never answers; gives its URL."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
