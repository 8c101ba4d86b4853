"""The HTTP door before a server that speaks streamable HTTP."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from secure_gateway.proxy.sessions import MOST_PER_OWNER
from tests.proxy.conftest import RunningGateway, StartGateway
from tests.proxy.gateways import ADMIN_KEY, GUEST_KEY, OTHER_KEY
from tests.proxy.http_client import HttpClient, events
from tests.proxy.scripted_http import ScriptedUpstream

Upstream = tuple[ScriptedUpstream, str]


@pytest.fixture
def gateway(start_gateway: StartGateway, upstream: Upstream) -> RunningGateway:
    return start_gateway(upstream[1])


@pytest.fixture
def seen(upstream: Upstream) -> ScriptedUpstream:
    return upstream[0]


@pytest.fixture
def client(gateway: RunningGateway) -> Iterator[HttpClient]:
    """An administrator in a session of its own."""
    with HttpClient(gateway.url()) as client:
        client.initialize()
        yield client


@pytest.fixture
def modern(gateway: RunningGateway) -> Iterator[HttpClient]:
    """An administrator in the stateless era."""
    with HttpClient(gateway.url(), modern=True) as client:
        yield client


def test_what_nobody_changes_passes_byte_for_byte_in_both_directions(
    client: HttpClient, seen: ScriptedUpstream
) -> None:
    body = b'{ "jsonrpc":"2.0", "id":"caf\xc3\xa9", "method":"tools/call", "params":{"arguments":{"n":1.50},"name":"raw","z":[]}}'
    answer = '{ "jsonrpc":"2.0", "id":$ID, "result":{"content":[], "n":1.50, "x":{ } } }'
    sent = body.replace(b'{"n":1.50}', json.dumps({"body": answer, "n": 1}).encode())
    response = client.raw(sent)
    assert seen.seen[-1].body == sent
    assert response.content.decode() == answer.replace("$ID", json.dumps("café"))
    assert response.headers["content-type"] == "application/json"


def test_the_callers_credentials_stay_here_and_only_listed_headers_go_on(
    client: HttpClient, seen: ScriptedUpstream
) -> None:
    client.call(
        "echo",
        headers={"x-passed": "yes", "x-other": "no", "cookie": "a=b", "user-agent": "me", "x-forwarded-for": "1.2.3.4"},
    )
    last = seen.seen[-1]
    assert last.header("authorization") == ["Bearer ours"]
    assert last.header("x-passed") == ["yes"]
    assert {name for name, _ in last.headers} == {
        "host", "authorization", "x-passed", "accept", "accept-encoding", "content-type", "content-length", "mcp-session-id", "mcp-protocol-version",
    }  # fmt: skip
    assert ADMIN_KEY not in json.dumps(last.headers)


def test_what_the_server_says_to_us_alone_stays_here(client: HttpClient, seen: ScriptedUpstream) -> None:
    response = client.call("cookie")
    assert "set-cookie" not in response.headers
    assert "x-upstream" not in response.headers
    assert response.headers["cache-control"] == "no-store"
    client.call("echo")
    assert seen.seen[-1].header("cookie") == []


def test_the_session_id_is_ours_and_the_servers_stays_hidden(client: HttpClient, seen: ScriptedUpstream) -> None:
    ours = client.headers["mcp-session-id"]
    assert "upstream" not in ours
    assert len(ours) >= 40
    assert client.call("echo").headers["mcp-session-id"] == ours
    assert seen.seen[-1].header("mcp-session-id") == ["upstream-1"]


@pytest.mark.parametrize("stolen", [True, False])
def test_a_session_belongs_to_its_principal(
    client: HttpClient, gateway: RunningGateway, seen: ScriptedUpstream, stolen: bool
) -> None:
    count = len(seen.seen)
    with HttpClient(gateway.url(), OTHER_KEY) as other:
        other.headers["mcp-session-id"] = client.headers["mcp-session-id"] if stolen else "invented"
        for response in (
            other.call("echo"),
            other.post(method="notifications/initialized"),
            other.get(),
            other.delete(),
        ):
            assert response.status_code == 404
    with HttpClient(gateway.url("scripted")) as elsewhere:
        elsewhere.headers["mcp-session-id"] = client.headers["mcp-session-id"]
        assert elsewhere.call("echo").status_code == 404
    assert len(seen.seen) == count
    assert client.call("echo").status_code == 200


async def test_sessions_opened_at_once_are_counted_before_the_server_has_answered(
    gateway: RunningGateway, seen: ScriptedUpstream
) -> None:
    seen.holding = True
    body = {"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {}}
    lines = {"accept": "application/json, text/event-stream", "authorization": f"Bearer {ADMIN_KEY}"}
    async with httpx.AsyncClient(timeout=60, limits=httpx.Limits(max_connections=None)) as http:
        waiting = [
            asyncio.create_task(http.post(gateway.url(), json=body, headers=lines)) for _ in range(MOST_PER_OWNER + 1)
        ]
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        refused = [task.result() for task in waiting if task.done()]
        assert [(answer.status_code, answer.headers["retry-after"]) for answer in refused] == [(429, "30")]
        assert refused[0].json()["error"]["data"]["code"] == "rate_limited"
        seen.holding = False
        with HttpClient(gateway.url(), OTHER_KEY) as other:
            await asyncio.to_thread(other.initialize)
        answers = await asyncio.gather(*waiting)
    assert sum("mcp-session-id" in answer.headers for answer in answers) == MOST_PER_OWNER


@pytest.mark.parametrize("nested", [True, False])
def test_a_task_belongs_to_the_principal_whose_request_made_it(
    gateway: RunningGateway, modern: HttpClient, seen: ScriptedUpstream, nested: bool
) -> None:
    modern.call("task", id="task-1", nested=nested)
    with HttpClient(gateway.url(), OTHER_KEY, modern=True) as other:
        other.call("task", id="task-2", nested=nested)
        for method in ("tasks/get", "tasks/result", "tasks/cancel", "tasks/update", "tasks/new"):
            own_task = {"taskId": "task-1"}
            assert modern.post(id=1, method=method, params=own_task).json()["result"]["seen"]["taskId"] == "task-1"
            for params in (own_task, {"taskid": "task-1"}, {"taskId": "task-0"}, {"taskId": ["task-1"]}):
                other.post(id=1, method=method, params=params, headers={"mcp-name": "task-1"})
                other.post(id=1, method=method, params=params)
                last = seen.seen[-1]
                assert "task-1" not in last.body.decode() + str(last.header("mcp-name"))
                assert "task-0" not in last.body.decode()
        for client, own in ((modern, "task-1"), (other, "task-2")):
            listed = client.post(id=1, method="tasks/list", params={}).json()["result"]["tasks"]
            assert [task["taskId"] for task in listed] == [own]
        # What one principal has, another one does not get by being told of it as well.
        other.call("task", id="task-1", nested=nested)
        other.post(id=1, method="tasks/get", params={"taskId": "task-1"})
        assert seen.messages("tasks/get")[-1]["params"]["taskId"].startswith("unknown-")


def test_news_of_a_task_reaches_its_owner_only(client: HttpClient) -> None:
    client.call("task", id="mine", nested=True)
    news = [
        {"jsonrpc": "2.0", "method": "notifications/tasks/status", "params": {"taskId": name, "status": "working"}}
        for name in ("mine", "hers")
    ]
    stream = "".join(f"data: {json.dumps(one)}\n\n" for one in news)
    found = events(client.call("rawsse", body=stream + 'data: {"jsonrpc":"2.0","id":$ID,"result":{}}\n\n').text)
    assert [event.message.get("params", {}).get("taskId") for event in found] == ["mine", None]


def test_a_deleted_session_is_gone(client: HttpClient, seen: ScriptedUpstream) -> None:
    assert client.delete().status_code == 200
    assert seen.seen[-1].method == "DELETE"
    assert client.call("echo").status_code == 404


def test_nobody_gets_in_without_a_good_credential_and_each_attempt_is_recorded(
    gateway: RunningGateway, seen: ScriptedUpstream
) -> None:
    for key in (None, "wrong"):
        with HttpClient(gateway.url(), key) as client:
            for response in (client.call("echo"), client.get(), client.delete()):
                assert response.status_code == 401
                assert response.headers["www-authenticate"].startswith("Bearer")
                assert response.headers["content-type"] == "application/problem+json"
    assert seen.seen == []
    assert len(gateway.records()) == 6
    assert {record["outcome"] for record in gateway.records()} == {"denied"}


def test_denials_are_json_rpc_errors_that_the_server_never_sees(
    client: HttpClient, gateway: RunningGateway, seen: ScriptedUpstream
) -> None:
    count = len(seen.seen)
    response = client.call("echo", text="FORBIDDEN")
    error = response.json()["error"]
    assert (response.status_code, error["data"]["code"]) == (200, "denied")
    assert gateway.records()[-1]["request_id"] == error["data"]["request_id"]
    assert len(seen.seen) == count
    with HttpClient(gateway.url(), GUEST_KEY) as guest:
        guest.initialize()
        assert guest.call("sse").json()["error"]["data"]["code"] == "forbidden"


def test_arguments_and_results_are_masked(client: HttpClient, seen: ScriptedUpstream) -> None:
    assert client.call("echo", text="SECRET").json()["result"]["content"][0]["text"] == '{"text": "******"}'
    assert seen.seen[-1].message["params"]["arguments"] == {"text": "******"}


def test_a_filtered_list_is_private(gateway: RunningGateway) -> None:
    with HttpClient(gateway.url(), GUEST_KEY, modern=True) as guest:
        result = guest.post(id=1, method="tools/list", params={}).json()["result"]
    assert [tool["name"] for tool in result["tools"]] == ["echo"]
    assert result["cacheScope"] == "private"


def test_events_pass_one_by_one_with_their_cursors_and_are_judged(client: HttpClient) -> None:
    found = events(client.call("sse", key=5, text="hello").text)
    assert [event.cursor for event in found] == ["c/0", "", "c/1", "c/2"]
    assert found[0].lines == ["id: c/0", "retry: 77", "data: "]
    assert found[1].raw == ":"
    assert found[3].message["id"] == 5
    masked = events(client.call("sse", key=6, text="a S" + "ECRET").text)
    assert masked[2].message["params"]["data"] == "a ******"
    assert masked[3].message["result"]["content"][0]["text"] == "a ******"
    assert [event.cursor for event in masked] == ["c/0", "", "c/1", "c/2"]


def test_a_forbidden_event_leaves_nothing_but_its_cursor_and_a_forbidden_result_an_error(client: HttpClient) -> None:
    body = (
        'id: 1\r\ndata: {"jsonrpc":"2.0","method":"notifications/message","params":{"data":"FORBIDD\\u0045N"}}\r\n\r\n'
        'id: 2\r\ndata: {"jsonrpc":"2.0","id":$ID,"result":{"x":"FORBIDD\\u0045N"}}\r\n\r\n'
    )
    found = events(client.call("rawsse", body=body).text)
    assert [event.cursor for event in found] == ["1", ""]
    assert found[0].message == {}
    assert found[1].message["error"]["data"]["code"] == "denied"


@pytest.mark.parametrize(
    "data",
    [
        '{"jsonrpc":"2.0","method":"x","params":{"a":1,"a":2}}',
        '{"jsonrpc":"2.0","id":999,"result":{}}',
        "not json",
        '[{"jsonrpc":"2.0","method":"x"}]',
    ],
)
def test_an_event_that_cannot_be_judged_is_dropped(client: HttpClient, data: str) -> None:
    body = f'id: 1\ndata: {data}\n\ndata: {{"jsonrpc":"2.0","id":$ID,\ndata: "result":{{}}}}\n\n'
    found = events(client.call("rawsse", body=body).text)
    assert found[0].message == {}
    assert found[1].message["result"] == {}
    assert "999" not in found[0].raw
    assert len(found) == 2


@pytest.mark.parametrize(
    "unjudged",
    [
        ": hidden words\n\n",
        "event: hidden words\ndata:\n\n",
        'event: ping\ndata: {"jsonrpc":"2.0","method":"notifications/message","params":{"data":"hidden words"}}\n\n',
        "event: ping\ndata: hidden words\n\n",
        "retry: hidden words\ndata: \n\n",
        "other: hidden words\nid: 3\n\n",
    ],
)
def test_of_a_stream_nothing_passes_that_is_no_message_but_cursors_retry_times_and_empty_comments(
    client: HttpClient, unjudged: str
) -> None:
    text = client.call("rawsse", body=f'{unjudged}data: {{"jsonrpc":"2.0","id":$ID,"result":{{}}}}\n\n').text
    assert "hidden words" not in text
    assert events(text)[-1].message["result"] == {}


def test_an_answer_under_the_name_of_another_event_fails_its_request(client: HttpClient) -> None:
    body = 'event: ping\ndata: {"jsonrpc":"2.0","id":$ID,"result":{}}\n\n'
    assert events(client.call("rawsse", body=body).text)[-1].message["error"]["data"]["code"] == "invalid_result"


@pytest.mark.parametrize("how", ["raw", "rawsse"])
def test_an_answer_that_two_readers_would_read_differently_is_refused(client: HttpClient, how: str) -> None:
    answer = '{"jsonrpc":"2.0","id":$ID,"result":{"a":1,"a":2}}'
    response = client.call(how, body=answer if how == "raw" else f"data: {answer}\n\n")
    error = (response.json() if how == "raw" else events(response.text)[0].message)["error"]
    assert error["data"]["code"] == "invalid_result"


@pytest.mark.parametrize("named", ['"id":$ID,', '"id":null,', ""])
def test_an_event_that_was_to_be_the_answer_and_cannot_be_read_ends_the_wait(client: HttpClient, named: str) -> None:
    unreadable = '{"jsonrpc":"2.0",' + named + '"result":NaN}'
    others = '{"jsonrpc":"2.0","id":999,"result":NaN}'
    response = client.call("rawsse", body=f"data: {others}\n\ndata: {unreadable}\n\ndata: never read\n\n")
    (event,) = events(response.text)
    assert event.message["error"]["data"]["code"] == "invalid_result"


@pytest.mark.parametrize(
    "answer",
    [
        '{"jsonrpc":"2.0","id":77,"result":{}}',
        '{"jsonrpc":"2.0","method":"x"}',
        "",
        "{",
        '{"jsonrpc":"2.0","id":$ID,"result":[]}',
    ],
)
def test_an_answer_to_something_else_is_refused(client: HttpClient, answer: str) -> None:
    response = client.call("raw", body=answer)
    assert response.status_code == 502
    assert response.json()["error"]["data"]["code"] == "invalid_result"


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (301, 502),
        (307, 502),
        (401, 502),
        (403, 502),
        (404, 404),
        (406, 406),
        (500, 502),
        (503, 502),
        (200, 502),
        (202, 502),
    ],
)
def test_a_status_without_a_message_becomes_an_error_and_no_redirect_is_followed(
    client: HttpClient, status: int, expected: int
) -> None:
    response = client.call("status", status=status, body="an upstream page")
    assert response.status_code == expected
    assert response.json()["error"]["data"]["code"] == "upstream_error"
    assert "an upstream page" not in response.text
    assert "upstream" not in response.headers.get("www-authenticate", "")
    assert "location" not in response.headers


def test_an_error_of_the_protocol_keeps_its_status_and_body(client: HttpClient) -> None:
    body = '{"jsonrpc":"2.0","id":1,"error":{"code":-32022,"message":"no","data":{"supported":[]}}}'
    response = client.call("status", status=400, body=body, type="application/json")
    assert (response.status_code, response.text) == (400, body)
    assert response.headers["retry-after"] == "7"


def test_a_session_that_the_server_has_forgotten_is_gone_here_too(client: HttpClient) -> None:
    assert client.call("status", status=404).status_code == 404
    assert client.call("echo").status_code == 404


def test_a_server_that_cannot_be_reached_is_an_error_with_a_record(start_gateway: StartGateway) -> None:
    gateway = start_gateway("http://127.0.0.1:9/mcp")
    with HttpClient(gateway.url(), modern=True) as client:
        response = client.call("echo")
    assert response.status_code == 502
    assert response.json()["error"]["data"]["code"] == "upstream_error"
    assert "127.0.0.1:9" not in response.text
    assert gateway.records()[-1]["outcome"] == "failed"


def test_a_call_that_is_never_answered_times_out(start_gateway: StartGateway, upstream: Upstream) -> None:
    gateway = start_gateway(upstream[1], timeout=0.3)
    with HttpClient(gateway.url(), modern=True) as client:
        response = client.call("hang")
    assert response.status_code == 504
    assert response.json()["error"]["data"]["code"] == "upstream_timeout"
    assert gateway.records()[-1]["outcome"] == "timed_out"


def test_a_client_that_leaves_takes_its_call_along(
    modern: HttpClient, gateway: RunningGateway, seen: ScriptedUpstream
) -> None:
    with pytest.raises(httpx.ReadTimeout), httpx.Client(timeout=0.5) as impatient:
        impatient.post(
            modern.url,
            content=modern._body({"id": 1, "method": "tools/call", "params": {"name": "hang"}}),
            headers=modern.headers,
        )
    _until(lambda: seen.left == 1 and bool(gateway.records()))
    assert gateway.records()[-1]["outcome"] == "cancelled"


def test_questions_and_answers_are_judged_though_they_travel_separately(
    client: HttpClient, seen: ScriptedUpstream
) -> None:
    params = {"name": "ask", "arguments": {"text": "your SECR" + "ET?"}}
    with client.open(id=1, method="tools/call", params=params) as stream:
        question = next(stream).message
        assert question["params"]["messages"][0]["content"]["text"] == "your ******?"
        answer = {"role": "assistant", "model": "m", "content": {"type": "text", "text": "it is SECRET"}}
        assert client.post(id=question["id"], result=answer).status_code == 202
        result = json.loads(next(stream).message["result"]["content"][0]["text"])
    assert result["result"]["content"]["text"] == "it is ******"


def test_a_forbidden_answer_reaches_the_server_as_an_error(client: HttpClient) -> None:
    with client.open(id=1, method="tools/call", params={"name": "ask", "arguments": {"text": "?"}}) as stream:
        question = next(stream).message
        client.post(id=question["id"], result={"role": "assistant", "content": {"type": "text", "text": "FORBIDDEN"}})
        said = json.loads(next(stream).message["result"]["content"][0]["text"])
    assert said["error"]["data"]["code"] == "denied"


def test_a_forbidden_question_is_answered_here(client: HttpClient, seen: ScriptedUpstream) -> None:
    body = (
        'data: {"jsonrpc":"2.0","id":"q","method":"sampling/createMessage","params":{"messages":["FORBIDD\\u0045N"]}}\n\n'
        'data: {"jsonrpc":"2.0","id":$ID,"result":{}}\n\n'
    )
    found = events(client.call("rawsse", body=body).text)
    assert len(found) == 1
    _until(lambda: seen.seen[-1].message.get("id") == "q")
    assert seen.seen[-1].message["error"]["data"]["code"] == "denied"


def test_a_request_does_not_run_out_of_time_while_somebody_answers_its_question(
    start_gateway: StartGateway, upstream: tuple[ScriptedUpstream, str]
) -> None:
    gateway = start_gateway(upstream[1], timeout=2)
    with HttpClient(gateway.url()) as client:
        client.initialize()
        call = {"name": "ask", "arguments": {"text": "who?"}}
        with client.open(id=1, method="tools/call", params=call) as stream:
            question = next(stream).message
            time.sleep(3)
            client.post(id=question["id"], result={"role": "assistant", "content": {"type": "text", "text": "Ann"}})
            assert "Ann" in next(stream).message["result"]["content"][0]["text"]


def test_an_answer_to_a_question_that_nobody_asked_goes_nowhere(client: HttpClient, seen: ScriptedUpstream) -> None:
    count = len(seen.seen)
    assert client.post(id="q-9", result={}).status_code == 202
    assert len(seen.seen) == count


def test_the_stream_of_a_session_is_judged_event_by_event(client: HttpClient) -> None:
    with client.open() as stream:
        first, second, third = next(stream), next(stream), next(stream)
    assert first.message["method"] == "notifications/tools/list_changed"
    assert (second.message, second.cursor) == ({}, "g/2")
    assert (third.message["params"]["data"], third.cursor) == ("a ******", "g/3")


def test_an_answer_on_a_resumed_stream_is_judged_too(client: HttpClient, seen: ScriptedUpstream) -> None:
    first = events(client.call("poll", key=42).text)
    assert [event.raw for event in first] == ["id: c/42\r\nretry: 10\r\ndata: "]
    with client.open({"last-event-id": "c/42"}) as stream:
        resumed = next(stream)
    assert seen.seen[-1].header("last-event-id") == ["c/42"]
    assert resumed.message["result"]["content"][0]["text"] == "resumed ******"
    with client.open({"last-event-id": "c/43"}) as stream:
        assert next(stream).message == {}  # an answer to what nobody asked


def test_a_stream_that_ends_before_its_answer_and_cannot_be_resumed_is_an_error(client: HttpClient) -> None:
    assert events(client.call("cut").text)[0].message["error"]["data"]["code"] == "upstream_error"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"mcp-method": "tools/list"}, 400),
        ({"mcp-method": "TOOLS/CALL"}, 400),
        ({"mcp-name": "other"}, 400),
        ({"mcp-name": "=?base64?" + base64.b64encode(b"echo").decode() + "?="}, 200),
        ({"mcp-name": "=?base64?!!!?="}, 400),
        ({"mcp-protocol-version": "2026-07-29"}, 400),
    ],
)
def test_a_header_that_says_otherwise_than_the_body_is_refused(
    modern: HttpClient, seen: ScriptedUpstream, headers: dict[str, str], status: int
) -> None:
    response = modern.call("echo", headers=headers)
    assert response.status_code == status
    if status == 400:
        assert (response.json()["error"]["code"], response.json()["id"]) == (-32020, 1)
        assert seen.seen == []


def test_mirrored_headers_follow_what_a_policy_changes(modern: HttpClient, seen: ScriptedUpstream) -> None:
    headers = {"mcp-param-city": "SECRET", "mcp-param-n": "7", "mcp-param-other": "kept"}
    modern.call("echo", headers=headers, city="SECRET", n=7, deep={"other": "kept"})
    assert seen.seen[-1].header("mcp-param-city") == ["******"]
    assert seen.seen[-1].header("mcp-param-n") == ["7"]
    assert seen.seen[-1].header("mcp-param-other") == ["kept"]
    modern.call(
        "echo",
        headers={"mcp-param-city": "=?base64?" + base64.b64encode("é SECRET".encode()).decode() + "?="},
        city="é SECRET",
    )
    assert base64.b64decode(seen.seen[-1].header("mcp-param-city")[0][9:-2]).decode() == "é ******"


def test_a_mirrored_header_of_a_value_that_is_gone_does_not_travel_on(
    modern: HttpClient, seen: ScriptedUpstream
) -> None:
    modern.call("echo", headers={"mcp-param-city": "SECRET elsewhere"}, city="SECRET")
    assert seen.seen[-1].header("mcp-param-city") == []


def test_the_stateless_era_has_no_sessions_and_no_other_methods_than_post(
    modern: HttpClient, seen: ScriptedUpstream
) -> None:
    response = modern.call("echo", headers={"mcp-session-id": "mine"})
    assert response.status_code == 200
    assert seen.seen[-1].header("mcp-session-id") == []
    for refused in (modern.get(), modern.delete()):
        assert (refused.status_code, refused.headers["allow"]) == (405, "POST")


def test_a_question_of_the_server_has_no_place_in_the_stateless_era(modern: HttpClient) -> None:
    body = 'data: {"jsonrpc":"2.0","id":"q","method":"roots/list"}\n\ndata: {"jsonrpc":"2.0","id":$ID,"result":{}}\n\n'
    found = events(modern.call("rawsse", body=body).text)
    assert [event.message.get("result") for event in found] == [{}]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, -32700),
        (b'{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":1,"a":2}}', 400, -32600),
        (b"[]", 400, -32600),
        (b'{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":' + b"[" * 900 + b"]" * 900 + b"}}", 413, -32600),
    ],
)
def test_a_body_that_is_no_message_is_refused_and_recorded(
    client: HttpClient, gateway: RunningGateway, seen: ScriptedUpstream, body: bytes, status: int, code: int
) -> None:
    count = len(seen.seen)
    response = client.raw(body)
    assert (response.status_code, response.json()["error"]["code"]) == (status, code)
    assert gateway.records()[-1]["outcome"] == "denied"
    assert len(seen.seen) == count


def test_two_hundred_calls_at_once_of_one_and_of_many(gateway: RunningGateway) -> None:
    def call(number: int) -> Any:
        key = (ADMIN_KEY, OTHER_KEY, GUEST_KEY)[number % 3]
        with HttpClient(gateway.url(), key, modern=number % 2 == 0) as client:
            return json.loads(client.call("echo", number, n=number).json()["result"]["content"][0]["text"])["n"]

    with ThreadPoolExecutor(50) as pool:
        assert list(pool.map(call, range(200))) == list(range(200))


def _until(condition: Any) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
