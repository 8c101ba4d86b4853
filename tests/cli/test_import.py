"""`secure-gateway servers import`: what MCP clients list is taken over as it was meant, or refused; nothing is guessed."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure_gateway.cli.exit_codes import ExitCode
from secure_gateway.cli.mcp_clients import USUAL_PLACES, read_client_file
from secure_gateway.errors import ConfigError
from tests.cli.conftest import Invoke, Started

CLAUDE = {
    "globalShortcut": "",
    "mcpServers": {
        "filesystem": {"command": "npx", "args": ["-y", "server-fs", "${userHome}/docs"]},
        "git hub": {"command": "docker", "args": ["run", "-i", "hub"], "env": {"HUB_TOKEN": "s3cret", "MODE": "ro"}},
        "off": {"command": "x", "disabled": True},
    },
}
CURSOR = {
    "mcpServers": {
        "remote": {"url": "https://r.example/mcp", "headers": {"Authorization": "${env:R_AUTH}"}, "autoApprove": ["a"]}
    }
}
VS_CODE = """{
  // the list of this workspace
  "inputs": [{"id": "key", "type": "promptString"}],
  "servers": {
    "stdio": {"type": "stdio", "command": "uvx", "args": ["mcp-server-time",], /* last */ },
    "http": {"type": "http", "url": "https://h.example/mcp"},
    "asks": {"command": "x", "env": {"KEY": "${input:key}"}},
  },
}"""


def _write(path: Path, content: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def _entries(path: Path) -> dict[str, Any]:
    return {server.name: server.entry for server in read_client_file(path, {"HOME": "/home/ann"})}


def _refusal(path: Path, raw: Any) -> str:
    _write(path, {"mcpServers": {"x": raw}})
    (server,) = read_client_file(path, {"HOME": "/home/ann"})
    return server.refused


def test_the_list_of_claude_is_taken_over(started: Started, invoke: Invoke, tmp_path: Path) -> None:
    done = invoke("servers", "import", str(_write(tmp_path / "claude_desktop_config.json", CLAUDE)))
    assert "off: skipped: it is disabled there" in done.stdout
    servers = json.loads(started.config.read_text())["servers"]
    assert servers["filesystem"] == {"command": "npx", "args": ["-y", "server-fs", f"{started.folder.parent}/docs"]}
    assert servers["git-hub"]["env"] == {"HUB_TOKEN": "file://secrets/git-hub.HUB_TOKEN", "MODE": "ro"}
    assert set(servers) == {"filesystem", "git-hub"}
    assert "s3cret" not in started.config.read_text() + done.output
    assert done.exit_code == ExitCode.OK


def test_one_entry_that_is_refused_shows_in_the_exit_code_and_does_not_stop_the_others(
    started: Started, invoke: Invoke, tmp_path: Path
) -> None:
    done = invoke("--json", "servers", "import", str(_write(tmp_path / "mcp.json", VS_CODE)))
    assert done.exit_code == ExitCode.REFUSED
    document = json.loads(done.stdout)
    assert (document["imported"], list(document["refused"])) == (["stdio", "http"], ["asks"])
    assert set(json.loads(started.config.read_text())["servers"]) == {"stdio", "http"}


def test_the_list_of_cursor_is_taken_over_and_its_variables_become_references(
    started: Started, invoke: Invoke, tmp_path: Path
) -> None:
    done = invoke("servers", "import", str(_write(tmp_path / "mcp.json", CURSOR)))
    assert done.exit_code == ExitCode.OK
    assert json.loads(started.config.read_text())["servers"] == {
        "remote": {"url": "https://r.example/mcp", "headers": {"Authorization": "env://R_AUTH"}}
    }
    assert "needs the variable R_AUTH" in done.stderr
    assert "'autoApprove' was left out" in done.stdout


def test_the_list_of_vs_code_is_read_with_its_comments_and_commas(tmp_path: Path) -> None:
    found = {server.name: server for server in read_client_file(_write(tmp_path / "mcp.json", VS_CODE), {"HOME": "/h"})}
    assert found["stdio"].entry == {"command": "uvx", "args": ["mcp-server-time"]}
    assert found["http"].entry == {"url": "https://h.example/mcp"}
    assert "${input:key}" in found["asks"].refused


def test_without_a_file_the_lists_of_the_user_are_read_and_those_of_the_folder_are_not(
    started: Started, invoke: Invoke, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "name the file" in invoke("servers", "import").stderr
    monkeypatch.chdir(tmp_path)
    for place in (".mcp.json", ".cursor/mcp.json", ".vscode/mcp.json"):
        _write(tmp_path / place, {"mcpServers": {"trap": {"command": "sh"}}})
    for index, (_, place) in enumerate(USUAL_PLACES):
        _write(
            home / place.removeprefix("~/"), {"mcpServers": {f"s{index}": {"command": "x"}, "same": {"command": "y"}}}
        )
    assert invoke("servers", "import").exit_code == ExitCode.OK
    assert set(json.loads(started.config.read_text())["servers"]) == {
        "same",
        *(f"s{index}" for index in range(len(USUAL_PLACES))),
    }


def test_a_dry_run_changes_nothing(started: Started, invoke: Invoke, tmp_path: Path) -> None:
    before = started.config.read_bytes()
    done = invoke("--json", "servers", "import", "--dry-run", str(_write(tmp_path / "mcp.json", CLAUDE)))
    assert json.loads(done.stdout)["would_import"] == ["filesystem", "git-hub"]
    assert started.config.read_bytes() == before
    assert not (started.folder / "secrets").exists()


def test_only_those_asked_for_are_taken_over(started: Started, invoke: Invoke, tmp_path: Path) -> None:
    path = str(_write(tmp_path / "mcp.json", CLAUDE))
    assert invoke("servers", "import", path, "--only", "filesystem").exit_code == ExitCode.OK
    assert set(json.loads(started.config.read_text())["servers"]) == {"filesystem"}
    assert invoke("servers", "import", path, "--only", "nothing").exit_code == ExitCode.REFUSED


def test_a_name_that_is_configured_is_left_alone_unless_told_to_replace(
    started: Started, invoke: Invoke, tmp_path: Path
) -> None:
    invoke("servers", "add", "filesystem", "mine")
    path = str(_write(tmp_path / "mcp.json", CLAUDE))
    assert "configured already" in invoke("servers", "import", path).stdout
    assert json.loads(started.config.read_text())["servers"]["filesystem"] == {"command": "mine"}
    invoke("servers", "import", path, "--replace")
    assert json.loads(started.config.read_text())["servers"]["filesystem"]["command"] == "npx"


def test_two_different_servers_of_one_name_are_not_mixed_up(started: Started, invoke: Invoke, tmp_path: Path) -> None:
    one = _write(tmp_path / "one.json", {"mcpServers": {"x": {"command": "a"}}})
    two = _write(tmp_path / "two.json", {"servers": {"x": {"command": "b"}}})
    done = invoke("servers", "import", str(one), str(two))
    assert done.exit_code == ExitCode.REFUSED
    assert json.loads(started.config.read_text())["servers"] == {}


def test_a_list_that_others_can_write_is_refused(started: Started, invoke: Invoke, tmp_path: Path) -> None:
    path = _write(tmp_path / "mcp.json", CURSOR)
    path.chmod(0o666)
    done = invoke("servers", "import", str(path))
    assert done.exit_code == ExitCode.CONFIGURATION
    assert "chmod go-w" in done.stderr


@pytest.mark.parametrize(
    "content",
    [
        "[]", "{}", '"x"', "", "{", '{"mcpServers": []}', '{"mcpServers": {}, "servers": {}}', '{"plugins": {}}',
        '{"mcpServers": {"a": {}, "a": {}}}', '{"mcpServers": {"a": NaN}}', '{"mcpServers": {} /* never ends', "\x00",
    ],
)  # fmt: skip
def test_a_file_that_is_no_list_of_servers_is_refused(content: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        read_client_file(_write(tmp_path / "mcp.json", content), {})


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        ("npx", "no object"),
        ({}, "neither a command nor"),
        ({"command": ["npx"]}, "no text"),
        ({"command": "x", "url": "https://a"}, "address beside it"),
        ({"command": "x", "args": "y"}, "list of texts"),
        ({"command": "x", "args": [1]}, "list of texts"),
        ({"command": "x", "env": {"A": 1}}, "object of texts"),
        ({"command": "x", "envFile": ".env"}, "unknown key 'envFile'"),
        ({"command": "x", "\x1b[31m": 1}, "unknown key '\\u001b[31m'"),
        ({"type": "sse", "url": "https://a"}, "supported"),
        ({"type": "http", "command": "x"}, "supported"),
        ({"type": "ws", "url": "wss://a"}, "supported"),
        ({"type": 1, "url": "https://a"}, "supported"),
        ({"url": "https://a", "serverUrl": "https://b"}, "one address"),
        ({"url": "https://a", "args": []}, "one address"),
        ({"command": "x", "args": ["${workspaceFolder}"]}, "${workspaceFolder}"),
        ({"command": "x", "args": ["${env:HOME}"]}, "${env:HOME}"),
        ({"command": "x", "env": {"A": "Bearer ${B}"}}, "${B}"),
        ({"command": "x", "env": {"A": "${B:-c}"}}, "${B:-c}"),
        ({"command": "/usr/bin/secure-gateway", "args": ["proxy"]}, "this gateway"),
    ],
)
def test_an_entry_that_is_not_understood_is_refused_with_the_reason(raw: Any, why: str, tmp_path: Path) -> None:
    assert why in _refusal(tmp_path / "mcp.json", raw)


def test_tools_that_were_switched_off_there_stay_off(tmp_path: Path) -> None:
    path = _write(tmp_path / "mcp.json", {"mcpServers": {"x": {"command": "c", "disabledTools": ["rm"]}}})
    assert _entries(path) == {"x": {"command": "c", "tools": {"deny": ["rm"]}}}


def test_a_text_that_looks_like_a_comment_or_a_last_comma_is_kept(tmp_path: Path) -> None:
    arguments = ["https://a.example//b", "/* no */", 'quote \\" // still', ",}", ", ]"]
    path = _write(tmp_path / "mcp.json", {"servers": {"x": {"command": "c", "args": arguments}}})
    assert _entries(path)["x"]["args"] == arguments


RAW = st.recursive(
    st.none() | st.booleans() | st.text(max_size=5),
    lambda each: (
        st.lists(each)
        | st.dictionaries(st.sampled_from(["command", "args", "env", "url", "headers", "type", "disabled"]), each)
    ),
    max_leaves=6,
)


@given(st.dictionaries(st.text(max_size=5), RAW, max_size=3))
def test_whatever_a_list_holds_it_is_taken_over_or_refused_and_never_crashes(listed: dict[str, Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        found = read_client_file(_write(Path(folder) / "mcp.json", {"mcpServers": listed}), {"HOME": "/h"})
    for server in found:
        assert server.name.isprintable()
        assert bool(server.refused) != bool(server.entry)
