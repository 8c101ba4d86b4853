"""OpenTelemetry: a span for each decision, and metrics, over OTLP/HTTP. With providers of its own, never the process-wide ones."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit

import msgspec
from opentelemetry.context import Context
from opentelemetry.metrics import Meter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import MetricReader, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanLimits, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import Decision, Sampler, SamplingResult, TraceIdRatioBased
from opentelemetry.trace import Link, SpanKind, Tracer, TraceState
from opentelemetry.util.types import Attributes

from secure_gateway.decisions import Outcome
from secure_gateway.errors import ConfigError, MissingDependencyError, Problem
from secure_gateway.plugins.telemetry import semconv
from secure_gateway.plugins.telemetry.base import TelemetryProvider, TelemetryResult
from secure_gateway.plugins.telemetry.options import read_options

logger = logging.getLogger(__name__)

SHUTDOWN_SECONDS: Final = 3.0
_SPAN_QUEUE: Final = 8192
_SPAN_BATCH: Final = 512
_ALWAYS_KEPT: Final = frozenset(outcome.value for outcome in Outcome) - {Outcome.ALLOWED.value, Outcome.MODIFIED.value}


class OpenTelemetryOptions(msgspec.Struct, frozen=True, kw_only=True):
    """``endpoint``: the collector's base URL, to which ``/v1/traces`` and ``/v1/metrics`` are added. Times are in seconds.

    ``sample_ratio``: the share of allowed and modified calls that get a span; what did not pass always gets one, and metrics count all.
    ``timeout``: of one export; more than two seconds would hold up shutting down.
    """

    endpoint: str = "http://localhost:4318"
    headers: dict[str, str] = msgspec.field(default_factory=dict)
    service_name: str = "secure-gateway"
    resource: dict[str, str] = msgspec.field(default_factory=dict)
    traces: bool = True
    metrics: bool = True
    sample_ratio: Annotated[float, msgspec.Meta(ge=0, le=1)] = 1.0
    timeout: Annotated[float, msgspec.Meta(gt=0, le=2)] = 2.0
    traces_interval: Annotated[float, msgspec.Meta(gt=0, le=60)] = 1.0
    metrics_interval: Annotated[float, msgspec.Meta(gt=0, le=3600)] = 15.0
    certificate: str = ""
    compression: Literal["gzip", "none"] = "gzip"

    def __repr__(self) -> str:
        return "OpenTelemetryOptions(…)"  # headers hold secrets


class OpenTelemetryProvider(TelemetryProvider):
    """Sends spans and metrics to a collector. A collector that is down, slow or silent costs records, never time of a request."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        self._options = read_options(OpenTelemetryOptions, config)
        _check(self._options)
        self._tracers: TracerProvider | None = None
        self._meters: MeterProvider | None = None
        self._exporters: list[Any] = []

    @property
    def name(self) -> str:
        return "opentelemetry"

    @property
    def version(self) -> str:
        return "1.0.0"

    def initialize(self, config: dict[str, Any]) -> TelemetryResult:
        """Set the exporters up; nothing is sent yet, so a collector may start later. Raises ``MissingDependencyError``."""
        resource = Resource.create(
            {"service.name": self._options.service_name, "service.version": _own_version(), **self._options.resource},
            schema_url=semconv.SCHEMA_URL,
        )
        span_exporter, metric_exporter = self._make_exporters()
        if self._options.traces:
            self._exporters.append(span_exporter)
            self._tracers = _tracers(self._options, resource, span_exporter)
        if self._options.metrics:
            self._exporters.append(metric_exporter)
            interval = self._options.metrics_interval * 1000
            reader = PeriodicExportingMetricReader(metric_exporter, interval, self._options.timeout * 1000)
            self._meters = _meters(resource, [reader])
        return TelemetryResult(success=True, provider_name=self.name)

    def create_logger(self, name: str) -> None:
        """Make none: a decision is a span here."""

    def create_tracer(self, name: str) -> Tracer | None:
        """Return a tracer whose spans go to the collector; None where traces are switched off."""
        if self._tracers is None:
            return None
        return self._tracers.get_tracer(name, _own_version(), semconv.SCHEMA_URL)

    def create_meter(self, name: str) -> Meter | None:
        """Return a meter whose metrics go to the collector; None where metrics are switched off."""
        if self._meters is None:
            return None
        return self._meters.get_meter(name, _own_version(), semconv.SCHEMA_URL)

    def shutdown(self) -> TelemetryResult:
        """Send what is left for up to ``SHUTDOWN_SECONDS``, then leave the exporters to their fate.

        The SDK's own time-outs cannot be relied upon: with a collector that never answers, its shutdown takes 30 seconds.
        """
        ends: list[Callable[[], object]] = [end.shutdown for end in (self._tracers, self._meters) if end is not None]
        threads = [threading.Thread(target=_quietly, args=(end,), daemon=True) for end in ends]
        for thread in threads:
            thread.start()
        deadline = time.monotonic() + SHUTDOWN_SECONDS
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        done = not any(thread.is_alive() for thread in threads)
        for exporter in self._exporters if not done else ():
            _quietly(exporter.shutdown)  # ends its waiting between retries
        message = "" if done else "the collector did not take everything in time; what was left is lost"
        return TelemetryResult(success=done, provider_name=self.name, message=message)

    def _make_exporters(self) -> tuple[Any, Any]:
        try:
            from opentelemetry.exporter.otlp.proto.http import Compression  # noqa: PLC0415
            from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter  # noqa: PLC0415
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
        except ImportError as error:
            raise MissingDependencyError(
                'the telemetry provider "opentelemetry" needs the [otlp] extra: pip install "secure-gateway[otlp]"'
            ) from error
        base = self._options.endpoint.rstrip("/")
        common: dict[str, Any] = {
            "headers": self._options.headers,
            "timeout": self._options.timeout,
            "certificate_file": self._options.certificate or None,
            "compression": Compression.Gzip if self._options.compression == "gzip" else Compression.NoCompression,
        }
        return OTLPSpanExporter(f"{base}/v1/traces", **common), OTLPMetricExporter(f"{base}/v1/metrics", **common)


