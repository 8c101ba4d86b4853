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


class ExternalCommand(click.Command):
    """Becomes ``program``, with all arguments as they were typed and the environment."""

    def __init__(self, name: str, program: str) -> None:
        super().__init__(name, add_help_option=False)
        self._program = program

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read nothing: they are another's."""
        ctx.args = list(args)
        return ctx.args

    def invoke(self, ctx: click.Context) -> None:
        """Run the program in place of this one."""
        session: Session = ctx.obj
        environ = dict(session.environ)
        if session.config is not None:
            environ["SECURE_GATEWAY_CONFIG"] = str(Path.cwd() / session.config)
        sys.stdout.flush()
        os.execvpe(self._program, [f"{PREFIX}{self.name}", *ctx.args], environ)  # noqa: S606 - that is what it is for
