"""Write the command's own help and its exit codes into ``docs/cli.md``: ``python -m tests.cli.publish``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click

from secure_gateway.cli.exit_codes import MEANING
from secure_gateway.cli.main import PROGRAM, root
from secure_gateway.cli.mcp_clients import USUAL_PLACES

PAGE = Path(__file__).parents[2] / "docs" / "cli.md"
WIDTH = 100


def helps() -> Iterator[tuple[str, str]]:
    """Yield every command with its help, as `--help` prints it on a terminal of 100 columns."""
    with click.Context(root, info_name=PROGRAM, terminal_width=WIDTH, help_option_names=["-h", "--help"]) as context:
        yield from _helps(root, context)


def _helps(command: click.Command, context: click.Context) -> Iterator[tuple[str, str]]:
    yield context.command_path, command.get_help(context)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            with click.Context(inner, info_name=name, parent=context) as below:
                yield from _helps(inner, below)


def sections() -> dict[str, str]:
    """Return what is generated, by the name of its place."""
    commands = "".join(f"### {path}\n\n```text\n{text}\n```\n\n" for path, text in helps())
    codes = "".join(f"| {int(code)} | {meaning} |\n" for code, meaning in MEANING.items())
    places = "".join(f"| {client} | `{place}` |\n" for client, place in USUAL_PLACES)
    return {
        "exit codes": f"| code | meaning |\n|---|---|\n{codes}",
        "places": f"| client | file |\n|---|---|\n{places}",
        "help": commands.rstrip("\n") + "\n",
    }


def published(text: str) -> str:
    """Return the page ``text`` with what is generated in its places."""
    for name, content in sections().items():
        place = re.compile(rf"(?<=<!-- {name} -->\n).*?(?=<!-- /{name} -->)", re.DOTALL)
        text = place.sub(lambda _, content=content: content, text)  # type: ignore[misc]  # bound now, used at once
    return text


if __name__ == "__main__":
    PAGE.write_text(published(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
