"""Load the plugins that ``plugins.hooks`` names, check them, and make them ready to be called."""

from __future__ import annotations

import ast
import inspect
import logging
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from secure_gateway.config.context_forge import ALIASES, instead_of
from secure_gateway.config.ownership import check_ownership
from secure_gateway.config.plugin_kinds import is_bundled, is_cpex_package, module_of, why_left_out
from secure_gateway.config.plugin_list import PluginList, read_manifest
from secure_gateway.errors import ConfigError, GatewayError, Problem, ProviderContractError
from secure_gateway.plugins.construction import told_when_slow
from secure_gateway.plugins.framework.binding import HookBinding
from secure_gateway.plugins.framework.model_config import read_config
from secure_gateway.plugins.framework.plugin import ForeignPlugin, Plugin, PluginConfig
from secure_gateway.plugins.framework.registration import bind_plugin
from secure_gateway.plugins.hook_order import HookOrder, order_for
from secure_gateway.plugins.registry import InstalledPoints, ProviderRegistry, missing_package
from secure_gateway.plugins.services import ProviderServices

logger = logging.getLogger(__name__)

BUILT_IN: Mapping[str, str] = {
    "circuit_breaker": "secure_gateway.plugins.hooks.circuit_breaker:CircuitBreakerPlugin",
    "external": "secure_gateway.plugins.external.plugin:ExternalPlugin",
    "deny_list": "secure_gateway.plugins.hooks.deny_list:DenyListPlugin",
    "header_filter": "secure_gateway.plugins.hooks.header_filter:HeaderFilterPlugin",
    "mask_fields": "secure_gateway.plugins.hooks.mask_fields:MaskFieldsPlugin",
    "output_length": "secure_gateway.plugins.hooks.output_length:OutputLengthPlugin",
    "pii_filter": "secure_gateway.plugins.hooks.pii_filter:PIIFilterPlugin",
    "rate_limit": "secure_gateway.plugins.hooks.rate_limit:RateLimitPlugin",
    "regex": "secure_gateway.plugins.hooks.regex:RegexPlugin",
    "resource_filter": "secure_gateway.plugins.hooks.resource_filter:ResourceFilterPlugin",
    "search_replace": "secure_gateway.plugins.hooks.search_replace:SearchReplacePlugin",
    "schema_guard": "secure_gateway.plugins.hooks.schema_guard:SchemaGuardPlugin",
    "set_headers": "secure_gateway.plugins.hooks.set_headers:SetHeadersPlugin",
    "url_reputation": "secure_gateway.plugins.hooks.url_reputation:UrlReputationPlugin",
}
CPEX = "secure_gateway.plugins.cpex.adapter:CpexPlugin"
ISOLATED = "secure_gateway.plugins.isolated.plugin:ProcessPlugin"
ENTRY_POINTS = "secure_gateway.plugins"


class LoadedHooks(msgspec.Struct, frozen=True, kw_only=True):
    """The plugins, in configured order, and their bindings. ``orders``: how each can be loaded in another process, by its name."""

    plugins: tuple[Plugin, ...] = ()
    bindings: tuple[HookBinding, ...] = ()
    orders: Mapping[str, HookOrder] = msgspec.field(default_factory=dict)


