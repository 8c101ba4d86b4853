"""Put the house together: the only file that knows every part.

``load_gateway`` reads the configuration, builds the managers, and makes of them the one snapshot that requests read. ``rebuild`` does it
again beside a gateway that runs.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, Protocol, TypeVar

import msgspec

from secure_gateway.config.loader import LoadedConfig, load_config
from secure_gateway.config.models import GatewayConfig
from secure_gateway.config.ownership import check_ownership, expand_home
from secure_gateway.config.resolution import resolve_config
from secure_gateway.config.secrets import SecretResolver
from secure_gateway.errors import ConfigError, Problem
from secure_gateway.gateway import Gateway
from secure_gateway.master_key import MasterKey
from secure_gateway.native import VARIABLE, ChoiceError, chosen
from secure_gateway.pipeline.digests import Digester
from secure_gateway.pipeline.permissions import Permissions, ServerRules
from secure_gateway.pipeline.snapshot import Bindings, Limits, Snapshot, Starter, order
from secure_gateway.pipeline.watchdog import Watchdog
from secure_gateway.plugins.auth.base import AuthProvider
from secure_gateway.plugins.auth.config_manager import AuthConfigManager
from secure_gateway.plugins.auth.credentials import credentials_from_headers
from secure_gateway.plugins.framework.constants import GATEWAY_METADATA
from secure_gateway.plugins.framework.context import GatewayMetadata
from secure_gateway.plugins.framework.hookpoints import HttpHookType
from secure_gateway.plugins.framework.observer import ObserverSink, RequestObserver
from secure_gateway.plugins.framework.plugin import Plugin
from secure_gateway.plugins.guardrails.base import GuardrailProvider
from secure_gateway.plugins.guardrails.config_manager import GuardrailConfigManager
from secure_gateway.plugins.hook_loader import HookLoader, LoadedHooks, discard
from secure_gateway.plugins.isolated.plugin import ProcessPlugin
from secure_gateway.plugins.registry import InstalledPoints
from secure_gateway.plugins.services import ProviderServices
from secure_gateway.plugins.telemetry.base import TelemetryProvider
from secure_gateway.plugins.telemetry.config_manager import TelemetryConfigManager
from secure_gateway.plugins.telemetry.record_keeper import RecordKeeper
from secure_gateway.stores import open_store
from secure_gateway.stores.key_file import parse_master_key, read_master_key
from secure_gateway.tool_trust.opening import open_trust
from secure_gateway.types import ANONYMOUS, Principal

_Built = TypeVar("_Built")

Closer = Callable[[], Any]
"""Releases one part; some are coroutine functions."""


class _Manager(Protocol):
    """What the three config managers have in common."""

    def register(self, provider_class: Any, /) -> None: ...
    def initialize(self, config: Mapping[str, Any], /) -> None: ...


class Parts(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a gateway is made of, for those who manage it: the command and the proxy."""

    gateway: Gateway
    loaded: LoadedConfig
    values: dict[str, Any]
    services: ProviderServices
    auth: AuthConfigManager
    guardrails: GuardrailConfigManager
    telemetry: TelemetryConfigManager
    hooks: LoadedHooks
    records: RecordKeeper

    @property
    def config(self) -> GatewayConfig:
        """The configuration as it stands in the file; secrets are references."""
        return self.loaded.config

    def __repr__(self) -> str:
        return f"Parts({str(self.loaded.path)!r})"


def load_gateway(
    path: str | Path | None = None, *, env: Mapping[str, str] | None = None, register: Iterable[type] = ()
) -> Gateway:
    """Return the gateway that the configuration describes.

    ``path``: the file; else ``SECURE_GATEWAY_CONFIG``, else ``~/.gateway/config.json``. ``register``: provider and plugin classes that the
    configuration may name. Raises ``ConfigError`` with everything that is wrong, each with its place in the file.
    """
    return load_parts(path, env=env, register=register).gateway


