"""The walk itself: identity, permission, schema, limits, upstream, record."""

from __future__ import annotations

import asyncio
import dataclasses
import math
import threading
from typing import Any

import msgspec
import pydantic
import pytest

from secure_gateway.caller import acting_as
from secure_gateway.decisions import Outcome, StepStatus
from secure_gateway.errors import (
    AuthenticationDenied,
    ErrorCode,
    PermissionDenied,
    PluginError,
    PolicyDenied,
    RequestDenied,
    RequestError,
    UpstreamError,
)
from secure_gateway.pipeline.snapshot import Limits, Starter
from secure_gateway.plugins.framework import Plugin, PluginConfig, ToolPostInvokeResult, ToolPreInvokeResult
from secure_gateway.testing.gateways import FixedIdentity, MemorySink, gateway_for
from secure_gateway.types import (
    AuthCredentials,
    IdentityVerdict,
    InvalidIdentity,
    NoIdentity,
    Operation,
    Principal,
    Request,
)

SECRET = "correct-horse-battery-staple"


class Says:
    """An identity resolver with a fixed verdict."""

    def __init__(self, verdict: Any) -> None:
        self.verdict = verdict

    async def resolve(self, _credentials: AuthCredentials | None) -> IdentityVerdict:
        if isinstance(self.verdict, BaseException):
            raise self.verdict
        return self.verdict  # type: ignore[no-any-return]


async def never(_arguments: Any) -> Any:
    raise AssertionError("the upstream must not run")


async def same(arguments: Any) -> Any:
    return arguments


@pytest.mark.parametrize(
    ("verdict", "error", "code"),
    [
        (NoIdentity(), AuthenticationDenied, ErrorCode.UNAUTHENTICATED),
        (
            InvalidIdentity("invalid_credentials", "expired", "keys"),
            AuthenticationDenied,
            ErrorCode.INVALID_CREDENTIALS,
        ),
        (InvalidIdentity("rate_limited", "slow down", "keys"), AuthenticationDenied, ErrorCode.RATE_LIMITED),
        (InvalidIdentity("forbidden", "blocked", "keys"), PermissionDenied, ErrorCode.FORBIDDEN),
        (InvalidIdentity("plugin_error", "it raised", "keys"), PluginError, ErrorCode.PLUGIN_ERROR),
        (InvalidIdentity("plugin_timeout", "it hung", "keys"), PluginError, ErrorCode.PLUGIN_TIMEOUT),
        (None, PluginError, ErrorCode.PLUGIN_ERROR),
        (True, PluginError, ErrorCode.PLUGIN_ERROR),
        (RuntimeError(SECRET), RequestError, ErrorCode.INTERNAL),
    ],
)
async def test_whoever_is_not_resolved_is_refused_and_recorded(verdict: Any, error: type, code: ErrorCode) -> None:
    sink = MemorySink()
    gateway = gateway_for(identity=Says(verdict), sinks=[sink])
    with pytest.raises(error) as caught:
        await gateway.call("weather", {}, never)
    assert caught.value.code is code  # type: ignore[attr-defined]
    assert sink.last.code == code
    assert sink.last.request_id == caught.value.request_id  # type: ignore[attr-defined]
    assert SECRET not in str(caught.value) + repr(sink.last.to_dict())


async def test_permission_is_denied_by_default() -> None:
    sink = MemorySink()
    gateway = gateway_for(roles={}, sinks=[sink])
    with pytest.raises(PermissionDenied):
        await gateway.call("weather", {}, never)
    assert sink.last.outcome is Outcome.DENIED
    assert sink.last.principal is not None


@pytest.mark.parametrize(
    ("roles", "operation", "name", "may"),
    [
        ({"tools": ["read_*"]}, "tool", "read_file", True),
        ({"tools": ["read_*"]}, "tool", "write_file", False),
        ({"tools": ["read_*"]}, "prompt", "read_file", False),
        ({"prompts": ["greet"]}, "prompt", "greet", True),
        ({"resources": ["file:///data/*"]}, "resource", "file:///data/a.txt", True),
        ({"resources": ["file:///data/*"]}, "resource", "file:///etc/passwd", False),
        ({"agents": ["helper"]}, "agent", "helper", True),
        ({"tools": []}, "tool", "read_file", False),
    ],
)
async def test_roles_say_who_may_use_what(roles: dict[str, list[str]], operation: str, name: str, may: bool) -> None:
    gateway = gateway_for(roles={"tester": roles})
    arguments: dict[str, Any] = {"messages": []} if operation == "agent" else {}
    if may:
        assert await gateway.call(name, arguments, same, operation=operation) == arguments
    else:
        with pytest.raises(PermissionDenied):
            await gateway.call(name, arguments, never, operation=operation)


