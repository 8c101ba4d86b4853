"""What plugins may do to a request, and what a bad one may not."""

from __future__ import annotations

import asyncio
import sys
import time
from typing import Any

import pytest

from secure_gateway.decisions import Outcome, StepStatus, Verdict
from secure_gateway.errors import ErrorCode, PluginError, PolicyDenied
from secure_gateway.plugins.framework import (
    Plugin,
    PluginCondition,
    PluginConfig,
    PluginMode,
    PluginResult,
    PluginViolation,
    PromptPrehookResult,
    ToolPostInvokePayload,
    ToolPostInvokeResult,
    ToolPreInvokePayload,
    ToolPreInvokeResult,
)
from secure_gateway.testing.gateways import MemorySink, gateway_for
from secure_gateway.types import Headers, Operation, Request

ARGUMENTS = {"city": "Bern", "options": {"units": ["c", "f"]}}
MARKER = "hunter2-the-secret"


class Scripted(Plugin):
    """A plugin that does what the test says."""

    def __init__(self, act: Any, post: Any = None, **config: Any) -> None:
        super().__init__(PluginConfig(name=config.pop("name", "scripted"), **config))
        self._act = act
        self._post = post

    async def tool_pre_invoke(self, payload: Any, context: Any) -> Any:
        answer = self._act(payload, context)
        return await answer if asyncio.iscoroutine(answer) else answer

    async def tool_post_invoke(self, payload: Any, context: Any) -> Any:
        if self._post is None:
            return ToolPostInvokeResult()
        return self._post(payload, context)


async def echo(arguments: Any) -> Any:
    return {"content": [{"type": "text", "text": str(arguments)}], "isError": False}


async def run(*plugins: Plugin, arguments: Any = None, **options: Any) -> tuple[Any, MemorySink, list[Any]]:
    """Return what came back (result or exception), the sink, and what reached the upstream."""
    sink, reached = MemorySink(), []

    async def upstream(given: Any) -> Any:
        reached.append(given)
        return await echo(given)

    gateway = gateway_for(plugins, sinks=[sink], **options)
    try:
        outcome: Any = await gateway.call("weather", ARGUMENTS if arguments is None else arguments, upstream)
    except Exception as error:  # noqa: BLE001 - handed to the test
        outcome = error
    return outcome, sink, reached


def allow(_payload: Any, _context: Any) -> ToolPreInvokeResult:
    return ToolPreInvokeResult()


def deny(_payload: Any, _context: Any) -> ToolPreInvokeResult:
    return ToolPreInvokeResult(continue_processing=False, violation=PluginViolation(code="NO", reason="not today"))


def raise_value_error(_payload: Any, _context: Any) -> Any:
    raise ValueError(MARKER)


def exit_process(_payload: Any, _context: Any) -> Any:
    sys.exit(MARKER)


def raise_base(_payload: Any, _context: Any) -> Any:
    raise type("PanicException", (BaseException,), {})(MARKER)


def interrupt(_payload: Any, _context: Any) -> Any:
    raise KeyboardInterrupt(MARKER)


async def raise_late(_payload: Any, _context: Any) -> Any:
    await asyncio.sleep(0)
    raise KeyError(MARKER)


async def hang(_payload: Any, _context: Any) -> Any:
    await asyncio.sleep(60)


async def swallow_cancellation(_payload: Any, _context: Any) -> Any:
    while True:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            continue


async def answer_after_cancellation(_payload: Any, _context: Any) -> Any:
    try:
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        return ToolPreInvokeResult()


def cancel_itself(_payload: Any, _context: Any) -> Any:
    raise asyncio.CancelledError


def block(_payload: Any, _context: Any) -> Any:
    time.sleep(0.15)
    return ToolPreInvokeResult()


class _RaisingResult(ToolPreInvokeResult):
    """A result whose author has made a property of a field."""

    @property  # type: ignore[misc]
    def continue_processing(self) -> bool:
        raise ValueError(MARKER)

    @continue_processing.setter
    def continue_processing(self, value: bool) -> None:
        pass


class _DenyingResult(_RaisingResult):
    @property  # type: ignore[misc]
    def continue_processing(self) -> bool:
        raise PolicyDenied(ErrorCode.DENIED, MARKER)

    @continue_processing.setter
    def continue_processing(self, value: bool) -> None:
        pass


def _with_arguments(arguments: Any) -> Any:
    return lambda p, _c: ToolPreInvokeResult(modified_payload=p.model_copy(update={"args": arguments}))


