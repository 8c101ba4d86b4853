"""The root of the command: its table, its options, how failures end, and what runs when it knows no such name."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

from secure_gateway import __version__
from secure_gateway.cli.escaping import safe, safe_block
from secure_gateway.cli.exit_codes import MEANING, ExitCode
from secure_gateway.cli.failures import CommandError, failure_of
from secure_gateway.cli.main import COMMANDS, root
from secure_gateway.errors import (
    ConfigError,
    ErrorCode,
    GatewayError,
    MissingDependencyError,
    PluginError,
    PolicyDenied,
    Problem,
    StoreError,
    UpstreamError,
)
from tests.cli.conftest import Invoke, Run, Started


def _program(folder: Path, name: str, text: str) -> None:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!{sys.executable}\n{text}\n")
    path.chmod(0o755)


def test_help_lists_every_command_with_the_beginning_of_its_own_help() -> None:
    context = click.Context(root)
    for name, listed in COMMANDS.items():
        command = root.get_command(context, name)
        assert command is not None
        assert command.name == name
        assert (command.help or "").startswith(listed.summary.rstrip(".")), name


@pytest.mark.parametrize("arguments", [("version",), ("--version",), ("--help",)])
def test_what_needs_no_configuration_loads_no_heavy_library(arguments: tuple[str, ...], home: Path) -> None:
    code = (
        "import sys\nfrom secure_gateway.__main__ import main\n"
        "try: main()\nexcept SystemExit as done: assert not done.code, done.code\n"
        "print([m for m in ('pydantic', 'rich', 'httpx', 'asyncio', 'msgspec', 'sqlite3', 'uvicorn') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "HOME": str(home)},
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_version_tells_the_version_of_the_package(run: Run) -> None:
    assert run("version").stdout.startswith(f"secure-gateway {__version__} (")
    assert json.loads(run("--json", "version").stdout)["version"] == __version__
    assert json.loads(run("version", "--json").stdout) == json.loads(run("--json", "version").stdout)


def test_an_unknown_command_is_a_usage_error_that_names_the_nearest(run: Run) -> None:
    done = run("chekc")
    assert done.returncode == ExitCode.USAGE
    assert "Did you mean `check`?" in done.stderr
    assert not done.stdout


def test_an_unknown_command_runs_the_program_of_that_name_with_arguments_environment_and_exit_code(
    run: Run, tmp_path: Path
) -> None:
    _program(
        tmp_path / "bin",
        "secure-gateway-greet",
        "import os, sys; print(sys.argv[1:], os.environ['MOOD'], os.environ.get('SECURE_GATEWAY_CONFIG')); sys.exit(7)",
    )
    env = {"PATH": f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}", "MOOD": "good"}
    done = run("greet", "--help", "--json", "-x", "--", "y", env=env)
    assert done.stdout == "['--help', '--json', '-x', '--', 'y'] good None\n"
    assert done.returncode == 7


def test_a_program_of_ours_is_told_which_configuration_was_chosen(run: Run, tmp_path: Path) -> None:
    _program(tmp_path / "bin", "secure-gateway-where", "import os; print(os.environ['SECURE_GATEWAY_CONFIG'])")
    env = {"PATH": f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}"}
    done = run("--config", "other.json", "where", env=env, cwd=tmp_path)
    assert done.stdout == f"{tmp_path / 'other.json'}\n"


def test_a_program_cannot_take_the_name_of_a_command(run: Run, tmp_path: Path) -> None:
    _program(tmp_path / "bin", "secure-gateway-version", "print('not ours')")
    env = {"PATH": f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}"}
    assert run("version", env=env).stdout.startswith("secure-gateway ")


@pytest.mark.parametrize("path", [".", "", "bin"])
def test_no_program_is_run_from_the_current_folder(path: str, run: Run, tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "bin"):
        _program(folder, "secure-gateway-trap", "print('caught')")
    done = run("trap", env={"PATH": path}, cwd=tmp_path)
    assert done.returncode == ExitCode.USAGE
    assert "caught" not in done.stdout


@pytest.mark.parametrize("name", ["../trap", "a/b", "tr ap", "trap\x00"])
def test_only_a_plain_name_is_looked_for_in_path(name: str, invoke: Invoke) -> None:
    assert invoke(name).exit_code == ExitCode.USAGE


def test_a_broken_configuration_is_told_in_words_with_every_place_and_no_traceback(run: Run, started: Started) -> None:
    started.config.write_text('{"plugins": {"auht": {}},\n "serverz": {}, "limits": {"max_depth": 0}}')
    done = run("keys", "list")
    assert done.returncode == ExitCode.CONFIGURATION
    for place in ("config.json:1: $.plugins.auht", "config.json:2: $.serverz", "config.json:2: $.limits.max_depth"):
        assert place in done.stderr
    assert "Traceback" not in done.stderr
    assert not done.stdout


def test_json_errors_are_one_document_on_stderr(run: Run) -> None:
    done = run("--json", "keys", "list")
    error = json.loads(done.stderr)["error"]
    assert error["exit_code"] == done.returncode == ExitCode.CONFIGURATION
    assert error["problems"][0]["found"] == "no such file"
    assert not done.stdout


def test_only_debug_shows_where_a_failure_came_from(run: Run) -> None:
    assert "Traceback" not in run("check").stderr
    assert "Traceback" in run("--debug", "check").stderr


def test_a_reader_that_leaves_ends_the_command_quietly(home: Path) -> None:
    done = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m secure_gateway schema | head -c 1"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "HOME": str(home)},
    )
    assert done.stdout == "{"
    assert not done.stderr


def test_a_terminal_that_cannot_show_a_character_does_not_stop_the_command(run: Run, started: Started) -> None:
    env = {"PYTHONIOENCODING": "latin-1", "PYTHONUTF8": "0"}
    done = run("keys", "create", "--user", "жоя", "--role", "everything", env=env)
    assert done.returncode == ExitCode.OK
    assert "for \\u0436\\u043e\\u044f (" in done.stdout


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (CommandError("no"), ExitCode.REFUSED),
        (PolicyDenied(ErrorCode.DENIED, "no"), ExitCode.REFUSED),
        (PluginError(ErrorCode.PLUGIN_ERROR, "no"), ExitCode.FAILED),
        (UpstreamError(ErrorCode.UPSTREAM_TIMEOUT, "no"), ExitCode.UNAVAILABLE),
        (ConfigError(Problem("$", "a", "b")), ExitCode.CONFIGURATION),
        (MissingDependencyError("no"), ExitCode.CONFIGURATION),
        (StoreError("no"), ExitCode.UNAVAILABLE),
        (GatewayError("no"), ExitCode.FAILED),
        (click.UsageError("no"), ExitCode.USAGE),
        (KeyboardInterrupt(), ExitCode.INTERRUPTED),
        (PermissionError(13, "Permission denied", "/a"), ExitCode.FAILED),
    ],
)
def test_each_way_to_fail_has_its_exit_code(error: BaseException, code: ExitCode) -> None:
    failure = failure_of(error)
    assert failure.code is code
    assert failure.message
    assert code in MEANING


def test_a_fault_of_ours_is_told_without_what_it_says() -> None:
    failure = failure_of(ValueError("sgw_secret"))
    assert failure.code is ExitCode.FAILED
    assert "ValueError" in failure.message
    assert "sgw_secret" not in failure.message


def test_nothing_that_acts_on_a_terminal_survives_escaping() -> None:
    hostile = "\x1b[31mred\x07\r\n\u202e\u200b\u2066\ud800\U000e0041 [bold]é"
    assert safe(hostile) == "\\x1b[31mred\\x07\\r\\n\\u202e\\u200b\\u2066\\ud800\\U000e0041 [bold]é"
    assert safe_block("a\n\tb\r\x9b") == "a\n\tb\\r\\x9b"
