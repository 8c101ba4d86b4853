"""``secure-gateway schema``."""

from __future__ import annotations

import click

from secure_gateway.cli.session import GatewayCommand
from secure_gateway.config.schema import schema_text


@click.command(cls=GatewayCommand)
def schema() -> None:
    """Print the JSON Schema of the configuration.

    An editor that knows it completes and checks while you type; `init` writes it beside the configuration.
    """
    click.echo(schema_text(), nl=False)
