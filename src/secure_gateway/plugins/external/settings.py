"""How an external plugin is reached and asked, as plain values read from its configuration."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from secure_gateway.errors import ConfigError, Problem
from secure_gateway.plugins.framework.plugin import PluginConfig

INHERITED: Final = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ")
"""All that a plugin's process gets of our environment; everything else stands under ``mcp.env``."""

_HINT: Final = "What the plugin itself is set to stands in the configuration of its server."


class TlsFiles(msgspec.Struct, frozen=True, kw_only=True):
    """Whom to trust at the other end of TLS, and who we are there."""

    ca_bundle: str | None = None
    certfile: str | None = None
    keyfile: str | None = None
    keyfile_password: str | None = None
    verify: bool = True
    check_hostname: bool = True

    def __repr__(self) -> str:
        return f"TlsFiles(verify={self.verify}, check_hostname={self.check_hostname})"


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """Where the plugin's server is: ``command`` (then it is a child process) or ``url``. Secrets are resolved, so the repr hides them."""

    command: tuple[str, ...] = ()
    env: dict[str, str] = msgspec.field(default_factory=dict)
    cwd: str | None = None
    url: str = ""
    uds: str | None = None
    headers: dict[str, str] = msgspec.field(default_factory=dict)
    tls: TlsFiles | None = None
    allow_private: bool = False

    def environment(self, environ: Mapping[str, str]) -> dict[str, str]:
        """Return the whole environment of the process: a named minimum of ``environ``, and what the configuration gives."""
        return {name: environ[name] for name in INHERITED if name in environ} | self.env

    def __repr__(self) -> str:
        return f"Endpoint({'stdio' if self.command else 'http'})"


class CallRules(msgspec.Struct, frozen=True, kw_only=True):
    """How calls are made. ``timeout``: seconds for one answer, ``health_interval``: between two looks at an idle connection."""

    timeout: float = 5.0
    retries: int = 1
    concurrency: int = 32
    cache_seconds: float = 0.0
    cache_entries: int = 1000
    health_interval: float = 60.0
    reconnect_delay: float = 0.1


def read_endpoint(config: PluginConfig) -> Endpoint:
    """Return where the plugin of ``config``, which has been checked against the schema, runs. Raises ``ConfigError``."""
    mcp = config.mcp
    if mcp is None:
        raise ConfigError(Problem("$.mcp", "nothing", 'where the plugin runs, as "mcp"'))
    tls = mcp.get("tls")
    return Endpoint(
        command=_command(mcp) if mcp.get("proto") == "stdio" else (),
        env=dict(mcp.get("env", {})),
        cwd=str(Path(mcp["cwd"]).expanduser()) if mcp.get("cwd") else None,
        url=mcp.get("url", ""),
        uds=str(Path(mcp["uds"]).expanduser()) if mcp.get("uds") else None,
        headers=dict(mcp.get("headers", {})),
        tls=_tls(tls) if tls is not None else None,
        allow_private=mcp.get("allow_private", False),
    )


def read_rules(config: PluginConfig) -> CallRules:
    """Return how the plugin is asked. Raises ``ConfigError`` with everything that is wrong in its ``config``."""
    mcp = config.mcp or {}
    numbers = _Numbers(config.config)
    limit = float(config.timeout or mcp.get("call_timeout") or 5.0)
    timeout_ms = numbers.take("timeout_ms", limit * 1000, least=1, most=600_000)
    rules = CallRules(
        timeout=min(limit, timeout_ms / 1000),
        retries=int(numbers.take("retry_attempts", 1, least=0, most=10, whole=True)),
        concurrency=int(numbers.take("max_concurrency", 32, least=1, most=1000, whole=True)),
        cache_seconds=numbers.take("cache_ttl_seconds", 0, least=0, most=86_400),
        cache_entries=int(numbers.take("cache_max_entries", 1000, least=1, most=100_000, whole=True)),
        health_interval=float(mcp.get("health_check_interval", 60.0)),
        reconnect_delay=float(mcp.get("reconnect_delay", 0.1)),
    )
    numbers.finish()
    return rules


class _Numbers:
    """Takes numbers out of a plugin's ``config`` and keeps what is wrong with it."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self._given = given
        self._taken: set[str] = set()
        self._problems: list[Problem] = []

    def take(self, key: str, default: float, *, least: float, most: float, whole: bool = False) -> float:
        self._taken.add(key)
        value = self._given.get(key, default)
        is_number = isinstance(value, int if whole else int | float) and not isinstance(value, bool)
        if is_number and math.isfinite(value) and least <= value <= most:
            return float(value)
        kind = "a whole number" if whole else "a number"
        found = f"{value:g}" if is_number else f"a {type(value).__name__}"
        self._problems.append(Problem(f"$.config.{key}", found, f"{kind} from {least:g} to {most:g}"))
        return default

    def finish(self) -> None:
        for key in sorted(self._given.keys() - self._taken):
            known = ", ".join(sorted(self._taken))
            self._problems.append(Problem(f"$.config.{key}", "an unknown key", f"one of {known}", _HINT))
        if self._problems:
            raise ConfigError(self._problems)


def _command(mcp: Mapping[str, Any]) -> tuple[str, ...]:
    """Return how the process is started: ``cmd`` as it stands, or ``script`` by what it is (as ContextForge does), then ``args``."""
    arguments = tuple(mcp.get("args", ()))
    if mcp.get("cmd"):
        return (*mcp["cmd"], *arguments)
    script = str(Path(mcp["script"]).expanduser())
    if os.sep not in mcp["script"] and not script.endswith((".py", ".sh")):
        return (script, *arguments)  # a command, found on the PATH
    base = Path(mcp["cwd"]).expanduser() if mcp.get("cwd") else Path()
    path = base / script
    if not path.is_file():
        raise ConfigError(
            Problem("$.mcp.script", f"{script!r}, where there is no file", "a program that serves the plugin")
        )
    script = str(path.absolute())
    if path.suffix == ".py":
        return (sys.executable, script, *arguments)
    if path.suffix == ".sh":
        return ("sh", script, *arguments)
    if not os.access(path, os.X_OK):
        raise ConfigError(
            Problem("$.mcp.script", f"{script!r}, which cannot be executed", "a program", "chmod u+x makes it one.")
        )
    return (script, *arguments)


def _tls(given: Mapping[str, Any]) -> TlsFiles:
    files = {key: given[key] for key in ("keyfile_password", "verify", "check_hostname") if key in given}
    for key, other in (("ca_bundle", "ca_bundle"), ("certfile", "client_cert"), ("keyfile", "client_key")):
        name = given.get(key) or given.get(other)
        if name:
            files[key] = str(Path(name).expanduser())
    if "client_key_password" in given:
        files["keyfile_password"] = given["client_key_password"]
    return TlsFiles(**files)
