"""What the proxy needs of the configuration, as plain values: the request path never meets a configuration model."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from secure_gateway.config.paths import json_path
from secure_gateway.proxy.wire import WireLimits

if TYPE_CHECKING:
    from secure_gateway.config.models import GatewayConfig, ServeConfig
    from secure_gateway.config.secrets import SecretResolver
    from secure_gateway.config.server_models import ServerConfig

OWN_PREFIX: Final = "SECURE_GATEWAY_"
_ENV_SCHEME: Final = "env://"


class UpstreamServer(msgspec.Struct, frozen=True, kw_only=True):
    """One MCP server: ``command`` (then it is a child process) or ``url``. Secrets are resolved, so the repr shows the name only."""

    name: str
    command: tuple[str, ...] = ()
    env: dict[str, str] = msgspec.field(default_factory=dict)
    cwd: str | None = None
    url: str = ""
    headers: dict[str, str] = msgspec.field(default_factory=dict)
    forward_headers: tuple[str, ...] = ()
    timeout: float | None = None

    def __repr__(self) -> str:
        return f"UpstreamServer({self.name!r}, {'stdio' if self.command else 'http'})"


class ProxySettings(msgspec.Struct, frozen=True, kw_only=True):
    """The upstream servers, the limits on the wire, and who may call.

    ``body_seconds``: how long a client may take to send a body. ``withheld``: environment variables that hold secrets of ours and reach no child process. ``allowed_hosts`` and ``allowed_origins`` are
    lower case; without any, only loopback names are answered.
    """

    servers: dict[str, UpstreamServer] = msgspec.field(default_factory=dict)
    limits: WireLimits = WireLimits()
    body_seconds: float = 30.0
    refuse_unknown_methods: bool = False
    withheld: frozenset[str] = frozenset()
    allowed_hosts: frozenset[str] = frozenset()
    allowed_origins: frozenset[str] = frozenset()

    def child_environment(self, server: UpstreamServer, environ: Mapping[str, str]) -> dict[str, str]:
        """Return the environment of a server's process: ``environ`` without what is ours, and what the configuration adds."""
        passed = {
            name: value
            for name, value in environ.items()
            if not name.upper().startswith(OWN_PREFIX) and name not in self.withheld
        }
        return passed | server.env


def proxy_settings(config: GatewayConfig, secrets: SecretResolver) -> ProxySettings:
    """Return the proxy's part of ``config``. Raises ``ConfigError`` when a secret reference of a server cannot be resolved."""
    references = (found for path, tree in config.reference_trees() for found in secrets.find_references(tree, path))
    return ProxySettings(
        servers={name: upstream_server(name, server, secrets) for name, server in config.servers.items()},
        limits=WireLimits(max_bytes=config.limits.max_message_bytes, max_depth=config.limits.max_depth),
        refuse_unknown_methods=config.unknown_methods == "refuse",
        withheld=frozenset(text.removeprefix(_ENV_SCHEME) for _, text in references if text.startswith(_ENV_SCHEME)),
        allowed_hosts=frozenset(host.lower() for host in config.serve.allowed_hosts) | _own_hosts(config.serve),
        allowed_origins=frozenset(origin.lower() for origin in config.serve.allowed_origins),
    )


def upstream_server(name: str, server: ServerConfig, secrets: SecretResolver) -> UpstreamServer:
    """Return one server with its secrets resolved. Raises ``ConfigError`` when one cannot be."""
    path = json_path(("servers", name))
    return UpstreamServer(
        name=name,
        command=(server.command, *server.args) if server.command is not None else (),
        env=secrets.resolve_tree(server.env, f"{path}.env"),
        cwd=str(Path(server.cwd).expanduser()) if server.cwd is not None else None,
        url=server.url or "",
        headers=secrets.resolve_tree(server.headers, f"{path}.headers"),
        forward_headers=tuple(header.lower() for header in server.forward_headers),
        timeout=server.timeout,
    )


def _own_hosts(serve: ServeConfig) -> frozenset[str]:
    """Return the address we listen at, as a Host header spells it. A wildcard address is no name that anybody calls."""
    host = serve.host.lower()
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return frozenset({host})
    if address.is_unspecified:
        return frozenset()
    return frozenset({f"[{host}]" if isinstance(address, ipaddress.IPv6Address) else host})
