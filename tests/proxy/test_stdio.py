"""The stdio proxy as a client meets it: a real process between a real client and a real server."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.proxy.conftest import SCRIPTED, RawClient, StartProxy
from tests.proxy.gateways import GUEST_KEY

CALL = b'{ "jsonrpc":"2.0", "id":"caf\xc3\xa9", "method":"tools/call", "params":{"arguments":{"n":1.50,"e":1e2,"u":"\\u00e9"},"name":"echo","later":{"x":[]}}}'


def test_what_nobody_changes_passes_byte_for_byte_in_both_directions(proxied: RawClient) -> None:
    proxied.write(CALL)
    assert proxied.read_line() == (
        b'{"jsonrpc": "2.0", "id": "caf\\u00e9", "result": {"content": [{"type": "text", '
        b'"text": "{\\"n\\": 1.5, \\"e\\": 100.0, \\"u\\": \\"\\\\u00e9\\"}"}], "isError": false}}\n'
    )
    assert proxied.received() == [CALL]


def test_a_masked_argument_is_all_that_changes(proxied: RawClient) -> None:
    proxied.write(CALL.replace(b'"\\u00e9"', b'"SECRET"'))
    assert proxied.text() == {"n": 1.5, "e": 100.0, "u": "******"}
    assert json.loads(proxied.received()[0])["params"]["later"] == {"x": []}
    assert b'"n":1.50,"e":1e2' in proxied.received()[0]


def test_a_denied_call_never_reaches_the_server_and_is_answered_with_code_and_request_id(proxied: RawClient) -> None:
    proxied.call(5, "echo", text="FORBIDDEN")
    answer = proxied.read()
    assert answer["id"] == 5
    assert answer["error"]["data"]["code"] == "denied"
    assert answer["error"]["data"]["request_id"] in answer["error"]["message"]
    assert "the word is forbidden here" in answer["error"]["message"]
    assert not -32768 <= answer["error"]["code"] <= -32000
    assert proxied.received() == []
    assert proxied.records()[-1]["request_id"] == answer["error"]["data"]["request_id"]


def test_a_result_that_may_not_pass_is_not_seen_by_the_client(proxied: RawClient) -> None:
    proxied.call(
        1,
        "raw",
        line='{"jsonrpc":"2.0","id":$ID,"result":{"content":[],"structuredContent":{"deep":["FORBID\\u0044EN"]}}}',
    )
    assert proxied.read()["error"]["data"]["code"] == "denied"


def test_an_error_of_the_server_passes_as_it_is_and_is_judged_too(proxied: RawClient) -> None:
    proxied.call(1, "raw", line='{"jsonrpc":"2.0","id":$ID,"error":{"code":-32050,"message":"no","data":1.50}}')
    assert proxied.read_line() == b'{"jsonrpc":"2.0","id":1,"error":{"code":-32050,"message":"no","data":1.50}}\n'
    proxied.call(
        2, "raw", line='{"jsonrpc":"2.0","id":$ID,"error":{"code":-32050,"message":"SECR\\u0045T","data":1.50}}'
    )
    assert proxied.read_line() == b'{"jsonrpc":"2.0","id":2,"error":{"code":-32050,"message":"******","data":1.50}}\n'


def test_a_caller_without_a_credential_gets_nowhere(start_proxy: StartProxy) -> None:
    client = start_proxy(key=None)
    client.send(id=1, method="initialize", params={"protocolVersion": "2025-11-25"})
    assert client.read()["error"]["data"]["code"] == "unauthenticated"
    client.send(method="notifications/initialized")
    assert client.close() == 0
    assert client.received() == []


def test_a_list_shows_only_what_the_caller_may_use_and_keeps_the_spelling_of_the_rest(start_proxy: StartProxy) -> None:
    client = start_proxy(key=GUEST_KEY)
    client.send(id=1, method="tools/list")
    line = client.read_line()
    result = json.loads(line)["result"]
    assert [tool["name"] for tool in result["tools"]] == ["echo", "numbers"]
    assert result["cacheScope"] == "private"
    assert b'"x-kept": 1.5' in line
    client.call(2, "env")
    assert client.read()["error"]["data"]["code"] == "forbidden"


def test_a_whole_list_passes_byte_for_byte(proxied: RawClient) -> None:
    proxied.send(id=1, method="tools/list")
    line = proxied.read_line()
    assert len(json.loads(line)["result"]["tools"]) == 14
    assert json.loads(line)["result"]["cacheScope"] == "public"
    assert line.startswith(b'{"jsonrpc": "2.0", "id": 1, "result": {"tools": [{"name": "echo", ')


def test_arguments_are_checked_against_the_schema_that_the_server_declared(proxied: RawClient) -> None:
    proxied.send(id=1, method="tools/list")
    proxied.read()
    proxied.call(2, "numbers", n="many")
    error = proxied.read()["error"]
    assert (error["code"], error["data"]["code"]) == (-32602, "invalid_arguments")


@pytest.mark.parametrize("method", ["logging/setLevel", "future/method"])
def test_messages_without_a_hook_of_their_own_are_judged_as_a_whole(proxied: RawClient, method: str) -> None:
    proxied.send(id=1, method=method, params={"deep": [{"SECRET": 1}], "_meta": {"progressToken": "SECRET"}})
    proxied.read()
    assert json.loads(proxied.received()[0])["params"] == {
        "deep": [{"******": 1}],
        "_meta": {"progressToken": "SECRET"},
    }
    proxied.send(id=2, method=method, params={"deep": "FORBIDDEN"})
    assert proxied.read()["error"]["data"]["code"] == "denied"


def test_what_stands_beside_the_arguments_is_judged_too(proxied: RawClient) -> None:
    extra = {"inputResponses": {"who": {"content": {"name": "SECRET"}}}, "_meta": {"progressToken": 7, "x/y": "SECRET"}}
    proxied.send(id=1, method="tools/call", params={"name": "echo", "arguments": {}, **extra})
    proxied.read()
    params = json.loads(proxied.received()[0])["params"]
    assert params["inputResponses"] == {"who": {"content": {"name": "******"}}}
    assert params["_meta"] == {"progressToken": 7, "x/y": "******"}
    proxied.send(id=2, method="tools/call", params={"name": "echo", "inputResponses": "FORBIDDEN"})
    assert proxied.read()["error"]["data"]["code"] == "denied"


def test_unknown_methods_are_refused_where_the_configuration_says_so(start_proxy: StartProxy) -> None:
    client = start_proxy(options={"refuse_unknown_methods": True})
    client.send(id=1, method="future/method", params={})
    assert client.read()["error"]["data"]["code"] == "forbidden"
    client.send(method="notifications/future")
    client.send(id=2, method="ping")
    assert client.read() == {"jsonrpc": "2.0", "id": 2, "result": {}}
    assert b"future" not in b"".join(client.received())


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("completion/complete", {"ref": {"type": "ref/prompt", "name": "closed"}, "argument": {}}),
        ("subscriptions/listen", {"notifications": {"resourceSubscriptions": ["file:///open/a", "file:///closed/b"]}}),
        ("prompts/get", {"name": "closed"}),
        ("resources/read", {"uri": "file:///closed/b"}),
        ("resources/subscribe", {"uri": "file:///closed/b"}),
    ],
)
def test_a_message_may_refer_only_to_what_its_caller_may_use(
    start_proxy: StartProxy, method: str, params: dict[str, Any]
) -> None:
    client = start_proxy(key=GUEST_KEY)
    client.send(id=1, method=method, params=params)
    assert client.read()["error"]["data"]["code"] == "forbidden"
    assert client.received() == []
    assert client.records()[-1]["outcome"] == "denied"


@pytest.mark.parametrize(
    ("line", "code", "key"),
    [
        (b"{", -32700, None),
        (b"\xff", -32700, None),
        (b'{"jsonrpc":"2.0","id":7,"method":"ping","params":{"x":NaN}}', -32700, None),
        (b'{"jsonrpc":"2.0","id":7,"method":"ping","params":{"x":"\\ud800"}}', -32700, None),
        (b'[{"jsonrpc":"2.0","id":7,"method":"ping"}]', -32600, None),
        (b'{"jsonrpc":"2.0","id":7,"method":"ping","params":{"x":1,"x":2}}', -32600, 7),
        (b'{"jsonrpc":"2.0","id":7,"method":"ping","params":{"x":123456789012345678901}}', -32600, 7),
        (b'{"jsonrpc":"2.0","id":7,"id":8,"method":"ping"}', -32600, None),
        (b'{"jsonrpc":"2.0","id":7,"method":"ping","Params":{}}', -32600, 7),
        (b'{"jsonrpc":"1.0","id":7,"method":"ping"}', -32600, 7),
        (b'{"jsonrpc":"2.0","id":7,"method":"ping","params":{"x":' + b"[" * 200 + b"]" * 200 + b"}}", -32600, 7),
        (b'{"jsonrpc":"2.0","id":7,"method":"ping","params":{"x":' + b"[" * 1000 + b"]" * 1000 + b"}}", -32600, None),
        (b'{"jsonrpc":"2.0","id":7,"method":"ping","params":{"x":"' + b"x" * (2 << 20) + b'"}}', -32600, None),
        (b'{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"Name":"echo"}}', -32602, 7),
        (b'{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"echo","Name":"env"}}', -32602, 7),
        (b'{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"echo","arguments":[1]}}', -32602, 7),
        (b'{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"echo","Arguments":{}}}', -32602, 7),
    ],
)
def test_what_two_readers_could_read_differently_is_refused_and_the_next_message_is_served(
    proxied: RawClient, line: bytes, code: int, key: int | None
) -> None:
    proxied.write(line)
    answer = proxied.read()
    assert (answer["error"]["code"], answer["id"]) == (code, key)
    assert proxied.records()[-1]["outcome"] == "denied"
    proxied.send(id=9, method="ping")
    assert proxied.read()["id"] == 9
    assert len(proxied.received()) == 1


def test_a_message_hidden_between_carriage_returns_is_not_a_line_for_the_server(proxied: RawClient) -> None:
    hidden = b'{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"die"}}'
    proxied.write(b'{"jsonrpc":"2.0","id":1,"method":"future/method","params":{"a":\r' + hidden + b"\r}}")
    assert proxied.read()["id"] == 1
    assert b"\r" not in proxied.received()[0]


def test_requests_run_at_the_same_time(proxied: RawClient) -> None:
    proxied.call(1, "slow", seconds=1.0)
    for key in range(2, 202):
        proxied.call(key, "echo", n=key)
    assert {proxied.read()["id"] for _ in range(200)} == set(range(2, 202))
    assert proxied.read()["id"] == 1


def test_where_no_plugin_suspends_messages_keep_their_order(proxied: RawClient) -> None:
    for index in range(100):
        proxied.send(method="notifications/progress", params={"progressToken": index, "progress": 1})
        proxied.send(id=index, method="future/method", params={"index": index})
    for _ in range(100):
        proxied.read()
    numbers = [
        json.loads(line)["params"].get("index", json.loads(line)["params"].get("progressToken"))
        for line in proxied.received()
    ]
    assert numbers == [index for index in range(100) for _ in range(2)]


def test_notifications_of_the_server_are_judged_on_their_way(proxied: RawClient) -> None:
    proxied.call(1, "notify", meta={"progressToken": "t"}, text="fine")
    assert [proxied.read()["method"] for _ in range(2)] == ["notifications/progress", "notifications/message"]
    assert proxied.read()["id"] == 1
    proxied.call(2, "notify", meta={"progressToken": "t"}, text="SECRET")
    assert [proxied.read().get("params", {}).get("data") for _ in range(3)] == [None, "******", None]
    proxied.call(3, "notify", meta={"progressToken": "t"}, text="x")
    for _ in range(3):
        proxied.read()


def test_questions_of_the_server_and_the_answers_of_the_client_are_judged(proxied: RawClient) -> None:
    proxied.call(1, "ask", text="what is the SECR" + "ET?")
    question = proxied.read()
    assert question["params"]["messages"][0]["content"]["text"] == "what is the ******?"
    assert question["params"]["maxTokens"] == 9
    proxied.send(
        id=question["id"],
        result={"role": "assistant", "model": "m", "content": {"type": "text", "text": "it is SECRET"}},
    )
    assert proxied.text()["content"]["text"] == "it is ******"


def test_a_forbidden_question_never_reaches_the_client_and_a_forbidden_answer_never_the_server(
    proxied: RawClient,
) -> None:
    proxied.call(
        1,
        "raw",
        line='{"jsonrpc":"2.0","id":"s-9","method":"sampling/createMessage","params":{"messages":["FORBID\\u0044EN"]}}',
    )
    proxied.call(2, "elicit", text="your name?")
    question = proxied.read()
    assert question["method"] == "elicitation/create"
    proxied.send(id=question["id"], result={"action": "accept", "content": {"name": "FORBIDDEN"}})
    answer = proxied.text()
    assert answer["data"]["code"] == "denied"
    refused = [json.loads(line) for line in proxied.received() if b'"s-9"' in line and b'"error"' in line]
    assert refused[0]["error"]["data"]["code"] == "denied"


def test_a_request_does_not_run_out_of_time_while_somebody_answers_its_question(start_proxy: StartProxy) -> None:
    client = start_proxy(options={"timeout": 2})
    client.call(1, "elicit", text="your name?")
    question = client.read()
    time.sleep(3)
    client.send(id=question["id"], result={"action": "decline"})
    assert client.text() == {"action": "decline"}
    client.call(2, "hang")
    assert client.read()["error"]["data"]["code"] == "upstream_timeout"


def test_a_question_that_nobody_answers_ends_at_its_own_limit(start_proxy: StartProxy) -> None:
    client = start_proxy(options={"question_timeout": 0.3})
    client.call(1, "elicit", text="your name?")
    assert client.read()["method"] == "elicitation/create"
    assert client.text()["data"]["code"] == "upstream_timeout"


def test_a_caller_without_agent_rights_is_not_asked_to_sample(start_proxy: StartProxy) -> None:
    client = start_proxy(key=GUEST_KEY)
    client.send(id=1, method="tools/call", params={"name": "echo", "arguments": {}})
    client.read()
    assert client.close() == 0


def test_an_answer_to_a_question_that_nobody_asked_goes_nowhere(proxied: RawClient) -> None:
    proxied.send(id="s-404", result={"x": 1})
    proxied.send(id="s-405", error={"code": 1, "message": "x"})
    proxied.send(id=1, method="ping")
    assert proxied.read()["id"] == 1
    assert len(proxied.received()) == 1


def test_a_request_that_is_cancelled_before_it_was_sent_is_never_sent(proxied: RawClient) -> None:
    proxied.call(1, "echo", text="WAIT")
    proxied.send(method="notifications/cancelled", params={"requestId": 1})
    proxied.send(id=2, method="ping")
    assert proxied.read()["id"] == 2
    assert proxied.close() == 0
    assert len(proxied.received()) == 1
    assert "cancelled" in [record["outcome"] for record in proxied.records()]


def test_the_cancellation_of_a_request_under_way_is_passed_on(proxied: RawClient) -> None:
    proxied.call(1, "slow", seconds=0.5)
    while not proxied.received():
        time.sleep(0.01)
    proxied.send(method="notifications/cancelled", params={"requestId": 1, "reason": "changed my mind"})
    assert proxied.read()["id"] == 1  # this server answers all the same, as it would without us
    assert b"changed my mind" in proxied.received()[1]


def test_an_id_in_use_is_refused(proxied: RawClient) -> None:
    proxied.call(1, "slow", seconds=0.5)
    proxied.call(1, "echo")
    assert proxied.read()["error"]["data"]["code"] == "invalid_request"
    assert proxied.read()["result"]["content"][0]["text"] == "late"


def test_a_server_that_dies_answers_every_call_and_ends_the_proxy(proxied: RawClient) -> None:
    for key in range(5):
        proxied.call(key, "hang")
    proxied.call(5, "die")
    answers = [proxied.read() for _ in range(6)]
    assert {answer["id"] for answer in answers} == set(range(6))
    assert {answer["error"]["data"]["code"] for answer in answers} == {"upstream_error"}
    assert proxied.wait() == 69
    assert b"was killed by SIGKILL" in proxied.stderr
    assert len(proxied.records()) == 6


def test_a_server_that_cannot_be_started_ends_the_proxy_with_a_reason(start_proxy: StartProxy) -> None:
    client = start_proxy("/no/such/program")
    assert client.wait() == 69
    assert b"cannot be started" in client.stderr
    assert client.read_line() == b""


def test_a_credential_that_cannot_be_read_ends_the_proxy_and_is_recorded(start_proxy: StartProxy) -> None:
    client = start_proxy(key="two words")
    assert client.wait() == 77
    assert b"two words" not in client.stderr
    assert [record["outcome"] for record in client.records()] == ["denied"]


def test_a_call_that_is_never_answered_times_out_and_the_server_is_told(start_proxy: StartProxy) -> None:
    client = start_proxy(options={"timeout": 0.3})
    client.call(1, "hang")
    assert client.read()["error"]["data"]["code"] == "upstream_timeout"
    client.send(id=2, method="ping")
    assert client.read()["id"] == 2
    assert json.loads(client.received()[1])["method"] == "notifications/cancelled"
    assert [record["outcome"] for record in client.records()] == ["timed_out", "allowed"]


@pytest.mark.parametrize(
    "line",
    [
        "not json",
        '{"jsonrpc":"2.0"}',
        '{"jsonrpc":"2.0","id":99,"result":{}}',
        "[]",
        "\xff\xfe",
        "x" * 100_000,
        '{"jsonrpc":"2.0","method":"notifications/x","params":{"id":1,"result":NaN}}',
        '{"jsonrpc":"2.0","id":99,"result":NaN}',
        'debug: {"id":1,"result":NaN}',
    ],
)
def test_garbage_of_the_server_is_dropped_and_does_not_stop_the_traffic(proxied: RawClient, line: str) -> None:
    proxied.call(1, "garble", line=line)
    proxied.call(2, "echo")
    assert proxied.read()["id"] == 2


@pytest.mark.parametrize(
    "line",
    [
        '{"jsonrpc":"2.0","id":1,"result":{"a":1,"a":2}}',
        '{"jsonrpc":"2.0","id":1,"result":{"id":2,"x":NaN}}',
        '{"jsonrpc":"2.0","id":1,"result":{"x":"\\ud800"}}',
        '{"jsonrpc":"2.0","id":1,"result":{"x":"\xff"}}',
        '{"jsonrpc":"2.0","id":1,"result":' + "[" * 100_000 + "]" * 100_000 + "}",
        '{"jsonrpc":"2.0","id":1,"error":{"code":-1,"message":"cut off',
        '{"jsonrpc":"2.0","result":NaN,"id":1}',
        '{"id":1,"result":{}}',
    ],
)
def test_an_answer_that_cannot_be_read_fails_its_call_at_once_and_no_other(proxied: RawClient, line: str) -> None:
    proxied.call(2, "hang")
    proxied.call(1, "garble", line=line)
    answer = proxied.read()
    assert answer["id"] == 1
    assert answer["error"]["data"]["code"] == "invalid_result"
    proxied.call(3, "echo")
    assert proxied.read()["id"] == 3


@pytest.mark.parametrize(
    "line",
    [
        '{"jsonrpc":"2.0","id":null,"result":{}}',
        '{"jsonrpc":"2.0","id":1,"id":7,"result":{}}',
        '{"jsonrpc":"2.0","result":{"x":NaN,"y":"' + "y" * 10_000 + '"},"id":1}',
    ],
)
def test_an_unreadable_answer_without_an_id_fails_the_only_call_that_waits(proxied: RawClient, line: str) -> None:
    proxied.call(1, "garble", line=line)
    assert proxied.read()["error"]["data"]["code"] == "invalid_result"


def test_an_unreadable_answer_without_an_id_fails_nobody_where_several_wait(start_proxy: StartProxy) -> None:
    client = start_proxy(options={"timeout": 1})
    client.call(1, "hang")
    client.call(2, "garble", line='{"jsonrpc":"2.0","result":NaN}')
    assert {client.read()["error"]["data"]["code"] for _ in range(2)} == {"upstream_timeout"}


def test_of_two_answers_to_one_call_the_first_counts(proxied: RawClient) -> None:
    proxied.call(1, "twice")
    assert proxied.read()["result"]["content"][0]["text"] == "first"
    proxied.send(id=2, method="ping")
    assert proxied.read()["id"] == 2


def test_a_flood_of_notifications_is_held_back_and_none_is_lost(proxied: RawClient) -> None:
    proxied.call(1, "flood", count=2000, size=1000)
    time.sleep(0.5)  # while nobody reads
    for index in range(2000):
        assert proxied.read()["params"]["data"].startswith(f"{index} ")
    assert proxied.read()["id"] == 1


def test_the_server_gets_none_of_our_variables(start_proxy: StartProxy) -> None:
    client = start_proxy(
        env={"OUR_JWT_SECRET": "x", "SECURE_GATEWAY_CONFIG": "/c", "secure_gateway_lower": "y", "PLAIN": "kept"}
    )
    client.call(1, "env")
    environment = client.text()
    assert not [name for name in environment if "SECURE_GATEWAY" in name.upper() or name == "OUR_JWT_SECRET"]
    assert (environment["PLAIN"], environment["ADDED"]) == ("kept", "yes")


def test_nothing_that_a_plugin_prints_reaches_the_client(proxied: RawClient) -> None:
    proxied.call(1, "echo", text="PRINT")
    assert proxied.text() == {"text": "PRINT"}
    assert proxied.close() == 0
    assert proxied.read_line() == b""
    for said in (b"a plugin that prints", b"printed while the gateway was being built", b"written to descriptor 1"):
        assert said in proxied.stderr


@pytest.mark.parametrize("how", ["CRASH", "INTERRUPT"])
def test_a_plugin_that_crashes_refuses_and_says_nothing_of_why(proxied: RawClient, how: str) -> None:
    proxied.call(1, "echo", text=how)
    error = proxied.read()["error"]
    assert error["data"]["code"] == "plugin_error"
    assert "a plugin that crashes" not in json.dumps(error)
    proxied.call(2, "echo")
    assert proxied.read()["id"] == 2


def test_the_end_of_input_lets_what_is_under_way_finish(proxied: RawClient) -> None:
    proxied.call(1, "slow", seconds=0.5)
    proxied.call(2, "echo", text="WAIT")
    proxied.process.stdin.write(b'{"jsonrpc":"2.0","id":3,"method":"ping"}')  # type: ignore[union-attr]  # no newline
    assert proxied.close() == 0
    assert {proxied.read()["id"] for _ in range(3)} == {1, 2, 3}
    assert proxied.read_line() == b""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_during_a_call_ends_us_and_the_server_and_leaves_a_record(
    start_proxy: StartProxy, tmp_path: Path, number: signal.Signals
) -> None:
    client = start_proxy(env={"STUBBORN": "1"})
    client.call(1, "env")
    client.read()
    client.call(2, "hang")
    while len(client.received()) < 2:
        time.sleep(0.01)
    client.process.send_signal(number)
    assert client.wait() == 128 + number
    assert [record["outcome"] for record in client.records()] == ["allowed", "cancelled"]
    assert _processes_with(str(tmp_path / "server.log")) == []


def test_a_server_that_ignores_the_end_of_its_input_is_killed(start_proxy: StartProxy, tmp_path: Path) -> None:
    client = start_proxy(env={"STUBBORN": "1"})
    client.send(id=1, method="ping")
    client.read()
    assert client.close() == 0
    assert _processes_with(str(tmp_path / "server.log")) == []


def test_what_the_server_started_goes_with_it(start_proxy: StartProxy, tmp_path: Path) -> None:
    mark = str(tmp_path / "grandchild")
    client = start_proxy("/bin/sh", "-c", f"sleep 1000 {mark} & exec {sys.executable} {SCRIPTED}")
    client.send(id=1, method="ping")
    client.read()
    client.process.terminate()
    assert client.wait() == 128 + signal.SIGTERM
    assert _processes_with(mark) == []


def test_it_works_on_uvloop_too(start_proxy: StartProxy) -> None:
    client = start_proxy(options={"uvloop": True})
    client.send(id=7, method="subscriptions/listen", params={})
    assert client.read()["id"] == 7
    client.call(1, "slow", seconds=0.2)
    client.call(2, "flood", count=500, size=100)
    seen = [client.read().get("id") for _ in range(502)]
    assert {1, 2} <= set(seen)
    assert client.close() == 0


def _processes_with(text: str) -> list[str]:
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and int(folder.name) != os.getpid():
            try:
                line = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                state = (folder / "stat").read_text().rpartition(")")[2].split()[0]
            except OSError:
                continue
            if text in line and "proxy_process" not in line and state != "Z":
                found.append(line)
    return found
