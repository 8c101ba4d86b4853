"""``secure-gateway demo``."""

from __future__ import annotations

import click

from secure_gateway.cli.demo import DemoError, run_demo
from secure_gateway.cli.exit_codes import ExitCode
from secure_gateway.cli.failures import CommandError
from secure_gateway.cli.session import GatewayCommand


@click.command(cls=GatewayCommand)
def demo() -> None:
    """Watch a real MCP server being protected.

    A client, a server that nobody here wrote, and the gateway between them, in a folder that is removed at the end.
    """
    try:
        run_demo()
    except DemoError as error:
        raise CommandError(f"The demo stopped: {error}", ExitCode.FAILED) from error