_CYCLE: dict[str, Any] = {}
_CYCLE["itself"] = _CYCLE


BAD_ANSWERS: dict[str, Any] = {
    "raises": raise_value_error,
    "raises after suspending": raise_late,
    "calls sys.exit": exit_process,
    "raises a BaseException": raise_base,
    "raises KeyboardInterrupt": interrupt,
    "raises CancelledError": cancel_itself,
    "returns None": lambda _p, _c: None,
    "returns True": lambda _p, _c: True,
    "returns a dict": lambda _p, _c: {"continue_processing": True},
    "returns another hook's result": lambda _p, _c: PromptPrehookResult(),
    "returns a payload of another type": lambda _p, _c: ToolPreInvokeResult(
        modified_payload=ToolPostInvokePayload(name="weather", result=1)  # type: ignore[arg-type]
    ),
    "returns a name that is no text": lambda p, _c: ToolPreInvokeResult(
        modified_payload=p.model_copy(update={"name": 7})
    ),
    "returns headers that are no mapping": lambda p, _c: ToolPreInvokeResult(
        modified_payload=p.model_copy(update={"headers": 3})
    ),
    "returns metadata that is no mapping": lambda _p, _c: ToolPreInvokeResult(metadata=[1]),  # type: ignore[arg-type]
    "returns a value that is no JSON": _with_arguments({"x": object()}),
    "returns a key that is no text": _with_arguments({"x": {5: "five"}}),
    "returns a value that holds itself": _with_arguments(_CYCLE),
    "returns more than the limit allows": _with_arguments({"x": "x" * 17_000_000}),
    "returns a result whose field raises": lambda _p, _c: _RaisingResult(),
    "returns a result whose field raises a verdict": lambda _p, _c: _DenyingResult(),
    "hangs": hang,
    "swallows its cancellation": swallow_cancellation,
    "answers after its cancellation": answer_after_cancellation,
    "blocks the loop past its time": block,
}


@pytest.mark.parametrize("fault", BAD_ANSWERS)
async def test_a_plugin_that_fails_in_any_way_refuses_the_request_with_one_documented_error(fault: str) -> None:
    outcome, sink, reached = await run(Scripted(BAD_ANSWERS[fault], timeout=0.05))
    assert isinstance(outcome, PluginError)
    assert outcome.code in (ErrorCode.PLUGIN_ERROR, ErrorCode.PLUGIN_TIMEOUT)
    assert outcome.plugin == "scripted"
    assert reached == [], "nothing runs upstream before every enforcing hook has answered"
    assert sink.last.outcome in (Outcome.FAILED, Outcome.TIMED_OUT)
    assert [step.status for step in sink.last.steps if step.plugin == "scripted"] == [StepStatus.FAILED]
    assert MARKER not in repr(outcome) + str(outcome) + repr(sink.last.to_dict())


@pytest.mark.parametrize("fault", BAD_ANSWERS)
@pytest.mark.parametrize("mode", [PluginMode.PERMISSIVE, PluginMode.ENFORCE_IGNORE_ERROR])
async def test_a_failure_passes_only_in_the_modes_that_say_so_and_the_record_shows_it(
    fault: str, mode: PluginMode
) -> None:
    after: list[str] = []

    def second(_payload: Any, _context: Any) -> ToolPreInvokeResult:
        after.append("ran")
        return ToolPreInvokeResult()

    bad = Scripted(BAD_ANSWERS[fault], timeout=0.05, mode=mode, priority=1)
    outcome, sink, reached = await run(bad, Scripted(second, name="second", priority=2))
    assert isinstance(outcome, dict)
    assert reached == [ARGUMENTS]
    assert after == ["ran"], "the plugins after it still judge"
    step = next(step for step in sink.last.steps if step.plugin == "scripted")
    assert step.status is StepStatus.FAILED
    assert mode.value in step.reason


async def test_fail_on_plugin_error_refuses_whatever_the_mode() -> None:
    outcome, _, reached = await run(Scripted(raise_value_error, mode=PluginMode.PERMISSIVE), fail_on_plugin_error=True)
    assert isinstance(outcome, PluginError)
    assert reached == []


@pytest.mark.parametrize("mode", [PluginMode.ENFORCE, PluginMode.ENFORCE_IGNORE_ERROR])
async def test_a_violation_refuses_in_both_enforcing_modes(mode: PluginMode) -> None:
    outcome, sink, reached = await run(Scripted(deny, mode=mode))
    assert isinstance(outcome, PolicyDenied)
    assert (outcome.code, outcome.reason, outcome.plugin) == (ErrorCode.DENIED, "not today", "scripted")
    assert reached == []
    assert sink.last.outcome is Outcome.DENIED
    assert sink.last.request_id == outcome.request_id


