"""Give each record to what a provider made: its logger, its tracer, its meter, and the provider itself."""

from __future__ import annotations

import inspect
import logging
from collections import Counter
from collections.abc import Callable
from typing import Any, Protocol

from secure_gateway.decisions import DecisionRecord, Outcome
from secure_gateway.errors import ProviderContractError
from secure_gateway.plugins.telemetry import semconv
from secure_gateway.plugins.telemetry.base import TelemetryProvider
from secure_gateway.plugins.telemetry.lines import level_of, log_line
from secure_gateway.plugins.telemetry.trouble import TroubleLog


class Face(Protocol):
    """One of the things to which records are given."""

    what: str

    def show(self, record: DecisionRecord) -> None:
        """Give it one record. May raise anything."""
        ...


class LogFace:
    """One structured line for each record: no payload, no metadata of plugins."""

    what = "its logger"

    def __init__(self, made: Any) -> None:
        lacking = [name for name in ("info", "warning", "error") if not callable(getattr(made, name, None))]
        if lacking:
            raise ProviderContractError(
                f"create_logger returned a {type(made).__qualname__} without {', '.join(lacking)}"
            )
        self._logger = made

    def show(self, record: DecisionRecord) -> None:
        level = level_of(record.outcome)
        asked = getattr(self._logger, "isEnabledFor", None)
        if asked is None or asked(getattr(logging, level.upper())):
            getattr(self._logger, level)(log_line(record).decode("ascii"))


class SpanFace:
    """One span for each record, with its own start and end where the tracer takes them."""

    what = "its tracer"

    def __init__(self, made: Any) -> None:
        if not callable(getattr(made, "start_as_current_span", None)):
            raise ProviderContractError(
                f"create_tracer returned a {type(made).__qualname__} without start_as_current_span"
            )
        self._start = made.start_as_current_span
        start_span = getattr(made, "start_span", None)
        self._full: Callable[..., Any] | None = (
            start_span if _takes(start_span, "attributes", "start_time", "kind") else None
        )
        if self._full is not None:
            # Only for tracers of OpenTelemetry's shape, which have loaded it already.
            from opentelemetry.trace import SpanKind, StatusCode  # noqa: PLC0415

            self._kind, self._error = SpanKind.SERVER, StatusCode.ERROR

    def show(self, record: DecisionRecord) -> None:
        name, attributes = semconv.span_name(record), semconv.span_attributes(record)
        if self._full is None:
            with self._start(name) as span:
                set_attribute = getattr(span, "set_attribute", None)
                if callable(set_attribute):
                    for key, value in attributes.items():
                        set_attribute(key, value)
            return
        start = round(record.time * 1e6) * 1000  # a float holds no more than that
        span = self._full(name, attributes=attributes, start_time=start, kind=self._kind)
        if semconv.is_fault(record):
            span.set_status(self._error)
        span.end(end_time=start + int(record.duration_us * 1000))


class MeterFace:
    """Counters of decisions, denials and findings, and a histogram of how long a verdict took."""

    what = "its meter"

    def __init__(self, made: Any) -> None:
        lacking = [name for name in ("create_counter", "create_histogram") if not callable(getattr(made, name, None))]
        if lacking:
            raise ProviderContractError(
                f"create_meter returned a {type(made).__qualname__} without {', '.join(lacking)}"
            )
        self._decisions = made.create_counter(
            semconv.DECISIONS_METRIC, unit="{decision}", description="Decisions made."
        )
        self._denials = made.create_counter(semconv.DENIALS_METRIC, unit="{decision}", description="Requests refused.")
        self._findings = made.create_counter(
            semconv.FINDINGS_METRIC, unit="{finding}", description="Steps that found something."
        )
        self._dropped = made.create_counter(
            semconv.DROPPED_METRIC, unit="{record}", description="Records that were lost."
        )
        self._duration = made.create_histogram(semconv.DURATION_METRIC, unit="s", description="Time to the verdict.")
        self._counted: Counter[tuple[Any, tuple[tuple[str, str], ...]]] = Counter()

    def show(self, record: DecisionRecord) -> None:
        attributes = semconv.metric_attributes(record)
        self._counted[self._decisions, attributes] += 1
        if record.outcome is Outcome.DENIED:
            by = ((semconv.CODE, str(record.code)), (semconv.DECIDED_BY, record.decided_by))
            self._counted[self._denials, by] += 1
        for plugin, hook, verdict in semconv.findings(record):
            found = ((semconv.PLUGIN, plugin), (semconv.HOOK, hook), (semconv.VERDICT, verdict))
            self._counted[self._findings, found] += 1
        self._duration.record(record.duration_us / 1e6, dict(attributes))

    def add_up(self) -> None:
        """Add what was counted since the last time: one call for each counter and set of attributes, not one for each record."""
        counted, self._counted = self._counted, Counter()
        for (counter, attributes), times in counted.items():
            counter.add(times, dict(attributes))

    def lost(self, count: int) -> None:
        """Count records that never got here."""
        self._dropped.add(count, {})


