"""`secure-gateway tools` shows what is pinned, what has become of it, and accepts what somebody has looked at."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from secure_gateway.cli.exit_codes import ExitCode
from tests.cli.conftest import Invoke, Run, Started

SERVER = """
import json, pathlib, sys
for line in sys.stdin:
    message = json.loads(line)
    if "id" not in message:
        continue
    if message["method"] == "initialize":
        result = {"protocolVersion": "2025-11-25", "capabilities": {"tools": {}}, "serverInfo": {"name": "s", "version": "1"}}
    else:
        result = {"tools": json.loads(pathlib.Path(sys.argv[1]).read_text())}
    print(json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": result}), flush=True)
"""


def tool(name: str, **members: Any) -> dict[str, Any]:
    return {"name": name, "description": f"does {name}", "inputSchema": {"type": "object"}, **members}


class Server:
    """A server whose tools can be changed."""

    def __init__(self, folder: Path, name: str, invoke: Invoke) -> None:
        self.name = name
        self.path = folder / f"{name}.json"
        self.command = [sys.executable, "-c", SERVER, str(self.path)]
        self.says(tool("a"), tool("b"))
        assert invoke("servers", "add", name, "--", *self.command).exit_code == 0

    def says(self, *tools: Any) -> None:
        self.path.write_text(json.dumps(tools))


@pytest.fixture
def server(started: Started, invoke: Invoke, tmp_path: Path) -> Server:
    return Server(tmp_path, "one", invoke)


def _json(invoke: Invoke, *arguments: str) -> tuple[int, Any]:
    done = invoke("--json", "tools", *arguments)
    return done.exit_code, json.loads(done.stdout)


def _states(invoke: Invoke, *arguments: str) -> dict[str, str]:
    return {each["tool"]: each["state"] for each in _json(invoke, "diff", *arguments)[1]["tools"]}


def _offered(invoke: Invoke, name: str) -> str:
    findings = json.loads(invoke("--json", "check").stdout)["findings"]
    return str(next(each["detail"] for each in findings if each["what"] == f"server {name}"))


def test_what_check_saw_first_is_listed_and_nothing_else_is_asked_for_it(server: Server, invoke: Invoke) -> None:
    assert "Nothing is pinned yet" in invoke("tools", "list").stderr
    _offered(invoke, "one")
    server.path.unlink()
    code, listed = _json(invoke, "list")
    assert code == ExitCode.OK
    assert [(each["server"], each["tool"], each["by"]) for each in listed] == [
        ("one", "a", "first sight"),
        ("one", "b", "first sight"),
    ]
    assert len(_json(invoke, "list", "--server", "one")[1]) == len(listed)


def test_a_name_that_nothing_has_is_refused_with_the_nearest(server: Server, invoke: Invoke) -> None:
    done = invoke("tools", "list", "--server", "ome")
    assert (done.exit_code, 'Did you mean "one"?' in done.stderr) == (ExitCode.REFUSED, True)
    server.says(tool("quote"))
    done = invoke("tools", "pin", "--tool", "qoute")
    assert (done.exit_code, 'Did you mean "quote"? Nothing was changed.' in done.stderr) == (ExitCode.REFUSED, True)


def test_what_differs_is_shown_with_what_the_server_says_now_and_accepted_by_pin(
    server: Server, invoke: Invoke
) -> None:
    _offered(invoke, "one")
    assert invoke("tools", "diff").exit_code == ExitCode.OK
    server.says(tool("a", description="does other things"), tool("c"))
    assert "changed since it was pinned (description)" in _offered(invoke, "one")
    code, found = _json(invoke, "diff")
    assert code == ExitCode.REFUSED
    by_name = {each["tool"]: each for each in found["tools"]}
    assert {name: each["state"] for name, each in by_name.items()} == {"a": "changed", "b": "gone", "c": "pinned"}
    assert by_name["a"]["fields"] == ["description"]
    assert by_name["a"]["definition"]["description"] == "does other things"
    assert "does other things" in invoke("tools", "diff").stdout
    assert invoke("tools", "pin").exit_code == ExitCode.OK
    assert invoke("tools", "diff").exit_code == ExitCode.OK
    assert "not offered" not in _offered(invoke, "one")
    assert {each["by"] for each in _json(invoke, "list")[1]} == {"operator"}


def test_one_tool_alone_can_be_accepted(server: Server, invoke: Invoke) -> None:
    invoke("tools", "pin")
    server.says(tool("a", title="A"), tool("b", title="B"))
    assert invoke("tools", "pin", "--tool", "b").exit_code == ExitCode.OK
    assert _states(invoke) == {"a": "changed", "b": "pinned"}
    failed = invoke("tools", "pin", "--tool", "missing")
    assert failed.exit_code == ExitCode.REFUSED
    assert "'missing'" in failed.stderr


def test_where_the_configuration_wants_it_only_what_was_accepted_is_offered(
    started: Started, server: Server, invoke: Invoke
) -> None:
    started.edit(lambda config: config["servers"]["one"].update(tools={"pin": "locked"}))
    assert "2 of them not offered" in _offered(invoke, "one")
    assert invoke("tools", "pin").exit_code == ExitCode.OK
    assert "not offered" not in _offered(invoke, "one")


def test_a_double_is_refused_until_it_is_accepted(server: Server, invoke: Invoke, tmp_path: Path) -> None:
    _offered(invoke, "one")
    other = Server(tmp_path, "two", invoke)
    other.says(tool("A"), tool("d"))
    assert "A: it has a name that looks like a tool of server 'one'" in _offered(invoke, "two")
    assert invoke("tools", "pin", "--server", "two").exit_code == ExitCode.OK
    assert "not offered" not in _offered(invoke, "two")


def test_a_server_of_the_command_line_is_pinned_by_its_command(server: Server, invoke: Invoke) -> None:
    failed = invoke("tools", "pin", "--server", "adhoc")
    assert failed.exit_code == ExitCode.REFUSED
    assert "give the command here too" in failed.stderr
    assert invoke("tools", "pin", "--server", "adhoc", "--", *server.command).exit_code == ExitCode.OK
    assert {each["server"] for each in _json(invoke, "list")[1]} == {"adhoc"}


def test_a_server_that_does_not_answer_is_named_and_the_others_are_pinned(server: Server, invoke: Invoke) -> None:
    invoke("servers", "add", "gone", "no-such-program")
    code, found = _json(invoke, "pin")
    assert code == ExitCode.UNAVAILABLE
    assert found["failed"].keys() == {"gone"}
    assert {each["server"] for each in _json(invoke, "list")[1]} == {"one"}


def test_entries_that_no_gateway_would_offer_are_left_out(server: Server, invoke: Invoke) -> None:
    server.says(tool("a"), tool("two"), tool("two"), {"name": 7}, tool("x" * 300), "no object")
    assert _states(invoke) == {"a": "new"}


def test_a_lock_that_cannot_be_used_is_named_and_not_overwritten(
    started: Started, server: Server, invoke: Invoke
) -> None:
    path = started.folder / "gateway.tools.lock.json"
    path.write_text("{}{")
    for command in ("list", "diff", "pin"):
        failed = invoke("tools", command)
        assert failed.exit_code == ExitCode.CONFIGURATION
        assert "gateway.tools.lock.json" in failed.stderr
    assert path.read_text() == "{}{"


def test_what_a_hostile_server_says_does_not_act_on_the_terminal(server: Server, run: Run) -> None:
    server.says(tool("\x1b]0;owned\x07[red]", description="\x1b[2J\u202eevil"))
    done = run("tools", "diff")
    assert done.returncode == ExitCode.REFUSED
    assert "owned" in done.stdout
    assert "\x1b" not in done.stdout + done.stderr
    assert "\u202e" not in done.stdout + done.stderr
