"""Hooks of a plugin's own, fired by the app, and built-in hooks fired outside of a request."""

from __future__ import annotations

import dataclasses
from typing import Any

import pydantic
import pytest

from secure_gateway.errors import AuthenticationDenied, PluginError, PolicyDenied, ProviderContractError, RequestError
from secure_gateway.plugins.framework import (
    AgentPreInvokePayload,
    HttpHeaderPayload,
    HttpPreRequestPayload,
    HttpPreRequestResult,
    Plugin,
    PluginCondition,
    PluginConfig,
    PluginContext,
    PluginMode,
    PluginPayload,
    PluginResult,
    PluginViolation,
    ToolPreInvokePayload,
    ToolPreInvokeResult,
    hook,
)
from secure_gateway.plugins.framework.registration import bind_plugin
from secure_gateway.testing.gateways import FixedIdentity, MemorySink, gateway_for


class EmailPayload(PluginPayload):
    to: list[str]
    body: str = ""


class EmailModel(pydantic.BaseModel):
    to: list[str]
    body: str = ""


@dataclasses.dataclass
class EmailRecord:
    to: list[str]
    body: str = ""


class EmailResult(PluginResult[EmailPayload]):
    """Answers ``email_pre_send``."""


class Mail(Plugin):
    @hook("email_pre_send", EmailPayload, EmailResult)
    async def before_sending(self, payload: EmailPayload, context: PluginContext) -> EmailResult:
        if "secret" in payload.body:
            return EmailResult(
                continue_processing=False, violation=PluginViolation(code="SECRET", reason="no secrets by mail")
            )
        payload.to.append("archive@example.com")
        return EmailResult(modified_payload=payload, metadata={"copies": 1})


def mail(**config: Any) -> Mail:
    return Mail(PluginConfig(name="mail", **config))


async def test_a_custom_hook_gives_back_the_payload_as_its_plugins_left_it() -> None:
    sink = MemorySink()
    gateway = gateway_for([mail()], sinks=[sink])
    sent = EmailPayload(to=["ann@example.com"])
    result = await gateway.invoke_hook("email_pre_send", sent)
    assert type(result.modified_payload) is EmailPayload
    assert result.modified_payload.to == ["ann@example.com", "archive@example.com"]
    assert sent.to == ["ann@example.com"]
    record = sink.last
    assert (record.operation, record.name, record.outcome) == ("hook", "email_pre_send", "modified")
    (step,) = record.steps
    assert (step.plugin, step.hook, step.changes, step.metadata) == (
        "mail",
        "email_pre_send",
        ("/to",),
        {"copies": 1},
    )


async def test_a_refusal_at_a_custom_hook_is_raised_and_recorded() -> None:
    sink = MemorySink()
    gateway = gateway_for([mail()], sinks=[sink])
    with pytest.raises(PolicyDenied, match="no secrets by mail"):
        await gateway.invoke_hook("email_pre_send", EmailPayload(to=[], body="my secret"))
    assert (sink.last.outcome, sink.last.decided_by) == ("denied", "mail")


@pytest.mark.parametrize("kind", [EmailModel, EmailRecord])
async def test_payloads_of_custom_hooks_may_be_pydantic_models_and_dataclasses(kind: Any) -> None:
    class Own(Plugin):
        @hook("email_pre_send", kind, PluginResult)
        async def before_sending(self, payload: Any, context: PluginContext) -> PluginResult[Any]:
            payload.body = payload.body.upper()
            return PluginResult(modified_payload=payload)

    gateway = gateway_for([Own(PluginConfig(name="first")), Own(PluginConfig(name="second", priority=200))])
    sent = kind(to=["ann"], body="hello")
    result = await gateway.invoke_hook("email_pre_send", sent)
    assert result.modified_payload == kind(to=["ann"], body="HELLO")
    assert sent.body == "hello"


