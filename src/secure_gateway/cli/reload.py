"""``secure-gateway reload``."""

from __future__ import annotations

import click

from secure_gateway.admin.commands import Question
from secure_gateway.cli.running_gateways import pid_option, the_running
from secure_gateway.cli.session import GatewayCommand, Session
from secure_gateway.cli.tables import print_json, print_line


@click.command(cls=GatewayCommand)
@pid_option
@click.pass_obj
def reload(session: Session, *, pid: int | None) -> None:
    """Put the configuration as it is now in force, in the gateway that runs. If anything in it is wrong, nothing changes."""
    outcome = the_running(session, pid).ask(Question(command="reload"))
    if session.json:
        print_json(outcome)
    else:
        print_line(outcome["said"])
