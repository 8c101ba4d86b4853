"""Where ``plugin serve`` listens: what its options say, else what the variables of ContextForge's plugin servers say."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click

from secure_gateway.proxy.serve import Listener

_DEFAULT_PORT: Final = 8000
_PORTS: Final = range(65536)
_HTTP: Final = frozenset({"http", "streamablehttp"})
_TRUE: Final = frozenset({"1", "true", "yes", "on"})
_NO_COUNTERPART: Final = {
    "PLUGINS_SERVER_UDS": "give --http HOST:PORT instead",
    "PLUGINS_SERVER_SSL_ENABLED": "give --cert, --key and --client-ca instead",
}


@dataclass(frozen=True, slots=True)
class PluginAddress:
    """Where to listen, under which further names, and the reference of the token that callers must show, if any."""

    listener: Listener
    names: frozenset[str]
    token: str


def asked_address(
    environ: Mapping[str, str],
    *,
    http: str | None,
    token: str | None,
    hosts: tuple[str, ...],
    **tls: Path | None,
) -> PluginAddress | None:
    """Return where to listen, None for stdin and stdout. ``tls``: ``cert``, ``key`` and ``client_ca``. Raises ``click.UsageError``."""
    where = http or _from_environment(environ)
    if where is None:
        given = {"--token": token, "--allowed-host": hosts, "--cert": tls["cert"], "--key": tls["key"]}
        given["--client-ca"] = tls["client_ca"]
        if strange := [name for name, value in given.items() if value]:
            raise click.UsageError(f"{', '.join(strange)} needs --http: on stdin and stdout there is one client.")
        return None
    host, port = _parted(where)
    cert, key, client_ca = (None if tls[name] is None else str(tls[name]) for name in ("cert", "key", "client_ca"))
    if (cert is None) is not (key is None) or (client_ca is not None and cert is None):
        raise click.UsageError("--cert and --key belong together, and --client-ca needs them.")
    if token is None and client_ca is None and not _is_loopback(host):
        raise click.UsageError(
            f"{host} is reached from other machines: say with --token REFERENCE what callers must show, or with --client-ca who they are."
        )
    listener = Listener(host=host, port=port, cert=cert, key=key, client_ca=client_ca)
    return PluginAddress(listener, frozenset(name.lower() for name in (*hosts, *_own_name(host))), token or "")


def _from_environment(environ: Mapping[str, str]) -> str | None:
    """Return HOST:PORT as ContextForge's variables say it, None where they say stdio or nothing."""
    transport = environ.get("PLUGINS_TRANSPORT", "stdio").lower()
    if transport not in _HTTP | {"stdio"}:
        raise click.UsageError("PLUGINS_TRANSPORT is not stdio, http or streamablehttp.")
    if transport == "stdio":
        return None
    for name, instead in _NO_COUNTERPART.items():
        value = environ.get(name, "").lower()
        if value in _TRUE or (value and not name.endswith("_ENABLED")):
            raise click.UsageError(f"{name} has no counterpart here: {instead}.")
    host = environ.get("PLUGINS_SERVER_HOST") or "127.0.0.1"
    return f"{f'[{host}]' if ':' in host else host}:{environ.get('PLUGINS_SERVER_PORT') or _DEFAULT_PORT}"


def _parted(where: str) -> tuple[str, int]:
    host, _, port = where.rpartition(":")
    if not host or not (port.isascii() and port.isdecimal()) or int(port) not in _PORTS:
        raise click.UsageError("--http takes HOST:PORT, for instance 127.0.0.1:8000.")
    return host.removeprefix("[").removesuffix("]"), int(port)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _own_name(host: str) -> tuple[str, ...]:
    """Return the address as a Host header spells it. A wildcard address is no name that anybody calls."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return (host,)
    if address.is_unspecified:
        return ()
    return (f"[{host}]" if address.version == 6 else host,)  # noqa: PLR2004 - IPv6
