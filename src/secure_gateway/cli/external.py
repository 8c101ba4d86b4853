"""``secure-gateway X`` for an X that is not ours: the program ``secure-gateway-X``, as git does it."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

import click

from secure_gateway.cli.session import Session

PREFIX = "secure-gateway-"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*", re.ASCII)


def find_program(name: str, environ: Mapping[str, str]) -> str | None:
    """Return the path of ``secure-gateway-NAME``, looked for in the absolute folders of ``PATH`` only."""
    if not _NAME.fullmatch(name):
        return None
    # An empty or relative entry means the current folder, which may be a stranger's.
    folders = [folder for folder in environ.get("PATH", "").split(os.pathsep) if Path(folder).is_absolute()]
    return shutil.which(PREFIX + name, path=os.pathsep.join(folders)) if folders else None


def external_command(name: str, program: str) -> click.Command:
    """Return a command that becomes ``program``, with all arguments and the environment."""

    @click.pass_obj
    def become(session: Session, arguments: tuple[str, ...]) -> None:
        environ = dict(session.environ)
        if session.config is not None:
            environ["SECURE_GATEWAY_CONFIG"] = str(Path.cwd() / session.config)
        sys.stdout.flush()
        os.execvpe(program, [PREFIX + name, *arguments], environ)  # noqa: S606 - that is what it is for

    return click.Command(
        name,
        callback=become,
        params=[click.Argument(["arguments"], nargs=-1, type=click.UNPROCESSED)],
        context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
        add_help_option=False,
    )