async def test_permissive_lets_a_violation_pass_and_records_what_it_would_have_done() -> None:
    outcome, sink, _ = await run(Scripted(deny, mode=PluginMode.PERMISSIVE))
    assert isinstance(outcome, dict)
    assert next(s.verdict for s in sink.last.steps if s.plugin == "scripted") is Verdict.WOULD_DENY


async def test_a_denial_without_a_violation_still_denies() -> None:
    outcome, _, _ = await run(Scripted(lambda _p, _c: ToolPreInvokeResult(continue_processing=False)))
    assert isinstance(outcome, PolicyDenied)


async def test_continue_processing_that_is_merely_truthy_denies() -> None:
    outcome, _, _ = await run(Scripted(lambda _p, _c: ToolPreInvokeResult(continue_processing=1)))  # type: ignore[arg-type]
    assert isinstance(outcome, PolicyDenied)


async def test_the_bare_plugin_result_answers_every_hook() -> None:
    outcome, _, _ = await run(Scripted(lambda _p, _c: PluginResult()))
    assert isinstance(outcome, dict)


async def test_a_disabled_plugin_never_runs_and_the_record_says_so() -> None:
    outcome, sink, _ = await run(Scripted(raise_value_error, mode=PluginMode.DISABLED))
    assert isinstance(outcome, dict)
    step = next(s for s in sink.last.steps if s.plugin == "scripted")
    assert (step.status, step.reason) == (StepStatus.SKIPPED, "disabled in the configuration")


async def test_plugins_run_in_ascending_priority_and_equal_ones_in_configured_order() -> None:
    seen: list[str] = []

    def noting(name: str) -> Any:
        def act(_payload: Any, _context: Any) -> ToolPreInvokeResult:
            seen.append(name)
            return ToolPreInvokeResult()

        return act

    await run(
        *(
            Scripted(noting(n), name=n, priority=p)
            for n, p in [("c", 30), ("a1", 10), ("b", 20), ("a2", 10), ("a3", 10)]
        )
    )
    assert seen == ["a1", "a2", "a3", "b", "c"]


@pytest.mark.parametrize("size", [0, 5000], ids=["copied at once", "copied at the first look"])
async def test_what_one_plugin_edits_in_place_no_other_sees(size: int) -> None:
    arguments = {"city": "Bern", "options": {"units": ["c", "f"]}, "padding": "x" * size}

    def vandal(payload: Any, _context: Any) -> ToolPreInvokeResult:
        payload.args["options"]["units"].append("k")
        payload.args["city"] = "Basel"
        payload.name = "other"
        return ToolPreInvokeResult()

    seen: list[Any] = []

    def witness(payload: Any, _context: Any) -> ToolPreInvokeResult:
        seen.append((payload.name, payload.args))
        return ToolPreInvokeResult()

    _, sink, reached = await run(
        Scripted(vandal, priority=1), Scripted(witness, name="witness", priority=2), arguments=arguments
    )
    assert seen == [("weather", arguments)]
    assert reached[0] is arguments
    assert reached[0]["options"] == {"units": ["c", "f"]}
    assert sink.last.outcome is Outcome.ALLOWED


async def test_a_returned_change_reaches_the_next_plugin_and_the_upstream_and_is_recorded_by_pointer() -> None:
    def change(payload: Any, _context: Any) -> ToolPreInvokeResult:
        payload.args["options"]["units"][0] = "k"
        return ToolPreInvokeResult(modified_payload=payload)

    seen: list[Any] = []

    def witness(payload: Any, _context: Any) -> ToolPreInvokeResult:
        seen.append(payload.args["options"]["units"])
        return ToolPreInvokeResult()

    _, sink, reached = await run(Scripted(change, priority=1), Scripted(witness, name="witness", priority=2))
    assert seen == [["k", "f"]]
    assert reached == [{"city": "Bern", "options": {"units": ["k", "f"]}}]
    assert ARGUMENTS["options"] == {"units": ["c", "f"]}, "the caller's own value stays"
    assert sink.last.outcome is Outcome.MODIFIED
    assert next(s for s in sink.last.steps if s.plugin == "scripted").changes == ("/options/units/0",)


