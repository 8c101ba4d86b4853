"""What of a record reaches a provider's logger, tracer and meter, and the provider itself."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import pytest

from secure_gateway.decisions import DecisionRecord, Outcome
from secure_gateway.errors import ProviderContractError
from secure_gateway.plugins.telemetry import semconv
from secure_gateway.plugins.telemetry.base import TelemetryProvider, TelemetryResult
from secure_gateway.plugins.telemetry.recording import Recording
from secure_gateway.types import Operation
from tests.plugins.telemetry.records import denied, record


class Made(TelemetryProvider):
    """A provider that gives out what it was given."""

    def __init__(self, logger: Any = None, tracer: Any = None, meter: Any = None) -> None:
        self.logger, self.tracer, self.meter = logger, tracer, meter

    @property
    def name(self) -> str:
        return "made"

    @property
    def version(self) -> str:
        return "1"

    def initialize(self, config: dict[str, Any]) -> TelemetryResult:
        return TelemetryResult(success=True, provider_name=self.name)

    def create_logger(self, name: str) -> Any:
        return self.logger

    def create_tracer(self, name: str) -> Any:
        return self.tracer

    def create_meter(self, name: str) -> Any:
        return self.meter


class Lines:
    """A logger that is none of ``logging``'s."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str]] = []

    def info(self, message: str) -> None:
        self.lines.append(("info", message))

    def warning(self, message: str) -> None:
        self.lines.append(("warning", message))

    def error(self, message: str) -> None:
        self.lines.append(("error", message))


class Span:
    def __init__(self, name: str) -> None:
        self.name = name
        self.attributes: dict[str, Any] = {}
        self.ended = False

    def set_attribute(self, key: str, value: Any) -> None:
        self.attributes[key] = value


class PlainTracer:
    """A tracer that knows no start times."""

    def __init__(self) -> None:
        self.spans: list[Span] = []

    @contextmanager
    def start_as_current_span(self, name: str) -> Iterator[Span]:
        span = Span(name)
        self.spans.append(span)
        yield span
        span.ended = True


class NoOpTracer:
    def start_as_current_span(self, name: str) -> Any:
        return nullcontext()


class Instrument:
    def __init__(self) -> None:
        self.values: list[tuple[float, dict[str, str]]] = []

    def add(self, amount: int, attributes: dict[str, str]) -> None:
        self.values.append((amount, attributes))

    record = add


class Meter:
    def __init__(self) -> None:
        self.instruments: dict[str, Instrument] = {}

    def create_counter(self, name: str, unit: str = "", description: str = "") -> Instrument:
        return self.instruments.setdefault(name, Instrument())

    create_histogram = create_counter


def test_a_provider_that_makes_nothing_takes_every_record() -> None:
    recording = Recording("made", Made())
    assert recording.take([record(), denied()]) == 2
    recording.sync()
    recording.lost(1)
    recording.close()


def test_the_logger_gets_one_json_line_a_record_as_loud_as_its_outcome() -> None:
    lines = Lines()
    outcomes = [Outcome.ALLOWED, Outcome.DENIED, Outcome.FAILED, Outcome.TIMED_OUT, Outcome.CANCELLED]
    Recording("made", Made(lines)).take([record(str(n), outcome=outcome) for n, outcome in enumerate(outcomes)])
    assert [level for level, _ in lines.lines] == ["info", "warning", "error", "error", "info"]
    facts = json.loads(lines.lines[0][1])
    assert facts["request_id"] == "0"
    assert facts["event"] == "decision"
    assert facts["findings"] == [{"hook": "tool_pre_invoke", "plugin": "pii", "verdict": "modify", "reason": "masked"}]


