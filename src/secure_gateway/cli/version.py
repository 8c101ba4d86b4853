"""``secure-gateway version``."""

from __future__ import annotations

import platform

import click

from secure_gateway import __version__
from secure_gateway.cli.session import GatewayCommand, Session
from secure_gateway.cli.tables import print_json, print_line


@click.command(cls=GatewayCommand)
@click.pass_obj
def version(session: Session) -> None:
    """Print the version."""
    facts = {"version": __version__, "python": platform.python_version(), "system": platform.system()}
    if session.json:
        print_json(facts)
    else:
        print_line(f"secure-gateway {__version__} (Python {facts['python']}, {facts['system']})")
