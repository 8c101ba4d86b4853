"""Payloads, results and errors cross the wire unharmed, and nothing else does."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from secure_gateway.errors import AnswerError, ErrorCode
from secure_gateway.plugins.external.bounds import MAX_DEPTH, check_json, is_json
from secure_gateway.plugins.external.codec import (
    decode_error,
    decode_payload,
    decode_result,
    encode_error,
    encode_payload,
    encode_result,
)
from secure_gateway.plugins.framework import (
    HOOK_POINTS,
    HookPoint,
    HttpAuthCheckPermissionResultPayload,
    HttpAuthResolveUserResult,
    HttpHeaderPayload,
    HttpPostRequestPayload,
    HttpPostRequestResult,
    HttpPreRequestPayload,
    HttpPreRequestResult,
    PluginResult,
    PluginViolation,
    PromptPrehookPayload,
    ToolPreInvokePayload,
    ToolPreInvokeResult,
)
from secure_gateway.types import Principal
from tests.plugins.external.wire_values import JSON_VALUES, OBJECTS, SECRET, payloads

HOOKS = sorted(HOOK_POINTS)
QUESTIONS = {"http_auth_resolve_user", "http_auth_check_permission"}


def over_the_wire(data: Any) -> Any:
    return json.loads(json.dumps(data, allow_nan=False).encode())


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hooks_payload_comes_back_as_it_was(hook: str) -> None:
    @given(payloads(hook))
    def check(payload: Any) -> None:
        assert decode_payload(hook, over_the_wire(encode_payload(payload))) == payload

    check()


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hooks_modified_payload_comes_back_as_it_was(hook: str) -> None:
    @given(payloads(hook), st.none() | OBJECTS)
    def check(payload: Any, metadata: Any) -> None:
        point = HOOK_POINTS[hook]
        if hook in QUESTIONS:
            return
        expected = payload
        if point.headers_only:
            expected = payload.response_headers or {} if hook == "http_post_request" else payload.headers
        wired = over_the_wire(encode_result(point.result(modified_payload=payload, metadata=metadata)))
        result = decode_result(hook, wired, "p")
        assert type(result) is point.result
        assert result.continue_processing is True
        assert result.modified_payload == expected
        assert result.violation is None
        assert (result.metadata or {}) == (metadata or {})

    check()


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hooks_refusal_comes_back_as_it_was(hook: str) -> None:
    @given(st.text(), st.text(), st.text(), OBJECTS, st.none() | st.integers(400, 599))
    def check(code: str, reason: str, description: str, details: Any, status: int | None) -> None:
        violation = PluginViolation(
            code=code, reason=reason, description=description, details=details, http_status_code=status
        )
        sent = HOOK_POINTS[hook].result(continue_processing=False, violation=violation)
        result = decode_result(hook, over_the_wire(encode_result(sent)), "guard")
        violation.plugin_name = "guard"
        assert result.continue_processing is False
        assert result.modified_payload is None
        assert result.violation == violation

    check()


@given(JSON_VALUES)
def test_whatever_json_comes_is_a_payload_or_an_answer_error(value: Any) -> None:
    for hook in HOOKS:
        with suppress(AnswerError):
            assert isinstance(decode_payload(hook, value), HOOK_POINTS[hook].payload)
        with suppress(AnswerError):
            assert isinstance(decode_result(hook, value, "p"), HOOK_POINTS[hook].result)


@pytest.mark.parametrize(
    ("hook", "data"),
    [
        ("tool_pre_invoke", {"name": {SECRET: SECRET}}),
        ("tool_pre_invoke", {"name": "t", "args": SECRET}),
        ("tool_pre_invoke", {"name": "t", SECRET: 1}),
        ("tool_pre_invoke", {"name": "t", "headers": {SECRET: 1}}),
        ("tool_pre_invoke", {"name": "t", "headers": {"x-a": SECRET, "X-A": SECRET}}),
        ("prompt_pre_fetch", {"name": SECRET, "prompt_id": "other"}),
        ("prompt_pre_fetch", {"args": {}}),
        ("prompt_pre_fetch", {"name": "p", "args": {SECRET: 7}}),
        ("agent_pre_invoke", {"agent_id": "a", "messages": SECRET}),
        ("http_pre_request", {"path": "/", "method": "GET", "headers": [SECRET]}),
        (SECRET, {}),
        ("tool_pre_invoke", [SECRET]),
        ("tool_pre_invoke", None),
    ],
)
def test_a_payload_that_is_none_is_refused_without_a_word_of_it(hook: str, data: Any) -> None:
    with pytest.raises(AnswerError) as caught:
        decode_payload(hook, data)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        {"continue_processing": "yes"},
        {"continue_processing": 1},
        {"continue_processing": None},
        {"modified_payload": SECRET},
        {"modified_payload": {"name": SECRET, "result": 1}},
        {"modified_payload": {"name": "x"}, SECRET: 1},
        {"violation": SECRET},
        {"violation": {"code": SECRET}},
        {"violation": {"code": SECRET, "reason": "r", SECRET: 1}},
        {"metadata": SECRET},
        {"modified_extensions": {"http": {}}},
    ],
)
def test_an_answer_that_is_none_is_refused_without_a_word_of_it(data: Any) -> None:
    with pytest.raises(AnswerError) as caught:
        decode_result("tool_pre_invoke", data, "p")
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("violation", [SECRET, 7, [], {"code": 7}, {"reason": None}, {"code": "C", "details": 1}])
def test_a_clear_no_counts_however_odd_its_reasons_are(violation: Any) -> None:
    result = decode_result("tool_pre_invoke", {"continue_processing": False, "violation": violation}, "p")
    assert result.continue_processing is False
    assert result.violation is not None
    sent = ToolPreInvokeResult(continue_processing=False, violation=violation)
    assert encode_result(sent)["continue_processing"] is False


def test_a_no_may_come_without_a_violation_and_says_nothing_else() -> None:
    said = {"continue_processing": False, "modified_payload": 7, "metadata": 7, "modified_extensions": 7}
    assert decode_result("tool_pre_invoke", said, "p") == ToolPreInvokeResult(continue_processing=False)


def test_what_is_no_json_in_a_violation_stays_behind() -> None:
    violation = PluginViolation(code="C", reason="\ud800", details={"x": object()}, http_headers={"Retry-After": "1"})
    said = encode_result(ToolPreInvokeResult(continue_processing=False, violation=violation))["violation"]
    assert (said["code"], said["reason"], said["details"]) == ("C", "", {})
    assert said["http_headers"] == {"Retry-After": "1"}


def test_what_a_contextforge_result_says_besides_is_passed_over() -> None:
    said = {
        "continue_processing": True,
        "modified_payload": None,
        "modified_extensions": None,
        "violation": None,
        "metadata": {},
        "denial_metadata": None,
        "http_headers": {"X-RateLimit-Limit": "5"},
        "retry_delay_ms": 3,
        "executions": [{"plugin": "x"}],
    }
    assert decode_result("tool_pre_invoke", said, "p") == ToolPreInvokeResult()


def test_a_prompt_is_named_by_either_word_and_sent_under_both() -> None:
    payload = PromptPrehookPayload(name="greet", args={"a": "b"})
    said = encode_payload(payload)
    assert said == {"name": "greet", "prompt_id": "greet", "args": {"a": "b"}}
    for key in ("name", "prompt_id"):
        assert decode_payload("prompt_pre_fetch", {key: "greet", "args": {"a": "b"}}) == payload


def test_of_an_http_request_the_headers_alone_come_back() -> None:
    headers = HttpHeaderPayload({"X-A": "1"})
    pre = HttpPreRequestPayload(path="/", method="GET", headers=headers)
    post = HttpPostRequestPayload(path="/", method="GET", headers=HttpHeaderPayload(), response_headers=headers)
    for result in (
        HttpPreRequestResult(modified_payload=pre),
        HttpPreRequestResult(modified_payload=headers),
        HttpPostRequestResult(modified_payload=post),
    ):
        said = encode_result(result)
        assert said["modified_payload"] == {"x-a": "1"}
        hook = "http_pre_request" if isinstance(result, HttpPreRequestResult) else "http_post_request"
        assert decode_result(hook, said, "p").modified_payload == headers


def test_the_answers_to_questions_of_identity_come_back() -> None:
    principal = Principal(subject="ada", provider="p", roles=("dev",), attributes={"floor": 3, "odd": [1]})
    said = encode_result(HttpAuthResolveUserResult(modified_payload=principal))  # type: ignore[arg-type]
    user = decode_result("http_auth_resolve_user", said, "p").modified_payload
    assert user == {"sub": "ada", "roles": ["dev"], "permissions": [], "is_admin": False, "floor": 3}
    granted = HttpAuthCheckPermissionResultPayload(granted=True, reason="because")
    said = encode_result(PluginResult(modified_payload=granted))
    assert decode_result("http_auth_check_permission", said, "p").modified_payload == granted
    with pytest.raises(AnswerError):
        decode_result("http_auth_check_permission", {"modified_payload": {"granted": "yes"}}, "p")


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), 2**64, -(2**63) - 1, "\ud800", {"\ud800": 1}, {1: 2}, ()]
)
def test_what_json_readers_read_differently_does_not_cross(value: Any) -> None:
    assert not is_json(value)
    with pytest.raises(AnswerError):
        encode_payload(ToolPreInvokePayload(name="t", args={"x": value}))


def test_nothing_crosses_that_is_nested_too_deep_or_holds_itself() -> None:
    value: Any = 0
    for _ in range(MAX_DEPTH):
        value = [value]
    check_json(value, "it")
    with pytest.raises(AnswerError, match="deeper"):
        check_json([value], "it")
    loop: dict[str, Any] = {}
    loop["x"] = loop
    assert not is_json(loop)


def test_a_value_that_stands_for_a_million_others_does_not_cross() -> None:
    value: Any = [0] * 10
    for _ in range(20):
        value = [value, value]
    with pytest.raises(AnswerError, match="values"):
        check_json(value, "it")


def test_what_is_no_payload_is_not_encoded() -> None:
    for nothing in (None, "text", 7, object()):
        with pytest.raises(AnswerError):
            encode_payload(nothing)
        with pytest.raises(AnswerError):
            encode_result(nothing)  # type: ignore[arg-type]


def test_of_a_reported_error_only_a_code_is_kept() -> None:
    said = encode_error(ErrorCode.PLUGIN_TIMEOUT, "it took too long", "guard")
    assert said["message"] == "it took too long"
    assert said["plugin_name"] == "guard"
    assert "plugin_timeout" in str(decode_error(said))
    for odd in (None, SECRET, {"message": SECRET}, {"message": "m", "code": f"see {SECRET}"}, {"code": [SECRET]}):
        assert SECRET not in str(decode_error(odd))


class EmailModel(BaseModel):
    recipient: str


@dataclass
class EmailData:
    recipient: str


@pytest.mark.parametrize("kind", [EmailModel, EmailData])
def test_the_payload_of_a_plugins_own_hook_crosses_whatever_its_class_is(kind: type[Any]) -> None:
    point = HookPoint(name="email_pre_send", payload=kind, result=PluginResult, custom=True)
    assert decode_payload(point, over_the_wire(encode_payload(kind(recipient="ada")))) == kind(recipient="ada")
    with pytest.raises(AnswerError) as caught:
        decode_payload(point, {"recipient": [SECRET]})
    assert SECRET not in str(caught.value)