async def test_a_provider_may_grant_permissions_by_kind_and_glob_but_not_everything_at_once() -> None:
    person = Principal(subject="p", provider="t", permissions=("tools:read_*", "*", "tools:"))
    gateway = gateway_for(identity=FixedIdentity(person), roles={})
    assert await gateway.call("read_file", {}, same) == {}
    with pytest.raises(PermissionDenied):
        await gateway.call("write_file", {}, never)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"x": object()}, ErrorCode.INVALID_REQUEST),
        ({"x": {1, 2}}, ErrorCode.INVALID_REQUEST),
        ({1: "x"}, ErrorCode.INVALID_REQUEST),
        ({"x": {2: "y"}, "big": 2**70}, ErrorCode.INVALID_REQUEST),
        ({"x": "y" * 2000}, ErrorCode.TOO_LARGE),
    ],
)
async def test_what_cannot_be_inspected_may_not_pass(arguments: Any, code: ErrorCode) -> None:
    sink = MemorySink()
    gateway = gateway_for(sinks=[sink], limits=Limits(max_payload_bytes=1000))
    with pytest.raises(PolicyDenied) as caught:
        await gateway.call("weather", arguments, never)
    assert caught.value.code is code
    assert sink.last.code == code


def nested(depth: int) -> Any:
    value: Any = "x"
    for _ in range(depth):
        value = {"a": [value]}
    return value


async def test_arguments_nested_a_thousand_deep_or_cyclic_are_refused_without_a_recursion_error() -> None:
    cyclic: Any = {}
    cyclic["self"] = cyclic
    arguments: Any
    for arguments in (nested(1000), nested(100_000), cyclic):
        with pytest.raises(PolicyDenied) as caught:
            await gateway_for().call("weather", arguments, never)
        assert caught.value.code is ErrorCode.TOO_LARGE


@pytest.mark.parametrize(
    "arguments", [{"n": 2**70}, {"s": "\ud800"}, {"f": math.inf}, {"deep": nested(40)}, {}, None, "text"]
)
async def test_odd_but_inspectable_arguments_pass_unchanged(arguments: Any) -> None:
    assert await gateway_for().call("weather", arguments, same) is arguments


async def test_fifty_megabytes_are_refused() -> None:
    with pytest.raises(PolicyDenied) as caught:
        await gateway_for().call("weather", {"x": "y" * 50_000_000}, never)
    assert caught.value.code is ErrorCode.TOO_LARGE


async def test_an_upstream_that_never_answers_is_cut_off() -> None:
    stopped = asyncio.Event()

    async def hangs(_arguments: Any) -> Any:
        try:
            await asyncio.sleep(60)
        finally:
            stopped.set()

    sink = MemorySink()
    with pytest.raises(UpstreamError) as caught:
        await gateway_for(sinks=[sink], limits=Limits(upstream_timeout=0.05)).call("weather", {}, hangs)
    assert caught.value.code is ErrorCode.UPSTREAM_TIMEOUT
    assert stopped.is_set()
    assert sink.last.outcome is Outcome.TIMED_OUT


async def test_an_exception_of_the_apps_own_function_passes_unchanged_and_is_recorded_without_its_text() -> None:
    async def breaks(_arguments: Any) -> Any:
        raise LookupError(SECRET)

    sink = MemorySink()
    with pytest.raises(LookupError, match=SECRET):
        await gateway_for(sinks=[sink]).call("weather", {}, breaks)
    assert (sink.last.outcome, sink.last.code) == (Outcome.FAILED, ErrorCode.UPSTREAM_ERROR)
    assert SECRET not in repr(sink.last.to_dict())


async def test_the_record_names_everything_that_ran_and_no_payload() -> None:
    sink = MemorySink()
    await gateway_for(sinks=[sink]).call("weather", {"q": SECRET}, same, credentials=SECRET)
    record = sink.last.to_dict()
    assert record["outcome"] == "allowed"
    assert [step["hook"] for step in record["steps"]] == [
        "http_auth_resolve_user",
        "http_auth_check_permission",
        "schema",
        "upstream",
    ]
    assert record["steps"][2]["status"] == StepStatus.SKIPPED
    assert len(record["request_digest"]) == len(record["result_digest"]) == 32
    assert SECRET not in repr(record)


async def test_a_required_sink_that_cannot_take_the_record_refuses_and_an_optional_one_does_not() -> None:
    with pytest.raises(RequestError) as caught:
        await gateway_for(sinks=[MemorySink(required=True, full=True)]).call("weather", {}, same)
    assert caught.value.code is ErrorCode.UNAVAILABLE
    assert await gateway_for(sinks=[MemorySink(full=True)]).call("weather", {}, same) == {}


