"""From the ``telemetry`` slot of the configuration to the sinks that requests hand their records to."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from secure_gateway.decisions import Sink
from secure_gateway.errors import ConfigError, MissingDependencyError, Problem, ProviderContractError
from secure_gateway.plugins.registry import InstalledPoints, ProviderRegistry
from secure_gateway.plugins.services import ProviderServices
from secure_gateway.plugins.slots import ProviderEntry, anchored, build_provider, read_slot
from secure_gateway.plugins.telemetry.base import TelemetryProvider, TelemetryResult
from secure_gateway.plugins.telemetry.queue import LIMIT, RecordQueue, Terms, close_all
from secure_gateway.plugins.telemetry.recording import Recording

logger = logging.getLogger(__name__)

GROUP: Final = "secure_gateway.telemetry"
BUILTINS: Final[Mapping[str, str]] = {
    "log": "secure_gateway.plugins.telemetry.log:LogTelemetryProvider",
    "opentelemetry": "secure_gateway.plugins.telemetry.opentelemetry:OpenTelemetryProvider",
    "audit": "secure_gateway.plugins.telemetry.audit:AuditTelemetryProvider",
}
SHUTDOWN_SECONDS: Final = 5.0


class _Standing(msgspec.Struct, frozen=True):
    """One provider that is set up, and the queue through which it gets its records."""

    provider: TelemetryProvider
    queue: RecordQueue


class TelemetryConfigManager:
    """Builds the configured telemetry providers and holds one sink for each.

    ``services``: what built-in providers work with; ``plugin_dirs``: folders with provider modules, their ownership checked; ``queue_limit``:
    records that may wait for one provider.
    """

    def __init__(
        self,
        services: ProviderServices | None = None,
        plugin_dirs: Sequence[Path] = (),
        queue_limit: int = LIMIT,
        installed: InstalledPoints | None = None,
    ) -> None:
        self._services = services
        self._queue_limit = queue_limit
        self._registry = ProviderRegistry(TelemetryProvider, GROUP, BUILTINS, plugin_dirs, installed=installed)
        self._standing: tuple[_Standing, ...] = ()
        self._replaced: list[_Standing] = []

    @property
    def registry(self) -> ProviderRegistry:
        """The providers that the configuration may name."""
        return self._registry

    @property
    def sinks(self) -> tuple[Sink, ...]:
        """One sink for each provider in force; never changed, but replaced by ``initialize``."""
        return tuple(standing.queue for standing in self._standing)

    def register(self, provider_class: type[TelemetryProvider]) -> None:
        """Make a provider class available under its own name. Raises ``ProviderContractError``."""
        self._registry.register(provider_class)

    def initialize(self, config: Mapping[str, Any]) -> None:
        """Build and set up the providers of ``config`` (the whole configuration, or its ``plugins``), then put them in force.

        Raises ``ConfigError`` with everything that is wrong, or ``MissingDependencyError``; what was in force then stays. Providers that were
        replaced go on serving the requests that hold their sinks, until ``shutdown``.
        """
        built: list[_Standing] = []
        try:
            problems = self._set_up_all(read_slot(config, "telemetry"), built)
            if not problems:
                self._replaced += self._standing
                self._standing = tuple(built)
                return
        except MissingDependencyError:
            _discard(built)
            raise
        _discard(built)
        raise ConfigError(problems)

    def get_provider(self) -> TelemetryProvider | None:
        """Return the first provider; None where none is configured."""
        return next(iter(self.get_providers()), None)

    def get_providers(self) -> tuple[TelemetryProvider, ...]:
        """Return all providers, in the order of the configuration."""
        return tuple(standing.provider for standing in self._standing)

    def shutdown(self, timeout: float = SHUTDOWN_SECONDS) -> list[str]:
        """Deliver what waits and shut every provider down, replaced ones too, in ``timeout`` seconds in all.

        Returns the names of those that did not finish in time; their threads end with the process. Blocks: from a coroutine, use a thread.
        """
        queues = [standing.queue for standing in (*self._replaced, *self._standing)]
        self._replaced, self._standing = [], ()
        late = close_all(queues, timeout)
        if late:
            logger.warning(
                "telemetry %s did not shut down within %g seconds; records may be lost", ", ".join(late), timeout
            )
        return late

    def _set_up_all(self, entries: Sequence[ProviderEntry], built: list[_Standing]) -> list[Problem]:
        """Add to ``built`` what can be set up; return what is wrong with the rest."""
        problems: list[Problem] = []
        for entry in entries:
            try:
                built.append(self._set_up(entry, [standing.queue.name for standing in built]))
            except ConfigError as error:
                problems += error.problems
        return problems

    def _set_up(self, entry: ProviderEntry, taken: Sequence[str]) -> _Standing:
        provider: TelemetryProvider = build_provider(entry, self._registry, self._services).instance
        label = type(provider).__qualname__
        required, durable = (_flag(provider, name, entry) for name in ("required", "durable"))
        if durable and not callable(getattr(provider, "sync", None)):
            raise ConfigError(
                Problem(entry.where, f"{label}, which is durable and has no method sync", "both or neither")
            )
        _initialize(provider, entry)
        try:
            name = _distinct(provider.name, taken)
            recording = Recording(name, provider, required=required)
        except ProviderContractError as error:
            raise ConfigError(
                Problem(entry.where, f"{label}, whose {error}", "what docs/telemetry.md describes")
            ) from error
        except (Exception, SystemExit) as error:  # a stranger's methods
            found = f"{label}, which raised {type(error).__name__} when asked for its logger, tracer and meter"
            raise ConfigError(Problem(entry.where, found, "each of them, or None")) from error
        terms = Terms(
            required=required, durable=durable, limit=self._queue_limit, linger=0.0 if durable else Terms().linger
        )
        return _Standing(provider, RecordQueue(name, recording, terms))


def _discard(built: Sequence[_Standing]) -> None:
    """Let what was set up for a configuration that turned out wrong shut down, each on its own thread."""
    for standing in built:
        standing.queue.begin_close()


def _initialize(provider: TelemetryProvider, entry: ProviderEntry) -> None:
    """Let the provider set itself up. Raises ``ConfigError``: telemetry that is silently off is worse than none."""
    label, where = type(provider).__qualname__, entry.where
    expected = "one that returns TelemetryResult(success=True, …)"
    try:
        result: object = provider.initialize(dict(entry.config))
    except ConfigError as error:
        raise ConfigError([anchored(problem, f"{where}.config") for problem in error.problems]) from error
    except MissingDependencyError:
        raise
    except (Exception, SystemExit) as error:  # a stranger's method
        found = f"{label}, whose initialize raised {type(error).__name__}"
        hint = "Its own message is left out here because it may quote the configuration."
        raise ConfigError(Problem(where, found, expected, hint)) from error
    if not isinstance(result, TelemetryResult):
        found = f"{label}, whose initialize returned {'nothing' if result is None else type(result).__name__}"
        raise ConfigError(Problem(where, found, expected))
    if result.success is not True:
        found = f"{label}, whose initialize did not succeed{_message(result, entry)}"
        raise ConfigError(Problem(where, found, expected))


def _message(result: TelemetryResult, entry: ProviderEntry) -> str:
    """Return what the provider says about it, unless that quotes a value of its configuration, which may be a secret."""
    said = str(result.message)[:300]
    quoted = any(text in said for text in _texts(entry.config))
    return f" ({said})" if said and said.isprintable() and not quoted else ""


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value] if value else []
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list | tuple) else ()
    return [text for item in inner for text in _texts(item)]


def _flag(provider: TelemetryProvider, name: str, entry: ProviderEntry) -> bool:
    value = getattr(provider, name, False)
    if isinstance(value, bool):
        return value
    raise ConfigError(
        Problem(entry.where, f"{type(provider).__qualname__}.{name}, a {type(value).__name__}", "True or False")
    )


def _distinct(name: str, taken: Sequence[str]) -> str:
    count = sum(other == name or other.startswith(f"{name}#") for other in taken)
    return f"{name}#{count + 1}" if count else name
