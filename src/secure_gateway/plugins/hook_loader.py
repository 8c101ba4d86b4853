"""Load the plugins that ``plugins.hooks`` names, check them, and make them ready to be called."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec

from secure_gateway.errors import ConfigError, Problem, ProviderContractError
from secure_gateway.plugins.framework.binding import HookBinding
from secure_gateway.plugins.framework.hookpoints import HttpHookType
from secure_gateway.plugins.framework.plugin import Plugin, PluginConfig
from secure_gateway.plugins.framework.registration import bind_plugin
from secure_gateway.plugins.registry import ProviderRegistry

BUILT_IN: Mapping[str, str] = {
    "deny_list": "secure_gateway.plugins.hooks.deny_list:DenyListPlugin",
    "pii_filter": "secure_gateway.plugins.hooks.pii_filter:PIIFilterPlugin",
    "resource_filter": "secure_gateway.plugins.hooks.resource_filter:ResourceFilterPlugin",
    "search_replace": "secure_gateway.plugins.hooks.search_replace:SearchReplacePlugin",
}
ENTRY_POINTS = "secure_gateway.plugins"
_NOT_FIRED = frozenset({HttpHookType.HTTP_AUTH_RESOLVE_USER.value, HttpHookType.HTTP_AUTH_CHECK_PERMISSION.value})


class LoadedHooks(msgspec.Struct, frozen=True, kw_only=True):
    """The plugins, in configured order, and their bindings."""

    plugins: tuple[Plugin, ...] = ()
    bindings: tuple[HookBinding, ...] = ()


class HookLoader:
    """Finds plugin classes by ``kind``: a built-in name, a registered class, an entry point, ``module:Class`` or ``module.Class``."""

    def __init__(self, plugin_dirs: Sequence[Path] = (), registered: Iterable[type] = ()) -> None:
        self._registry = ProviderRegistry(Plugin, ENTRY_POINTS, BUILT_IN, plugin_dirs, name_of=_kind_of)
        for cls in registered:
            self._registry.register(cls)

    @property
    def registry(self) -> ProviderRegistry:
        """What can be named as ``kind``."""
        return self._registry

    def load(self, hooks: Sequence[Mapping[str, Any]], settings: Mapping[str, Any]) -> LoadedHooks:
        """Build every plugin of ``hooks`` (the resolved JSON). Raises ``ConfigError`` with everything that is wrong."""
        plugins: list[Plugin] = []
        bindings: list[HookBinding] = []
        problems: list[Problem] = []
        for index, entry in enumerate(hooks):
            try:
                plugin, bound = self._load_one(entry, settings, f"$.plugins.hooks[{index}]")
            except ConfigError as error:
                problems += error.problems
            else:
                plugins.append(plugin)
                bindings += bound
        if problems:
            raise ConfigError(problems)
        return LoadedHooks(plugins=tuple(plugins), bindings=tuple(bindings))

    def _load_one(
        self, entry: Mapping[str, Any], settings: Mapping[str, Any], where: str
    ) -> tuple[Plugin, list[HookBinding]]:
        config = msgspec.convert({**entry}, PluginConfig)
        if config.kind == "external":
            raise ConfigError(
                Problem(
                    f"{where}.kind", "'external'", "a plugin in this process", "External plugins are not available yet."
                )
            )
        if any(hook in _NOT_FIRED for hook in config.hooks):
            hint = "Use an auth provider for identity and roles for permissions."
            raise ConfigError(
                Problem(
                    f"{where}.hooks", "an http_auth_* hook", "a hook that fires", f"Those are not available yet. {hint}"
                )
            )
        cls = self._class_of(config.kind, f"{where}.kind")
        try:
            plugin = cls(config)
        except ConfigError as error:
            raise ConfigError([_anchored(problem, where) for problem in error.problems]) from error
        except (Exception, SystemExit) as error:  # a stranger's constructor
            fault = f"{cls.__qualname__}, whose constructor raised {type(error).__name__}"
            raise ConfigError(Problem(where, fault, "a plugin that can be built from this configuration")) from error
        try:
            bound = bind_plugin(plugin, default_timeout=float(settings.get("plugin_timeout", 5.0)), where=where)
        except ProviderContractError as error:
            raise ConfigError(Problem(where, str(error), "a plugin that keeps the contract of its hooks")) from error
        if settings.get("fail_on_plugin_error"):
            bound = [msgspec.structs.replace(binding, fail_on_error=True) for binding in bound]
        return plugin, bound

    def _class_of(self, kind: str, where: str) -> type[Plugin]:
        if ":" in kind:
            return self._registry.load(kind, where)
        if kind in self._registry.sources() or "." not in kind:
            return self._registry.find(kind, where)
        module, _, name = kind.rpartition(".")
        return self._registry.load(f"{module}:{name}", where)


def _kind_of(cls: Any) -> str:
    """Return the name by which a plugin class is called as ``kind``: its ``kind`` attribute, else its own name."""
    kind = getattr(cls, "kind", None)
    return kind if isinstance(kind, str) else str(cls.__name__)


def _anchored(problem: Problem, where: str) -> Problem:
    """Return a plugin's own ``$.config.KEY`` as the place where that stands in the file."""
    return replace(problem, path=where + problem.path[1:]) if problem.path.startswith("$.config") else problem