async def test_editing_what_was_returned_after_the_answer_changes_nothing() -> None:
    kept: list[Any] = []

    def change(payload: Any, _context: Any) -> ToolPreInvokeResult:
        payload.args["city"] = "Basel"
        kept.append(payload)
        return ToolPreInvokeResult(modified_payload=payload)

    def late(_payload: Any, _context: Any) -> ToolPreInvokeResult:
        kept[0].args["city"] = "Atlantis"
        return ToolPreInvokeResult()

    _, _, reached = await run(Scripted(change, priority=1), Scripted(late, name="late", priority=2))
    assert reached[0]["city"] == "Basel"


async def test_returning_the_payload_unchanged_is_no_change() -> None:
    _, sink, reached = await run(Scripted(lambda p, _c: ToolPreInvokeResult(modified_payload=p)))
    assert sink.last.outcome is Outcome.ALLOWED
    assert reached[0] is ARGUMENTS


async def test_a_post_hook_may_change_the_result_and_not_the_name() -> None:
    def redact(payload: Any, _context: Any) -> ToolPostInvokeResult:
        payload.result["content"][0]["text"] = "redacted"
        return ToolPostInvokeResult(modified_payload=payload)

    outcome, sink, _ = await run(Scripted(allow, redact))
    assert outcome["content"][0]["text"] == "redacted"
    assert sink.last.outcome is Outcome.MODIFIED

    def rename(payload: Any, _context: Any) -> ToolPostInvokeResult:
        return ToolPostInvokeResult(modified_payload=payload.model_copy(update={"name": "other"}))

    outcome, _, _ = await run(Scripted(allow, rename))
    assert isinstance(outcome, PluginError)


async def test_a_result_is_withheld_when_its_post_hook_fails() -> None:
    outcome, sink, reached = await run(Scripted(allow, raise_value_error))
    assert isinstance(outcome, PluginError)
    assert reached != []
    assert sink.last.outcome is Outcome.FAILED


async def test_a_plugin_that_returns_what_is_no_json_fails() -> None:
    bad = Scripted(lambda p, _c: ToolPreInvokeResult(modified_payload=p.model_copy(update={"args": {"x": object()}})))
    outcome, _, reached = await run(bad)
    assert isinstance(outcome, PluginError | PolicyDenied)
    assert reached == []


async def test_state_lasts_from_the_pre_to_the_post_hook_of_one_plugin_and_only_there() -> None:
    def before(_payload: Any, context: Any) -> ToolPreInvokeResult:
        context.set_state("asked", 1)
        context.global_context.state["shared"] = "yes"
        return ToolPreInvokeResult()

    seen: list[Any] = []

    def after(_payload: Any, context: Any) -> ToolPostInvokeResult:
        seen.append((context.get_state("asked"), context.global_context.state.get("shared")))
        return ToolPostInvokeResult()

    await run(Scripted(before, after, name="one"), Scripted(allow, after, name="two"))
    assert seen == [(1, "yes"), (None, "yes")]


@pytest.mark.parametrize("attribute", ["user", "tenant_id", "principal", "request_id"])
async def test_nobody_can_change_who_is_asking(attribute: str) -> None:
    def promote(_payload: Any, context: Any) -> ToolPreInvokeResult:
        setattr(context.global_context, attribute, "root")
        return ToolPreInvokeResult()

    outcome, _, _ = await run(Scripted(promote))
    assert isinstance(outcome, PluginError)


async def test_conditions_choose_and_an_unmatched_plugin_is_recorded_as_skipped() -> None:
    guarded = Scripted(deny, conditions=[PluginCondition(tools=("send_*",))])
    outcome, sink, _ = await run(guarded)
    assert isinstance(outcome, dict)
    step = next(s for s in sink.last.steps if s.plugin == "scripted")
    assert (step.status, step.reason) == (StepStatus.SKIPPED, "its conditions do not match")


async def test_conditions_are_judged_on_the_name_as_it_is_then_so_renaming_dodges_no_guard() -> None:
    def rename(payload: Any, _context: Any) -> ToolPreInvokeResult:
        payload.name = "send_mail"
        return ToolPreInvokeResult(modified_payload=payload)

    guard = Scripted(deny, name="guard", priority=2, conditions=[PluginCondition(tools=("send_*",))])
    outcome, _, _ = await run(Scripted(rename, priority=1), guard)
    assert isinstance(outcome, PolicyDenied)


