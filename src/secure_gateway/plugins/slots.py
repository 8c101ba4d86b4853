"""Read a provider slot of the configuration: one ``provider`` or a list of ``providers``, in plain builtins."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

import msgspec

from secure_gateway.errors import ConfigError, Problem
from secure_gateway.plugins.construction import build, constructor_keys
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
    plugins, where = config.get("plugins", config), f"$.plugins.{kind}"
    if not isinstance(plugins, Mapping):
        raise ConfigError(
            Problem("$.plugins", type(plugins).__name__, "an object with a slot for each kind of provider")
        )
    if kind not in plugins:
        return []
    slot = plugins[kind]
    if not isinstance(slot, Mapping):
        raise ConfigError(Problem(where, type(slot).__name__, 'an object such as {"provider": "…", "config": {}}'))
    if "providers" not in slot:
        return [_entry(slot, where)]
    beside = sorted(str(key) for key in slot if key != "providers")
    if beside:
        raise ConfigError(
            [Problem(f"{where}.{key}", f"{key!r} beside providers", "one of the two forms") for key in beside]
        )
    listed = slot["providers"]
    if not isinstance(listed, list | tuple) or not listed:
        raise ConfigError(
            Problem(
                f"{where}.providers", f"{type(listed).__name__}, or an empty list", "a list with at least one provider"
            )
        )
    entries: list[ProviderEntry] = []
    problems: list[Problem] = []
    for index, item in enumerate(listed):
        try:
            entries.append(_entry(item, f"{where}.providers[{index}]"))
        except ConfigError as error:
            problems += error.problems
    if problems:
        raise ConfigError(problems)
    return entries


def build_provider(
    entry: ProviderEntry, registry: ProviderRegistry, services: ProviderServices | None
) -> BuiltProvider:
    """Find, check and build one provider, and ask it whether its configuration will do. Raises ``ConfigError``."""
    cls = (
        registry.load(entry.cls, f"{entry.where}.class")
        if entry.cls
        else registry.find(entry.provider, f"{entry.where}.provider")
    )
    _check_required(cls, entry)
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


def unknown_keys(built: BuiltProvider) -> list[Problem]:
    """Return a problem for each configuration key that the provider's constructor did not take."""
    taken = constructor_keys(type(built.instance))
    return [
        Problem(
            f"{built.entry.where}.config.{key}",
            "a key that nobody takes",
            f"one of {', '.join(taken)}" if taken else f"no key: {type(built.instance).__qualname__} takes none",
            "".join(f"Did you mean {near!r}?" for near in difflib.get_close_matches(key, taken, n=1)),
        )
        for key in sorted(built.left)
    ]


def _check_required(cls: type, entry: ProviderEntry) -> None:
    """Name the keys that are missing before a constructor stumbles over the first of them, where the class can tell them unbuilt."""
    contract: Any = cls
    try:
        required = list(contract.get_required_config_keys(contract.__new__(contract)))
    except (Exception, SystemExit):  # noqa: BLE001 - a stranger's method; asked again when the provider stands
        return
    _require(required, cls, entry)


def _require(keys: Iterable[str], cls: type, entry: ProviderEntry) -> None:
    missing = [key for key in keys if key not in entry.config]
    if missing:
        expected = f"a value: {cls.__qualname__} requires it"
        raise ConfigError([Problem(f"{entry.where}.config.{key}", "nothing", expected) for key in missing])


def _validate(instance: Any, entry: ProviderEntry) -> None:
    name, where = type(instance).__qualname__, f"{entry.where}.config"
    try:
        _require(instance.get_required_config_keys(), type(instance), entry)
        good = instance.validate_config(dict(entry.config))
    except ConfigError:
        raise
    except (Exception, SystemExit) as error:  # a stranger's method
        found = f"a configuration on which {name}.validate_config raised {type(error).__name__}"
        raise ConfigError(Problem(where, found, "one it accepts")) from error
    if good is not True:
        raise ConfigError(Problem(where, f"a configuration that {name}.validate_config refuses", "one it accepts"))


def _entry(item: Any, where: str) -> ProviderEntry:
    if not isinstance(item, Mapping):
        raise ConfigError(Problem(where, type(item).__name__, 'an object such as {"provider": "…", "config": {}}'))
    problems = [
        Problem(f"{where}.{key}", "an unknown key", "provider, class or config")
        for key in sorted(str(key) for key in item.keys() - {"provider", "class", "config"})
    ]
    problems += [
        Problem(f"{where}.{key}", type(item[key]).__name__, "a text")
        for key in ("provider", "class")
        if not isinstance(item.get(key), str | None)
    ]
    if not item.get("provider") and not item.get("class"):
        problems.append(Problem(where, "neither provider nor class", '"provider": a name, or "class": "module:Class"'))
    if not isinstance(item.get("config"), Mapping | None):
        problems.append(Problem(f"{where}.config", type(item["config"]).__name__, "an object"))
    if problems:
        raise ConfigError(problems)
    return ProviderEntry(
        provider=item.get("provider") or "",
        cls=item.get("class") or "",
        config=dict(item.get("config") or {}),
        where=where,
    )
