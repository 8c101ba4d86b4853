"""`docs/cli.md` says what the command says of itself."""

from __future__ import annotations

import pytest

from secure_gateway.cli.exit_codes import MEANING, ExitCode
from tests.cli.conftest import Run
from tests.cli.publish import PAGE, helps, published, sections

REMEDY = "run: python -m tests.cli.publish"


def test_the_page_holds_the_help_and_the_exit_codes_as_they_are() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert published(text) == text, REMEDY
    for name, content in sections().items():
        assert f"<!-- {name} -->\n{content}<!-- /{name} -->" in text


def test_every_exit_code_is_explained() -> None:
    assert set(MEANING) == set(ExitCode)


@pytest.mark.parametrize("command", [(), ("check",), ("servers", "import"), ("keys", "create")])
def test_the_help_of_the_page_is_what_help_prints(command: tuple[str, ...], run: Run) -> None:
    text = dict(helps())[" ".join(("secure-gateway", *command))]
    printed = run(*command, "--help", env={"COLUMNS": "100"}).stdout
    assert printed.split() == text.split()


def test_every_command_and_option_is_explained() -> None:
    for path, text in helps():
        assert text.split("\n\n")[1].strip(), path
        undescribed = [
            line
            for line in text.splitlines()
            if line.startswith("  --") and line.rstrip().endswith(("PATH", "NAME", "TEXT"))
        ]
        assert not [line for line in undescribed if len(line.split()) < 2], path