async def test_metadata_reaches_the_record_only_as_short_facts() -> None:
    def say(_payload: Any, _context: Any) -> ToolPreInvokeResult:
        return ToolPreInvokeResult(
            metadata={"seen": 3, "by": "scripted", "text": "my password is " + MARKER, "deep": {"a": MARKER}}
        )

    _, sink, _ = await run(Scripted(say))
    step = next(s for s in sink.last.steps if s.plugin == "scripted")
    assert step.metadata == {"seen": 3, "by": "scripted"}


async def test_cancelling_the_caller_is_recorded_and_passes_on() -> None:
    sink = MemorySink()
    gateway = gateway_for([Scripted(hang)], sinks=[sink])
    task = asyncio.create_task(gateway.call("weather", ARGUMENTS, echo))
    await asyncio.sleep(0.02)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert sink.last.outcome is Outcome.CANCELLED


async def test_two_hundred_concurrent_requests_do_not_mix() -> None:
    async def slow(payload: Any, context: Any) -> Any:
        context.set_state("n", payload.args["n"])
        await asyncio.sleep(0.001)
        payload.args["twice"] = payload.args["n"] * 2
        return ToolPreInvokeResult(modified_payload=payload)

    def check(_payload: Any, context: Any) -> ToolPostInvokeResult:
        context.global_context.state["n"] = context.get_state("n")
        return ToolPostInvokeResult()

    sink = MemorySink()
    gateway = gateway_for([Scripted(slow, check)], sinks=[sink])

    async def upstream(arguments: Any) -> Any:
        await asyncio.sleep(0.001)
        return arguments

    results = await asyncio.gather(*(gateway.call("weather", {"n": n}, upstream) for n in range(200)))
    assert results == [{"n": n, "twice": n * 2} for n in range(200)]
    assert len({record.request_id for record in sink.records}) == 200


async def test_a_payload_is_what_the_plugin_documentation_promises() -> None:
    def look(payload: Any, _context: Any) -> ToolPreInvokeResult:
        assert type(payload.args) is dict
        assert payload.model_dump() == {"name": "weather", "args": ARGUMENTS, "headers": None}
        other = ToolPreInvokePayload(
            name=payload.name, args={**payload.args, "processed": True}, headers=payload.headers
        )
        return ToolPreInvokeResult(modified_payload=other, metadata={"processed_by": "scripted"})

    _, _, reached = await run(Scripted(look))
    assert reached == [{**ARGUMENTS, "processed": True}]


async def test_a_clear_no_denies_however_odd_its_violation_is() -> None:
    odd: Any = {"code": "NO"}
    bad = Scripted(
        lambda _p, _c: ToolPreInvokeResult(continue_processing=False, violation=odd),
        mode=PluginMode.ENFORCE_IGNORE_ERROR,
    )
    outcome, _, reached = await run(bad)
    assert isinstance(outcome, PolicyDenied)
    assert reached == []


async def test_a_header_value_with_a_line_break_is_refused() -> None:
    split = Scripted(
        lambda p, _c: ToolPreInvokeResult(
            modified_payload=p.model_copy(update={"headers": {"X-A": "1\r\nAuthorization: x"}})
        )
    )
    outcome, _, _ = await run(split)
    assert isinstance(outcome, PluginError)


async def test_values_that_hold_each_other_twice_are_refused_before_they_fill_the_memory() -> None:
    doubled: Any = ["x"]
    for _ in range(90):
        doubled = [doubled, doubled]
    outcome, _, reached = await run(arguments={"x": doubled})
    assert isinstance(outcome, PolicyDenied)
    assert outcome.code is ErrorCode.TOO_LARGE
    assert reached == []


class _TwoFaced(dict[str, str]):
    """Headers that say something harmless when they are asked the first time."""

    def __init__(self) -> None:
        super().__init__({"x-a": "1\r\nauthorization: x"})
        self._asked = 0

    def items(self) -> Any:
        self._asked += 1
        return {"x-a": "harmless"}.items() if self._asked == 1 else super().items()


async def test_headers_that_answer_differently_when_read_again_are_used_as_they_were_checked() -> None:
    sink = MemorySink()
    turning = Scripted(
        lambda p, _c: ToolPreInvokeResult(modified_payload=p.model_copy(update={"headers": _TwoFaced()}))
    )
    gateway = gateway_for([turning], sinks=[sink])
    went: list[Any] = []

    async def upstream(request: Request) -> Any:
        went.append(request.headers)
        return {}

    request = Request(operation=Operation.TOOL, name="weather", arguments={}, headers=Headers())
    await gateway.handle(request, upstream)
    assert went == [{"x-a": "harmless"}]
    assert next(step for step in sink.last.steps if step.plugin == "scripted").changes == ("#headers",)