class HookLoader:
    """Finds plugin classes by ``kind``: a built-in name, a registered class, an entry point, ``module:Class`` or ``module.Class``."""

    def __init__(
        self,
        plugin_dirs: Sequence[Path] = (),
        registered: Iterable[type] = (),
        folders: Sequence[Path] | None = None,
        installed: InstalledPoints | None = None,
        services: ProviderServices | None = None,
    ) -> None:
        """``folders``: where dotted kinds are looked up; by default ``plugin_dirs`` and what they lie in.

        ``services``: what a plugin is lent whose constructor has a parameter of that name; None where there is no gateway.
        """
        beside = tuple(dict.fromkeys((*(folder.parent for folder in plugin_dirs), *plugin_dirs)))
        self._folders = beside if folders is None else tuple(folders)
        self._plugin_dirs = tuple(plugin_dirs)
        self._registered = tuple(registered)
        self._services = services
        self._installed = installed or InstalledPoints()
        self._registry = ProviderRegistry(Plugin, ENTRY_POINTS, BUILT_IN, plugin_dirs, _kind_of, self._installed)
        for cls in self._registered:
            self._registry.register(cls)

    @property
    def registry(self) -> ProviderRegistry:
        """What can be named as ``kind``."""
        return self._registry

    def load(
        self, hooks: Sequence[Mapping[str, Any]], settings: Mapping[str, Any], lists: Sequence[PluginList] = ()
    ) -> LoadedHooks:
        """Build every plugin of ``hooks`` (the resolved JSON), then of ``lists``. Raises ``ConfigError`` with everything that is wrong."""
        plugins: list[Plugin] = []
        bindings: list[HookBinding] = []
        problems: list[Problem] = []
        orders: dict[str, HookOrder] = {}
        seconds = float(settings.get("plugin_timeout", 5.0))
        entries = [(entry, f"$.plugins.hooks[{index}]", None) for index, entry in enumerate(hooks)]
        listed = [(entry, f"$.plugins[{index}]", each) for each in lists for index, entry in enumerate(each.hooks)]
        for entry, where, source in (*entries, *listed):
            if source is not None and (reason := why_left_out(entry, source.folders)):
                logger.warning("the plugin %s is disabled and %s; it is left out", entry.get("name"), reason)
                continue
            folders = source.folders if source else self._folders
            order = order_for(entry, where, seconds, (self._plugin_dirs, folders), self._registered)
            try:
                with told_when_slow(f"the plugin {entry.get('name')!r} at {where}"):
                    plugin, bound = self._load_one(entry, settings, order, folders)
            except ConfigError as error:
                problems += error.problems if source is None else map(source.placed, error.problems)
            else:
                plugins.append(plugin)
                orders[plugin.name] = order if not _borrows(type(plugin)) else _bound_here(order)
                bindings += bound
                problems += _clashes(bindings, bound, where)
        if problems:
            discard(plugins)
            raise ConfigError(problems)
        return LoadedHooks(plugins=tuple(plugins), bindings=tuple(bindings), orders=orders)

    def _load_one(
        self, entry: Mapping[str, Any], settings: Mapping[str, Any], order: HookOrder, folders: Sequence[Path]
    ) -> tuple[Plugin, list[HookBinding]]:
        where = order.where
        module = module_of(str(entry.get("kind")), folders)
        if module is not None:
            entry = _under_manifest(entry, module, where)
        config = msgspec.convert({**entry}, PluginConfig)
        if config.kind == "external":
            config = _with_common(config, settings)
        isolated = config.isolate is not None
        cls: Any = self._registry.load(ISOLATED, where) if isolated else self._class_of(config, f"{where}.kind", module)
        build: Callable[[PluginConfig], Plugin] = partial(cls, order=order) if isolated else cls
        if _borrows(cls):
            build = partial(cls, services=self._services)
        try:
            plugin = build(read_config(cls, config))
        except ConfigError as error:
            raise ConfigError([_anchored(problem, where) for problem in error.problems]) from error
        except GatewayError as error:  # written by us, for people: a model that is none, an extra that is not installed
            raise ConfigError(
                Problem(where, f"{cls.__qualname__}, which cannot work here: {error}", "a plugin that can be built")
            ) from error
        except (Exception, SystemExit) as error:  # a stranger's constructor
            fault = f"{cls.__qualname__}, whose constructor raised {type(error).__name__}"
            expected = "a plugin that can be built from this configuration"
            raise ConfigError(Problem(where, fault, expected, missing_package(error))) from error
        try:
            bound = bind_plugin(plugin, default_timeout=float(settings.get("plugin_timeout", 5.0)), where=where)
        except ConfigError as error:
            discard([plugin])
            raise ConfigError([_anchored(problem, where) for problem in error.problems]) from error
        except ProviderContractError as error:
            discard([plugin])
            said, place = str(error), f"{where}.hooks"
            at = place if said.startswith(f"{place}: ") else where
            expected = "a plugin that keeps the contract of its hooks"
            raise ConfigError(Problem(at, said.removeprefix(f"{place}: "), expected)) from error
        if isolated:
            bound = [msgspec.structs.replace(binding, digest=getattr(plugin, "digest", "")) for binding in bound]
        if settings.get("fail_on_plugin_error"):
            bound = [msgspec.structs.replace(binding, fail_on_error=True) for binding in bound]
        return plugin, bound

    def _class_of(self, config: PluginConfig, where: str, file: Path | None) -> type[Plugin]:
        kind = ALIASES.get(config.kind, config.kind)
        if config.python is not None or is_cpex_package(kind):
            return self._registry.load(CPEX, where)
        if file is not None:
            return self._class_in(file, kind.rpartition(".")[2], where)
        if is_bundled(kind):
            raise ConfigError(
                Problem(where, "a bundled plugin without a counterpart", "a plugin that there is", instead_of(kind))
            )
        if ":" not in kind:
            if kind in self._registry.sources() or "." not in kind:
                return self._registry.find(kind, where)
            module, _, name = kind.rpartition(".")
            kind = f"{module}:{name}"
        cls = self._registry.imported(kind, where)
        return self._registry.load(CPEX, where) if _is_cpex_class(cls) else self._registry.checked(cls, where)

    def _class_in(self, file: Path, name: str, where: str) -> type[Plugin]:
        check_ownership(file)
        _refuse_foreign(file, where)
        cls = getattr(self._installed.module(file), name, None)
        if cls is None:
            raise ConfigError(Problem(where, f"{name!r}", f"a class in {file}", "The module has no such name."))
        return self._registry.checked(cls, where)


