"""Messages become operations and come back: the table of methods, put to work."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure_gateway.errors import RequestError
from secure_gateway.proxy.methods import METHODS, PROTOCOL_META, Sender, find_method, table_rows
from secure_gateway.proxy.translation import (
    Malformed,
    answer_content,
    read_call,
    rewritten,
    with_beside,
    with_content,
)
from secure_gateway.proxy.wire import Message, WireLimits, decode
from secure_gateway.types import Operation

PAGE = Path(__file__).resolve().parents[2] / "docs" / "proxy.md"
_VALUES = st.recursive(
    st.none() | st.integers(0, 9) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
_META = st.dictionaries(st.sampled_from([*sorted(PROTOCOL_META), "other/key", "plain"]), _VALUES, max_size=5)
_PARAMS = st.fixed_dictionaries(
    {
        "name": st.text(min_size=1, max_size=5),
        "uri": st.text(min_size=1, max_size=5),
        "messages": st.lists(_VALUES, max_size=2),
    },
    optional={
        "arguments": st.dictionaries(st.text(max_size=5), _VALUES, max_size=3),
        "_meta": _META,
        "requestState": st.text(max_size=5),
        "tools": st.lists(_VALUES, max_size=2),
        "systemPrompt": st.text(max_size=5),
    },
)


def _message(method: str, params: Any) -> Message:
    return decode(
        json.dumps(
            {"jsonrpc": "2.0", "id": 1, "method": method, **({} if params is None else {"params": params})}
        ).encode(),
        WireLimits(),
    )


@given(_PARAMS, st.sampled_from(sorted(METHODS)))
def test_nothing_of_a_message_escapes_judgement_but_what_frames_it(
    params: dict[str, Any], key: tuple[Sender, str]
) -> None:
    method = METHODS[key]
    call = read_call(_message(method.name, params), method, "server")
    judged = json.dumps([call.name, call.arguments, call.beside], sort_keys=True)
    framing = {name for name in (params.get("_meta") or {}) if name in PROTOCOL_META}
    for name, value in {**params, **(params.get("_meta") or {})}.items():
        if name != "_meta" and name not in framing:
            assert json.dumps(value, sort_keys=True) in judged


@given(_PARAMS, st.sampled_from(sorted(METHODS)))
def test_what_a_policy_leaves_as_it_is_comes_back_as_it_was(params: dict[str, Any], key: tuple[Sender, str]) -> None:
    method = METHODS[key]
    message = _message(method.name, params)
    call = read_call(message, method, "server")
    back = rewritten(message, method, call.name, call.arguments)
    assert _without_empty(back.params) == _without_empty(params)
    assert json.loads(back.raw) == back.value
    if call.beside:
        assert _without_empty(with_beside(message, method, call.beside).params) == _without_empty(params)


def _without_empty(params: dict[str, Any] | None) -> dict[str, Any]:
    """An empty ``_meta`` and null members of a sampling request mean the same as none."""
    return {
        key: value for key, value in (params or {}).items() if value is not None and not (key == "_meta" and not value)
    }


def test_a_changed_target_and_changed_content_go_where_the_table_says() -> None:
    for name, target, content in (("tools/call", "name", "arguments"), ("prompts/get", "name", "arguments")):
        method = find_method(Sender.CLIENT, name)
        message = _message(name, {target: "old", content: {"a": 1}, "_meta": {"progressToken": 1}})
        assert rewritten(message, method, "new", {"b": 2}).params == {
            target: "new",
            content: {"b": 2},
            "_meta": {"progressToken": 1},
        }
    method = find_method(Sender.CLIENT, "resources/read")
    message = _message("resources/read", {"uri": "old", "_meta": {"progressToken": 1, "x": "y"}})
    assert rewritten(message, method, "new", {}).params == {"uri": "new", "_meta": {"progressToken": 1}}


def test_a_policy_cannot_bring_framing_in_by_the_content() -> None:
    method = find_method(Sender.CLIENT, "tools/call")
    message = _message("tools/call", {"name": "t", "arguments": {}, "_meta": {"progressToken": 1, "x": 1}})
    params = with_beside(message, method, {"name": "other", "_meta": {"progressToken": 99}}).params if method else None
    assert params == {"name": "t", "arguments": {}, "_meta": {"progressToken": 1}}


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("tools/call", None),
        ("tools/call", {}),
        ("tools/call", {"name": ""}),
        ("tools/call", {"name": 7}),
        ("tools/call", {"name": ["t"]}),
        ("tools/call", {"NAME": "t"}),
        ("tools/call", {"name": "t", "Name": "u"}),
        ("tools/call", {"name": "t", "arguments": "x"}),
        ("tools/call", {"name": "t", "argument\u017f": {}}),
        ("resources/read", {"uri": 7}),
        ("resources/read", {"URI": "file:///x"}),
    ],
)
def test_a_message_that_does_not_say_what_it_is_about_is_malformed(method: str, params: Any) -> None:
    with pytest.raises(Malformed):
        read_call(_message(method, params), find_method(Sender.CLIENT, method), "server")


def test_a_sampling_request_without_messages_is_malformed() -> None:
    with pytest.raises(Malformed):
        read_call(
            _message("sampling/createMessage", {}), find_method(Sender.SERVER, "sampling/createMessage"), "server"
        )


def test_a_policy_may_change_a_sampling_request_but_not_choose_the_model() -> None:
    method = find_method(Sender.SERVER, "sampling/createMessage")
    message = _message(
        "sampling/createMessage",
        {"messages": ["a"], "systemPrompt": "s", "maxTokens": 5, "_meta": {"progressToken": 1}},
    )
    call = read_call(message, method, "server")
    assert call.operation is Operation.AGENT
    assert (call.name, call.arguments) == (
        "server",
        {"messages": ["a"], "system_prompt": "s", "parameters": {"maxTokens": 5}},
    )
    after = rewritten(message, method, "server", {"messages": ["b"], "parameters": {"maxTokens": 1}})
    assert after.params == {"messages": ["b"], "maxTokens": 1, "_meta": {"progressToken": 1}}
    with pytest.raises(RequestError):
        rewritten(message, method, "server", {**call.arguments, "model": "mine"})


RESULT = b'{"jsonrpc":"2.0","id":1,"result":{"a":1}}'
ERROR = b'{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"m"}}'


@pytest.mark.parametrize("operation", list(Operation))
@pytest.mark.parametrize("raw", [RESULT, ERROR])
def test_an_answer_that_nobody_changed_comes_back_as_it_was(raw: bytes, operation: Operation) -> None:
    answer = decode(raw, WireLimits())
    assert with_content(answer, operation, answer_content(answer, operation)).raw == raw


@pytest.mark.parametrize(
    "content", [None, [], "text", 7, {"error": {"code": "1", "message": "m"}}, {"error": None}, {}]
)
def test_a_policy_cannot_turn_an_error_into_something_else(content: Any) -> None:
    with pytest.raises(RequestError):
        with_content(decode(ERROR, WireLimits()), Operation.TOOL, content)


@pytest.mark.parametrize(
    "content", [None, [], "text", {}, {"messages": []}, {"messages": ["text"]}, {"messages": [{}, {}]}]
)
def test_a_policy_cannot_turn_an_agents_answer_into_none_or_two(content: Any) -> None:
    with pytest.raises(RequestError):
        with_content(decode(RESULT, WireLimits()), Operation.AGENT, content)


def test_the_page_shows_the_table_as_it_is() -> None:
    page = PAGE.read_text(encoding="utf-8")
    shown = [
        tuple(cell.strip().strip("`") for cell in line.strip("|").split("|"))
        for line in page.splitlines()
        if line.startswith("| `")
    ]
    rows = [row for row in shown if len(row) == 5]
    assert rows == table_rows()