def load_parts(
    path: str | Path | None = None, *, env: Mapping[str, str] | None = None, register: Iterable[type] = ()
) -> Parts:
    """Like ``load_gateway``, and return the parts as well."""
    env = os.environ if env is None else env
    try:
        chosen()  # before a request needs it
    except ChoiceError as error:
        raise ConfigError(Problem(VARIABLE, error.found, error.expected, error.hint)) from error
    loaded = load_config(path, env)
    resolver = SecretResolver(env, folder=loaded.folder)
    with _placed(loaded):
        services = open_services(loaded, resolver, env)
    with ExitStack() as undo:
        undo.callback(services.store.close)
        with _placed(loaded):
            values = resolve_config(loaded, resolver)
            parts = _assemble(_Ground(loaded, values, services, RecordKeeper(services.store)), tuple(register), [])
        undo.pop_all()
        return parts


def rebuild(
    parts: Parts, closers: list[Closer], *, env: Mapping[str, str] | None = None, register: Iterable[type] = ()
) -> Parts:
    """Build what the file of ``parts`` describes now, with a gateway of its own that nobody calls yet; ``parts`` stays as it is.

    Both share the store and the record keeper unless ``state.url`` has changed. ``closers`` gets what releases the new parts that are not
    shared: call it when this raises, or when they are not put in force. Raises as ``load_parts`` does. Blocks.
    """
    env = os.environ if env is None else env
    loaded = load_config(parts.loaded.path, env)
    resolver = SecretResolver(env, folder=loaded.folder)
    with _placed(loaded):
        if loaded.config.state.url == parts.config.state.url:
            services = msgspec.structs.replace(parts.services, master_key=read_key(loaded, resolver, env))
            records = parts.records
        else:
            services = open_services(loaded, resolver, env)
            records = RecordKeeper(services.store)
            closers += (records.shutdown, services.store.close)
        values = resolve_config(loaded, resolver)
        return _assemble(_Ground(loaded, values, services, records), tuple(register), closers)


@contextmanager
def _placed(loaded: LoadedConfig) -> Iterator[None]:
    """Give problems that were found later than in the file its name and their line in it."""
    try:
        yield
    except ConfigError as error:
        raise ConfigError(
            [problem if problem.line else loaded.placed(problem) for problem in error.problems]
        ) from error


def open_services(loaded: LoadedConfig, resolver: SecretResolver, env: Mapping[str, str]) -> ProviderServices:
    """Open the state store and the master key that the configuration names."""
    master_key = read_key(loaded, resolver, env)
    return ProviderServices(
        store=open_store(_state_url(loaded, resolver), loaded.folder), master_key=master_key, config_dir=loaded.folder
    )


def _state_url(loaded: LoadedConfig, resolver: SecretResolver) -> str:
    """Return the address of the store; one that holds a password stands in a secret."""
    url = loaded.config.state.url
    return resolver.resolve(url).reveal().strip() if url.startswith(("env://", "file://")) else url


def read_key(loaded: LoadedConfig, resolver: SecretResolver, env: Mapping[str, str]) -> MasterKey:
    """Return the master key: a private file by default, else the secret that ``master_key`` refers to."""
    reference = loaded.config.master_key
    if reference.startswith("file://"):
        key_path = expand_home(reference.removeprefix("file://"), env)
        return read_master_key(key_path if key_path.is_absolute() else loaded.folder / key_path)
    with _placed(loaded):
        # Unlike resolve, this names the key of the configuration that is to be mended.
        resolved = resolver.resolve_tree({"master_key": reference})
    return parse_master_key(str(resolved["master_key"]))


class _Ground(NamedTuple):
    """What the managers build on."""

    loaded: LoadedConfig
    values: dict[str, Any]
    services: ProviderServices
    records: RecordKeeper


