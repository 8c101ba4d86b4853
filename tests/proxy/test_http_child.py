"""The HTTP door before a server that speaks MCP on stdio."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.proxy.conftest import RunningGateway, StartGateway
from tests.proxy.gateways import GUEST_KEY, OTHER_KEY
from tests.proxy.http_client import HttpClient, events


@pytest.fixture
def gateway(start_gateway: StartGateway) -> RunningGateway:
    return start_gateway()


@pytest.fixture
def client(gateway: RunningGateway) -> Iterator[HttpClient]:
    with HttpClient(gateway.url("scripted")) as client:
        client.initialize()
        yield client


@pytest.fixture
def modern(gateway: RunningGateway) -> Iterator[HttpClient]:
    with HttpClient(gateway.url("scripted"), modern=True) as client:
        yield client


@pytest.fixture
def received(tmp_path: Path) -> Callable[[], list[dict[str, Any]]]:
    """What the processes read, all of them together."""
    log = tmp_path / "server.log"
    return lambda: [json.loads(line) for line in log.read_bytes().splitlines()] if log.exists() else []


def _text(response: httpx.Response) -> Any:
    return json.loads(response.json()["result"]["content"][0]["text"])


def test_an_answer_passes_byte_for_byte_and_a_pretty_body_becomes_one_line(client: HttpClient, tmp_path: Path) -> None:
    body = b'{\r\n "jsonrpc": "2.0",\n "id": 5, "method": "tools/call", "params": {"name": "echo", "arguments": {"n": 1.50}}\n}'
    response = client.raw(body)
    assert (
        response.content
        == b'{"jsonrpc": "2.0", "id": 5, "result": {"content": [{"type": "text", "text": "{\\"n\\": 1.5}"}], "isError": false}}'
    )
    assert (tmp_path / "server.log").read_bytes().splitlines()[-1] == body.replace(b"\r\n", b"  ").replace(b"\n", b" ")


def test_each_session_has_a_process_of_its_own(gateway: RunningGateway, client: HttpClient, tmp_path: Path) -> None:
    with HttpClient(gateway.url("scripted")) as second:
        second.initialize()
        assert second.headers["mcp-session-id"] != client.headers["mcp-session-id"]
        assert len(_processes(tmp_path)) == 2
        assert second.delete().status_code == 200
        assert second.call("echo").status_code == 404
        assert client.call("echo").status_code == 200
        _until(lambda: len(_processes(tmp_path)) == 1)


def test_a_session_belongs_to_its_principal(gateway: RunningGateway, client: HttpClient) -> None:
    with HttpClient(gateway.url("scripted"), OTHER_KEY) as thief:
        thief.headers["mcp-session-id"] = client.headers["mcp-session-id"]
        for response in (thief.call("echo"), thief.get(), thief.delete(), thief.post(id="s-1", result={})):
            assert response.status_code == 404


def test_a_request_without_a_session_is_refused(gateway: RunningGateway, tmp_path: Path) -> None:
    with HttpClient(gateway.url("scripted")) as client:
        assert client.call("echo").status_code == 400
    assert _processes(tmp_path) == []


def test_a_denied_handshake_starts_nothing(gateway: RunningGateway, tmp_path: Path) -> None:
    with HttpClient(gateway.url("scripted")) as client:
        response = client.post(id=1, method="initialize", params={"protocolVersion": "FORBIDDEN"})
    assert response.json()["error"]["data"]["code"] == "denied"
    assert "mcp-session-id" not in response.headers
    assert _processes(tmp_path) == []


def test_a_client_that_leaves_during_the_handshake_leaves_no_process(
    start_gateway: StartGateway, tmp_path: Path
) -> None:
    mark = str(tmp_path / "server.log")
    gateway = start_gateway(servers={"scripted": {"command": ["/bin/sh", "-c", f"sleep 1000; {mark}"]}})
    with HttpClient(gateway.url("scripted")) as client:
        body = client._body({"id": 1, "method": "initialize", "params": {"protocolVersion": "2025-11-25"}})
        with pytest.raises(httpx.ReadTimeout), httpx.Client(timeout=1.0) as impatient:
            impatient.post(client.url, content=body, headers=client.headers)
    _until(lambda: not _processes(tmp_path))
    assert gateway.records()[-1]["outcome"] == "cancelled"


def test_notifications_of_a_call_come_before_its_answer_on_its_own_stream(client: HttpClient) -> None:
    params = {"name": "notify", "arguments": {"text": "a S" + "ECRET"}, "_meta": {"progressToken": "t"}}
    with client.open(id=1, method="tools/call", params=params) as stream:
        found = [event.message for event in stream]
    assert [message.get("method") for message in found] == ["notifications/progress", "notifications/message", None]
    assert found[1]["params"]["data"] == "a ******"
    assert found[2]["id"] == 1


def test_a_flood_comes_whole_and_in_order(client: HttpClient) -> None:
    with client.open(
        id=1, method="tools/call", params={"name": "flood", "arguments": {"count": 1000, "size": 500}}
    ) as stream:
        found = [event.message for event in stream]
    assert [message["params"]["data"].split()[0] for message in found[:-1]] == [str(number) for number in range(1000)]
    assert found[-1]["id"] == 1


def test_questions_and_answers_are_judged(client: HttpClient) -> None:
    with client.open(
        id=1, method="tools/call", params={"name": "ask", "arguments": {"text": "your SECR" + "ET?"}}
    ) as stream:
        question = next(stream).message
        assert question["params"]["messages"][0]["content"]["text"] == "your ******?"
        client.post(
            id=question["id"], result={"role": "assistant", "content": {"type": "text", "text": "it is SECRET"}}
        )
        said = json.loads(next(stream).message["result"]["content"][0]["text"])
    assert said["content"]["text"] == "it is ******"


def test_a_request_does_not_run_out_of_time_while_somebody_answers_its_question(start_gateway: StartGateway) -> None:
    gateway = start_gateway(timeout=2)
    with HttpClient(gateway.url("scripted")) as client:
        client.initialize()
        with client.open(id=1, method="tools/call", params={"name": "elicit", "arguments": {"text": "who?"}}) as stream:
            question = next(stream).message
            time.sleep(3)
            client.post(id=question["id"], result={"action": "decline"})
            said = json.loads(next(stream).message["result"]["content"][0]["text"])
    assert said == {"action": "decline"}


def test_a_listening_stream_gets_what_belongs_to_no_call(client: HttpClient) -> None:
    changed = '{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}'
    with client.open() as stream:
        assert client.get().status_code == 409
        client.call("raw", line=changed + '\n{"jsonrpc":"2.0","id":$ID,"result":{}}')
        assert next(stream).message["method"] == "notifications/tools/list_changed"


def test_what_nobody_listens_to_yet_is_kept(client: HttpClient) -> None:
    changed = '{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}'
    client.call("raw", line=changed + '\n{"jsonrpc":"2.0","id":$ID,"result":{}}')
    with client.open() as stream:
        assert next(stream).message["method"] == "notifications/tools/list_changed"


def test_a_process_that_dies_fails_its_calls_and_ends_its_session(client: HttpClient) -> None:
    with ThreadPoolExecutor(4) as pool:
        hanging = [pool.submit(client.call, "hang", key) for key in range(10, 13)]
        time.sleep(0.2)
        answers = [client.call("die"), *(call.result() for call in hanging)]
    for answer in answers:
        assert answer.json()["error"]["data"]["code"] == "upstream_error"
    assert client.call("echo").status_code == 404


def test_a_server_that_cannot_be_started_is_an_error(start_gateway: StartGateway) -> None:
    gateway = start_gateway(servers={"scripted": {"command": ["/no/such/program"]}})
    with HttpClient(gateway.url("scripted"), modern=True) as client:
        response = client.call("echo")
    assert (response.status_code, response.json()["error"]["data"]["code"]) == (502, "upstream_error")
    assert "/no/such" not in response.text


def test_a_cancelled_call_is_cancelled_at_the_server(
    client: HttpClient, received: Callable[[], list[dict[str, Any]]]
) -> None:
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(client.call, "slow", 9, seconds=0.5)
        _until(lambda: any(message.get("id") == 9 for message in received()))
        assert client.post(method="notifications/cancelled", params={"requestId": 9}).status_code == 202
        call.result()
    assert received()[-1]["params"] == {"requestId": 9}


def test_in_the_stateless_era_one_process_serves_a_principal_and_no_other(
    gateway: RunningGateway, modern: HttpClient, tmp_path: Path
) -> None:
    assert _text(modern.call("echo", key="x", n=1)) == {"n": 1}
    assert _text(modern.call("echo", key="x", n=2)) == {"n": 2}
    assert len(_processes(tmp_path)) == 1
    with HttpClient(gateway.url("scripted"), GUEST_KEY, modern=True) as guest:
        assert guest.call("echo").status_code == 200
    assert len(_processes(tmp_path)) == 2


def test_clients_of_one_principal_that_use_the_same_ids_get_their_own_answers(modern: HttpClient) -> None:
    def call(number: int) -> tuple[Any, Any]:
        response = httpx.post(
            modern.url,
            content=modern._body(
                {
                    "id": 1,
                    "method": "tools/call",
                    "params": {
                        "name": "slow" if number % 5 == 0 else "echo",
                        "arguments": {"n": number, "seconds": 0.1},
                    },
                }
            ),
            headers={**modern.headers, "mcp-method": "tools/call", "mcp-name": "slow" if number % 5 == 0 else "echo"},
            timeout=30,
        )
        return response.json()["id"], response.json()["result"]["content"][0]["text"]

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(call, range(60)))
    assert {key for key, _ in answers} == {1}
    assert [text if text == "late" else json.loads(text)["n"] for _, text in answers] == [
        "late" if number % 5 == 0 else number for number in range(60)
    ]


def test_progress_finds_its_call_though_both_used_the_same_token(modern: HttpClient) -> None:
    def call(number: int) -> list[dict[str, Any]]:
        params = {"name": "notify", "arguments": {"text": "x"}, "_meta": {"progressToken": "same"}}
        with HttpClient(modern.url, modern=True) as client:
            response = client.post(id=number, method="tools/call", params=params)
            return [event.message for event in events(response.text)]

    with ThreadPoolExecutor(5) as pool:
        for number, found in enumerate(pool.map(call, range(5))):
            progress = [message for message in found if message.get("method") == "notifications/progress"]
            assert [message["params"]["progressToken"] for message in progress] == ["same"]
            assert found[-1]["id"] == number


def test_a_client_that_leaves_cancels_its_call_at_the_server(
    modern: HttpClient, received: Callable[[], list[dict[str, Any]]]
) -> None:
    headers = {**modern.headers, "mcp-method": "tools/call", "mcp-name": "hang"}
    with pytest.raises(httpx.ReadTimeout), httpx.Client(timeout=0.5) as impatient:
        impatient.post(
            modern.url,
            content=modern._body({"id": 5, "method": "tools/call", "params": {"name": "hang"}}),
            headers=headers,
        )
    _until(lambda: received()[-1].get("method") == "notifications/cancelled")
    assert received()[-1]["params"]["requestId"] == received()[-2]["id"]


@pytest.mark.parametrize("missing", ["mcp-method", "mcp-name"])
def test_a_missing_mirror_header_is_refused_for_a_server_that_sees_none(modern: HttpClient, missing: str) -> None:
    headers = {**modern.headers, "mcp-method": "tools/call", "mcp-name": "echo"}
    del headers[missing]
    response = httpx.post(
        modern.url, content=modern._body({"id": 1, "method": "tools/call", "params": {"name": "echo"}}), headers=headers
    )
    assert (response.status_code, response.json()["error"]["code"]) == (400, -32020)


def test_a_process_that_died_is_replaced_for_the_next_call(modern: HttpClient) -> None:
    assert modern.call("die").json()["error"]["data"]["code"] == "upstream_error"
    assert _text(modern.call("echo", n=1)) == {"n": 1}


def test_the_process_gets_none_of_our_variables(start_gateway: StartGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECURE_GATEWAY_TOKEN", "ours")
    monkeypatch.setenv("OF_THE_MACHINE", "everybody's")
    with HttpClient(start_gateway().url("scripted"), modern=True) as client:
        environment = _text(client.call("env"))
    assert environment["OF_THE_MACHINE"] == "everybody's"
    assert not [name for name in environment if name.upper().startswith("SECURE_GATEWAY")]


def test_all_processes_end_with_the_gateway(start_gateway: StartGateway, tmp_path: Path) -> None:
    gateway = start_gateway()
    with HttpClient(gateway.url("scripted")) as client, HttpClient(gateway.url("scripted"), modern=True) as modern:
        client.initialize()
        modern.call("echo")
        assert len(_processes(tmp_path)) == 2
    gateway.stop()
    assert _processes(tmp_path) == []


def _processes(folder: Path) -> list[int]:
    """Return the scripted servers of this test."""
    mark = str(folder / "server.log").encode()
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                if mark in (entry / "cmdline").read_bytes():
                    found.append(int(entry.name))
            except OSError:
                continue
    return found


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
