"""`secure-gateway call` takes the way of every client: judged, recorded, refused where they would be."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from secure_gateway.cli.exit_codes import ExitCode
from tests.cli.conftest import PATIENCE, Invoke, Run, Started


@pytest.fixture
def key(started: Started, invoke: Invoke, small_server: list[str]) -> dict[str, str]:
    """Add the small server; give the environment of its caller."""
    invoke("servers", "add", "small", "--", *small_server)
    return {"SECURE_GATEWAY_API_KEY": started.key}


def test_a_call_prints_what_the_tool_returns_and_leaves_a_record(run: Run, key: dict[str, str]) -> None:
    done = run("call", "add", "--arg", "a=2", "--arg", "b=40", env=key)
    assert (done.stdout, done.returncode) == ("42\n", ExitCode.OK), done.stderr
    record = json.loads(run("explain", "--last", "--json").stdout)
    assert (record["name"], record["outcome"], record["principal"]["subject"]) == ("add", "allowed", "owner")


def test_arguments_come_as_options_or_as_json_or_from_stdin(run: Run, key: dict[str, str]) -> None:
    assert run("call", "echo", "--arg", "text=12", env=key).stdout == "12\n"
    assert run("call", "echo", "--arg", "text=a=b", env=key).stdout == "a=b\n"
    assert run("call", "add", "--json", '{"a": 1, "b": 2}', env=key).stdout == "3\n"
    assert run("call", "add", "--json", "-", env=key, input='{"a": 3, "b": 4}').stdout == "7\n"


def test_the_result_comes_as_json_for_machines(run: Run, key: dict[str, str]) -> None:
    done = run("--json", "call", "echo", "--arg", "text=hé", env=key)
    assert json.loads(done.stdout)["content"] == [{"type": "text", "text": "hé"}]


@pytest.mark.parametrize(
    "arguments",
    [
        ("echo", "--arg", "text"),
        ("add", "--arg", "a=two", "--arg", "b=1"),
        ("echo", "--json", "[]"),
        ("echo", "--json", "{"),
        ("echo", "--json", "{}", "--arg", "text=x"),
    ],
)
def test_arguments_that_cannot_be_read_are_usage_errors(
    arguments: tuple[str, ...], run: Run, key: dict[str, str]
) -> None:
    done = run("call", *arguments, env=key)
    assert done.returncode == ExitCode.USAGE
    assert not done.stdout


def test_an_error_of_the_tool_has_its_own_exit_code(run: Run, key: dict[str, str]) -> None:
    done = run("call", "fail", env=key)
    assert done.returncode == ExitCode.FAILED
    assert "The tool reported an error." in done.stderr


@pytest.mark.parametrize(
    ("env", "said"),
    [
        ({}, "unauthenticated"),
        ({"SECURE_GATEWAY_API_KEY": "sgw_nonsense"}, "invalid_credentials"),
        ({"SECURE_GATEWAY_API_KEY": ""}, "SECURE_GATEWAY_API_KEY is empty"),
        ({"SECURE_GATEWAY_API_KEY": "a", "SECURE_GATEWAY_TOKEN": "b"}, "set one"),
    ],
)
def test_nobody_calls_without_a_good_credential(env: dict[str, str], said: str, run: Run, key: dict[str, str]) -> None:
    done = run("call", "echo", "--arg", "text=x", env=env)
    assert done.returncode == ExitCode.REFUSED
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not done.stdout


def test_the_key_may_stand_elsewhere(run: Run, key: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "key").write_text(key["SECURE_GATEWAY_API_KEY"] + "\n")
    (tmp_path / "key").chmod(0o600)
    assert run("call", "echo", "--arg", "text=x", "--key-from", f"file://{tmp_path / 'key'}").stdout == "x\n"
    assert (
        run(
            "call", "echo", "--arg", "text=x", "--key-from", "env://MY", env={"MY": key["SECURE_GATEWAY_API_KEY"]}
        ).stdout
        == "x\n"
    )
    done = run("call", "echo", "--key-from", key["SECURE_GATEWAY_API_KEY"])
    assert done.returncode == ExitCode.CONFIGURATION
    assert key["SECURE_GATEWAY_API_KEY"] not in done.stderr


def test_a_call_that_policy_denies_is_refused_with_how_to_learn_why(run: Run, key: dict[str, str]) -> None:
    done = run("call", "echo", "--arg", "text=AKIA" + "QWERTYUIOPASDFGH", env=key)
    assert done.returncode == ExitCode.REFUSED, done.stdout
    assert "denied" in done.stderr
    request_id = done.stderr.split("secure-gateway explain ")[1].partition("`")[0]
    shown = run("explain", request_id)
    assert shown.returncode == ExitCode.OK
    assert "secrets" in shown.stdout


def test_a_tool_that_is_not_offered_is_named_with_those_that_are(run: Run, key: dict[str, str]) -> None:
    done = run("call", "ech", "--arg", "text=x", env=key)
    assert done.returncode == ExitCode.REFUSED
    assert 'Did you mean "echo"?' in done.stderr


def test_a_tool_of_no_role_is_forbidden(started: Started, run: Run, key: dict[str, str]) -> None:
    started.edit(lambda config: config["roles"].update(everything={"tools": ["add"]}))
    done = run("call", "echo", "--json", "{}", env=key)
    assert done.returncode == ExitCode.REFUSED
    assert "forbidden" in done.stderr


def test_what_a_hostile_server_returns_does_not_act_on_the_terminal(
    started: Started, run: Run, small_server: list[str]
) -> None:
    started.edit(
        lambda config: config["plugins"].update(guardrails={"provider": "keyword", "config": {"words": ["xyzzy"]}})
    )
    run("servers", "add", "small", "--", *small_server, "hostile")
    done = run("call", "echo", "--json", "{}", env={"SECURE_GATEWAY_API_KEY": started.key})
    assert done.stdout == "\\x1b]0;owned\\x07[red]\\u202eevil[/red]\n"
    listed = run("call", "none", "--arg", "a=b", env={"SECURE_GATEWAY_API_KEY": started.key})
    assert "\x1b" not in listed.stderr


def test_the_server_learns_nothing_of_our_own_variables(started: Started, run: Run, key: dict[str, str]) -> None:
    started.edit(
        lambda config: config["plugins"].update(guardrails={"provider": "keyword", "config": {"words": ["xyzzy"]}})
    )
    done = run("call", "environment", env=key)
    assert "SECURE_GATEWAY" not in done.stdout
    assert '"PATH"' in done.stdout


def test_a_server_that_dies_is_unavailable(started: Started, run: Run, small_server: list[str]) -> None:
    run("servers", "add", "small", "--", *small_server, "dies")
    done = run("call", "echo", "--json", "{}", env={"SECURE_GATEWAY_API_KEY": started.key})
    assert done.returncode == ExitCode.UNAVAILABLE
    assert "Traceback" not in done.stderr


def test_of_several_servers_one_must_be_named(run: Run, key: dict[str, str], small_server: list[str]) -> None:
    run("servers", "add", "other", "--", *small_server)
    assert "small, other" in run("call", "echo", env=key).stderr
    assert run("call", "echo", "--server", "other", "--arg", "text=x", env=key).stdout == "x\n"
    done = run("call", "echo", "--server", "smal", env=key)
    assert done.returncode == ExitCode.REFUSED
    assert 'Did you mean "small"?' in done.stderr


def test_ctrl_c_during_a_call_ends_it_with_its_server_and_without_a_traceback(
    started: Started, run: Run, home: Path, small_server: list[str], tmp_path: Path
) -> None:
    sign = tmp_path / "started"
    waiting = f"import os, pathlib, sys; pathlib.Path({str(sign)!r}).write_text(str(os.getpid())); sys.stdin.read()"
    run("servers", "add", "waits", "--", sys.executable, "-c", waiting)
    process = subprocess.Popen(
        [sys.executable, "-m", "secure_gateway", "call", "echo"],
        env={**os.environ, "HOME": str(home), "SECURE_GATEWAY_API_KEY": started.key},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    while not (sign.exists() and sign.read_text()):
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    printed, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == ExitCode.INTERRUPTED
    assert (printed, said.strip()) == ("", "Interrupted.")
    with pytest.raises(ProcessLookupError):
        os.kill(int(sign.read_text()), 0)
