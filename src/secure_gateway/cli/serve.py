"""``secure-gateway serve``."""

from __future__ import annotations

import ipaddress
import logging
import signal
from pathlib import Path
from typing import Any, NoReturn

import click

from secure_gateway.bootstrap import Parts, load_parts
from secure_gateway.cli.admin_door import admin_door
from secure_gateway.cli.exit_codes import ExitCode
from secure_gateway.cli.failures import CommandError
from secure_gateway.cli.logs import log_to_stderr
from secure_gateway.cli.restarts import door_problems, listening_problems
from secure_gateway.cli.running import run_fast
from secure_gateway.cli.session import GatewayCommand, Session
from secure_gateway.cli.tables import print_json, print_line, print_note
from secure_gateway.config.models import GatewayConfig, ServeConfig
from secure_gateway.config.ownership import expand_home
from secure_gateway.config.secrets import SecretResolver
from secure_gateway.errors import Problem
from secure_gateway.proxy.last_resort import LastResort
from secure_gateway.proxy.serve import Listener
from secure_gateway.proxy.serve import serve as serve_http
from secure_gateway.proxy.settings import ProxySettings, proxy_settings
from secure_gateway.reloading import Reloader


@click.command(cls=GatewayCommand)
@click.option("--host", metavar="ADDRESS", help="Address to listen at, instead of serve.host of the configuration.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    metavar="PORT",
    help="Port to listen at, instead of serve.port; 0 takes a free one.",
)
@click.pass_obj
def serve(session: Session, *, host: str | None, port: int | None) -> ExitCode:
    """Stand in front of the configured servers, over HTTP: each at /servers/NAME/mcp, with /healthz and /readyz.

    It listens on this machine only unless told otherwise, and ends cleanly on SIGINT and SIGTERM. A changed configuration is put
    in force while it runs, at once on SIGHUP.
    """
    if not session.debug:
        log_to_stderr(logging.INFO)
    parts = load_parts(session.config, env=session.environ)
    config = _overridden(parts.config, host, port)
    if not config.servers:
        raise CommandError(
            "No server is configured, so there is nothing to serve; `secure-gateway servers add` adds one.",
            ExitCode.CONFIGURATION,
        )
    settings = proxy_settings(config, SecretResolver(session.environ, folder=parts.loaded.folder))
    _warn_of_plain_http(config.serve)
    for number in (signal.SIGINT, signal.SIGTERM):
        # The server repeats the signal that has ended it once it has closed its connections: then it is our turn to close.
        signal.signal(number, _leave)
    try:
        run_fast(_serve(session, parts, settings, config.serve))
    except OSError as error:
        raise CommandError(f"The door cannot be opened: {error.strerror or error}.", ExitCode.UNAVAILABLE) from error
    return ExitCode.OK


async def _serve(session: Session, parts: Parts, settings: ProxySettings, serving: ServeConfig) -> None:
    listener = _listener(serving, parts.loaded.folder, session)

    def needs_restart(new: Parts) -> list[Problem]:
        config = _overridden(new.config, serving.host, serving.port)
        resolver = SecretResolver(session.environ, folder=new.loaded.folder)
        moved = listening_problems(parts.config.serve, new.config.serve)
        return [*moved, *door_problems(settings, proxy_settings(config, resolver))]

    def ready(address: str) -> None:
        paths = {name: f"{address}/servers/{name}/mcp" for name in settings.servers}
        if session.json:
            print_json({"address": address, "servers": paths})
            return
        print_line(f"Listening at {address}")
        for name, path in paths.items():
            print_line(f"  {name}: {path}")

    reloader = Reloader(parts, env=session.environ, check=needs_restart)
    async with parts.gateway, reloader, admin_door(parts, reloader, "serve"):
        await serve_http(
            parts.gateway, settings, listener, environ=session.environ, on_ready=ready, last_resort=LastResort()
        )


def _leave(_number: int, _frame: Any) -> NoReturn:
    raise SystemExit(ExitCode.OK)


def _overridden(config: GatewayConfig, host: str | None, port: int | None) -> GatewayConfig:
    given = {key: value for key, value in (("host", host), ("port", port)) if value is not None}
    return config.model_copy(update={"serve": config.serve.model_copy(update=given)})


def _listener(serving: ServeConfig, folder: Path, session: Session) -> Listener:
    def beside(path: str) -> str:
        return str(folder / expand_home(path, session.environ))

    tls = serving.tls
    return Listener(
        host=serving.host,
        port=serving.port,
        cert=None if tls is None else beside(tls.cert),
        key=None if tls is None else beside(tls.key),
    )


def _warn_of_plain_http(serving: ServeConfig) -> None:
    try:
        loopback = ipaddress.ip_address(serving.host).is_loopback
    except ValueError:
        loopback = serving.host == "localhost"
    if not loopback and serving.tls is None:
        print_note(
            f"Warning: {serving.host} is reached from other machines, and without TLS (serve.tls) keys and results travel in the clear."
        )
