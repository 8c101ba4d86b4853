"""``circuit_breaker``: a tool that keeps failing is not called for a while, and its callers are told at once."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Final, Literal

import msgspec

from secure_gateway.decisions import DecisionRecord, Outcome, Verdict
from secure_gateway.errors import ConfigError, Problem
from secure_gateway.plugins.framework.context import PluginContext
from secure_gateway.plugins.framework.observer import RequestObserver
from secure_gateway.plugins.framework.payloads import ToolPostInvokePayload, ToolPreInvokePayload
from secure_gateway.plugins.framework.plugin import Plugin, PluginConfig
from secure_gateway.plugins.framework.results import ToolPostInvokeResult, ToolPreInvokeResult
from secure_gateway.plugins.hooks.contents import denied
from secure_gateway.plugins.hooks.typed_config import Misfit, Settings, read_settings
from secure_gateway.plugins.services import ProviderServices

_UPSTREAM: Final = "upstream"
_MOST_CIRCUITS: Final = 10_000
_CALLERS_FAULTS: Final = frozenset({-32700, -32600, -32601, -32602})
"""JSON-RPC errors that say what is wrong with the request: whoever sends nonsense must not close a tool to everybody else."""


class BreakerSettings(Settings, frozen=True):
    """``failures`` within ``window`` seconds open it for ``open_seconds``. ``error_results``: whether an answer that says ``isError`` is a failure."""

    failures: int = 5
    window: float = 60.0
    open_seconds: float = 30.0
    per: Literal["tool", "server"] = "tool"
    error_results: bool = True

    def __post_init__(self) -> None:
        if not 1 <= self.failures <= 1_000:  # noqa: PLR2004 - each is remembered
            raise Misfit("failures", "another number", "a number from 1 to 1000")
        for key in ("window", "open_seconds"):
            if not 0 < getattr(self, key) <= 86_400:  # noqa: PLR2004 - a day
                raise Misfit(key, "another number", "seconds, above 0 and at most a day")


class _Circuit(msgspec.Struct):
    """One tool or server: when it failed, until when it is open (0: closed), and the request that tries it out."""

    failed: deque[float]
    open_until: float = 0.0
    probe: str = ""


class _Call(msgspec.Struct):
    key: tuple[str, str]
    is_error: bool = False


class CircuitBreakerPlugin(Plugin, RequestObserver):
    """Counts what fails upstream (exceptions, time-outs, answers that are errors). Half open, one call passes, and how it ends decides.

    Refusals of other plugins and callers who leave count for nothing.
    """

    def __init__(
        self,
        config: PluginConfig,
        services: ProviderServices | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(config)
        settings = read_settings(config, BreakerSettings)
        if config.isolate is not None or services is None:
            found = "a process of its own, where no request's end is heard of"
            raise ConfigError(Problem("$.isolate", found, "a circuit breaker in the gateway's own process"))
        self._settings = settings
        self._clock = clock
        self._circuits: dict[tuple[str, str], _Circuit] = {}
        self._calls: dict[str, _Call] = {}

    async def tool_pre_invoke(self, payload: ToolPreInvokePayload, context: PluginContext) -> ToolPreInvokeResult:
        """Refuse what is open, but for one call that tries it out."""
        facts = context.global_context
        key = (facts.server_id or "", payload.name if self._settings.per == "tool" else "")
        circuit = self._circuits.get(key)
        if circuit is not None and circuit.open_until:
            wait = circuit.open_until - self._clock()
            if wait > 0 or circuit.probe:
                refusal = denied(
                    "CIRCUIT_OPEN",
                    f"the {self._settings.per} has failed repeatedly and is not called for a while",
                    status=503,
                    retry_after=max(1, math.ceil(wait)),
                )
                return ToolPreInvokeResult(continue_processing=False, violation=refusal.violation)
            circuit.probe = facts.request_id
        self._calls[facts.request_id] = _Call(key)
        return ToolPreInvokeResult()

    async def tool_post_invoke(self, payload: ToolPostInvokePayload, context: PluginContext) -> ToolPostInvokeResult:
        """See whether the answer is an error."""
        call = self._calls.get(context.global_context.request_id)
        if call is not None and self._settings.error_results:
            call.is_error = _is_error(payload.result)
        return ToolPostInvokeResult()

    def request_ended(self, record: DecisionRecord) -> None:
        """Count how the call ended, if it was made."""
        call = self._calls.pop(record.request_id, None)
        if call is None:
            return
        verdicts = [
            note.verdict if note else Verdict.ALLOW for source, _, note in record.trace if source.plugin == _UPSTREAM
        ]
        circuit = self._circuits.get(call.key)
        probing = circuit is not None and circuit.probe == record.request_id
        if probing and circuit is not None:
            circuit.probe = ""
        if not verdicts or record.outcome is Outcome.CANCELLED:
            return
        if call.is_error or verdicts[-1] in {Verdict.ERROR, Verdict.TIMEOUT}:
            self._failed(call.key, probing=probing)
        elif probing:
            del self._circuits[call.key]
            self.logger.info("the circuit of %s is closed again", call.key[1] or call.key[0])

    def _failed(self, key: tuple[str, str], *, probing: bool) -> None:
        now = self._clock()
        circuit = self._circuits.get(key)
        if circuit is None:
            self._make_room()
            circuit = self._circuits[key] = _Circuit(deque(maxlen=self._settings.failures))
        circuit.failed.append(now)
        many = len(circuit.failed) == self._settings.failures and now - circuit.failed[0] <= self._settings.window
        if probing or (many and not circuit.open_until):
            circuit.open_until = now + self._settings.open_seconds
            self.logger.warning("the circuit of %s is open for %g s", key[1] or key[0], self._settings.open_seconds)

    def _make_room(self) -> None:
        """Forget what failed longest ago, open circuits last."""
        if len(self._circuits) >= _MOST_CIRCUITS:
            by_need = sorted(
                self._circuits, key=lambda key: (self._circuits[key].open_until, self._circuits[key].failed[-1])
            )
            for key in by_need[: _MOST_CIRCUITS // 10]:
                del self._circuits[key]


def _is_error(result: Any) -> bool:
    if not isinstance(result, dict):
        return False
    error = result.get("error")
    if set(result) == {"error"} and isinstance(error, dict):
        return error.get("code") not in _CALLERS_FAULTS
    return result.get("isError") is True
