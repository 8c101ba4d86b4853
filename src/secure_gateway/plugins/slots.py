"""Read a provider slot of the configuration: one ``provider`` or a list of ``providers``, in plain builtins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import msgspec

from secure_gateway.errors import ConfigError, Problem
from secure_gateway.plugins.construction import build
from secure_gateway.plugins.registry import ProviderRegistry
from secure_gateway.plugins.services import ProviderServices

_OWN_CONFIG: Final = "$.config"


class ProviderEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One provider as configured; ``where`` is its JSON path."""

    provider: str
    cls: str
    config: dict[str, Any]
    where: str

    def __repr__(self) -> str:
        return f"ProviderEntry({self.provider or self.cls!r} at {self.where})"


class BuiltProvider(msgspec.Struct, frozen=True, kw_only=True):
    """A provider that stands, its entry, and the keys that its constructor left over."""

    instance: Any
    entry: ProviderEntry
    left: dict[str, Any]

    def __repr__(self) -> str:
        return f"BuiltProvider({type(self.instance).__qualname__} at {self.entry.where})"


def read_slot(config: Mapping[str, Any], kind: str) -> list[ProviderEntry]:
    """Return the providers configured for ``kind`` (``auth``, ``guardrails``, ``telemetry``) in order; none where the slot is absent.

    ``config`` is the whole configuration or just its ``plugins`` part. Raises ``ConfigError``.
    """
    plugins = config.get("plugins", config)
    where = f"$.plugins.{kind}"
    slot = plugins.get(kind) if isinstance(plugins, Mapping) else None
    if slot is None:
        return []
    if not isinstance(slot, Mapping):
        raise ConfigError(Problem(where, type(slot).__name__, 'an object such as {"provider": "…", "config": {}}'))
    if "providers" not in slot:
        return [_entry(slot, where)]
    if "provider" in slot or "class" in slot:
        raise ConfigError(Problem(where, "both provider and providers", "one of them"))
    listed = slot["providers"]
    if not isinstance(listed, list) or not listed:
        raise ConfigError(Problem(f"{where}.providers", repr(listed)[:40], "a list with at least one provider"))
    return [_entry(item, f"{where}.providers[{index}]") for index, item in enumerate(listed)]


def build_provider(
    entry: ProviderEntry, registry: ProviderRegistry, services: ProviderServices | None
) -> BuiltProvider:
    """Find, check and build one provider, and ask it whether its configuration will do. Raises ``ConfigError``."""
    cls = (
        registry.load(entry.cls, f"{entry.where}.class")
        if entry.cls
        else registry.find(entry.provider, f"{entry.where}.provider")
    )
    try:
        instance, left = build(cls, entry.config, services, entry.where)
        _validate(instance, entry)
    except ConfigError as error:
        raise ConfigError([anchored(problem, f"{entry.where}.config") for problem in error.problems]) from error
    return BuiltProvider(instance=instance, entry=entry, left=left)


def anchored(problem: Problem, where: str) -> Problem:
    """Put ``where`` in place of ``$.config``, by which a provider names its own configuration, not knowing where that stands."""
    inner = problem.path.removeprefix(_OWN_CONFIG)
    return replace(problem, path=where + inner) if inner != problem.path and inner[:1] in ("", ".", "[") else problem


def _validate(instance: Any, entry: ProviderEntry) -> None:
    name = type(instance).__qualname__
    try:
        required = instance.get_required_config_keys()
        problems = [
            Problem(f"{entry.where}.config.{key}", "nothing", f"a value: {name} requires it")
            for key in required
            if key not in entry.config
        ]
        good = not problems and instance.validate_config(dict(entry.config))
    except ConfigError:
        raise
    except (Exception, SystemExit) as error:  # a stranger's method
        raise ConfigError(
            Problem(
                f"{entry.where}.config",
                f"a configuration on which {name}.validate_config raised {type(error).__name__}",
                "one it accepts",
            )
        ) from error
    if problems:
        raise ConfigError(problems)
    if good is not True:
        raise ConfigError(
            Problem(f"{entry.where}.config", f"a configuration that {name}.validate_config refuses", "one it accepts")
        )


def _entry(item: Any, where: str) -> ProviderEntry:
    if not isinstance(item, Mapping):
        raise ConfigError(Problem(where, type(item).__name__, 'an object such as {"provider": "…", "config": {}}'))
    unknown = set(item) - {"provider", "class", "config"}
    if unknown:
        raise ConfigError(
            [Problem(f"{where}.{key}", "an unknown key", "provider, class or config") for key in sorted(unknown)]
        )
    provider, cls, config = item.get("provider") or "", item.get("class") or "", item.get("config") or {}
    if not provider and not cls:
        raise ConfigError(
            Problem(where, "neither provider nor class", '"provider": a name, or "class": "module:Class"')
        )
    if not isinstance(config, Mapping):
        raise ConfigError(Problem(f"{where}.config", type(config).__name__, "an object"))
    return ProviderEntry(provider=provider, cls=cls, config=dict(config), where=where)