async def test_nothing_is_done_upstream_while_a_required_sink_takes_no_records() -> None:
    with pytest.raises(RequestError, match="'memory'"):
        await gateway_for(sinks=[MemorySink(required=True, full=True)]).call("weather", {}, never)


async def test_a_denial_keeps_its_own_code_when_the_record_can_be_kept() -> None:
    with pytest.raises(PermissionDenied):
        await gateway_for(roles={}, sinks=[MemorySink(required=True)]).call("weather", {}, never)


class Loud(Plugin):
    """Changes every text in a result."""

    async def tool_pre_invoke(self, payload: Any, context: Any) -> ToolPreInvokeResult:
        return ToolPreInvokeResult()

    async def tool_post_invoke(self, payload: Any, context: Any) -> ToolPostInvokeResult:
        payload.result["text"] = payload.result["text"].upper()
        return ToolPostInvokeResult(modified_payload=payload)


LOUD = [Loud(PluginConfig(name="loud"))]


class Model(pydantic.BaseModel):
    text: str
    raw: bytes = b"\x01"


@dataclasses.dataclass
class Plain:
    text: str


async def test_models_and_dataclasses_are_judged_by_their_fields() -> None:
    assert await gateway_for(LOUD).call("t", {}, lambda _a: Model(text="hi")) == Model(text="HI")
    changed = await gateway_for(LOUD).call("t", {}, lambda _a: Plain("hi"))
    assert changed == {"text": "HI"}
    unchanged = Plain("hi")
    assert await gateway_for().call("t", {}, lambda _a: unchanged) is unchanged


async def test_a_result_that_cannot_be_inspected_is_withheld() -> None:
    with pytest.raises(PolicyDenied) as caught:
        await gateway_for().call("t", {}, lambda _a: threading.Lock())
    assert caught.value.code is ErrorCode.INVALID_RESULT


async def test_a_schema_is_enforced_before_any_plugin_sees_the_arguments() -> None:
    gateway = gateway_for()
    schema = {"type": "object", "properties": {"city": {"type": "string", "maxLength": 5}}, "required": ["city"]}
    assert (await gateway.learn_tools("s", [{"name": "weather", "inputSchema": schema}])).dropped == []
    assert await gateway.call("weather", {"city": "Bern"}, same, server="s") == {"city": "Bern"}
    for bad in ({}, {"city": 5}, {"city": SECRET}):
        with pytest.raises(PolicyDenied) as caught:
            await gateway.call("weather", bad, never, server="s")
        assert caught.value.code is ErrorCode.INVALID_ARGUMENTS
        assert SECRET not in caught.value.reason


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "http://127.0.0.1:9/schema.json"},
        {"$ref": "file:///etc/passwd"},
        {"properties": {"x": {"pattern": "(?=look)ahead"}}},
        {"type": 7},
        "text",
        {"$ref": "#/nowhere"},
    ],
)
async def test_a_schema_that_cannot_be_used_safely_makes_its_tool_unusable(schema: Any) -> None:
    gateway = gateway_for()
    offer = await gateway.learn_tools("s", [{"name": "weather", "inputSchema": schema}])
    assert [name for name, _ in offer.dropped] == ["weather"]
    with pytest.raises(PolicyDenied):
        await gateway.call("weather", {"x": "y"}, never, server="s")


async def test_an_exploding_pattern_in_a_schema_does_not_explode() -> None:
    gateway = gateway_for()
    await gateway.learn_tools("s", [{"name": "t", "inputSchema": {"properties": {"x": {"pattern": "^(a+)+$"}}}}])
    with pytest.raises(PolicyDenied):
        await gateway.call("t", {"x": "a" * 50_000 + "!"}, never, server="s")


async def test_a_plugin_that_renames_the_tool_gains_no_permission() -> None:
    class Rename(Plugin):
        async def tool_pre_invoke(self, payload: Any, context: Any) -> ToolPreInvokeResult:
            payload.name = "delete_all"
            return ToolPreInvokeResult(modified_payload=payload)

    gateway = gateway_for([Rename(PluginConfig(name="rename"))], roles={"tester": {"tools": ["weather"]}})
    with pytest.raises(PermissionDenied):
        await gateway.handle(Request(operation=Operation.TOOL, name="weather", arguments={}), never)


async def test_nothing_changed_means_the_very_same_objects_come_through() -> None:
    arguments, result = {"a": [1]}, {"b": [2]}
    seen: list[Any] = []

    async def upstream(request: Request) -> Any:
        seen.append(request)
        return result

    request = Request(operation=Operation.TOOL, name="weather", arguments=arguments)
    assert await gateway_for().handle(request, upstream) is result
    assert seen[0].arguments is arguments


