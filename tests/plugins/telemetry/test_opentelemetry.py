"""Spans and metrics, as a collector receives them."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry import metrics, trace
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from secure_gateway.decisions import Outcome
from secure_gateway.errors import ConfigError, MissingDependencyError
from secure_gateway.plugins.telemetry import semconv
from secure_gateway.plugins.telemetry.config_manager import TelemetryConfigManager
from secure_gateway.plugins.telemetry.opentelemetry import OpenTelemetryProvider
from tests.plugins.telemetry.records import denied, record
from tests.support.otlp_receiver import OTLPReceiver, attributes, black_hole, otlp_receiver


@pytest.fixture
def collector() -> Iterator[OTLPReceiver]:
    with otlp_receiver() as receiver:
        yield receiver


def manager_of(**config: Any) -> TelemetryConfigManager:
    manager = TelemetryConfigManager()
    manager.initialize({"telemetry": {"provider": "opentelemetry", "config": config}})
    return manager


def send(manager: TelemetryConfigManager, *records: Any) -> None:
    for sink in manager.sinks:
        for one in records:
            assert sink.emit(one)
    assert manager.shutdown() == []


def test_a_decision_is_one_span_with_its_own_times_kind_and_names(collector: OTLPReceiver) -> None:
    send(manager_of(endpoint=collector.endpoint), record("r1"))
    (span,) = collector.spans
    assert span.name == "tools/call read_file"
    assert span.kind == Span.SPAN_KIND_SERVER
    assert span.start_time_unix_nano == 1_700_000_000_250_000_000
    assert span.end_time_unix_nano - span.start_time_unix_nano == 1_500_000
    assert span.status.code == Status.STATUS_CODE_UNSET
    assert attributes(span.attributes) == {
        semconv.MCP_METHOD: "tools/call",
        semconv.GEN_AI_OPERATION: "execute_tool",
        semconv.GEN_AI_TOOL: "read_file",
        semconv.REQUEST_ID: "r1",
        semconv.DOOR: "sdk",
        semconv.OPERATION: "tool",
        semconv.OUTCOME: "modified",
        semconv.USER_ID: "alice",
        semconv.IDENTITY_PROVIDER: "api_key",
        semconv.DURATION: 1500.0,
        semconv.STEPS: 2,
        semconv.FINDINGS: 1,
    }


def test_a_fault_is_an_error_and_a_denial_is_none(collector: OTLPReceiver) -> None:
    failed = record("r2", outcome=Outcome.FAILED, code="plugin_error")
    send(manager_of(endpoint=collector.endpoint), denied("r1"), failed)
    by_id = {attributes(span.attributes)[semconv.REQUEST_ID]: span for span in collector.spans}
    assert by_id["r1"].status.code == Status.STATUS_CODE_UNSET
    assert by_id["r2"].status.code == Status.STATUS_CODE_ERROR
    assert attributes(by_id["r2"].attributes)[semconv.ERROR_TYPE] == "plugin_error"


def test_metrics_count_every_decision_even_those_whose_span_was_left_out(collector: OTLPReceiver) -> None:
    records = [record(str(number)) for number in range(50)] + [denied("no") for _ in range(7)]
    send(manager_of(endpoint=collector.endpoint, sample_ratio=0.0), *records)
    assert collector.total(semconv.DECISIONS_METRIC) == 57
    assert collector.total(semconv.DENIALS_METRIC) == 7
    (duration,) = [metric for metric in collector.metrics if metric.name == semconv.DURATION_METRIC]
    assert sum(point.count for point in duration.histogram.data_points) == 57
    assert {attributes(span.attributes)[semconv.OUTCOME] for span in collector.spans} == {"denied"}
    assert len(collector.spans) == 7


def test_headers_and_resource_attributes_arrive(collector: OTLPReceiver) -> None:
    config = {"headers": {"authorization": "Bearer t0ken"}, "service_name": "edge", "resource": {"team": "blue"}}
    send(manager_of(endpoint=collector.endpoint + "/", **config), record())
    assert {headers["authorization"] for headers in collector.headers} == {"Bearer t0ken"}
    for resource in collector.resources:
        assert attributes(resource.attributes)["service.name"] == "edge"
        assert attributes(resource.attributes)["team"] == "blue"


def test_a_name_that_cannot_be_encoded_costs_no_other_span(collector: OTLPReceiver) -> None:
    odd = record("r2", name="\ud800" * 3, outcome=Outcome.ALLOWED, server="\udfff")
    long = denied("r3", name="é" * 100_000)
    send(manager_of(endpoint=collector.endpoint), record("r1"), odd, long)
    names = {attributes(span.attributes)[semconv.REQUEST_ID]: attributes(span.attributes) for span in collector.spans}
    assert set(names) == {"r1", "r2", "r3"}
    assert names["r2"][semconv.GEN_AI_TOOL] == "???"
    assert len(names["r3"][semconv.GEN_AI_TOOL]) == 1024
    assert collector.total(semconv.DECISIONS_METRIC) == 3


@pytest.mark.parametrize(("off", "kept"), [("traces", "metrics"), ("metrics", "traces")])
def test_either_signal_can_be_switched_off(collector: OTLPReceiver, off: str, kept: str) -> None:
    send(manager_of(endpoint=collector.endpoint, compression="none", **{off: False}), record())
    assert bool(collector.spans) == (kept == "traces")
    assert bool(collector.metrics) == (kept == "metrics")


def test_the_process_wide_providers_stay_as_they_are(collector: OTLPReceiver) -> None:
    before = trace.get_tracer_provider(), metrics.get_meter_provider()
    send(manager_of(endpoint=collector.endpoint), record())
    assert (trace.get_tracer_provider(), metrics.get_meter_provider()) == before


def test_two_gateways_with_different_collectors_live_in_one_process(collector: OTLPReceiver) -> None:
    with otlp_receiver() as other:
        one, two = manager_of(endpoint=collector.endpoint), manager_of(endpoint=other.endpoint)
        send(one, record("r1"))
        send(two, record("r2"))
        assert [attributes(span.attributes)[semconv.REQUEST_ID] for span in collector.spans] == ["r1"]
        assert [attributes(span.attributes)[semconv.REQUEST_ID] for span in other.spans] == ["r2"]


def test_a_collector_that_never_answers_is_left_in_the_end_and_its_headers_are_in_no_line(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with black_hole() as endpoint, caplog.at_level(logging.DEBUG):
        manager = manager_of(endpoint=endpoint, headers={"authorization": "Bearer t0ken"}, timeout=0.5)
        (sink,) = manager.sinks
        for number in range(600):
            sink.emit(record(str(number)))
        assert manager.shutdown() == []  # in its own time, which is less than that of the manager
    assert "t0ken" not in caplog.text
    assert "t0ken" not in repr(manager.get_providers())


def test_a_collector_that_refuses_connections_stops_nothing() -> None:
    with black_hole() as endpoint:
        pass  # closed again: nobody listens there now
    manager = manager_of(endpoint=endpoint, timeout=0.2)
    (sink,) = manager.sinks
    assert sink.emit(record())
    assert manager.shutdown() == []


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"endpoint": "grpc://localhost:4317"}, "no usable URL"),
        ({"endpoint": "localhost:4318"}, "no usable URL"),
        ({"endpoint": "http://"}, "no usable URL"),
        ({"endpoint": "http://localhost:99999"}, "no usable URL"),
        ({"endpoint": "http://[::1"}, "no usable URL"),
        ({"endpoint": "http://localhost?key=s3cret"}, "no usable URL"),
        ({"endpoint": "https://user:s3cret@collector"}, "user name or password.*headers"),
        ({"headers": {"authorization": "s3cret\r\nX-Other: 1"}}, "a header that cannot be sent"),
        ({"headers": {"author ization": "s3cret"}}, "a header that cannot be sent"),
        ({"headers": {"authorization": 1}}, r"config\.headers"),
        ({"headers": "s3cret"}, r"config\.headers: found a value of type str; expected `object`"),
        ({"sample_ratio": 1.5}, r"config\.sample_ratio"),
        ({"timeout": 30}, r"config\.timeout"),
        ({"traces": False, "metrics": False}, "neither traces nor metrics"),
        ({"endpont": "http://x"}, "Did you mean 'endpoint'"),
    ],
)
def test_what_cannot_be_used_is_refused_and_no_secret_is_quoted(config: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        manager_of(**config)
    assert "s3cret" not in str(caught.value)


def test_a_switch_in_the_environment_that_would_silence_it_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_SDK_DISABLED", "TRUE")
    with pytest.raises(ConfigError, match="OTEL_SDK_DISABLED"):
        manager_of()


def test_without_the_extra_the_message_says_which_one_to_install() -> None:
    script = (
        "import sys\n"
        "sys.modules['opentelemetry.exporter.otlp.proto.http'] = None\n"
        "from secure_gateway.plugins.telemetry.config_manager import TelemetryConfigManager\n"
        "TelemetryConfigManager().initialize({'telemetry': {'provider': 'opentelemetry'}})\n"
    )
    environment = {**os.environ, "PYTHONPATH": "src"}
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert MissingDependencyError.__name__ in done.stderr
    assert "needs the [otlp] extra" in done.stderr


def test_the_manager_alone_loads_neither_the_sdk_nor_the_exporter() -> None:
    script = (
        "import sys\n"
        "import secure_gateway.plugins.telemetry.config_manager\n"
        "import secure_gateway.plugins.telemetry.record_keeper\n"
        "sys.exit(any(name.startswith(('opentelemetry', 'requests', 'httpx')) for name in sys.modules))\n"
    )
    environment = {**os.environ, "PYTHONPATH": "src"}
    assert subprocess.run([sys.executable, "-c", script], env=environment, timeout=60, check=False).returncode == 0


def test_a_provider_that_is_not_initialized_makes_nothing_and_can_be_shut_down() -> None:
    provider = OpenTelemetryProvider({})
    assert provider.create_tracer("t") is None
    assert provider.create_meter("t") is None
    assert provider.shutdown().success
