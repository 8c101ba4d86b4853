"""What ``check`` looks at, finding by finding. Nothing here stops at the first."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from secure_gateway.bootstrap import Parts
from secure_gateway.cli.peers import reached
from secure_gateway.config.models import GatewayConfig
from secure_gateway.errors import RequestDenied, RequestError
from secure_gateway.plugins.auth.key_ring import KeyRing
from secure_gateway.plugins.framework.plugin import PluginMode
from secure_gateway.proxy.registration import Registration
from secure_gateway.proxy.settings import ProxySettings, UpstreamServer
from secure_gateway.proxy.wire import WireError
from secure_gateway.types import Door

Status = Literal["ok", "warning", "failed", "skipped"]

_LETS_ERRORS_PASS = {
    "enforce_ignore_error": "if it fails, the request goes on as it was: what it should have taken out stays in",
    "permissive": "it refuses nothing: what it finds is noted in the record only",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    what: str
    status: Status
    detail: str


def configuration_findings(parts: Parts) -> Iterator[Finding]:
    """Yield what can be said of a configuration that has been loaded, with all its providers built."""
    config = parts.config
    yield Finding("configuration", "ok", str(parts.loaded.path))
    names = [provider.get_name() for provider in parts.auth.get_providers()]
    yield Finding("auth", "ok" if names else "warning", ", ".join(names) or "no provider: every caller is anonymous")
    guards = [provider.get_name() for provider in parts.guardrails.get_providers()]
    yield Finding(
        "guardrails", "ok" if guards else "warning", ", ".join(guards) or "none: arguments and results pass unjudged"
    )
    sinks = [provider.name for provider in parts.telemetry.get_providers()]
    yield Finding(
        "telemetry", "ok" if sinks else "warning", ", ".join(sinks) or "none: only `explain` knows what happened"
    )
    yield from _hook_findings(parts)
    yield from _role_findings(config)
    if "api_key" in names:
        yield from _key_findings(parts)


def _hook_findings(parts: Parts) -> Iterator[Finding]:
    """Look at every plugin, those of the lists too. Where any failure refuses, only permissive lets something pass."""
    strict = {binding.plugin for binding in parts.hooks.bindings if binding.fail_on_error}
    for plugin in parts.hooks.plugins:
        note = _LETS_ERRORS_PASS.get(plugin.mode.value)
        if plugin.mode is PluginMode.DISABLED:
            yield Finding(f"hook {plugin.name}", "skipped", "disabled in the configuration")
        elif note is None or (plugin.mode is PluginMode.ENFORCE_IGNORE_ERROR and plugin.name in strict):
            yield Finding(f"hook {plugin.name}", "ok", plugin.config.kind)
        else:
            yield Finding(f"hook {plugin.name}", "warning", f"mode {plugin.mode.value}: {note}")


def _role_findings(config: GatewayConfig) -> Iterator[Finding]:
    if not config.roles:
        yield Finding("roles", "warning", "none: nobody may do anything, unless a provider grants permissions")
    if config.anonymous.roles:
        yield Finding(
            "anonymous", "warning", f"callers without any credential have the roles {', '.join(config.anonymous.roles)}"
        )


def _key_findings(parts: Parts) -> Iterator[Finding]:
    if parts.config.state.url == "memory:":
        yield Finding(
            "keys",
            "warning",
            "the state is kept in memory, so there is no key to begin with and none can be made by the command",
        )
        return
    now = parts.services.clock()
    ring = KeyRing(parts.services)
    entries = ring.list()
    strange = sum(not ring.recognizes(entry) for entry in entries)
    if strange:
        detail = f"{strange} were made under another master key and open nothing; put that one back, or revoke them"
        yield Finding("keys", "warning", detail)
    usable = [
        entry
        for entry in entries
        if ring.recognizes(entry) and not entry.disabled and (entry.expires_at is None or entry.expires_at > now)
    ]
    if not usable:
        yield Finding("keys", "warning", "no key works; `secure-gateway keys create` makes one")
    else:
        yield Finding("keys", "ok", f"{len(usable)} of {len(entries)} work")
    for entry in usable:
        unknown = [role for role in entry.grant.roles if role not in parts.config.roles]
        if unknown:
            detail = f"has a role that is not defined, and grants nothing: {', '.join(unknown)}"
            yield Finding(f"key {entry.key_id}", "warning", detail)


async def registration_findings(parts: Parts, settings: ProxySettings) -> dict[str, Finding]:
    """Return, by name, the servers that a plugin at ``server_pre_register`` refuses, or about which one fails. None is started for it."""
    refusals: dict[str, Finding] = {}
    for name, server in settings.servers.items():
        try:
            await Registration(parts.gateway, server, Door.HTTP).check()
        except (RequestDenied, RequestError) as error:
            by = f"the plugin {error.plugin!r}" if error.plugin else "a plugin"
            refusals[name] = Finding(
                f"server {name}", "failed", f"{by} does not let it be put in force: {error.reason}"
            )
    return refusals


async def server_findings(
    parts: Parts, settings: ProxySettings, environ: Mapping[str, str], seconds: float
) -> list[Finding]:
    """Reach every server, all at the same time, each within ``seconds``."""
    return list(
        await asyncio.gather(
            *(_reach(parts, server, settings, environ, seconds) for server in settings.servers.values())
        )
    )


async def _reach(
    parts: Parts, server: UpstreamServer, settings: ProxySettings, environ: Mapping[str, str], seconds: float
) -> Finding:
    what = f"server {server.name}"
    try:
        async with asyncio.timeout(seconds), reached(server, settings, environ) as peer:
            tools = await peer.tools()
        offer = await parts.gateway.learn_tools(server.name, tools)
    except TimeoutError:
        return Finding(what, "failed", f"did not answer within {seconds:g} s; --timeout gives it longer")
    except (RequestError, RequestDenied) as error:
        return Finding(what, "failed", error.reason)
    except WireError as error:
        return Finding(what, "failed", f"it sent {error.reason}")
    detail = f"{peer.described or 'answers'}, {len(tools)} tools"
    if not offer.dropped:
        return Finding(what, "ok", detail)
    reasons = "; ".join(f"{name}: {reason}" for name, reason in offer.dropped[:5])
    more = "; …" if len(offer.dropped) > 5 else ""  # noqa: PLR2004 - as many as one reads
    return Finding(what, "warning", f"{detail}, {len(offer.dropped)} of them not offered: {reasons}{more}")
