"""`secure-gateway servers`: the configuration keeps its form, secrets stay out of it, and what would not load is never written."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from secure_gateway.bootstrap import load_parts
from secure_gateway.cli.exit_codes import ExitCode
from secure_gateway.cli.server_secrets import SecretDetector
from secure_gateway.config.secrets import SecretResolver
from secure_gateway.proxy.settings import proxy_settings
from tests.cli.conftest import Invoke, Run, Started


def _servers(started: Started) -> dict[str, Any]:
    servers: dict[str, Any] = json.loads(started.config.read_text())["servers"]
    return servers


def _environment_of(started: Started, name: str) -> dict[str, str]:
    """Return what the gateway would give the server as its own variables."""
    env = {"HOME": str(started.folder.parent)}
    parts = load_parts(started.config, env=env)
    parts.services.store.close()
    return proxy_settings(parts.config, SecretResolver(env, folder=started.folder)).servers[name].env


def test_a_command_behind_two_dashes_is_added_as_it_was_typed(started: Started, run: Run) -> None:
    before = started.config.read_text()
    done = run("servers", "add", "fs", "--allow", "read_*", "--", "npx", "-y", "server-fs", "--json", "/data")
    assert done.returncode == ExitCode.OK, done.stderr
    entry = {"command": "npx", "args": ["-y", "server-fs", "--json", "/data"], "tools": {"allow": ["read_*"]}}
    assert _servers(started) == {"fs": entry}
    assert run("servers", "remove", "fs").returncode == ExitCode.OK
    assert json.loads(started.config.read_text()) == json.loads(before)


def test_everything_around_the_servers_stays_as_it_was_written(started: Started, invoke: Invoke) -> None:
    text = started.config.read_text().replace('  "servers": {},', '  "servers":   {\n\n     },\n   ')
    started.config.write_text(text)
    invoke("servers", "add", "time", "uvx", "mcp-server-time")
    around = started.config.read_text().partition('  "servers":   {')
    assert text.startswith(around[0])
    assert around[2].endswith(text.partition('"roles"')[2])


def test_the_file_keeps_its_mode_and_a_link_stays_a_link(started: Started, invoke: Invoke, tmp_path: Path) -> None:
    real = tmp_path / "real.json"
    started.config.rename(real)
    real.chmod(0o640)
    started.config.symlink_to(real)
    assert invoke("servers", "add", "time", "uvx").exit_code == ExitCode.OK
    assert started.config.is_symlink()
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert json.loads(real.read_text())["servers"] == {"time": {"command": "uvx"}}


@pytest.mark.parametrize(
    "arguments",
    [
        ("x",),
        ("x", "--url", "https://a.example/mcp", "uvx"),
        ("x", "--url", "ftp://a.example"),
        ("x", "--url", "https://a.example", "--env", "A=b"),
        ("x", "uvx", "--header", "A=b"),
        ("x", "uvx", "--env", "A"),
        ("x", "uvx", "--env", "A=1", "--env", "A=2"),
        ("../x", "uvx"),
        (".x", "uvx"),
        ("x" * 65, "uvx"),
        ("\x1b[31m", "uvx"),
    ],
)
def test_a_server_that_cannot_be_is_refused_before_anything_is_written(
    arguments: tuple[str, ...], started: Started, invoke: Invoke
) -> None:
    before = started.config.read_bytes()
    done = invoke("servers", "add", *arguments, "--env" if "../x" in arguments else "--cwd", "TOKEN=secret")
    assert done.exit_code == ExitCode.USAGE, done.output
    assert started.config.read_bytes() == before
    assert not (started.folder / "secrets").exists()
    assert "\x1b" not in done.stderr


def test_a_secret_goes_into_a_private_file_and_reaches_the_server(started: Started, run: Run) -> None:
    done = run("servers", "add", "hub", "--env", "HUB_TOKEN=s3cret\nline", "--env", "LEVEL=info", "uvx", "hub")
    assert "s3cret" not in started.config.read_text() + done.stdout + done.stderr
    kept = started.folder / "secrets" / "hub.HUB_TOKEN"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stat.S_IMODE(kept.parent.stat().st_mode) == 0o700
    assert _environment_of(started, "hub") == {"HUB_TOKEN": "s3cret\nline", "LEVEL": "info"}


def test_a_value_that_looks_like_a_credential_is_a_secret_whatever_it_is_called(
    started: Started, invoke: Invoke
) -> None:
    token = "ghp_" + "a1B2" * 9
    invoke("servers", "add", "hub", "--url", "https://hub.example/mcp", "--header", f"X-Extra={token}")
    assert token not in started.config.read_text()
    assert _servers(started)["hub"]["headers"] == {"X-Extra": "file://secrets/hub.X-Extra"}


@pytest.mark.parametrize("value", ["env://HUB_TOKEN", "file:///run/secrets/hub", ""])
def test_a_reference_and_an_empty_value_stay_as_they_are(value: str, started: Started, invoke: Invoke) -> None:
    invoke("servers", "add", "hub", "--env", f"TOKEN={value}", "uvx")
    assert _servers(started)["hub"]["env"] == {"TOKEN": value}
    assert not (started.folder / "secrets").exists()


def test_a_secret_among_the_arguments_is_warned_of_and_never_listed(started: Started, run: Run) -> None:
    done = run("servers", "add", "hub", "--", "hub", "--api-key", "s3cret", "--token=t0ken", "/data")
    assert "Warning: argument 2 of hub" in done.stderr
    assert "argument 3" in done.stderr
    assert "argument 4" not in done.stderr
    for form in ((), ("--json",)):
        listed = run(*form, "servers", "list").stdout
        assert "s3cret" not in listed
        assert "t0ken" not in listed
        assert "/data" in listed


def test_the_values_of_variables_and_headers_and_queries_are_not_listed(started: Started, run: Run) -> None:
    run("servers", "add", "a", "--url", "https://a.example/mcp?pass=hidden", "--header", "X-Word=unseen")
    run("servers", "add", "b", "--env", "WORD=unseen", "uvx")
    for form in ((), ("--json",)):
        done = run(*form, "servers", "list")
        assert "hidden" not in done.stdout
        assert "unseen" not in done.stdout
        assert "https://a.example/mcp" in done.stdout


def test_a_name_is_taken_once_unless_told_to_replace(started: Started, invoke: Invoke) -> None:
    invoke("servers", "add", "hub", "--env", "TOKEN=first", "uvx", "one")
    before = started.config.read_bytes()
    assert invoke("servers", "add", "hub", "--env", "TOKEN=second", "uvx", "two").exit_code == ExitCode.REFUSED
    assert started.config.read_bytes() == before
    assert _environment_of(started, "hub") == {"TOKEN": "first"}
    assert invoke("servers", "add", "hub", "--replace", "--env", "TOKEN=second", "uvx", "two").exit_code == ExitCode.OK
    assert _environment_of(started, "hub") == {"TOKEN": "second"}
    assert len(list((started.folder / "secrets").iterdir())) == 1


def test_removing_a_server_removes_its_secrets_and_nobody_elses(
    started: Started, invoke: Invoke, tmp_path: Path
) -> None:
    mine = tmp_path / "mine"
    mine.write_text("keep")
    invoke("servers", "add", "a", "--env", "TOKEN=one", "--env", f"OTHER=file://{mine}", "uvx")
    invoke("servers", "add", "b", "--env", "TOKEN=file://secrets/a.TOKEN", "uvx")
    invoke("servers", "remove", "a")
    assert (started.folder / "secrets" / "a.TOKEN").exists()
    assert mine.exists()
    invoke("servers", "remove", "b")
    assert not (started.folder / "secrets" / "a.TOKEN").exists()


def test_removing_a_server_that_is_not_there_names_those_that_are(started: Started, invoke: Invoke) -> None:
    invoke("servers", "add", "time", "uvx")
    done = invoke("servers", "remove", "tim")
    assert done.exit_code == ExitCode.REFUSED
    assert "there are: time" in done.stderr


def test_a_configuration_that_is_already_wrong_is_not_edited(started: Started, invoke: Invoke) -> None:
    started.config.write_text(started.config.read_text().replace('"servers"', '"serverz"'))
    before = started.config.read_bytes()
    assert invoke("servers", "add", "hub", "--env", "TOKEN=x", "uvx").exit_code == ExitCode.CONFIGURATION
    assert started.config.read_bytes() == before
    assert not (started.folder / "secrets").exists()
    assert not [path for path in started.folder.iterdir() if path.name.startswith(".config")]


def test_names_from_a_configuration_do_not_act_on_the_terminal(started: Started, run: Run) -> None:
    started.edit(lambda config: config["servers"].update(x={"command": "a\x1b[2J[red]\u202e"}))
    done = run("servers", "list")
    assert "a\\x1b[2J[red]\\u202e" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (["--api-key", "x"], [1]),
        (["--api-key=x"], [0]),
        (["-token", "x", "y"], [1]),
        (["--key-file", "--verbose"], []),
        (["--verbose", "x"], []),
        (["AKIA" + "QWERTYUIOPASDFGH"], [0]),
        ([], []),
    ],
)
def test_a_secret_argument_is_known_by_its_option_or_by_its_look(arguments: list[str], found: list[int]) -> None:
    detector = SecretDetector()
    assert detector.suspects(arguments) == found
    assert all(detector.masked(arguments)[index] != arguments[index] for index in found)
