"""The root of the command: its table of commands, the options that hold for all, and how every failure ends."""

from __future__ import annotations

import difflib
import logging
import os
import sys
from collections.abc import Sequence
from typing import Any

import click

from secure_gateway import __version__
from secure_gateway.cli.exit_codes import ExitCode
from secure_gateway.cli.external import PREFIX, ExternalCommand, find_program
from secure_gateway.cli.failures import failure_of, leave_quietly, show_failure, show_traceback
from secure_gateway.cli.lazy import LazyGroup, Listed
from secure_gateway.cli.logs import log_to_stderr
from secure_gateway.cli.session import Session, shared_options

PROGRAM = "secure-gateway"

_HERE = "secure_gateway.cli"
COMMANDS = {
    "init": Listed(f"{_HERE}.init:init", "Write a starting configuration and make a first key."),
    "check": Listed(f"{_HERE}.check:check", "Check the configuration and reach every server."),
    "demo": Listed(f"{_HERE}.demo_command:demo", "Watch a real MCP server being protected."),
    "proxy": Listed(f"{_HERE}.proxy:proxy", "Stand in front of one MCP server, on stdin and stdout."),
    "serve": Listed(f"{_HERE}.serve:serve", "Stand in front of the configured servers, over HTTP."),
    "plugin": Listed(f"{_HERE}.plugin:plugin", "Run plugins on their own, for gateways elsewhere."),
    "call": Listed(f"{_HERE}.call:call", "Call a tool of a configured server through the gateway."),
    "explain": Listed(f"{_HERE}.explain:explain", "Show why a request was allowed, changed or denied."),
    "audit": Listed(f"{_HERE}.audit:audit", "Check what the `audit` provider has written."),
    "keys": Listed(f"{_HERE}.keys:keys", "Make, list and end API keys."),
    "servers": Listed(f"{_HERE}.servers:servers", "Add, list, remove and import MCP servers."),
    "tools": Listed(f"{_HERE}.tools:tools", "Show and accept the definitions of tools."),
    "hooks": Listed(f"{_HERE}.hooks:hooks", "List and change the plugins and guardrails of a gateway that runs."),
    "reload": Listed(
        f"{_HERE}.reload:reload", "Put the configuration as it is now in force, in the gateway that runs."
    ),
    "policy": Listed(f"{_HERE}.policy:policy", "Show which policy holds for a tool, find mistakes in it, and test it."),
    "providers": Listed(f"{_HERE}.providers:providers", "List what the configuration can name."),
    "schema": Listed(f"{_HERE}.schema:schema", "Print the JSON Schema of the configuration."),
    "doctor": Listed(f"{_HERE}.doctor:doctor", "Report what runs here: versions, the scanner and its speed, extras."),
    "version": Listed(f"{_HERE}.version:version", "Print the version."),
}


class RootGroup(LazyGroup):
    """Ends every failure in one paragraph and an exit code, and hands unknown names to programs in ``PATH``."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,  # noqa: FBT001, FBT002 - click's signature
        **extra: Any,
    ) -> Any:
        """Run the command and exit with its code."""
        session = Session(os.environ)
        try:
            code = super().main(args, PROGRAM, complete_var, standalone_mode=False, obj=session, **extra)
            sys.stdout.flush()
        except BrokenPipeError:
            code = leave_quietly()
        # The end of the line: whatever it is, its user gets a paragraph and a code.
        except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - see above
            failure = failure_of(error)
            if session.debug:
                show_traceback(error)
            show_failure(failure, as_json=session.json)
            code = failure.code
        sys.exit(code if isinstance(code, int) else ExitCode.OK)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find a command of ours, else the program of that name."""
        name = args[0]
        if name.startswith("-") or self.get_command(ctx, name) is not None:
            return super().resolve_command(ctx, args)
        program = find_program(name, os.environ)
        if program is None:
            near = difflib.get_close_matches(name, self.list_commands(ctx), n=1)
            hint = (
                f"Did you mean `{near[0]}`?"
                if near
                else f"A program {PREFIX}{name} in PATH would be run; there is none."
            )
            raise click.UsageError(f"There is no command {name!r}. {hint}", ctx)
        return name, ExternalCommand(name, program), args[1:]


def _print_version(context: click.Context, _option: click.Parameter, value: bool) -> None:  # noqa: FBT001 - click calls it so
    if value:
        click.echo(f"{PROGRAM} {__version__}")
        context.exit()


@click.group(
    PROGRAM,
    cls=RootGroup,
    lazy=COMMANDS,
    params=[
        *shared_options(),
        click.Option(
            ["--version"],
            is_flag=True,
            is_eager=True,
            expose_value=False,
            callback=_print_version,
            help="Print the version and leave.",
        ),
    ],
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=f"Any other name X runs the program {PREFIX}X from PATH. Exit codes: docs/cli.md.",
)
@click.option("--debug", is_flag=True, help="Show debug lines and, on a failure, the traceback.")
@click.pass_obj
def root(session: Session, *, debug: bool) -> None:
    """The security layer for AI tool traffic: who is asking, may this pass, what happened."""
    session.debug = debug
    log_to_stderr(logging.DEBUG if debug else logging.WARNING)
