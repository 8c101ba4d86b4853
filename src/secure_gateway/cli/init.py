"""``secure-gateway init``."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from secure_gateway.cli.session import GatewayCommand, Session
from secure_gateway.cli.starting import CONFIG, FIRST_ROLE, MASTER_KEY, STATE, Started, start
from secure_gateway.cli.tables import print_json, print_line
from secure_gateway.config.loader import PATH_VARIABLE, config_path
from secure_gateway.config.ownership import expand_home
from secure_gateway.config.schema import SCHEMA_FILE_NAME


@click.command(cls=GatewayCommand)
@click.option(
    "--dir",
    "folder",
    metavar="PATH",
    type=click.Path(path_type=Path),
    help="Folder to write into, instead of ~/.gateway; made for you alone.",
)
@click.option("--force", is_flag=True, help="Start anew where files stand: they are set aside, and their keys end.")
@click.pass_obj
def init(session: Session, *, folder: Path | None, force: bool) -> None:
    """Write a starting configuration and make a first key.

    The key may use everything and is shown this once. Nothing that exists is overwritten.
    """
    started = start(_folder(session, folder), session.environ, force=force)
    steps = _next_steps(session, started)
    if session.json:
        aside = None if started.set_aside is None else str(started.set_aside)
        print_json(
            {
                "folder": str(started.folder),
                "config": str(started.folder / CONFIG),
                "key_id": started.key_id,
                "key": started.key,
                "set_aside": aside,
            }
        )
    else:
        _show(started, steps)


def _folder(session: Session, folder: Path | None) -> Path:
    if folder is not None:
        return Path.cwd() / expand_home(folder, session.environ)
    path = config_path(session.config, session.environ)
    if path.name != CONFIG:
        raise click.UsageError(f"init writes a {CONFIG} into a folder, and {path.name} is another name; use --dir.")
    return path.parent


def _show(started: Started, steps: list[str]) -> None:
    print_line(f"Made in {started.folder}:")
    for name, what in (
        (CONFIG, f"what is protected, and how; {SCHEMA_FILE_NAME} explains each key"),
        (MASTER_KEY, "the secret of this gateway: keep a copy in a safe place, show it to nobody"),
        (STATE, "keys (as keyed hashes) and the records that `explain` reads"),
    ):
        print_line(f"  {name:12} {what}")
    if started.set_aside is not None:
        print_line(f"What stood there before lies in {started.set_aside}; its keys no longer work.")
    print_line()
    print_line(f"Your first key, {started.key_id}, has the role {FIRST_ROLE!r}. It is shown this once:")
    print_line()
    print_line(f"  export SECURE_GATEWAY_API_KEY={started.key}")
    print_line()
    print_line("What to type next:")
    print_line()
    for step in steps:
        print_line(f"  {step}")


def _next_steps(session: Session, started: Started) -> list[str]:
    path = started.folder / CONFIG
    elsewhere = config_path(None, session.environ) != path
    return [
        *([f"export {PATH_VARIABLE}={shlex.quote(str(path))}"] if elsewhere else []),
        "secure-gateway servers import            # take over the servers of your MCP clients, or:",
        "secure-gateway servers add time -- uvx mcp-server-time",
        "secure-gateway check                     # is everything in order, does every server answer?",
        "secure-gateway call --server time get_current_time --arg timezone=Europe/Vienna",
        "secure-gateway explain --last            # what happened to that call, step by step",
    ]
