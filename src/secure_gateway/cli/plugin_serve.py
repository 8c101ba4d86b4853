"""``secure-gateway plugin serve``."""

from __future__ import annotations

import logging
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import click

from secure_gateway import __version__
from secure_gateway.bootstrap import plugin_folders
from secure_gateway.cli.exit_codes import ExitCode
from secure_gateway.cli.failures import CommandError
from secure_gateway.cli.logs import log_to_stderr
from secure_gateway.cli.plugin_address import PluginAddress, asked_address
from secure_gateway.cli.running import run_fast
from secure_gateway.cli.session import GatewayCommand, Session
from secure_gateway.cli.tables import print_json, print_line
from secure_gateway.config.loader import load_config
from secure_gateway.config.plugin_list import read_plugin_list
from secure_gateway.config.resolution import resolve_config
from secure_gateway.config.secrets import SecretResolver
from secure_gateway.errors import ConfigError
from secure_gateway.native import chosen
from secure_gateway.plugin_server.host import PluginHost
from secure_gateway.plugin_server.http import PATH, PluginApp
from secure_gateway.plugin_server.stdio import serve_stdio
from secure_gateway.plugin_server.tools import ToolServer
from secure_gateway.plugins.hook_loader import HookLoader, LoadedHooks
from secure_gateway.proxy.last_resort import LastResort
from secure_gateway.proxy.pipes import claimed_stdio
from secure_gateway.proxy.serve import serve_app
from secure_gateway.proxy.wire import WireLimits

_YAML = frozenset({".yaml", ".yml"})
_LEAST_TOKEN = 16


@click.command(cls=GatewayCommand)
@click.argument("plugins", metavar="[CONFIG]", required=False, type=click.Path(path_type=Path))
@click.option("--http", metavar="HOST:PORT", help="Listen there for streamable HTTP at /mcp; port 0 takes a free one.")
@click.option(
    "--token",
    metavar="REFERENCE",
    help="What callers must show as bearer token: env://NAME or file://PATH. Needed beyond this machine.",
)
@click.option(
    "--allowed-host",
    "hosts",
    metavar="NAME",
    multiple=True,
    help="A further name that callers may use for this server.",
)
@click.option("--cert", metavar="PATH", type=click.Path(path_type=Path), help="Certificate (PEM), for HTTPS.")
@click.option("--key", metavar="PATH", type=click.Path(path_type=Path), help="Its key (PEM).")
@click.option(
    "--client-ca",
    metavar="PATH",
    type=click.Path(path_type=Path),
    help="Let only clients in that have a certificate of these authorities (PEM).",
)
@click.pass_obj
def serve(session: Session, /, *, plugins: Path | None, **options: Any) -> ExitCode:
    """Serve native plugins to other gateways: each plugin of CONFIG becomes an external one.

    CONFIG is a configuration of this gateway, of which plugins.hooks and include count, or a plugin list in YAML. Without it, PLUGINS_CONFIG_PATH
    names it, else --config.

    It speaks MCP on stdin and stdout, with --http over streamable HTTP, and ends cleanly on SIGINT and SIGTERM. docs/external-plugins.md
    says what a gateway has to be told.
    """
    if not session.debug:
        log_to_stderr(logging.INFO)
    chosen()  # plugins are given copies of payloads, which the core makes: an answer that it cannot be had would come with the first call
    address = asked_address(session.environ, **options)
    resolver = SecretResolver(session.environ, folder=Path.cwd())
    token = _token(address, resolver)
    path = plugins or _named(session) or session.config
    if address is None:
        # From here on nothing that is printed by plugins, or by what they load, reaches the client.
        with claimed_stdio() as (stdin, stdout):
            hooks = load_plugins(path, session)
            run_fast(_serve(hooks, lambda tools: serve_stdio(tools, stdin, stdout, LastResort())))
        return ExitCode.OK
    door = _HttpDoor(address, token, as_json=session.json)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, door.signalled)
    try:
        run_fast(_serve(load_plugins(path, session), door.serve))
    except OSError as error:
        raise CommandError(f"The door cannot be opened: {error.strerror or error}.", ExitCode.UNAVAILABLE) from error
    return ExitCode.OK


async def _serve(hooks: LoadedHooks, serve_at: Callable[[ToolServer], Awaitable[None]]) -> None:
    host = PluginHost(hooks)
    await host.start()
    try:
        await serve_at(ToolServer(host, __version__, WireLimits()))
    finally:
        await host.close()


def load_plugins(path: Path | None, session: Session) -> LoadedHooks:
    """Build the plugins of a configuration or a plugin list. Raises ``ConfigError`` with everything that is wrong with them."""
    if path is not None and not path.exists():
        raise CommandError(
            f"{path}: there is no such file; expected a configuration of this gateway (.json), or a list of plugins (.yaml). "
            "docs/external-plugins.md shows both.",
            ExitCode.CONFIGURATION,
        )
    if path is not None and path.suffix in _YAML:
        path = path.absolute()
        found = read_plugin_list(path, SecretResolver(session.environ, folder=path.parent))
        hooks = HookLoader().load((), found.settings, (found,))
    else:
        loaded = load_config(path, session.environ)
        try:
            values = resolve_config(loaded, SecretResolver(session.environ, folder=loaded.folder))
            plugins = values.get("plugins", {})
            hooks = HookLoader(plugin_folders(loaded)).load(
                plugins.get("hooks", ()), plugins.get("settings", {}), values.get("include", ())
            )
        except ConfigError as error:
            raise ConfigError(
                [problem if problem.line else loaded.placed(problem) for problem in error.problems]
            ) from error
    if not hooks.plugins:
        raise CommandError("No plugin is configured there, so there is nothing to serve.", ExitCode.CONFIGURATION)
    return hooks


class _HttpDoor:
    """Listens at one address and says where, once it does."""

    def __init__(self, address: PluginAddress, token: str, *, as_json: bool) -> None:
        self._address = address
        self._token = token
        self._as_json = as_json
        self._is_open = False

    async def serve(self, tools: ToolServer) -> None:
        await serve_app(
            PluginApp(tools, self._token, self._address.names), self._address.listener, self._ready, LastResort()
        )

    def signalled(self, _number: int, _frame: Any) -> None:
        """End, unless the server has ended already: it repeats the signal that has ended it once its connections are closed."""
        if not self._is_open:
            raise SystemExit(ExitCode.OK)

    def _ready(self, address: str) -> None:
        self._is_open = True
        url = f"{address}{PATH}"
        if self._as_json:
            print_json({"url": url})
        else:
            print_line(f"Serving plugins at {url}")


def _token(address: PluginAddress | None, resolver: SecretResolver) -> str:
    if address is None or not address.token:
        return ""
    token = resolver.resolve(address.token).reveal()
    if len(token) < _LEAST_TOKEN or not token.isascii() or not token.isprintable() or " " in token:
        raise CommandError(
            f"The token has to be at least {_LEAST_TOKEN} printable ASCII characters without spaces.",
            ExitCode.CONFIGURATION,
        )
    return token


def _named(session: Session) -> Path | None:
    named = session.environ.get("PLUGINS_CONFIG_PATH")
    return Path(named) if named else None
