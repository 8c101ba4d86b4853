"""The contract of telemetry providers: where the records of what happened go."""

from __future__ import annotations

from abc import ABC, abstractmethod
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import msgspec


class TelemetryLevel(StrEnum):
    """How loud a line is."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
    CRITICAL = "critical"


class TelemetryResult(msgspec.Struct, kw_only=True):
    """How ``initialize`` or ``shutdown`` went. ``success=False`` from ``initialize`` stops start-up."""

    success: bool
    provider_name: str
    message: str = ""
    data: dict[str, Any] = msgspec.field(default_factory=dict)
    error: str | None = None
    timestamp: datetime = msgspec.field(default_factory=lambda: datetime.now(UTC))


class TelemetryProvider(ABC):
    """Takes every decision record to where people look. Subclass it, name it in the JSON, done.

    The gateway asks once for a logger, a tracer and a meter and gives each record to them (any may be None or do nothing);
    a provider that has a method ``record(record: DecisionRecord)`` gets the record itself. All this happens on a thread of its
    own, never on the request path.
    """

    @property
    @abstractmethod
    def name(self) -> str:
        """The name by which the configuration picks this provider."""

    @property
    @abstractmethod
    def version(self) -> str:
        """The provider's version."""

    @abstractmethod
    def initialize(self, config: dict[str, Any]) -> TelemetryResult:
        """Set up; ``success=False`` or an exception stops start-up."""

    @abstractmethod
    def create_logger(self, name: str) -> Any:
        """Return a ``logging.Logger``-like object, or None."""

    @abstractmethod
    def create_tracer(self, name: str) -> Any:
        """Return an OpenTelemetry-like tracer (``start_as_current_span``), or None."""

    def create_meter(self, name: str) -> Any:
        """Return an OpenTelemetry-like meter (``create_counter``, ``create_histogram``), or None."""
        return None

    def shutdown(self) -> TelemetryResult:
        """Flush and release; must return within seconds even where the receiver is dead."""
        return TelemetryResult(success=True, provider_name=self.name)

    def validate_config(self, config: dict[str, Any]) -> bool:
        """Tell whether ``config`` can be used; False or an exception stops start-up."""
        return True

    def get_required_config_keys(self) -> list[str]:
        """Return the configuration keys that must be there."""
        return []