def test_a_logger_that_does_not_want_a_level_is_not_given_it() -> None:
    quiet = logging.Logger("quiet", logging.ERROR)  # noqa: LOG001 - one that no other test shares
    seen: list[str] = []

    class Seeing(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            seen.append(record.levelname)

    quiet.addHandler(Seeing())
    Recording("made", Made(quiet)).take([record(), denied(), record(outcome=Outcome.FAILED)])
    assert seen == ["ERROR"]


def test_a_plain_tracer_gets_a_span_with_the_table_s_names_and_the_span_ends() -> None:
    tracer = PlainTracer()
    Recording("made", Made(tracer=tracer)).take([denied("r7")])
    (span,) = tracer.spans
    assert span.ended
    assert span.name == "tools/call"
    assert span.attributes[semconv.REQUEST_ID] == "r7"
    assert span.attributes[semconv.OUTCOME] == "denied"
    assert span.attributes[semconv.DECIDED_BY] == "pii"
    assert span.attributes[semconv.MCP_METHOD] == "tools/call"
    assert span.attributes[semconv.GEN_AI_TOOL] == "read_file"
    assert span.attributes[semconv.DURATION] == 1500.0


def test_a_no_op_tracer_whose_span_is_none_is_fine(caplog: pytest.LogCaptureFixture) -> None:
    assert Recording("made", Made(tracer=NoOpTracer())).take([record()]) == 1
    assert not caplog.records


def test_decisions_denials_and_findings_are_counted_once_a_batch_and_durations_one_by_one() -> None:
    meter = Meter()
    recording = Recording("made", Made(meter=meter))
    recording.take([record() for _ in range(10)] + [denied(), denied()])
    decisions = meter.instruments[semconv.DECISIONS_METRIC].values
    assert sorted(times for times, _ in decisions) == [2, 10]
    assert meter.instruments[semconv.DENIALS_METRIC].values == [
        (2, {semconv.CODE: "denied", semconv.DECIDED_BY: "pii"})
    ]
    assert sum(times for times, _ in meter.instruments["secure_gateway.findings"].values) == 12
    durations = meter.instruments[semconv.DURATION_METRIC].values
    assert [seconds for seconds, _ in durations] == [0.0015] * 12
    recording.lost(5)
    assert meter.instruments[semconv.DROPPED_METRIC].values == [(5, {})]


def test_names_that_callers_make_up_become_no_metric_and_no_span_name() -> None:
    refused = denied(name="made-up-4711")
    assert "made-up-4711" not in str(semconv.metric_attributes(refused))
    assert semconv.span_name(refused) == "tools/call"
    assert semconv.span_name(record()) == "tools/call read_file"
    assert "file:///x" not in semconv.span_name(record(operation="resource", name="file:///x"))


@pytest.mark.parametrize("operation", Operation)
@pytest.mark.parametrize("outcome", Outcome)
def test_every_operation_however_it_ends_has_a_line_a_span_and_metrics(operation: Operation, outcome: Outcome) -> None:
    lines, tracer, meter = Lines(), PlainTracer(), Meter()
    one = record(operation=operation, outcome=outcome, name="what-was-asked-for", principal=None, server="files")
    Recording("made", Made(lines, tracer, meter)).take([one])
    assert len(lines.lines) == len(tracer.spans) == 1
    assert "what-was-asked-for" in tracer.spans[0].attributes.values()
    assert sum(times for times, _ in meter.instruments[semconv.DECISIONS_METRIC].values) == 1


def test_a_face_that_raises_loses_nothing_for_the_others_and_is_logged_without_its_words(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Broken:
        def start_as_current_span(self, name: str) -> Any:
            raise RuntimeError("Bearer s3cret")

    lines = Lines()
    with caplog.at_level(logging.WARNING):
        assert Recording("made", Made(lines, Broken())).take([record() for _ in range(50)]) == 50
    assert len(lines.lines) == 50
    assert [entry.message for entry in caplog.records] == ["telemetry 'made': its tracer raised RuntimeError"]


def test_record_gets_the_record_itself_and_record_batch_is_called_instead_where_there_is_one() -> None:
    class Single(Made):
        def __init__(self) -> None:
            super().__init__()
            self.seen: list[Any] = []

        def record(self, one: DecisionRecord) -> None:
            self.seen.append(one)

    class Batch(Single):
        def record_batch(self, some: list[DecisionRecord]) -> None:
            self.seen.append(list(some))

    records = [record("1"), record("2")]
    single, batch = Single(), Batch()
    Recording("made", single).take(records)
    Recording("made", batch).take(records)
    assert single.seen == records
    assert batch.seen == [records]


def test_a_required_provider_that_fails_at_a_record_is_offered_it_again_and_shows_it_once() -> None:
    class Choosy(Made):
        good = False

        def record(self, one: DecisionRecord) -> None:
            if one.request_id == "2" and not self.good:
                raise OSError

    lines = Lines()
    provider = Choosy(lines)
    recording = Recording("made", provider, required=True)
    assert recording.take([record("1"), record("2"), record("3")]) == 1
    provider.good = True
    assert recording.take([record("2"), record("3")]) == 2
    assert [json.loads(line)["request_id"] for _, line in lines.lines] == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (Made(logger=object()), "create_logger returned a object without info, warning, error"),
        (Made(tracer=object()), "create_tracer returned a object without start_as_current_span"),
        (Made(meter=object()), "create_meter returned a object without create_counter, create_histogram"),
    ],
)
def test_what_is_no_logger_tracer_or_meter_is_refused_before_the_first_record(made: Made, said: str) -> None:
    with pytest.raises(ProviderContractError, match=said):
        Recording("made", made)


def test_an_async_record_is_refused_because_nobody_would_await_it() -> None:
    class Late(Made):
        async def record(self, one: DecisionRecord) -> None: ...

    with pytest.raises(ProviderContractError, match="record is no plain method"):
        Recording("made", Late())