class _DenialsAlways(Sampler):
    """Keeps every span of a request that did not pass, and a share of the others."""

    def __init__(self, ratio: float) -> None:
        self._others = TraceIdRatioBased(ratio)

    def should_sample(
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: SpanKind | None = None,
        attributes: Attributes = None,
        links: Sequence[Link] | None = None,
        trace_state: TraceState | None = None,
    ) -> SamplingResult:
        """Decide by the outcome, which is known: a decision's span is made when the decision has been."""
        if (attributes or {}).get(semconv.OUTCOME) in _ALWAYS_KEPT:
            return SamplingResult(Decision.RECORD_AND_SAMPLE, attributes)
        return self._others.should_sample(parent_context, trace_id, name, kind, attributes, links)

    def get_description(self) -> str:
        return f"DenialsAlways({self._others.get_description()})"


def _tracers(options: OpenTelemetryOptions, resource: Resource, exporter: Any) -> TracerProvider:
    processor: SpanProcessor = BatchSpanProcessor(
        exporter,
        max_queue_size=_SPAN_QUEUE,
        schedule_delay_millis=options.traces_interval * 1000,
        max_export_batch_size=_SPAN_BATCH,
        export_timeout_millis=options.timeout * 1000,
    )
    provider = TracerProvider(
        sampler=_DenialsAlways(options.sample_ratio),
        resource=resource,
        span_limits=SpanLimits(),
        shutdown_on_exit=False,
    )
    provider.add_span_processor(processor)
    return provider


def _meters(resource: Resource, readers: Sequence[MetricReader]) -> MeterProvider:
    return MeterProvider(metric_readers=readers, resource=resource, shutdown_on_exit=False)


def _check(options: OpenTelemetryOptions) -> None:
    problems = []
    try:
        url = urlsplit(options.endpoint)
        wrong = url.scheme not in ("http", "https") or not url.hostname or bool(url.query) or bool(url.fragment)
        signed = url.username is not None or url.password is not None
        _ = url.port
    except ValueError:
        wrong, signed = True, False
    if signed:
        problems.append(
            Problem("$.config.endpoint", "a URL with a user name or password", "one without", 'Use "headers".')
        )
    elif wrong:
        hint = 'Such as "http://localhost:4318"; the paths of traces and metrics are added.'
        problems.append(Problem("$.config.endpoint", "no usable URL", "http:// or https://, a host, a port", hint))
    for name, value in options.headers.items():
        if not name.isascii() or not name.replace("-", "").replace("_", "").isalnum() or not value.isprintable():
            problems.append(
                Problem("$.config.headers", "a header that cannot be sent", "a name and a value on one line")
            )
    if not (options.traces or options.metrics):
        problems.append(Problem("$.config", "neither traces nor metrics", "one of them", "Or leave the provider out."))
    if os.environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        found = "OTEL_SDK_DISABLED=true in the environment, with which nothing would be sent"
        problems.append(Problem("$.config", found, "it to be unset", "Or leave the provider out."))
    if problems:
        raise ConfigError(problems)


def _quietly(action: Callable[[], object]) -> None:
    try:
        action()
    except Exception as error:  # noqa: BLE001 - the SDK's or an exporter's fault, while shutting down
        logger.warning("telemetry 'opentelemetry': shutting down raised %s", type(error).__name__)


def _own_version() -> str:
    try:
        return installed_version("secure-gateway")
    except PackageNotFoundError:
        return "0"
