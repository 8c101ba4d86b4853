"""Who is asked at which hook, what the record says where nobody is, and what an output guard knows of the request."""

from __future__ import annotations

import json
from typing import Any

import pytest

from secure_gateway.decisions import StepStatus
from secure_gateway.errors import ConfigError, PluginError
from secure_gateway.plugins.framework import GlobalContext, PluginContext
from secure_gateway.plugins.framework.hookpoints import HOOK_POINTS, POST_HOOK, PRE_HOOK
from secure_gateway.plugins.framework.payloads import MessagePayload, ToolPostInvokePayload, ToolPreInvokePayload
from secure_gateway.plugins.guardrails.base import GuardrailAction, GuardrailRequest, GuardrailResponse
from secure_gateway.plugins.guardrails.config_manager import GuardrailConfigManager
from tests.plugins.guardrails.guards import SAFE, Desk, Guard, LookingBack, built_in, manager_with

OPERATIONS = pytest.mark.parametrize("operation", ["tool", "prompt", "resource", "agent"])


def arguments_for(operation: str) -> dict[str, Any]:
    return {"messages": []} if operation == "agent" else {"a": "b"}


def test_input_guards_stand_before_every_operation_and_output_guards_after() -> None:
    bindings = manager_with(input=Guard(), output=Guard()).bindings()
    every_hook = {*PRE_HOOK.values(), *POST_HOOK.values()}
    assert {binding.hook for binding in bindings} == every_hook - {"http_pre_request", "http_post_request"}
    assert {"message_in", "message_out", "tool_pre_invoke", "agent_post_invoke"} <= {b.hook for b in bindings}
    assert all(binding.result is HOOK_POINTS[binding.hook].result for binding in bindings)
    assert {binding.version for binding in bindings} == {"3.2.1"}


@OPERATIONS
async def test_both_guards_judge_every_operation(operation: str) -> None:
    before, after = Guard(), Guard()
    arguments = arguments_for(operation)
    await Desk(manager_with(before, after)).call(arguments, {"messages": []}, operation=operation)
    assert len(before.asked) == len(after.asked) == 1


@OPERATIONS
async def test_a_side_that_is_not_guarded_shows_in_the_record(operation: str) -> None:
    desk = Desk(manager_with(input=Guard()))
    await desk.call(arguments_for(operation), {"messages": []}, operation=operation)
    (step,) = desk.steps(POST_HOOK[next(o for o in POST_HOOK if o.value == operation)])
    assert (step.status, step.reason) == (StepStatus.SKIPPED, "given does not guard results")


async def test_no_guardrail_at_all_shows_in_the_record(caplog: pytest.LogCaptureFixture) -> None:
    manager = GuardrailConfigManager()
    manager.initialize({"plugins": {}})
    desk = Desk(manager)
    await desk.call({})
    assert {step.reason for step in desk.sink.last.steps if step.plugin == "guardrails"} == {
        "no guardrail is configured"
    }
    assert "no guardrail is configured" in caplog.text
    assert manager.get_provider() is None


@pytest.mark.parametrize("input_guard", [None, Guard()])
async def test_an_output_guard_may_look_back_at_the_request(input_guard: Any) -> None:
    guard = LookingBack()
    await Desk(manager_with(input_guard, guard)).call({"a": ["é"]}, "fine")
    ((text, request),) = guard.asked
    assert text == "fine"
    assert request.content == '{"a":["é"]}'
    assert request.tool_name == "weather"
    assert request.tool_args == {"a": ["é"]}
    assert request.context is not None
    assert request.context["hook"] == "tool_pre_invoke"