async def test_protect_guards_async_and_sync_functions_by_argument_name() -> None:
    sink = MemorySink()
    gateway = gateway_for(sinks=[sink])

    @gateway.protect
    async def weather(city: str, days: int = 1) -> dict[str, Any]:
        """Docs stay."""
        return {"city": city, "days": days}

    assert await weather("Bern") == {"city": "Bern", "days": 1}
    assert weather.__doc__ == "Docs stay."
    assert sink.last.door == "decorator"

    @gateway.protect(name="add")
    def add(a: int, b: int) -> int:
        return a + b

    assert await asyncio.to_thread(add, 1, b=2) == 3
    assert sink.last.name == "add"
    await gateway.close()


async def test_protect_guards_methods_without_showing_self() -> None:
    gateway = gateway_for()

    class Service:
        @gateway.protect(name="double")
        async def double(self, n: int) -> int:
            return n * 2

    assert await Service().double(4) == 8


async def test_protect_refuses_parameters_that_have_no_name() -> None:
    with pytest.raises(TypeError, match="policies judge arguments by name"):
        gateway_for().protect(lambda *values: values)


async def test_protected_functions_act_with_the_callers_credentials() -> None:
    shown: list[AuthCredentials | None] = []

    class Note(FixedIdentity):
        async def resolve(self, credentials: AuthCredentials | None) -> IdentityVerdict:
            shown.append(credentials)
            return await super().resolve(credentials)

    gateway = gateway_for(identity=Note())

    @gateway.protect
    async def weather(city: str) -> str:
        return city

    with acting_as("my-key"):
        await weather("Bern")
    await weather("Bern")
    assert [c.api_key if c else None for c in shown] == ["my-key", None]


class _Sessions(Plugin):
    """Notes which conversation each call belongs to."""

    def __init__(self) -> None:
        super().__init__(PluginConfig(name="sessions"))
        self.seen: list[str | None] = []

    async def tool_pre_invoke(self, payload: Any, context: Any) -> ToolPreInvokeResult:
        self.seen.append(context.global_context.session_id)
        return ToolPreInvokeResult()


async def test_the_conversation_that_a_door_names_is_that_of_the_calls_inside_it() -> None:
    plugin = _Sessions()
    gateway = gateway_for([plugin])

    @gateway.protect
    async def weather(city: str) -> str:
        return city

    @gateway.protect(session_id=lambda arguments: arguments["chat"])
    async def answer(chat: str | None) -> str:
        return "yes"

    @gateway.protect
    def blocking(city: str) -> str:
        return city

    with acting_as("my-key", session_id="outer"):
        await weather("Bern")
        await answer("its own")
        await answer(None)
        await asyncio.to_thread(blocking, "Bern")
        await gateway.call("t", {}, lambda _arguments: {})
        await gateway.call("t", {}, lambda _arguments: {}, session_id="said")
        with acting_as("another-key"):
            await weather("Bern")
    await weather("Bern")
    assert plugin.seen == ["outer", "its own", None, "outer", "outer", "said", None, None]


async def test_a_conversation_that_is_no_text_is_an_error_of_the_app() -> None:
    gateway = gateway_for()
    number: Any = 5
    with pytest.raises(TypeError, match="session_id is a int"):
        await gateway.call("t", {}, never, session_id=number)
    with pytest.raises(TypeError, match="session_id is a int"):
        acting_as("my-key", session_id=number)


def test_the_blocking_face_works_without_an_event_loop() -> None:
    gateway = gateway_for(LOUD)
    assert gateway.call_sync("t", {}, lambda _a: {"text": "hi"}) == {"text": "HI"}
    with pytest.raises(RequestDenied):
        gateway_for(roles={}).call_sync("t", {}, never)
    asyncio.run(gateway.close())


async def test_a_plugin_whose_initialize_fails_refuses_every_request() -> None:
    class Broken(Plugin):
        async def initialize(self) -> None:
            raise OSError(SECRET)

        async def tool_pre_invoke(self, payload: Any, context: Any) -> ToolPreInvokeResult:
            return ToolPreInvokeResult()

    sink, plugin = MemorySink(), Broken(PluginConfig(name="broken"))
    gateway = gateway_for([plugin], sinks=[sink])
    snapshot = msgspec.structs.replace(gateway.snapshot, starters=(Starter("broken", plugin.initialize),))
    broken = type(gateway)(snapshot)
    for number in (1, 2):
        with pytest.raises(PluginError) as raised:
            await broken.call("t", {}, never)
        record = sink.records[-1]
        assert len(sink.records) == number
        assert (record.code, record.decided_by, record.request_id) == (
            "plugin_error",
            "broken",
            raised.value.request_id,
        )
        assert "OSError" in record.reason
        assert SECRET not in str(raised.value) + str(record.to_dict())
    with pytest.raises(PluginError, match="'broken'"):
        await broken.start()