async def test_a_plugin_that_keeps_what_it_returned_cannot_change_it_for_others() -> None:
    kept: list[EmailPayload] = []

    class Keeper(Plugin):
        @hook("email_pre_send", EmailPayload, EmailResult)
        async def keep(self, payload: EmailPayload, context: PluginContext) -> EmailResult:
            payload.to.append("keeper")
            kept.append(payload)
            return EmailResult(modified_payload=payload)

    class Meddler(Plugin):
        @hook("email_pre_send", EmailPayload, EmailResult)
        async def meddle(self, payload: EmailPayload, context: PluginContext) -> EmailResult:
            kept[0].to.append("meddler")
            payload.to.append("meddler")
            return EmailResult()

    gateway = gateway_for([Keeper(PluginConfig(name="keeper")), Meddler(PluginConfig(name="meddler"))])
    result = await gateway.invoke_hook("email_pre_send", EmailPayload(to=[]))
    assert result.modified_payload is not None
    assert result.modified_payload.to == ["keeper"]


async def test_a_hook_that_nobody_defines_is_refused_with_the_nearest_name() -> None:
    gateway = gateway_for([mail()])
    with pytest.raises(RequestError, match="did you mean 'email_pre_send'"):
        await gateway.invoke_hook("email_pre_sent", EmailPayload(to=[]))
    with pytest.raises(RequestError, match="must define it with @hook"):
        await gateway.invoke_hook("xyz", EmailPayload(to=[]))


async def test_a_payload_of_another_type_is_refused() -> None:
    with pytest.raises(RequestError, match="takes a EmailPayload, got a dict"):
        await gateway_for([mail()]).invoke_hook("email_pre_send", {"to": []})


async def test_a_payload_that_holds_what_is_no_json_value_is_refused() -> None:
    gateway = gateway_for([mail()])
    with pytest.raises(RequestError, match="no JSON values"):
        await gateway.invoke_hook("email_pre_send", EmailPayload(to=[object()]))  # type: ignore[list-item]


async def test_a_plugin_that_returns_another_hooks_result_at_a_custom_hook_fails() -> None:
    class Liar(Plugin):
        @hook("email_pre_send", EmailPayload, EmailResult)
        async def lie(self, payload: Any, context: Any) -> Any:
            return ToolPreInvokeResult()

    with pytest.raises(PluginError, match="it returned ToolPreInvokeResult, expected EmailResult"):
        await gateway_for([Liar(PluginConfig(name="liar"))]).invoke_hook("email_pre_send", EmailPayload(to=[]))


async def test_a_built_in_hook_can_be_fired_too() -> None:
    class Rewriter(Plugin):
        async def tool_pre_invoke(self, payload: ToolPreInvokePayload, context: PluginContext) -> ToolPreInvokeResult:
            assert payload.args is not None
            payload.args["checked"] = True
            return ToolPreInvokeResult(modified_payload=payload)

        async def agent_pre_invoke(self, payload: AgentPreInvokePayload, context: PluginContext) -> PluginResult[Any]:
            payload.messages.append({"role": "system", "content": "be brief"})
            return PluginResult(modified_payload=payload)

        async def http_pre_request(self, payload: HttpPreRequestPayload, context: PluginContext) -> PluginResult[Any]:
            headers = HttpHeaderPayload({**payload.headers, "x-seen": "yes"})
            return HttpPreRequestResult(modified_payload=headers)

    gateway = gateway_for([Rewriter(PluginConfig(name="rewriter"))])
    tool = await gateway.invoke_hook("tool_pre_invoke", ToolPreInvokePayload(name="t", args={"a": 1}))
    assert tool.modified_payload == ToolPreInvokePayload(name="t", args={"a": 1, "checked": True})
    agent = await gateway.invoke_hook("agent_pre_invoke", AgentPreInvokePayload(agent_id="a", messages=[]))
    assert agent.modified_payload is not None
    assert agent.modified_payload.messages == [{"role": "system", "content": "be brief"}]
    request = HttpPreRequestPayload(path="/", method="GET", headers=HttpHeaderPayload({"A": "b"}))
    http = await gateway.invoke_hook("http_pre_request", request)
    assert http.modified_payload is not None
    assert http.modified_payload.headers == {"a": "b", "x-seen": "yes"}


