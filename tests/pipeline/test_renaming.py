"""A tool that a plugin renames is judged as the tool that is called, whatever stands before the plugin that renames it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from secure_gateway.errors import PluginError, PolicyDenied
from secure_gateway.master_key import MasterKey
from secure_gateway.plugins.framework import (
    Plugin,
    PluginCondition,
    PluginConfig,
    PluginMode,
    PluginViolation,
    ToolPreInvokeResult,
)
from secure_gateway.plugins.guardrails.config_manager import GuardrailConfigManager
from secure_gateway.plugins.services import ProviderServices
from secure_gateway.testing.gateways import FixedIdentity, MemorySink, gateway_for
from secure_gateway.types import ANONYMOUS, Door, Operation, Principal, Request
from tests.plugins.guardrails.guards import Lasting

MAIL = "ana@example.org"


class Renaming(Plugin):
    """Gives a tool another name, by a table."""

    def __init__(self, table: dict[str, str], name: str = "renaming", priority: int = 200, **config: Any) -> None:
        super().__init__(PluginConfig(name=name, priority=priority, **config))
        self.table, self.asked = table, 0

    async def tool_pre_invoke(self, payload: Any, context: Any) -> ToolPreInvokeResult:
        self.asked += 1
        if payload.name not in self.table:
            return ToolPreInvokeResult()
        payload.name = self.table[payload.name]
        return ToolPreInvokeResult(modified_payload=payload)


class Refusing(Plugin):
    """Refuses whatever it is asked about; remembers what that was."""

    def __init__(self, name: str = "refusing", **config: Any) -> None:
        super().__init__(PluginConfig(name=name, **config))
        self.asked: list[str] = []

    async def tool_pre_invoke(self, payload: Any, context: Any) -> ToolPreInvokeResult:
        self.asked.append(payload.name)
        return ToolPreInvokeResult(continue_processing=False, violation=PluginViolation(code="NO", reason="no"))


class Called:
    """What a call of ``safe`` came to, which plugins may have made a call of another tool."""

    def __init__(self) -> None:
        self.sink = MemorySink()
        self.reached: list[tuple[str, Any]] = []
        self.answer: Any = None

    async def upstream(self, request: Request) -> Any:
        self.reached.append((request.name, request.arguments))
        return request.arguments


async def called(plugins: list[Plugin], policy: Any = None, text: str = MAIL, **options: Any) -> Called:
    made, guards = Called(), GuardrailConfigManager()
    guards.initialize({"plugins": {"guardrails": {"providers": [{"provider": "pii"}]}}})
    gateway = gateway_for(plugins, bindings=guards.bindings("s", policy or {}), sinks=[made.sink], **options)
    request = Request(operation=Operation.TOOL, name="safe", arguments={"q": text}, server="s", door=Door.SDK)
    try:
        made.answer = await gateway.handle(request, made.upstream)
    except (PolicyDenied, PluginError) as error:
        made.answer = error
    return made


def tools(**said: str) -> dict[str, Any]:
    return {"tools": {tool: {"input": {"violations": {"pii": action}}} for tool, action in said.items()}}


@pytest.mark.parametrize("parallel", [False, True])
async def test_what_the_policy_of_the_tool_that_is_called_refuses_is_refused(parallel: bool) -> None:
    made = await called([Renaming({"safe": "bare"})], tools(safe="allow", bare="block"), parallel=parallel)
    assert isinstance(made.answer, PolicyDenied)
    assert made.answer.plugin == "pii"
    assert made.reached == []


async def test_what_the_policy_of_the_tool_that_was_asked_for_refuses_stays_refused() -> None:
    made = await called([Renaming({"safe": "bare"})], tools(safe="block", bare="allow"))
    assert isinstance(made.answer, PolicyDenied)


async def test_what_the_tool_that_is_called_may_not_have_is_taken_out() -> None:
    made = await called([Renaming({"safe": "bare"})], tools(safe="allow", bare="modify"))
    assert made.reached == [("bare", {"q": "[EMAIL]"})]
    verdicts = [s.verdict for s in made.sink.last.steps if s.hook == "tool_pre_invoke" and s.plugin == "pii"]
    assert verdicts == ["allow", "modify"]


async def test_a_plugin_whose_conditions_name_the_tool_that_is_called_is_asked_even_if_it_stands_before() -> None:
    guard = Refusing(priority=10, conditions=[PluginCondition(tools=("bare",))])
    made = await called([guard, Renaming({"safe": "bare"})], text="nothing")
    assert isinstance(made.answer, PolicyDenied)
    assert guard.asked == ["bare"]


async def test_conditions_on_more_than_the_name_are_looked_at_again_too() -> None:
    guard = Refusing(priority=10, conditions=[PluginCondition(tools=("bare",), server_ids=("s",))])
    made = await called([guard, Renaming({"safe": "bare"})], text="nothing")
    assert isinstance(made.answer, PolicyDenied)


@pytest.mark.parametrize("mode", [PluginMode.DISABLED, PluginMode.PERMISSIVE])
async def test_a_plugin_in_a_softer_mode_for_the_tool_that_was_asked_for_is_asked_again(mode: PluginMode) -> None:
    made, guard = Called(), Refusing(priority=10)
    gateway = gateway_for([guard, Renaming({"safe": "bare"})], sinks=[made.sink])
    gateway.plugins.set_mode("refusing", mode, tool="safe")
    request = Request(operation=Operation.TOOL, name="safe", arguments={}, door=Door.SDK)
    with pytest.raises(PolicyDenied):
        await gateway.handle(request, made.upstream)
    assert guard.asked[-1] == "bare"
    assert made.reached == []


@pytest.mark.parametrize("parallel", [False, True])
async def test_a_plugin_that_does_not_go_by_the_name_is_asked_once(parallel: bool) -> None:
    before, renaming = Renaming({}, "before", 10), Renaming({"safe": "bare"})
    made = await called([before, renaming], text="nothing", parallel=parallel)
    assert [name for name, _ in made.reached] == ["bare"]
    assert (before.asked, renaming.asked) == (1, 1)


async def test_a_tool_that_is_renamed_twice_on_the_way_is_judged_as_the_last() -> None:
    plugins = [Renaming({"safe": "other"}, "one", 200), Renaming({"other": "bare"}, "two", 300)]
    made = await called(list(plugins), tools(safe="allow", other="allow", bare="block"))
    assert isinstance(made.answer, PolicyDenied)


async def test_a_tool_that_is_renamed_while_it_is_judged_anew_is_not_called() -> None:
    early = Renaming({"bare": "third"}, "early", 10, conditions=[PluginCondition(tools=("bare",))])
    made = await called([early, Renaming({"safe": "bare"})], tools(third="block"), text="nothing")
    assert isinstance(made.answer, PluginError)
    assert "renamed the target once more" in made.answer.reason
    assert made.reached == []


async def test_tokens_of_both_tools_come_back_as_the_values_that_they_stand_for(tmp_path: Path) -> None:
    key = MasterKey(bytes(range(32)))
    services = ProviderServices(store=Lasting(), master_key=key, config_dir=tmp_path)
    guards, made = GuardrailConfigManager(services), Called()
    guards.initialize({"plugins": {"guardrails": {"provider": "pii", "config": {"strategy": "warn"}}}})
    policy = {
        "tools": {
            "safe": {"input": {"strategies": {"EMAIL": "tokenize"}}},
            "bare": {"input": {"strategies": {"SSN": "tokenize"}}},
        }
    }
    nobody = FixedIdentity(Principal(subject="nobody", provider=ANONYMOUS, roles=("tester",)))
    for identity in (nobody, FixedIdentity()):
        gateway = gateway_for([Renaming({"safe": "bare"})], bindings=guards.bindings("s", policy), identity=identity)
        arguments = {"q": f"{MAIL}, SSN 123-45-6789"}
        request = Request(operation=Operation.TOOL, name="safe", arguments=arguments, server="s", door=Door.SDK)
        assert await gateway.handle(request, made.upstream) == arguments
        assert made.reached[-1] == ("bare", {"q": "<EMAIL_1>, SSN <SSN_1>"})
