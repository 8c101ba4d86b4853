"""What a reload cannot change: an open door and the servers behind it stay as they were when they were opened."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import msgspec

from secure_gateway.config.models import ServeConfig
from secure_gateway.config.paths import json_path
from secure_gateway.errors import Problem
from secure_gateway.proxy.settings import ProxySettings

_log = logging.getLogger(__name__)

# Field of the settings -> where the configuration says it; `servers` are looked at one by one.
_PLACES = {
    "limits": "$.limits",
    "body_seconds": "$.limits",
    "refuse_unknown_methods": "$.unknown_methods",
    "withheld": "$",
    "allowed_hosts": "$.serve.allowed_hosts",
    "allowed_origins": "$.serve.allowed_origins",
}
_HINTS = {"withheld": "Another set of env:// secrets: processes of servers would still be given the new ones."}


def door_problems(before: ProxySettings, after: ProxySettings) -> list[Problem]:
    """Return what of ``after`` needs a restart where ``before`` is served. A server that is new does not: it waits for one."""
    problems = list(_settings_problems(before, after))
    for name, server in before.servers.items():
        found = after.servers.get(name)
        if found != server:
            # A server without its rules would be served unprotected.
            what = "no such server" if found is None else "another way to reach it"
            problems.append(_problem(json_path(("servers", name)), what))
    for name in after.servers.keys() - before.servers.keys():
        _log.warning("the server %r is new; it can be reached after a restart", name)
    return problems


def of_one_server(settings: ProxySettings, name: str) -> ProxySettings:
    """Return what of ``settings`` is used by a proxy in front of the process of one server, which has started already."""
    return ProxySettings(
        servers={name: settings.servers[name]} if name in settings.servers else {},
        limits=settings.limits,
        refuse_unknown_methods=settings.refuse_unknown_methods,
    )


def listening_problems(before: ServeConfig, after: ServeConfig) -> list[Problem]:
    """Return what is wrong with ``after`` where the door of ``before`` is open."""
    changed = [name for name in type(before).model_fields if getattr(before, name) != getattr(after, name)]
    return [_problem(json_path(("serve", name)), "another value") for name in changed if name not in _PLACES]


def _settings_problems(before: ProxySettings, after: ProxySettings) -> Iterator[Problem]:
    for field in msgspec.structs.fields(before):
        if field.name != "servers" and getattr(before, field.name) != getattr(after, field.name):
            yield _problem(_PLACES[field.name], "another value", _HINTS.get(field.name, ""))


def _problem(path: str, found: str, hint: str = "") -> Problem:
    return Problem(path, found, "what it was at the start", f"{hint} Restart to change it.".strip())