async def test_a_built_in_hook_without_plugins_changes_nothing() -> None:
    result = await gateway_for([]).invoke_hook("tool_pre_invoke", ToolPreInvokePayload(name="t"))
    assert result == PluginResult()


async def test_a_caller_who_is_named_is_identified_and_refused_where_nobody_vouches() -> None:
    seen: list[Any] = []

    class Watcher(Plugin):
        @hook("email_pre_send", EmailPayload, EmailResult)
        async def watch(self, payload: Any, context: PluginContext) -> EmailResult:
            seen.append(context.global_context.user)
            return EmailResult()

    gateway = gateway_for([Watcher(PluginConfig(name="watcher"))])
    await gateway.invoke_hook("email_pre_send", EmailPayload(to=[]))
    await gateway.invoke_hook("email_pre_send", EmailPayload(to=[]), credentials="key")
    assert seen == [None, "tester"]
    stranger = gateway_for([Watcher(PluginConfig(name="watcher"))], identity=FixedIdentity(None))
    with pytest.raises(AuthenticationDenied):
        await stranger.invoke_hook("email_pre_send", EmailPayload(to=[]), credentials="key")


async def test_an_enforcing_plugin_at_a_custom_hook_whose_conditions_name_a_tenant_runs_where_none_is_known() -> None:
    gateway = gateway_for([mail(conditions=[PluginCondition(tenant_ids=("a",))])])
    with pytest.raises(PolicyDenied):
        await gateway.invoke_hook("email_pre_send", EmailPayload(to=[], body="secret"))


@pytest.mark.parametrize(
    ("payload", "result", "said"),
    [(int, PluginResult, "names int as payload"), (EmailPayload, dict, "names dict as result")],
)
def test_a_custom_hook_of_odd_types_is_refused_when_it_is_loaded(payload: Any, result: Any, said: str) -> None:
    class Odd(Plugin):
        @hook("email_pre_send", payload, result)
        async def send(self, payload: Any, context: Any) -> Any:
            return PluginResult()

    with pytest.raises(ProviderContractError, match=said):
        bind_plugin(Odd(PluginConfig(name="odd")), default_timeout=1)


class _OwnResult(PluginResult[EmailPayload]):
    """A result whose author has made a property of a field."""

    @property  # type: ignore[misc]
    def continue_processing(self) -> bool:
        raise ValueError("hunter2-the-secret")

    @continue_processing.setter
    def continue_processing(self, value: bool) -> None:
        pass


class _OddResult(Plugin):
    @hook("email_pre_send", EmailPayload, _OwnResult)
    async def before_sending(self, payload: EmailPayload, context: PluginContext) -> _OwnResult:
        return _OwnResult()


@pytest.mark.parametrize("parallel", [False, True], ids=["in order", "in a band"])
async def test_a_result_of_the_plugins_own_class_whose_field_raises_is_a_failure_of_the_plugin(parallel: bool) -> None:
    sink = MemorySink()
    gateway = gateway_for([_OddResult(PluginConfig(name="odd"))], sinks=[sink], parallel=parallel)
    with pytest.raises(PluginError, match="'odd' failed at email_pre_send") as raised:
        await gateway.invoke_hook("email_pre_send", EmailPayload(to=[]))
    assert [(step.plugin, step.status) for step in sink.last.steps] == [("odd", "failed")]
    assert "hunter2" not in repr(raised.value) + repr(sink.last.to_dict())
    lenient = PluginConfig(name="odd", mode=PluginMode.PERMISSIVE)
    gateway = gateway_for([_OddResult(lenient)], sinks=[sink], parallel=parallel)
    assert (await gateway.invoke_hook("email_pre_send", EmailPayload(to=[]))).modified_payload is None
