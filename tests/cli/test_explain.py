"""`secure-gateway explain` tells each step of a request, and `providers` what can be configured."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from secure_gateway.bootstrap import load_parts
from secure_gateway.cli.exit_codes import ExitCode
from secure_gateway.errors import RequestDenied
from tests.cli.conftest import PATIENCE, Invoke, Run, Started

HOSTILE = "\x1b[2J[red]\u202e"


@pytest.fixture
async def requests(started: Started) -> list[str]:
    """Let one request be changed and one be denied; give their ids."""
    parts = load_parts(started.config, env={"HOME": str(started.folder.parent)})
    async with parts.gateway as gateway:
        for name, text, key in ((f"mail{HOSTILE}", "to ann@example.com", started.key), ("mail", "x", "sgw_wrong")):
            with contextlib.suppress(RequestDenied):
                await gateway.call(name, {"text": text}, lambda arguments: arguments["text"], credentials=key)
    return _ids(started)


def _ids(started: Started) -> list[str]:
    lines = (started.folder / "audit.jsonl").read_text().splitlines()
    return [str(line["request_id"]) for line in map(json.loads, lines) if line["event"] == "decision"]


def test_a_request_that_was_changed_shows_who_changed_what(requests: list[str], invoke: Invoke) -> None:
    done = invoke("explain", requests[0])
    assert done.exit_code == ExitCode.OK, done.stderr
    assert "modified" in done.stdout
    assert re.search(r"tool_pre_invoke +pii .* modify .* /text", done.stdout), done.stdout
    assert "ann@example.com" not in done.stdout


def test_a_request_that_was_denied_shows_who_denied_it_and_why(requests: list[str], invoke: Invoke) -> None:
    done = invoke("explain", requests[1])
    assert "denied (invalid_credentials)" in done.stdout
    assert "nobody" in done.stdout


def test_the_last_and_the_recent_are_found_without_an_id(requests: list[str], invoke: Invoke) -> None:
    assert json.loads(invoke("explain", "--last", "--json").stdout)["request_id"] == requests[1]
    assert [
        record["request_id"] for record in json.loads(invoke("explain", "--recent", "9", "--json").stdout)
    ] == requests[::-1]
    assert all(request_id in invoke("explain", "--recent", "9").stdout for request_id in requests)


def test_names_in_a_record_do_not_act_on_the_terminal(requests: list[str], invoke: Invoke) -> None:
    for arguments in (("explain", requests[0]), ("explain", "--recent", "9")):
        shown = invoke(*arguments).stdout
        assert "\\x1b[2J[red]\\u202e" in shown
        assert not {"\x1b", "\u202e"} & set(shown)


def test_on_a_terminal_markup_in_a_name_is_shown_and_not_obeyed(requests: list[str], home: Path) -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "secure_gateway", "explain", "--recent", "9"],
        env={**os.environ, "HOME": str(home), "TERM": "xterm", "COLUMNS": "200"},
        stdout=theirs,
        stderr=theirs,
        stdin=subprocess.DEVNULL,
    )
    os.close(theirs)
    shown = b""
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:  # Linux says so that the other end is closed
            break
        if not part:
            break
        shown += part
    os.close(ours)
    assert process.wait(timeout=PATIENCE) == ExitCode.OK
    assert b"\x1b[" in shown  # it is a terminal: there are colours
    assert b"\x1b[2J" not in shown
    assert "\\x1b[2J[red]\\u202e" in shown.decode()


def test_an_id_that_is_not_known_is_said_to_be_so(requests: list[str], invoke: Invoke) -> None:
    done = invoke("explain", "no-such-id")
    assert done.exit_code == ExitCode.REFUSED
    assert "'no-such-id'" in done.stderr


@pytest.mark.parametrize("arguments", [(), ("x", "--last"), ("--last", "--recent", "2"), ("--recent", "0")])
def test_one_way_to_name_a_request_is_needed(arguments: tuple[str, ...], started: Started, invoke: Invoke) -> None:
    assert invoke("explain", *arguments).exit_code == ExitCode.USAGE


def test_before_the_first_request_there_is_nothing_to_explain(started: Started, invoke: Invoke) -> None:
    assert "no record yet" in invoke("explain", "--last").stderr


def test_records_in_memory_are_out_of_reach(started: Started, invoke: Invoke) -> None:
    started.edit(lambda config: config.update(state={"url": "memory:"}))
    done = invoke("explain", "--last")
    assert done.exit_code == ExitCode.REFUSED
    assert "in memory" in done.stderr


# -- providers ----------------------------------------------------------------------------------------------------------


def test_built_in_providers_are_listed_without_a_configuration(run: Run) -> None:
    found = json.loads(run("providers", "list", "--json").stdout)
    assert {"kind": "guardrails", "name": "pii", "origin": "built-in"} in found
    kinds = {each["kind"] for each in json.loads(run("providers", "list", "--kind", "auth", "--json").stdout)}
    assert kinds == {"auth"}


def test_every_provider_that_is_listed_can_be_shown(invoke: Invoke) -> None:
    for each in json.loads(invoke("providers", "list", "--json").stdout):
        done = invoke("providers", "show", each["name"])
        assert done.exit_code == ExitCode.OK, done.output
        assert each["name"] in done.stdout
        assert json.loads(invoke("providers", "show", each["name"], "--json").stdout)["class"]


def test_a_provider_in_the_plugins_folder_is_listed_with_its_file(started: Started, invoke: Invoke) -> None:
    folder = started.folder / "plugins"
    folder.mkdir(mode=0o700)
    (folder / "badge.py").write_text(
        "from secure_gateway.plugins.telemetry.log import LogTelemetryProvider\n"
        "class Badge(LogTelemetryProvider):\n    '''Shows \\x1b[31mbadges.'''\n    name = 'badge'\n"
    )
    (found,) = [each for each in json.loads(invoke("providers", "list", "--json").stdout) if each["name"] == "badge"]
    assert found["origin"] == str(folder / "badge.py")
    shown = invoke("providers", "show", "badge").stdout
    assert "\\x1b[31mbadges." in shown


def test_a_provider_that_is_not_there_names_the_nearest(invoke: Invoke) -> None:
    done = invoke("providers", "show", "secrest")
    assert done.exit_code == ExitCode.REFUSED
    assert 'Did you mean "secrets"?' in done.stderr


def test_the_schema_that_is_printed_is_the_one_that_is_published(run: Run) -> None:
    published = Path(__file__).parents[2] / "docs" / "config.schema.json"
    assert run("schema").stdout == published.read_text()