def _clashes(loaded: Sequence[HookBinding], bound: Sequence[HookBinding], where: str) -> list[Problem]:
    """Return a problem for each hook of a plugin's own that another plugin defines with other types."""
    points = {binding.hook: binding for binding in reversed(loaded)}
    return [
        Problem(
            f"{where}.hooks",
            f"{binding.hook!r} with other types than plugin {first.plugin!r} defines it with",
            "one payload and one result class for all plugins of a hook",
        )
        for binding in bound
        if (first := points[binding.hook]).custom is not None
        and binding.custom is not None
        and (first.custom.payload, first.custom.result) != (binding.custom.payload, binding.custom.result)
    ]


def _borrows(cls: Any) -> bool:
    """Say whether a plugin class wants what the gateway lends."""
    try:
        return "services" in inspect.signature(cls.__init__).parameters
    except (TypeError, ValueError):  # written in another language, without a signature
        return False


def _bound_here(order: HookOrder) -> HookOrder:
    return msgspec.structs.replace(order, obstacle="a plugin that works with what the gateway's own process has")


def _kind_of(cls: Any) -> str:
    """Return the name by which a plugin class is called as ``kind``: its ``kind`` attribute, else its own name."""
    kind = getattr(cls, "kind", None)
    return kind if isinstance(kind, str) else str(cls.__name__)


def _anchored(problem: Problem, where: str) -> Problem:
    """Return a plugin's own ``$.config.KEY``, and what else it may name of its entry, as the place where that stands in the file."""
    named = problem.path.startswith(("$.config", "$.kind", "$.mcp", "$.name", "$.python"))
    return replace(problem, path=where + problem.path[1:]) if named else problem


def discard(plugins: Iterable[Plugin]) -> None:
    """Release what ``plugins``, which will not be used after all, took while they were loaded."""
    for plugin in plugins:
        if isinstance(plugin, ForeignPlugin):
            plugin.discard()


def _with_common(config: PluginConfig, settings: Mapping[str, Any]) -> PluginConfig:
    """Return the configuration of an external plugin with the common settings that it obeys itself."""
    common = {
        "health_check_interval": settings.get("plugin_health_check_interval", 60.0),
        "call_timeout": settings.get("plugin_timeout", 5.0),
    }
    return msgspec.structs.replace(config, mcp={**common, **(config.mcp or {})})


def _is_cpex_class(cls: Any) -> bool:
    """Say whether ``cls`` is derived from cpex's ``Plugin``. Whoever is, has loaded cpex already."""
    base = getattr(sys.modules.get("cpex.framework.base"), "Plugin", None)
    return isinstance(cls, type) and isinstance(base, type) and issubclass(cls, base)


def _under_manifest(entry: Mapping[str, Any], module: Path, where: str) -> Mapping[str, Any]:
    """Return ``entry`` over the defaults of the manifest beside ``module``, if there is one. Raises ``ConfigError``."""
    path = module.with_name("plugin-manifest.yaml")
    if not path.exists():
        return entry
    manifest = read_manifest(path)
    strange = sorted(set(entry.get("hooks", ())) - set(manifest.available_hooks))
    if manifest.available_hooks and strange:
        expected = f"hooks that its manifest names: {', '.join(manifest.available_hooks)}"
        raise ConfigError(Problem(f"{where}.hooks", ", ".join(strange), expected))
    return manifest.under(entry)


def _refuse_foreign(file: Path, where: str) -> None:
    """Refuse a module that imports the framework of the gateway it was written for: its name is all that differs."""
    try:
        tree = ast.parse(file.read_bytes())
    except (SyntaxError, ValueError):
        return  # importing it says what is wrong, and where
    for node in ast.walk(tree):
        names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if any(name.split(".")[0] == "mcpgateway" for name in names):
            found = f"{file}, which imports mcpgateway"
            hint = "Write `from secure_gateway.plugins.framework import …` in place of `from mcpgateway.plugins.framework import …`."
            raise ConfigError(Problem(where, found, "a plugin for this gateway", hint))