def _assemble(ground: _Ground, register: tuple[type, ...], closers: list[Closer]) -> Parts:
    """Build everything else. ``closers`` gets what releases it, before all that it holds already; also where this raises."""
    loaded, values, services, records = ground
    folders = plugin_folders(loaded)
    seconds = float(loaded.config.plugins.settings.plugin_timeout)
    installed = InstalledPoints()
    auth = AuthConfigManager(services, folders, seconds, installed)
    guardrails = GuardrailConfigManager(services, folders, seconds, installed)
    telemetry = TelemetryConfigManager(services, folders, installed=installed)
    closers[:0] = [auth.shutdown, guardrails.shutdown, telemetry.shutdown]
    loader = HookLoader(
        folders, [cls for cls in register if issubclass(cls, Plugin)], installed=installed, services=services
    )
    problems: list[Problem] = []
    _initialize(
        ((AuthProvider, auth), (GuardrailProvider, guardrails), (TelemetryProvider, telemetry)),
        values,
        register,
        problems,
    )
    plugins = values.get("plugins", {})
    hooks = _collect(
        problems, lambda: loader.load(plugins.get("hooks", []), plugins.get("settings", {}), values.get("include", ()))
    )
    closers[:0] = [plugin.shutdown for plugin in (hooks or LoadedHooks()).plugins]
    table = _collect(problems, lambda: _hook_table(loaded.config, values, guardrails, hooks or LoadedHooks()))
    permissions = _collect(problems, lambda: _permissions(loaded.config))
    _require_identity(loaded.config, hooks, problems)
    if problems or hooks is None or table is None or permissions is None:
        telemetry.shutdown()
        discard((hooks or LoadedHooks()).plugins)
        raise ConfigError(list(dict.fromkeys(problems)))
    watch = _watchdog(hooks, plugins.get("settings", {}))
    closers.insert(0, watch.stop)
    snapshot = Snapshot(
        identity=auth.snapshot,
        permissions=permissions,
        digester=Digester(services.master_key.derive("payload-digest")),
        hooks=table,
        sinks=(*telemetry.sinks, records, *_observers(hooks)),
        judge_tools=partial(guardrails.judge_offer, values.get("servers", {})),
        judge_server=partial(guardrails.judge_registration, loaded.raw.get("servers", {}), values.get("servers", {})),
        trust=open_trust(loaded, permissions.not_offered),
        starters=_starters(hooks, watch),
        watch=watch,
        closers=tuple(dict.fromkeys((*closers, records.shutdown, services.store.close))),
        **_settings(loaded, values),
    )
    return Parts(
        gateway=Gateway(snapshot),
        loaded=loaded,
        values=values,
        services=services,
        auth=auth,
        guardrails=guardrails,
        telemetry=telemetry,
        hooks=hooks,
        records=records,
    )


def _observers(hooks: LoadedHooks) -> list[ObserverSink]:
    return [ObserverSink(plugin.name, plugin) for plugin in hooks.plugins if isinstance(plugin, RequestObserver)]


def _starters(hooks: LoadedHooks, watch: Watchdog) -> tuple[Starter, ...]:
    wanting = [plugin for plugin in hooks.plugins if type(plugin).initialize is not Plugin.initialize]
    return (Starter("watchdog", watch.start), *(Starter(plugin.name, plugin.initialize) for plugin in wanting))


def _watchdog(hooks: LoadedHooks, settings: Mapping[str, Any]) -> Watchdog:
    """Return what acts when a plugin blocks. Guardrails, and plugins with hooks of their own, cannot be moved into another process."""
    elsewhere = {
        plugin.name for plugin in hooks.plugins if plugin.config.isolate or plugin.config.mcp or plugin.config.python
    }
    here = {plugin.name: plugin.config for plugin in hooks.plugins if plugin.name not in elsewhere}
    own_hooks = {binding.plugin for binding in hooks.bindings if binding.custom is not None}

    def isolate(name: str) -> ProcessPlugin | None:
        order = hooks.orders.get(name)
        if order is None or order.obstacle or name not in here or name in own_hooks:
            return None
        plugin = ProcessPlugin(here[name], order, started=True)
        plugin.warm_up()
        return plugin

    choices = {name: config.on_block for name, config in here.items() if config.on_block is not None}
    return Watchdog(choices, str(settings.get("on_block", "isolate")), isolate)


