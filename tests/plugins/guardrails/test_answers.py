"""What becomes of each answer that a guard can give, and of what is no answer."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from secure_gateway.decisions import Outcome, StepStatus, Verdict
from secure_gateway.errors import ErrorCode, PluginError, PolicyDenied
from secure_gateway.plugins.guardrails.base import GuardrailAction, GuardrailRequest, GuardrailResponse, ViolationType
from secure_gateway.plugins.guardrails.value_guard import ValueRequest, ValueResponse
from tests.plugins.guardrails.guards import SAFE, SECRET, Desk, Guard, manager_with, violation

ALLOW, BLOCK, WARN, MODIFY = (
    GuardrailAction.ALLOW,
    GuardrailAction.BLOCK,
    GuardrailAction.WARN,
    GuardrailAction.MODIFY,
)


def answer(action: Any, is_safe: Any = True, **fields: Any) -> GuardrailResponse:
    return GuardrailResponse(action=action, is_safe=is_safe, **fields)


SIDES = pytest.mark.parametrize("side", ["input", "output"])


def desk_with(side: str, guard: Any) -> Desk:
    return Desk(manager_with(**{side: guard}))


@SIDES
@pytest.mark.parametrize(
    "wrong",
    [
        None,
        True,
        "allow",
        {"is_safe": True, "action": "allow"},
        answer(BLOCK, is_safe=True),
        answer(ALLOW, is_safe=False),
        answer(ALLOW, is_safe=None),
        answer(ALLOW, is_safe="true"),
        answer("allow"),
        answer("sleep"),
        answer(None),
        answer(ALLOW, violations=None),
        answer(ALLOW, violations=(violation(WARN),)),
        answer(BLOCK, is_safe=False, violations=["found something"]),
        answer(ALLOW, violations=[violation(BLOCK)]),
        answer(WARN, violations=[violation(BLOCK)]),
        answer(BLOCK, is_safe=False, violations=[violation(BLOCK, "pii")]),  # type: ignore[arg-type]
        answer(MODIFY),
        answer(MODIFY, modified_content=b"{}"),
        answer(MODIFY, modified_content={"text": "x"}),
        answer(MODIFY, modified_content="just text"),
        answer(MODIFY, modified_content="[]"),
        answer(MODIFY, modified_content='"text"'),
        answer(MODIFY, modified_content="null"),
        answer(MODIFY, modified_content='{"a": 1, "a": 2}'),
        answer(MODIFY, modified_content='{"a": NaN}'),
        answer(MODIFY, modified_content='{"a": 1} trailing'),
        answer(MODIFY, modified_content="[" * 100_000),
    ],
)
async def test_what_is_no_answer_denies_and_is_recorded_as_the_guards_failure(side: str, wrong: Any) -> None:
    desk = desk_with(side, Guard(wrong))
    with pytest.raises(PluginError) as caught:
        await desk.call({"text": SECRET})
    assert caught.value.code is ErrorCode.PLUGIN_ERROR
    step = desk.sink.last.steps[-1]
    assert (step.plugin, step.status) == ("given", StepStatus.FAILED)
    assert SECRET not in str(caught.value) + str(desk.sink.last.to_dict())


@SIDES
@pytest.mark.parametrize("error", [RuntimeError(SECRET), KeyError(SECRET), SystemExit(SECRET)])
async def test_a_guard_that_raises_denies(side: str, error: BaseException) -> None:
    def explode(_request: GuardrailRequest) -> None:
        raise error

    desk = desk_with(side, Guard(explode))
    with pytest.raises(PluginError) as caught:
        await desk.call({"text": "hello"})
    assert SECRET not in str(caught.value) + str(desk.sink.last.to_dict())


async def test_a_guard_that_raises_after_a_suspension_denies() -> None:
    class Slow(Guard):
        async def validate(self, request: GuardrailRequest) -> Any:
            await asyncio.sleep(0)
            raise ValueError(request.content)

    with pytest.raises(PluginError):
        await desk_with("input", Slow()).call({"text": "hello"})


@SIDES
async def test_block_denies_with_the_types_and_none_of_the_guards_words(side: str) -> None:
    found = [
        violation(BLOCK, ViolationType.PII),
        violation(BLOCK, ViolationType.BIAS),
        violation(WARN, ViolationType.PII),
    ]
    desk = desk_with(side, Guard(answer(BLOCK, is_safe=False, violations=found)))
    with pytest.raises(PolicyDenied) as caught:
        await desk.call({"text": "hello"})
    where = {"input": "the request", "output": "the result"}[side]
    assert caught.value.reason == f"guardrail 'given' found bias, pii in {where}"
    step = desk.sink.last.steps[-1]
    assert step.verdict is Verdict.DENY
    assert step.metadata["found.pii"] == 2
    assert SECRET not in str(desk.sink.last.to_dict())


async def test_block_without_violations_denies() -> None:
    with pytest.raises(PolicyDenied, match="guardrail 'given' refused the request"):
        await desk_with("input", Guard(answer(BLOCK, is_safe=False))).call({})


@SIDES
@pytest.mark.parametrize("is_safe", [True, False])
async def test_warn_passes_and_the_record_shows_it(side: str, is_safe: bool) -> None:
    desk = desk_with(side, Guard(answer(WARN, is_safe, violations=[violation(WARN)])))
    assert await desk.call({"text": "hello"}) == {"text": "hello"}
    (step,) = [step for step in desk.sink.last.steps if step.verdict is Verdict.WARN]
    assert step.metadata == {"warned": 1, "found.custom": 1}
    assert desk.sink.last.outcome is Outcome.ALLOWED


async def test_allow_with_lesser_violations_passes() -> None:
    guard = Guard(answer(ALLOW, violations=[violation(WARN)]))
    assert await desk_with("input", guard).call({"text": "hello"}) == {"text": "hello"}


@SIDES
@pytest.mark.parametrize("is_safe", [True, False])
async def test_modify_passes_what_was_given_back(side: str, is_safe: bool) -> None:
    desk = desk_with(
        side, Guard(answer(MODIFY, is_safe, modified_content='{"text":"[gone]","n":123456789012345678901234567890}'))
    )
    assert await desk.call({"text": SECRET}) == {"text": "[gone]", "n": 123456789012345678901234567890}
    assert desk.sink.last.outcome is Outcome.MODIFIED


async def test_modify_into_the_same_content_is_no_change() -> None:
    desk = desk_with("input", Guard(lambda request: answer(MODIFY, modified_content=request.content)))
    assert await desk.call({"text": "hello"}) == {"text": "hello"}
    assert desk.sink.last.outcome is Outcome.ALLOWED


async def test_a_result_that_is_text_is_judged_and_changed_as_text() -> None:
    guard = Guard(lambda request: answer(MODIFY, modified_content=request.content.upper()))
    assert await desk_with("output", guard).call({}, 'say "hé"') == 'SAY "HÉ"'
    assert guard.asked[0].content == 'say "hé"'


async def test_a_text_result_modified_into_json_stays_a_text() -> None:
    guard = Guard(answer(MODIFY, modified_content='{"a": 1}'))
    assert await desk_with("output", guard).call({}, "plain") == '{"a": 1}'


async def test_arguments_are_judged_as_compact_json_in_order_with_tool_args_beside() -> None:
    guard = Guard()
    arguments = {"z": 'é\n"', "a": [1, {"b": None}], "big": 2**70, "odd": "\ud800"}
    await desk_with("input", guard).call(arguments, lambda _: None)
    (asked,) = guard.asked
    assert asked.content.startswith('{"z":"é\\n\\"","a":[1,{"b":null}]')
    assert json.loads(asked.content) == arguments
    assert asked.tool_args == arguments
    assert asked.tool_name == "weather"


async def test_the_context_says_who_asks_for_what() -> None:
    guard = Guard()
    desk = desk_with("input", guard)
    await desk.call({"a": "b"}, operation="prompt", name="greet")
    (asked,) = guard.asked
    assert asked.tool_name is None
    assert asked.tool_args is None
    assert asked.context == {
        "operation": "prompt",
        "name": "greet",
        "hook": "prompt_pre_fetch",
        "principal": "tester",
        "request_id": desk.sink.last.request_id,
    }


async def test_a_guard_that_edits_its_request_changes_nothing_by_it() -> None:
    def edit(request: GuardrailRequest) -> GuardrailResponse:
        assert request.tool_args is not None
        request.tool_args["inner"]["path"] = "/etc/shadow"
        request.tool_args["more"] = True
        request.content = "{}"
        return SAFE

    desk = desk_with("input", Guard(edit))
    assert await desk.call({"inner": {"path": "/data/a"}}) == {"inner": {"path": "/data/a"}}
    assert desk.sink.last.outcome is Outcome.ALLOWED


async def test_an_edit_in_place_does_not_smuggle_itself_into_a_modification() -> None:
    def edit(request: GuardrailRequest) -> GuardrailResponse:
        assert request.tool_args is not None
        request.tool_args["smuggled"] = True
        return answer(MODIFY, modified_content='{"text":"clean"}')

    assert await desk_with("input", Guard(edit)).call({"text": "x"}) == {"text": "clean"}


async def test_a_resource_is_judged_by_its_uri() -> None:
    guard = Guard()
    await desk_with("input", guard).call({}, "content", operation="resource", name="file:///data/a?key=1")
    assert guard.asked[0].content == "file:///data/a?key=1"


async def test_a_resource_with_metadata_is_judged_by_both() -> None:
    guard = Guard()
    await desk_with("input", guard).call({"range": "0-9"}, "content", operation="resource", name="file:///data/a")
    assert json.loads(guard.asked[0].content) == {"uri": "file:///data/a", "metadata": {"range": "0-9"}}


async def test_every_part_of_a_message_to_an_agent_is_judged_and_can_be_changed() -> None:
    guard = Guard(lambda request: answer(MODIFY, modified_content=request.content.replace("hush", "[gone]")))
    arguments = {"messages": [{"role": "user", "content": "hush"}], "system_prompt": "hush", "model": "m"}
    changed = await desk_with("input", guard).call(arguments, lambda given: given, operation="agent", name="helper")
    assert changed["messages"][0]["content"] == changed["system_prompt"] == "[gone]"


@pytest.mark.parametrize(
    "modified",
    [
        {"system_prompt": "x"},
        {"messages": "x", "system_prompt": "x"},
        {"messages": [], "system_prompt": "x", "tools": ["shell"]},
        {"messages": [], "agent_id": "other"},
        {"messages": [], "system_prompt": None},
    ],
)
async def test_a_message_to_an_agent_cannot_lose_its_form(modified: Any) -> None:
    desk = desk_with("input", Guard(answer(MODIFY, modified_content=json.dumps(modified))))
    with pytest.raises(PluginError):
        await desk.call({"messages": [], "system_prompt": "hi"}, operation="agent", name="helper")


async def test_a_field_of_a_message_to_an_agent_can_be_taken_out() -> None:
    desk = desk_with("input", Guard(answer(MODIFY, modified_content='{"messages":[]}')))
    arguments = {"messages": [], "system_prompt": "hi"}
    assert await desk.call(arguments, lambda given: given, operation="agent", name="helper") == {"messages": []}


class Valued(Guard):
    """A guard that judges values."""

    async def validate_value(self, request: ValueRequest) -> Any:
        return self.answer(request) if callable(self.answer) else self.answer


@SIDES
@pytest.mark.parametrize(
    "wrong",
    [
        None,
        SAFE,
        ValueResponse(action="allow"),  # type: ignore[arg-type]
        ValueResponse(action=MODIFY),
        ValueResponse(action=MODIFY, modified_value=[]),
        ValueResponse(action=MODIFY, modified_value="text"),
        ValueResponse(action=MODIFY, modified_value=None),
        ValueResponse(action=MODIFY, modified_value=object()),
        ValueResponse(violations=[violation(BLOCK)]),
        ValueResponse(violations=None),  # type: ignore[arg-type]
    ],
)
async def test_what_is_no_answer_to_a_value_denies(side: str, wrong: Any) -> None:
    with pytest.raises(PluginError):
        await desk_with(side, Valued(wrong)).call({"text": "hello"})


@SIDES
async def test_a_modified_value_that_is_no_json_denies(side: str) -> None:
    guard = Valued(ValueResponse(action=MODIFY, modified_value={"a": object()}))
    with pytest.raises((PluginError, PolicyDenied)):
        await desk_with(side, guard).call({"text": "hello"})


@SIDES
async def test_a_guard_of_values_sees_and_changes_the_value_itself(side: str) -> None:
    def change(request: ValueRequest) -> ValueResponse:
        request.value["text"] += "!"
        return ValueResponse(action=MODIFY, modified_value=request.value)

    assert await desk_with(side, Valued(change)).call({"text": 'a "quote"'}) == {"text": 'a "quote"!'}


async def test_a_guard_of_values_that_edits_in_place_and_allows_changes_nothing() -> None:
    def change(request: ValueRequest) -> ValueResponse:
        request.value.clear()
        return ValueResponse()

    assert await desk_with("input", Valued(change)).call({"text": "hello"}) == {"text": "hello"}


async def test_a_guard_of_values_is_told_where_it_stands() -> None:
    asked: list[ValueRequest] = []

    def note(request: ValueRequest) -> ValueResponse:
        asked.append(request)
        return ValueResponse()

    desk = desk_with("input", Valued(note))
    await desk.call({})
    assert (asked[0].hook, asked[0].name, asked[0].principal) == ("tool_pre_invoke", "weather", "tester")
    assert asked[0].request_id == desk.sink.last.request_id


def test_no_repr_shows_content() -> None:
    request = ValueRequest(value={"k": SECRET}, hook="tool_pre_invoke", name="t")
    response = ValueResponse(action=MODIFY, modified_value={"k": SECRET}, violations=[violation(WARN)])
    assert SECRET not in repr(request) + repr(response)
