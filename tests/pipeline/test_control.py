"""Plugins changed while the gateway runs: what holds for whom, from when on, and what is left of it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
import pytest

from secure_gateway import PolicyDenied
from secure_gateway.errors import PluginControlError
from secure_gateway.gateway import Gateway
from secure_gateway.pipeline.control import MOST_OVERRIDES, RECORD_NAME
from secure_gateway.plugins.framework import Plugin, PluginContext, PluginViolation, ToolPreInvokePayload
from secure_gateway.plugins.framework.binding import HookBinding
from secure_gateway.plugins.framework.payloads import PromptPrehookPayload, ToolPostInvokePayload
from secure_gateway.plugins.framework.plugin import PluginConfig, PluginMode
from secure_gateway.plugins.framework.results import PromptPrehookResult, ToolPostInvokeResult, ToolPreInvokeResult
from secure_gateway.testing.gateways import FixedIdentity, MemorySink, gateway_for
from secure_gateway.types import Door, Operation, Principal, Request

VIOLATION = PluginViolation(code="NO", reason="no")


class Refusing(Plugin):
    """Says no to every tool and prompt, and counts how often it was asked."""

    def __init__(self, config: PluginConfig) -> None:
        super().__init__(config)
        self.asked = 0

    async def tool_pre_invoke(self, payload: ToolPreInvokePayload, context: PluginContext) -> ToolPreInvokeResult:
        self.asked += 1
        return ToolPreInvokeResult(continue_processing=False, violation=VIOLATION)

    async def prompt_pre_fetch(self, payload: PromptPrehookPayload, context: PluginContext) -> PromptPrehookResult:
        self.asked += 1
        return PromptPrehookResult(continue_processing=False, violation=VIOLATION)


class Renaming(Plugin):
    """Turns every call of ``a`` into one of ``b``."""

    def __init__(self, config: PluginConfig) -> None:
        super().__init__(config)
        self.asked: list[str] = []

    async def tool_pre_invoke(self, payload: ToolPreInvokePayload, context: PluginContext) -> ToolPreInvokeResult:
        self.asked.append(payload.name)
        return ToolPreInvokeResult(modified_payload=payload.model_copy(update={"name": "b"}))


class Waiting(Plugin):
    """Waits before the call until it is let go, and is asked after it again."""

    def __init__(self, config: PluginConfig) -> None:
        super().__init__(config)
        self.there, self.go, self.after = asyncio.Event(), asyncio.Event(), 0

    async def tool_pre_invoke(self, payload: ToolPreInvokePayload, context: PluginContext) -> ToolPreInvokeResult:
        self.there.set()
        await self.go.wait()
        return ToolPreInvokeResult()

    async def tool_post_invoke(self, payload: ToolPostInvokePayload, context: PluginContext) -> ToolPostInvokeResult:
        self.after += 1
        return ToolPostInvokeResult()


def _failing(_binding: HookBinding) -> HookBinding:
    raise ZeroDivisionError


def named(name: str, **fields: Any) -> PluginConfig:
    return PluginConfig(name=name, **fields)


def caller(tenant: str | None) -> FixedIdentity:
    return FixedIdentity(Principal(subject="ada", provider="testing", roles=("tester",), tenant_id=tenant))


async def passes(gateway: Gateway, tool: str = "a", server: str = "", operation: str = "tool") -> bool:
    try:
        await gateway.call(tool, {}, lambda _: "done", server=server, operation=operation)
    except PolicyDenied:
        return False
    return True


def with_servers(gateway: Gateway, names: Iterable[str]) -> Gateway:
    hooks = gateway.snapshot.hooks
    gateway.replace(msgspec.structs.replace(gateway.snapshot, hooks={**hooks, **dict.fromkeys(names, hooks[""])}))
    return gateway


@contextmanager
def unchanged(gateway: Gateway, sink: MemorySink, said: str) -> Iterator[None]:
    before, records = gateway.snapshot, len(sink.records)
    with pytest.raises(PluginControlError) as raised:
        yield
    assert said in str(raised.value)
    assert gateway.snapshot is before
    assert len(sink.records) == records


async def test_a_disabled_plugin_is_skipped_and_named_until_it_is_enabled() -> None:
    sink, plugin = MemorySink(), Refusing(named("p"))
    gateway = gateway_for([plugin], sinks=[sink])
    assert not await passes(gateway)
    gateway.plugins.disable("p")
    assert await passes(gateway)
    step = next(step for step in sink.last.steps if step.plugin == "p")
    assert (step.status, step.reason) == ("skipped", "disabled while the gateway runs")
    gateway.plugins.enable("p")
    assert not await passes(gateway)
    assert plugin.asked == 2


async def test_one_that_the_configuration_disables_enforces_once_it_is_enabled_and_reset_takes_that_back() -> None:
    gateway = gateway_for([Refusing(named("p", mode=PluginMode.DISABLED))])
    assert gateway.plugins.show("p").state == "disabled"
    assert await passes(gateway)
    gateway.plugins.enable("p")
    assert gateway.plugins.show("p").mode == "enforce"
    assert not await passes(gateway)
    gateway.plugins.reset("p")
    assert await passes(gateway)


async def test_a_mode_for_some_tools_holds_for_those_only() -> None:
    gateway = gateway_for([Refusing(named("p"))])
    gateway.plugins.set_mode("p", "permissive", tool="read_*")
    assert await passes(gateway, "read_mail")
    assert not await passes(gateway, "send_mail")
    gateway.plugins.set_mode("p", "enforce", tool="read_secret")
    assert not await passes(gateway, "read_secret")
    assert await passes(gateway, "read_mail")


async def test_a_mode_for_a_tool_says_nothing_about_prompts() -> None:
    gateway = gateway_for([Refusing(named("p"))])
    gateway.plugins.set_mode("p", "disabled", tool="*")
    assert await passes(gateway)
    assert not await passes(gateway, operation="prompt")


async def test_a_mode_at_one_hook_holds_there_only() -> None:
    gateway = gateway_for([Refusing(named("p"))])
    gateway.plugins.set_mode("p", "disabled", hook="prompt_pre_fetch")
    assert await passes(gateway, operation="prompt")
    assert not await passes(gateway)


@pytest.mark.parametrize("tenant", [None, ""])
async def test_where_the_tenant_is_unknown_the_strictest_mode_of_any_tenant_holds(tenant: str | None) -> None:
    gateway = gateway_for([Refusing(named("p"))], identity=caller(tenant))
    gateway.plugins.set_mode("p", "disabled", tenant="acme")
    assert not await passes(gateway)
    gateway.plugins.set_mode("p", "disabled")
    assert await passes(gateway)
    gateway.plugins.set_mode("p", "permissive", tenant="acme")
    assert await passes(gateway)
    gateway.plugins.set_mode("p", "enforce", tenant="other")
    assert not await passes(gateway)


@pytest.mark.parametrize(("tenant", "expected"), [("acme", True), ("other", False)])
async def test_a_mode_for_a_tenant_holds_for_that_one(tenant: str, expected: bool) -> None:
    gateway = gateway_for([Refusing(named("p"))], identity=caller(tenant))
    gateway.plugins.set_mode("p", "permissive", tenant="acme")
    assert await passes(gateway) is expected
    assert await passes(gateway, "another") is expected


async def test_a_mode_for_a_server_holds_there_and_never_weakens_calls_that_name_none() -> None:
    gateway = with_servers(gateway_for([Refusing(named("p"))]), ["crm", "wiki"])
    gateway.plugins.set_mode("p", "disabled", server="crm")
    assert await passes(gateway, server="crm")
    assert not await passes(gateway, server="wiki")
    assert not await passes(gateway)
    gateway.plugins.set_mode("p", "disabled")
    gateway.plugins.set_mode("p", "enforce", server="wiki")
    assert await passes(gateway, server="crm")
    assert not await passes(gateway, server="wiki")
    assert not await passes(gateway)


async def test_the_last_word_counts_and_one_for_all_calls_ends_those_for_some() -> None:
    gateway = gateway_for([Refusing(named("p"))])
    gateway.plugins.set_mode("p", "disabled", tool="a")
    gateway.plugins.set_mode("p", "enforce", tool="a*")
    assert not await passes(gateway)
    gateway.plugins.set_mode("p", "disabled", tool="a")
    assert await passes(gateway)
    assert len(gateway.plugins.show("p").overrides) == 2
    gateway.plugins.set_mode("p", "enforce")
    assert not await passes(gateway)
    assert len(gateway.plugins.show("p").overrides) == 1


async def test_a_plugin_whose_mode_depends_on_the_tool_is_asked_once_when_it_renames_it() -> None:
    sink, plugin = MemorySink(), Renaming(named("p"))
    gateway = gateway_for([plugin, Refusing(named("q"))], sinks=[sink])
    gateway.plugins.set_mode("p", "permissive", tool="a")
    gateway.plugins.set_mode("q", "permissive", tool="b")
    called = []

    async def upstream(request: Any) -> str:
        called.append(request.name)
        return "done"

    await gateway.handle(Request(operation=Operation.TOOL, name="a", arguments={}, door=Door.SDK), upstream)
    assert plugin.asked == ["a"]
    assert called == ["b"]
    assert [step.plugin for step in sink.last.steps if step.hook == "tool_pre_invoke"] == ["p", "q"]
    assert [step.verdict for step in sink.last.steps if step.plugin == "q"] == ["would_deny"]


async def test_a_request_under_way_ends_with_the_plugins_it_began_with() -> None:
    plugin = Waiting(named("p"))
    gateway = gateway_for([plugin])
    held = asyncio.create_task(passes(gateway))
    await plugin.there.wait()
    gateway.plugins.disable("p")
    assert await passes(gateway)
    plugin.go.set()
    assert await held
    assert plugin.after == 1


async def test_changes_share_everything_and_close_nothing() -> None:
    gateway = gateway_for([Refusing(named("p"))])
    before = gateway.snapshot
    gateway.plugins.disable("p")
    after = gateway.snapshot
    assert after.lease is before.lease
    assert after.closers is before.closers
    assert after.identity is before.identity


async def test_every_change_is_recorded_with_who_asked_for_it() -> None:
    sink = MemorySink()
    gateway = gateway_for([Refusing(named("p"))], sinks=[sink])
    gateway.plugins.disable("p")
    gateway.plugins.asked_by("uid 7").set_mode("p", "permissive", tool="a*", tenant="acme")
    assert {record.name for record in sink.records} == {RECORD_NAME}
    assert [record.steps[0].reason for record in sink.records] == [
        "sdk: plugin 'p': mode disabled",
        "uid 7: plugin 'p': mode permissive for tool 'a*', tenant 'acme'",
    ]


@pytest.mark.parametrize(
    ("name", "mode", "scope", "said"),
    [
        ("q", "enforce", {}, "no plugin is called 'q': there is 'p'"),
        ("pp", "enforce", {}, "did you mean 'p'?"),
        ("p\x1b[2J\n", "enforce", {}, r"'p\x1b[2J\n'"),
        ("p" * 10_000, "enforce", {}, "no plugin is called 'pppp"),
        ("", "enforce", {}, "no plugin is called ''"),
        ("p", "enforced", {}, "no mode is called 'enforced': did you mean 'enforce'?"),
        ("p", "", {}, "no mode is called ''"),
        ("p", None, {}, "no mode is called 'None'"),
        ("p", "enforce", {"hook": "tool_pre_invoice"}, "did you mean 'tool_pre_invoke'?"),
        ("p", "enforce", {"hook": "resource_pre_fetch"}, "no hook of plugin 'p' is called"),
        ("p", "enforce", {"server": "cmr"}, "did you mean 'crm'?"),
        ("p", "enforce", {"tool": "re:.*"}, "exactly or by a glob"),
        ("p", "enforce", {"tool": "a" * 300}, "no printable text"),
        ("p", "enforce", {"tenant": "a\nb"}, "no printable text"),
        ("p", "enforce", {"tool": "[z-a]"}, ""),
        ("p", "enforce", {"tool": "a", "hook": "prompt_pre_fetch"}, "there are no tools"),
    ],
)
def test_what_is_unknown_or_cannot_be_changes_nothing_and_is_told_with_what_there_is(
    name: str, mode: Any, scope: dict[str, str], said: str
) -> None:
    sink = MemorySink()
    gateway = with_servers(gateway_for([Refusing(named("p"))], sinks=[sink]), ["crm"])
    with unchanged(gateway, sink, said):
        gateway.plugins.set_mode(name, mode, **scope)


def test_modes_are_bounded() -> None:
    sink = MemorySink()
    gateway = gateway_for([Refusing(named("p"))], sinks=[sink])
    for number in range(MOST_OVERRIDES):
        gateway.plugins.set_mode("p", "permissive", tool=f"tool_{number}")
    with unchanged(gateway, sink, "which is the most"):
        gateway.plugins.set_mode("p", "permissive", tool="one more")
    gateway.plugins.set_mode("p", "enforce", tool="tool_0")
    gateway.plugins.disable("p")
    assert len(gateway.plugins.show("p").overrides) == 1


def test_changes_from_many_threads_are_all_kept() -> None:
    gateway = gateway_for([Refusing(named(f"p{number}")) for number in range(20)])
    threads = [threading.Thread(target=gateway.plugins.disable, args=(f"p{number}",)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {plugin.state for plugin in gateway.plugins.list()} == {"disabled"}


async def test_bindings_are_replaced_for_one_plugin_and_its_modes_stay() -> None:
    sink, one, other = MemorySink(), Refusing(named("p")), Refusing(named("q", mode=PluginMode.PERMISSIVE))
    gateway = gateway_for([one, other], sinks=[sink])
    gateway.plugins.set_mode("p", "permissive", tool="a")
    closed: list[str] = []

    async def elsewhere(_payload: Any, _context: PluginContext) -> ToolPreInvokeResult:
        return ToolPreInvokeResult()

    gateway.plugins.replace_bindings(
        "p",
        lambda binding: msgspec.structs.replace(binding, call=elsewhere) if "tool" in binding.hook else binding,
        "it blocked the loop",
        closers=[lambda: closed.append("child")],
    )
    assert await passes(gateway)
    assert (one.asked, other.asked) == (0, 1)
    state = gateway.plugins.show("p")
    assert (state.state, state.reason, len(state.overrides)) == ("isolated", "it blocked the loop", 1)
    assert sink.records[1].steps[0].reason == "sdk: plugin 'p': isolated, because it blocked the loop"
    gateway.plugins.reset("p")
    assert not await passes(gateway)
    assert one.asked == 1
    await gateway.close()
    assert closed == ["child"]


async def test_a_plugin_that_was_disabled_for_what_it_did_is_not_enabled_but_reset() -> None:
    sink = MemorySink()
    gateway = gateway_for([Refusing(named("p"))], sinks=[sink])
    gateway.plugins.replace_bindings(
        "p", lambda binding: msgspec.structs.replace(binding, skip_reason="it blocked"), "it blocked", state="disabled"
    )
    assert await passes(gateway)
    with unchanged(gateway, sink, "`reset` lets it run again"):
        gateway.plugins.enable("p")
    gateway.plugins.reset("p")
    assert not await passes(gateway)


async def test_a_replacement_that_fails_or_is_for_another_plugin_changes_nothing() -> None:
    sink = MemorySink()
    gateway = gateway_for([Refusing(named("p"))], sinks=[sink])
    with unchanged(gateway, sink, "are not those of HookBinding('q'"):
        gateway.plugins.replace_bindings("p", lambda binding: msgspec.structs.replace(binding, plugin="q"), "no")
    with pytest.raises(ZeroDivisionError):
        gateway.plugins.replace_bindings("p", _failing, "no")
    assert not await passes(gateway)


def test_the_list_is_in_calling_order_and_tells_configured_from_actual() -> None:
    gateway = gateway_for([Refusing(named("late", priority=200)), Refusing(named("early", version="1", priority=1))])
    gateway.plugins.set_mode("late", "permissive", hook="tool_pre_invoke")
    early, late = gateway.plugins.list()
    assert (early.name, early.version, early.mode, early.configured_mode) == ("early", "1", "enforce", "enforce")
    assert (late.mode, late.configured_mode, late.state) == ("mixed", "enforce", "running")
    assert {binding.hook: binding.mode for binding in late.bindings} == {
        "tool_pre_invoke": "permissive",
        "prompt_pre_fetch": "enforce",
    }
