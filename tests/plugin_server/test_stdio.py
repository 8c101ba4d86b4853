"""On stdin and stdout: whatever a client sends is answered or passed over, and the next request is answered too."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.plugin_server.served_plugins import SECRET
from tests.plugin_server.serving import PATIENCE, StdioServer, hook_call, plugin_list, said, stdio_server


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StdioServer]:
    """Give one server to all tests that must leave it as it was: that it still answers is half of what they say."""
    folder = tmp_path_factory.mktemp("served")
    with stdio_server(folder, plugin_list(folder)) as server:
        server.initialize()
        yield server


@pytest.fixture
def server(tmp_path: Path) -> Iterator[StdioServer]:
    with stdio_server(tmp_path, plugin_list(tmp_path)) as started:
        yield started


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b'{"jsonrpc":"2.0","id":1,"method":"ping","params":{"x":"\xff\xfe"}}', -32700),
        (b"no json at all", -32700),
        (b"[" * 10_000 + b"]" * 10_000, -32700),
        (b'{"jsonrpc":"2.0","id":1,"method":"ping","params":{"x":' + b"[" * 10_000 + b"]" * 10_000 + b"}}", -32700),
        (b'{"jsonrpc":"2.0","id":1,"method":"ping","params":{"x":"' + b"x" * 17 * 1024 * 1024 + b'"}}', -32600),
        (b'[{"jsonrpc":"2.0","id":1,"method":"ping"}]', -32600),
        (b'{"jsonrpc":"2.0","id":null,"method":"ping"}', -32600),
        (b'{"jsonrpc":"2.0","id":1.5,"method":"ping"}', -32600),
        (b'{"jsonrpc":"2.0","id":true,"method":"ping"}', -32600),
        (b'{"jsonrpc":"2.0","id":{"a":1},"method":"ping"}', -32600),
        (b'{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}', -32600),
        (b'{"jsonrpc":"1.0","id":1,"method":"ping"}', -32600),
        (b'{"jsonrpc":"2.0","id":1,"method":"no/such"}', -32601),
        (b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"rm"}}', -32602),
        (b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"invoke_hook"}}', -32602),
        (b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":["invoke_hook"],"arguments":{}}}', -32602),
        (
            b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"get_plugin_config","arguments":{"name":7}}}',
            -32602,
        ),
    ],
    ids=lambda value: value[:40].decode("latin-1") if isinstance(value, bytes) else str(value),
)
def test_a_message_that_is_none_is_answered_with_an_error(shared: StdioServer, line: bytes, code: int) -> None:
    assert shared.ask(line)["error"]["code"] == code
    assert shared.still_answers()


@pytest.mark.parametrize(
    "line",
    [
        b'{"jsonrpc":"2.0","id":99,"result":{}}',
        b'{"jsonrpc":"2.0","id":99,"error":{"code":1,"message":"m"}}',
        b'{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"never asked"}}',
        b'{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":{}}}',
        b"",
    ],
)
def test_answers_that_nobody_waits_for_are_passed_over(shared: StdioServer, line: bytes) -> None:
    shared.send(line)
    assert shared.still_answers()


@pytest.mark.parametrize(
    ("plugin", "hook", "payload"),
    [
        ("Nobody", "tool_pre_invoke", {"name": "t"}),
        ("title", "tool_pre_invoke", {"name": "t"}),
        ("Title", "agent_pre_invoke", {"agent_id": "a", "messages": []}),
        ("Title", "no_such_hook", {}),
        ("Asleep", "tool_pre_invoke", {"name": "t"}),
        ("Title", "tool_pre_invoke", {"name": 7}),
        ("Title", "tool_pre_invoke", {"name": "t", SECRET: 1}),
        ("N" * 100_000, "tool_pre_invoke", {"name": "t"}),
    ],
    ids=["plugin", "case", "unanswered", "hook", "disabled", "payload", "field", "long"],
)
def test_a_call_that_nobody_can_answer_is_an_error(shared: StdioServer, plugin: str, hook: str, payload: Any) -> None:
    answer = said(shared.ask(hook_call(1, plugin, hook, payload)))
    assert answer["error"]["code"] == "invalid_request"
    assert SECRET not in str(answer)
    assert len(str(answer)) < 2000


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("raises", "plugin_error"),
        ("exits", "plugin_error"),
        ("base", "plugin_error"),
        ("interrupts", "plugin_error"),
        ("cancels", "plugin_error"),
        ("hangs", "plugin_timeout"),
        ("clings", "plugin_timeout"),
        ("other", "plugin_error"),
        ("odd payload", "plugin_error"),
        ("no json", "plugin_error"),
        ("odd state", "plugin_error"),
        ("huge", "too_large"),
        ("nothing", "plugin_error"),
    ],
)
def test_what_a_plugin_does_wrong_is_an_error_without_its_words(shared: StdioServer, name: str, code: str) -> None:
    answer = said(shared.ask(hook_call(1, "Rogue", "tool_pre_invoke", {"name": name, "args": {}})))
    assert answer["error"]["code"] == code
    assert SECRET not in str(answer)
    assert shared.still_answers()


def test_a_plugin_may_not_change_what_its_hook_may_not_change_nor_refuse_where_nobody_can(shared: StdioServer) -> None:
    answer = said(shared.ask(hook_call(1, "Rogue", "tool_post_invoke", {"name": "t", "result": 1})))
    assert "name" in answer["error"]["message"]
    payload = {"path": "/", "method": "GET", "headers": {}}
    answer = said(shared.ask(hook_call(2, "Rogue", "http_post_request", payload)))
    assert "refused" in answer["error"]["message"]


def test_two_hundred_calls_at_once_are_all_answered_under_their_own_ids(shared: StdioServer) -> None:
    calls = [hook_call(n, "Rogue", "resource_pre_fetch", {"uri": f"file:///{n}"}) for n in range(200)]
    for call in calls:
        shared.send(call)
    found = {
        answer["id"]: said(answer)["result"]["modified_payload"]["uri"] for answer in (shared.receive() for _ in calls)
    }
    assert found == {n: f"file:///{n}" for n in range(200)}


def test_an_id_that_is_under_way_is_not_given_out_twice(shared: StdioServer) -> None:
    shared.send(hook_call(7, "Rogue", "tool_pre_invoke", {"name": "hangs"}))
    assert shared.ask(hook_call(7, "Title", "tool_pre_invoke", {"name": "t"}))["error"]["code"] == -32600
    assert said(shared.receive())["error"]["code"] == "plugin_timeout"


def test_a_cancelled_call_is_not_answered(shared: StdioServer) -> None:
    shared.send(hook_call(8, "Rogue", "tool_pre_invoke", {"name": "hangs"}))
    shared.send({"method": "notifications/cancelled", "params": {"requestId": 8}})
    assert shared.still_answers()


def test_before_initialize_only_ping_is_answered(server: StdioServer) -> None:
    assert server.still_answers()
    for method in ("tools/list", "tools/call"):
        assert server.ask({"id": 1, "method": method})["error"]["message"] == "initialize comes first"
    server.initialize()
    assert server.ask({"id": 1, "method": "tools/list"})["result"]["tools"]


def test_a_client_that_leaves_gets_its_last_answers_and_the_plugins_are_shut_down(
    server: StdioServer, tmp_path: Path
) -> None:
    server.initialize()
    server.send(hook_call(1, "Rogue", "resource_pre_fetch", {"uri": "file:///x"}))
    assert server.leave() == 0
    assert said(server.receive())["result"]["continue_processing"] is True
    assert (tmp_path / "diary").read_text() == "initialized\nshut down\n"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly_in_the_middle_of_a_call(
    server: StdioServer, tmp_path: Path, number: signal.Signals
) -> None:
    server.initialize()
    server.send(hook_call(1, "Rogue", "tool_pre_invoke", {"name": "clings"}))
    assert server.still_answers()
    server.process.send_signal(number)
    assert server.process.wait(PATIENCE) == 0
    assert (tmp_path / "diary").read_text() == "initialized\nshut down\n"