class Recording:
    """The consumer that stands for one provider. What fails in it is counted and logged; a required provider's failure is retried.

    Besides its logger, tracer and meter a provider may have ``record(record)``, or ``record_batch(records)`` which is called instead; ``sync()``,
    which puts what it was given where a crash cannot lose it.
    """

    def __init__(self, name: str, provider: TelemetryProvider, *, required: bool = False) -> None:
        self._provider = provider
        self._required = required
        self._troubles = TroubleLog(repr(name))
        self._batch = _method(provider, "record_batch")
        self._single = None if self._batch else _method(provider, "record")
        self._sync = _method(provider, "sync")
        self._meter: MeterFace | None = None
        self._faces: list[Face] = []
        for create, face in (
            (provider.create_logger, LogFace),
            (provider.create_tracer, SpanFace),
            (provider.create_meter, MeterFace),
        ):
            made = create(semconv.SCOPE)
            if made is not None:
                self._faces.append(face(made))
        self._meter = next((face for face in self._faces if isinstance(face, MeterFace)), None)

    def take(self, records: list[DecisionRecord]) -> int:
        """Give the records to the provider, then to what it made. Only a required provider may leave some, by failing."""
        taken = self._record(records)
        for record in records[:taken]:
            for face in self._faces:
                self._guarded(f"{face.what} raised", face.show, record)
        if self._meter is not None:
            self._guarded("its meter raised", self._meter.add_up)
        return taken

    def sync(self) -> None:
        """Let the provider put everything on disk, if it can."""
        if self._sync is not None:
            self._sync()

    def lost(self, count: int) -> None:
        """Export how many records were lost."""
        if self._meter is not None:
            self._guarded("its meter raised", self._meter.lost, count)

    def close(self) -> None:
        """Shut the provider down."""
        result = self._provider.shutdown()
        if getattr(result, "success", False) is not True:
            self._troubles.add("shutdown was not successful")

    def _record(self, records: list[DecisionRecord]) -> int:
        if self._batch is not None:
            return (
                len(records) if self._guarded("record_batch raised", self._batch, records) or not self._required else 0
            )
        if self._single is None:
            return len(records)
        for taken, record in enumerate(records):
            if not self._guarded("record raised", self._single, record) and self._required:
                return taken
        return len(records)

    def _guarded(self, trouble: str, action: Callable[..., Any], *given: Any) -> bool:
        try:
            action(*given)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a stranger's exporter; the other faces still get the record
            self._troubles.add(f"{trouble} {type(error).__name__}")
            return False
        return True


def _method(provider: TelemetryProvider, name: str) -> Callable[..., Any] | None:
    found: object = getattr(provider, name, None)
    if found is None:
        return None
    if callable(found) and not inspect.iscoroutinefunction(found):
        return found
    raise ProviderContractError(f"{name} is no plain method: write `def {name}(self, …)`")


def _takes(function: Any, *names: str) -> bool:
    if not callable(function):
        return False
    try:
        return set(names) <= set(inspect.signature(function).parameters)
    except (TypeError, ValueError):  # a C function without a signature
        return False
