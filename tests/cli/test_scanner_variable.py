"""A scanner that does not exist, asked for by the environment, is an error with the way out, whichever command is the first to need one."""

from __future__ import annotations

import json

import pytest

from secure_gateway import native
from secure_gateway.cli.exit_codes import ExitCode
from tests.cli.conftest import Run, Started

_MISSPELT = {native.VARIABLE: "rsut"}


@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "--offline"),
        ("doctor",),
        ("serve", "--port", "0"),
        ("proxy", "--", "true"),
        ("plugin", "serve", "nothing.yaml"),
    ],
    ids=" ".join,
)
def test_it_is_a_configuration_error_that_says_what_may_stand_there(
    run: Run, started: Started, arguments: tuple[str, ...]
) -> None:
    done = run(*arguments, env=_MISSPELT)
    assert done.returncode == ExitCode.CONFIGURATION, done.stdout + done.stderr
    assert "SECURE_GATEWAY_SCANNER: found 'rsut'; expected rust or python. Unset the variable" in done.stderr
    assert not done.stdout


def test_check_reports_it_to_machines_as_a_problem(run: Run, started: Started) -> None:
    done = run("check", "--offline", "--json", env=_MISSPELT)
    assert done.returncode == ExitCode.CONFIGURATION
    found = json.loads(done.stdout)
    assert not found["ok"]
    assert [problem["path"] for problem in found["problems"]] == [native.VARIABLE]
