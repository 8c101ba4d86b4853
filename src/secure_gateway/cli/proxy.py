"""``secure-gateway proxy``."""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import BinaryIO

import click
import msgspec

from secure_gateway.bootstrap import Parts, load_parts
from secure_gateway.cli.admin_door import admin_door
from secure_gateway.cli.exit_codes import ExitCode
from secure_gateway.cli.failures import CommandError
from secure_gateway.cli.restarts import door_problems, of_one_server
from secure_gateway.cli.running import run_fast
from secure_gateway.cli.session import GatewayCommand, Session
from secure_gateway.config.faults import did_you_mean
from secure_gateway.config.secrets import SecretResolver
from secure_gateway.errors import Problem
from secure_gateway.proxy.last_resort import LastResort
from secure_gateway.proxy.pipes import claimed_stdio
from secure_gateway.proxy.settings import ProxySettings, UpstreamServer, proxy_settings
from secure_gateway.proxy.stdio import EXIT_SERVER, run_stdio_proxy
from secure_gateway.reloading import Reloader

_LAUNCHERS = frozenset({"npx", "uvx", "bunx"})


@click.command(cls=GatewayCommand, context_settings={"allow_interspersed_args": False})
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
@click.option(
    "--server",
    "name",
    metavar="NAME",
    help="A server of the configuration, or what to call the one that COMMAND starts.",
)
@click.pass_obj
def proxy(session: Session, *, command: tuple[str, ...], name: str | None) -> int:
    """Stand in front of one MCP server, on stdin and stdout: what an MCP client starts instead of the server.

    \b
    secure-gateway proxy -- uvx mcp-server-time
    secure-gateway proxy --server time

    The caller's key comes from the variable SECURE_GATEWAY_API_KEY, which the client gives this process. Nothing but MCP is
    written to stdout. With both, COMMAND is started under the policy of server NAME.
    """  # noqa: D301 - click's mark for lines to be kept
    if not command and name is None:
        raise click.UsageError("Give the COMMAND that starts the server, or --server NAME.")
    # From here on nothing that is printed by plugins, or by what they load, reaches the client.
    with claimed_stdio() as (stdin, stdout):
        parts = load_parts(session.config, env=session.environ)
        settings = proxy_settings(parts.config, SecretResolver(session.environ, folder=parts.loaded.folder))
        server = chosen_server(settings, command, name)
        code = run_fast(_relay(session, parts, settings, server, (stdin, stdout)))
    return ExitCode.UNAVAILABLE if code == EXIT_SERVER else code


async def _relay(
    session: Session, parts: Parts, settings: ProxySettings, server: UpstreamServer, ends: tuple[BinaryIO, BinaryIO]
) -> int:
    stdin, stdout = ends

    def needs_restart(new: Parts) -> list[Problem]:
        secrets = SecretResolver(session.environ, folder=new.loaded.folder)
        after = of_one_server(proxy_settings(new.config, secrets), server.name)
        # Where the command alone named it, an entry of that name brings its rules and no other way to reach it.
        before = of_one_server(settings, server.name)
        return door_problems(msgspec.structs.replace(before, servers=before.servers or after.servers), after)

    reloader = Reloader(parts, env=session.environ, check=needs_restart)
    async with parts.gateway, reloader, admin_door(parts, reloader, f"proxy {server.name}"):
        return await run_stdio_proxy(
            parts.gateway,
            settings,
            server,
            stdin=stdin,
            stdout=stdout,
            environ=session.environ,
            last_resort=LastResort(),
        )


def chosen_server(settings: ProxySettings, command: tuple[str, ...], name: str | None) -> UpstreamServer:
    """Return the server to stand in front of. Raises ``CommandError``."""
    configured = settings.servers.get(name or "")
    if command:
        if configured is not None and configured.command:
            return msgspec.structs.replace(configured, command=command)
        return UpstreamServer(name=name or called(command), command=command)
    if configured is None:
        known = ", ".join(settings.servers) or "none"
        raise CommandError(
            f"There is no server {name!r} in the configuration. {did_you_mean(name or '', settings.servers)} There are: {known}."
        )
    if not configured.command:
        raise CommandError(f"The server {name!r} is an address. `secure-gateway serve` stands in front of those.")
    return configured


def called(command: tuple[str, ...]) -> str:
    """Return what to call the server that ``command`` starts, in records and in messages: its program, not what launches it."""
    program = PurePath(command[0]).name
    if program in _LAUNCHERS:
        program = next((argument for argument in command[1:] if not argument.startswith("-")), program)
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", program.removeprefix("@")).strip(".-")[:64] or "server"