async def test_the_request_looked_back_at_is_the_one_that_was_judged_not_the_one_the_guard_made_of_it() -> None:
    def spoil(request: GuardrailRequest) -> GuardrailResponse:
        assert request.tool_args is not None
        assert request.context is not None
        request.tool_args.clear()
        request.context.clear()
        request.content = "spoilt"
        return GuardrailResponse(is_safe=True, action=GuardrailAction.MODIFY, modified_content='{"a":"changed"}')

    guard = LookingBack()
    await Desk(manager_with(Guard(spoil), guard)).call({"a": "b"})
    request = guard.asked[0][1]
    assert (request.content, request.tool_args) == ('{"a":"b"}', {"a": "b"})
    assert request.context


async def test_an_output_guard_that_is_asked_twice_finds_the_request_as_it_was() -> None:
    def spoil(_content: str, request: GuardrailRequest) -> GuardrailResponse:
        seen.append((request.content, request.tool_args))
        request.content = "spoilt"
        return SAFE

    class Spoiler:
        async def validate(self, response_content: str, original_request: GuardrailRequest) -> GuardrailResponse:
            return spoil(response_content, original_request)

    seen: list[Any] = []
    bindings = {binding.hook: binding for binding in manager_with(None, Spoiler()).bindings()}
    context = PluginContext(global_context=GlobalContext(request_id="r1"))
    await bindings["tool_pre_invoke"].call(ToolPreInvokePayload(name="t", args={"a": 1}), context)
    for _ in range(2):
        await bindings["tool_post_invoke"].call(ToolPostInvokePayload(name="t", result="x"), context)
    assert seen == [('{"a":1}', {"a": 1})] * 2


async def test_keeping_the_request_does_not_hide_that_requests_are_not_guarded() -> None:
    desk = Desk(manager_with(None, LookingBack()))
    await desk.call({})
    assert [step.status for step in desk.steps("tool_pre_invoke")] == [StepStatus.SKIPPED, StepStatus.RAN]


async def test_an_answer_without_a_request_is_judged_with_an_empty_one() -> None:
    guard = LookingBack()
    (binding,) = [b for b in manager_with(None, guard).bindings() if b.hook == "message_out"]
    context = PluginContext(global_context=GlobalContext(request_id="r1", server_id="files"))
    await binding.call(MessagePayload(name="notifications/message", content={"data": "x"}), context)
    assert guard.asked[0][1].content == ""
    assert guard.asked[0][1].server_name == "files"


async def test_two_providers_of_a_kind_do_not_share_their_state() -> None:
    manager = GuardrailConfigManager()
    entries = [{"provider": "keyword", "config": {"words": [word]}} for word in ("one", "two")]
    manager.initialize({"guardrails": {"providers": entries}})
    assert {binding.plugin for binding in manager.bindings()} == {"keyword", "keyword#2"}


class NotAsync:
    def validate(self, request: GuardrailRequest) -> GuardrailResponse:
        return SAFE


class TooMany:
    async def validate(self, content: str, request: GuardrailRequest, more: str) -> GuardrailResponse:
        return SAFE


class Nothing:
    async def validate(self) -> GuardrailResponse:
        return SAFE


class OnlyText:
    async def validate(self, response_content: str) -> GuardrailResponse:
        return SAFE


class AnnotatedText:
    async def validate(self, answer: str) -> GuardrailResponse:
        return SAFE


class KeywordOnly:
    async def validate(self, request: GuardrailRequest, *, strict: bool) -> GuardrailResponse:
        return SAFE


class Anything:
    async def validate(self, *args: Any) -> GuardrailResponse:
        return SAFE


class BadValue(Guard):
    def validate_value(self, request: Any) -> Any:
        return None


class ValueOnly:
    async def validate_value(self, request: Any) -> Any:
        return None


@pytest.mark.parametrize("side", ["input", "output"])
@pytest.mark.parametrize(
    "guard",
    [
        NotAsync(),
        TooMany(),
        Nothing(),
        OnlyText(),
        AnnotatedText(),
        KeywordOnly(),
        Anything(),
        BadValue(),
        ValueOnly(),
        object(),
        True,
    ],
    ids=lambda guard: type(guard).__name__,
)
def test_a_guard_that_cannot_be_asked_stops_start_up(side: str, guard: Any) -> None:
    with pytest.raises(ConfigError, match=f"create_{side}_guardrail returned a {type(guard).__name__}"):
        manager_with(**{side: guard})


