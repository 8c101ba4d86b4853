"""``secure-gateway providers``: what the configuration can name."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import click

from secure_gateway.bootstrap import plugin_folders
from secure_gateway.cli.failures import CommandError
from secure_gateway.cli.session import GatewayGroup, Session
from secure_gateway.cli.tables import print_block, print_json, print_line, print_table
from secure_gateway.config.faults import did_you_mean
from secure_gateway.config.loader import config_path, load_config
from secure_gateway.plugins.auth.config_manager import AuthConfigManager
from secure_gateway.plugins.construction import constructor_keys
from secure_gateway.plugins.guardrails.config_manager import GuardrailConfigManager
from secure_gateway.plugins.hook_loader import HookLoader
from secure_gateway.plugins.registry import ProviderRegistry, ProviderSource
from secure_gateway.plugins.telemetry.config_manager import TelemetryConfigManager

_EXAMPLES = {
    "auth": '"plugins": {{"auth": {{"provider": "{}"}}}}',
    "guardrails": '"plugins": {{"guardrails": {{"providers": [{{"provider": "{}"}}]}}}}',
    "telemetry": '"plugins": {{"telemetry": {{"provider": "{}"}}}}',
    "hooks": '"plugins": {{"hooks": [{{"name": "…", "kind": "{}"}}]}}',
}


@click.group(cls=GatewayGroup)
def providers() -> None:
    """List what the configuration can name: built-in, installed, or in the folder `plugins` beside it."""


@providers.command("list")
@click.option("--kind", type=click.Choice(sorted(_EXAMPLES)), help="Only this kind.")
@click.pass_obj
def list_providers(session: Session, *, kind: str | None) -> None:
    """List them all, by kind."""
    found = [(each, source) for each, source in _sources(session) if kind in (None, each)]
    if session.json:
        print_json([{"kind": each, "name": source.name, "origin": source.origin} for each, source in found])
    else:
        print_table(("kind", "name", "origin"), ((each, source.name, source.origin) for each, source in found))


@providers.command("show")
@click.argument("name")
@click.pass_obj
def show(session: Session, *, name: str) -> None:
    """Show what one is for, and what it can be configured with."""
    registries = _registries(session)
    found = [(kind, source) for kind, source in _sources(session, registries) if source.name == name]
    if not found:
        known = sorted(source.name for _, source in _sources(session, registries))
        raise CommandError(
            f"There is no provider {name!r}. {did_you_mean(name, known)} There are: {', '.join(known)}.".replace(
                "  ", " "
            )
        )
    facts = [_facts(kind, source, registries[kind]) for kind, source in found]
    if session.json:
        print_json(facts if len(facts) > 1 else facts[0])
        return
    for each in facts:
        _show(each)


def _registries(session: Session) -> dict[str, ProviderRegistry]:
    # Without a configuration there is still something to list: that is how one begins to write one.
    written = config_path(session.config, session.environ).exists() or session.config is not None
    folders = plugin_folders(load_config(session.config, session.environ)) if written else ()
    return {
        "auth": AuthConfigManager(None, folders).registry,
        "guardrails": GuardrailConfigManager(None, folders).registry,
        "telemetry": TelemetryConfigManager(None, folders).registry,
        "hooks": HookLoader(folders).registry,
    }


def _sources(
    session: Session, registries: Mapping[str, ProviderRegistry] | None = None
) -> list[tuple[str, ProviderSource]]:
    registries = registries or _registries(session)
    return [
        (kind, source)
        for kind, registry in registries.items()
        for source in sorted(registry.sources().values(), key=lambda each: each.name)
    ]


def _facts(kind: str, source: ProviderSource, registry: ProviderRegistry) -> dict[str, Any]:
    cls = registry.find(source.name, "$")
    return {
        "kind": kind,
        "name": source.name,
        "origin": source.origin,
        "class": f"{cls.__module__}:{cls.__qualname__}",
        "version": _told(cls, "get_version") or _told(cls, "version"),
        "description": inspect.getdoc(cls) or "",
        "methods": [str(method) for method in _told(cls, "get_supported_methods") or ()],
        "required": [str(key) for key in _told(cls, "get_required_config_keys") or ()],
        "keys": [str(key) for key in getattr(cls, "keys", None) or ()] or constructor_keys(cls),
    }


def _told(cls: Any, member: str) -> Any:
    """Return what an instance that is not built says of itself, or None where it cannot tell."""
    try:
        blank = cls.__new__(cls)
        value = getattr(blank, member)
        return value() if isinstance(value, Callable) else value  # type: ignore[arg-type]  # a protocol, checked at run time
    except (Exception, SystemExit):  # noqa: BLE001 - a stranger's method on an instance that is not built
        return None


def _show(facts: Mapping[str, Any]) -> None:
    print_line(f"{facts['name']} ({facts['kind']}, {facts['origin']})")
    for key in ("class", "version"):
        print_line(f"  {key + ':':9} {facts[key] or 'unknown'}")
    for key in ("methods", "required", "keys"):
        if facts[key] and facts[key] != ["config"]:
            print_line(f"  {key + ':':9} {', '.join(facts[key])}")
    print_line(f"  {'example:':9} {_EXAMPLES[facts['kind']].format(facts['name'])}")
    print_line()
    print_block(facts["description"] + "\n" if facts["description"] else "")