def _settings(loaded: LoadedConfig, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the snapshot takes from the configuration as it stands."""
    return {
        "limits": _limits(loaded.config),
        "policy_version": _policy_version(loaded, values),
        "anonymous": _anonymous(loaded.config),
        "metadata": _metadata(loaded.config),
        "read_credentials": credentials_from_headers,
    }


def _initialize(
    managers: tuple[tuple[type, _Manager], ...],
    values: dict[str, Any],
    register: tuple[type, ...],
    problems: list[Problem],
) -> None:
    """Give each manager its registered classes and the configuration; what is wrong goes into ``problems``."""
    for contract, manager in managers:
        for cls in register:
            if issubclass(cls, contract):
                manager.register(cls)
        _collect(problems, partial(manager.initialize, values))


def plugin_folders(loaded: LoadedConfig) -> tuple[Path, ...]:
    """Return the folder ``plugins`` beside the configuration, if there is one. Raises ``ConfigError`` where others could write to it."""
    folder = loaded.folder / "plugins"
    if not folder.is_dir():
        return ()
    check_ownership(folder)
    for module in folder.glob("*.py"):
        check_ownership(module)
    return (folder,)


def _collect(problems: list[Problem], build: Callable[[], _Built]) -> _Built | None:
    try:
        return build()
    except ConfigError as error:
        problems += error.problems
        return None


def _hook_table(
    config: GatewayConfig, values: dict[str, Any], guardrails: GuardrailConfigManager, hooks: LoadedHooks
) -> dict[str, Mapping[str, Bindings]]:
    """Return who acts at each hook: for calls of no server, and for each server under its own guardrail policy."""
    servers, settings = values.get("servers", {}), values.get("plugins", {}).get("settings", {})
    parallel = bool(settings.get("parallel_execution_within_band"))
    table: dict[str, Mapping[str, Bindings]] = {"": order([*guardrails.bindings(), *hooks.bindings], parallel=parallel)}
    for name in config.servers:
        policy = servers.get(name, {}).get("guardrails", {})
        bindings = guardrails.bindings(name, policy) if policy else guardrails.bindings()
        table[name] = order([*bindings, *hooks.bindings], parallel=parallel)
    return table


def _permissions(config: GatewayConfig) -> Permissions:
    roles = {
        name: {kind: list(getattr(role, kind)) for kind in ("tools", "prompts", "resources", "agents", "http")}
        for name, role in config.roles.items()
    }
    rules = {
        name: ServerRules(
            allow=None if server.tools.allow is None else tuple(server.tools.allow), deny=tuple(server.tools.deny)
        )
        for name, server in config.servers.items()
    }
    return Permissions(roles, rules)


def _limits(config: GatewayConfig) -> Limits:
    limits = config.limits
    return Limits(
        max_payload_bytes=limits.max_payload_bytes,
        max_depth=limits.max_depth,
        upstream_timeout=float(limits.request_timeout),
        question_timeout=float(limits.question_timeout),
    )


def _anonymous(config: GatewayConfig) -> Principal | None:
    if not config.anonymous.roles:
        return None
    return Principal(subject=ANONYMOUS, provider=ANONYMOUS, roles=tuple(config.anonymous.roles))


def _metadata(config: GatewayConfig) -> dict[str, Mapping[str, Any]]:
    return {
        name: {
            GATEWAY_METADATA: GatewayMetadata(
                name=name, transport="stdio" if server.command else "streamablehttp", url=server.url
            )
        }
        for name, server in config.servers.items()
    }


def _require_identity(config: GatewayConfig, hooks: LoadedHooks | None, problems: list[Problem]) -> None:
    resolved = any(binding.hook == HttpHookType.HTTP_AUTH_RESOLVE_USER for binding in (hooks or LoadedHooks()).bindings)
    if config.plugins.auth is None and not config.anonymous.roles and not resolved:
        problems.append(
            Problem(
                "$.plugins.auth",
                "nothing, and no roles for anonymous callers",
                "a provider of identities",
                'Add "auth": {"provider": "api_key"}; or, to let everybody in, give "anonymous": {"roles": [...]} a role.',
            )
        )


def _policy_version(loaded: LoadedConfig, values: Mapping[str, Any]) -> str:
    """Return a digest of the configuration and of the plugin lists that it includes."""
    digests = [loaded.digest, *(each.digest for each in values.get("include", ()))]
    return hashlib.sha256("".join(digests).encode()).hexdigest()[:16]