def test_a_guard_that_looks_back_cannot_guard_requests() -> None:
    with pytest.raises(ConfigError, match="create_input_guardrail"):
        manager_with(input=LookingBack())


class Optional(Guard):
    async def validate(self, request: GuardrailRequest, strictness: int = 3, **more: Any) -> Any:
        return await super().validate(request)


class OptionalRequest:
    async def validate(self, response_content: str, original_request: GuardrailRequest | None = None) -> Any:
        assert original_request is not None
        return SAFE


async def test_optional_parameters_do_not_confuse() -> None:
    await Desk(manager_with(Optional(), Optional())).call({})
    await Desk(manager_with(None, OptionalRequest())).call({})


class Tokens:
    """Puts tokens in place of names and gives the names back; a PIIHandler in the smallest."""

    async def detect_pii(self, content: str) -> list[Any]:
        return []

    async def redact_pii(self, content: str) -> tuple[str, dict[str, Any]]:
        return content.replace("Ada", "<NAME_1>"), {"<NAME_1>": "Ada"} if "Ada" in content else {}

    async def restore_pii(self, content: str, pii_mapping: dict[str, Any]) -> str:
        for token, value in pii_mapping.items():
            content = content.replace(token, value)
        return content


async def test_a_pii_handler_takes_out_before_the_call_and_puts_back_after_it() -> None:
    seen: list[Any] = []
    desk = Desk(manager_with(handler=Tokens()))

    def upstream(given: Any) -> Any:
        seen.append(given)
        return {"text": f"hello {given['name']}"}

    assert await desk.call({"name": "Ada"}, upstream) == {"text": "hello Ada"}
    assert seen == [{"name": "<NAME_1>"}]


async def test_nothing_is_put_back_where_nothing_was_taken_out() -> None:
    assert await Desk(manager_with(handler=Tokens())).call({"name": "Bob"}, "<NAME_1>") == "<NAME_1>"


@pytest.mark.parametrize("answer", [None, "text", ("text",), ("text", None), (1, {}), ["text", {}], ("no json", {})])
async def test_a_pii_handler_that_gives_no_answer_denies(answer: Any) -> None:
    class Bad(Tokens):
        async def redact_pii(self, content: str) -> Any:
            return answer

    with pytest.raises(PluginError):
        await Desk(manager_with(handler=Bad())).call({"name": "Ada"})


@pytest.mark.parametrize("answer", [None, 5, "no json"])
async def test_a_pii_handler_that_cannot_restore_denies(answer: Any) -> None:
    class Bad(Tokens):
        async def restore_pii(self, content: str, pii_mapping: dict[str, Any]) -> Any:
            return answer

    with pytest.raises(PluginError):
        await Desk(manager_with(handler=Bad())).call({"name": "Ada"})


def test_a_pii_handler_without_its_methods_stops_start_up() -> None:
    with pytest.raises(ConfigError, match="redact_pii"):
        manager_with(handler=object())


async def test_what_one_guard_takes_out_the_next_does_not_see() -> None:
    manager = GuardrailConfigManager()
    guard = Guard()
    manager.initialize({"guardrails": {"provider": "pii"}})
    await Desk(manager, after=manager_with(input=guard)).call({"to": "ada@lovelace.org"})
    assert json.loads(guard.asked[0].content) == {"to": "[EMAIL]"}


def test_built_in_guards_are_found_by_name() -> None:
    for name, config in {"keyword": {"words": ["x"]}, "pii": {}, "secrets": {}, "injection": {}}.items():
        provider = built_in(name, config).get_provider()
        assert provider is not None
        assert provider.get_name() == name
