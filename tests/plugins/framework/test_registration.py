"""Everything wrong with a plugin is an error when it is loaded, with the fix in the message."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

from secure_gateway.errors import ConfigError, ProviderContractError
from secure_gateway.plugins.framework import (
    HookBinding,
    Plugin,
    PluginCondition,
    PluginConfig,
    PluginContext,
    PluginPayload,
    PluginResult,
    PromptPrehookResult,
    ToolHookType,
    ToolPreInvokePayload,
    ToolPreInvokeResult,
    hook,
)
from secure_gateway.plugins.framework.conditions import compile_matcher
from secure_gateway.plugins.framework.plugin import ForeignPlugin
from secure_gateway.plugins.framework.registration import bind_plugin


def bind(cls: type[Plugin], **config: Any) -> list[HookBinding]:
    return bind_plugin(cls(PluginConfig(name="p", **config)), default_timeout=5, where="$.plugins.hooks[0]")


class Named(Plugin):
    async def tool_pre_invoke(self, payload: ToolPreInvokePayload, context: PluginContext) -> ToolPreInvokeResult:
        return ToolPreInvokeResult()

    async def prompt_pre_fetch(self, payload: Any, context: Any) -> PromptPrehookResult:
        return PromptPrehookResult()


def test_a_method_named_like_a_hook_answers_it_and_no_hooks_in_the_configuration_means_all() -> None:
    assert sorted(b.hook for b in bind(Named)) == ["prompt_pre_fetch", "tool_pre_invoke"]
    assert [b.hook for b in bind(Named, hooks=["tool_pre_invoke"])] == ["tool_pre_invoke"]


def test_the_decorator_makes_any_method_answer_one_or_several_hooks() -> None:
    class Marked(Plugin):
        @hook(ToolHookType.TOOL_PRE_INVOKE, "tool_post_invoke")
        async def look(self, payload: Any, context: Any) -> PluginResult[Any]:
            return PluginResult()

    assert [b.hook for b in bind(Marked)] == ["tool_post_invoke", "tool_pre_invoke"]


def test_a_custom_hook_brings_its_own_types() -> None:
    class EmailPayload(PluginPayload):
        recipient: str
        subject: str

    class EmailResult(PluginResult[EmailPayload]):
        pass

    class Mail(Plugin):
        @hook("email_pre_send", EmailPayload, EmailResult)
        async def check(self, payload: Any, context: Any) -> Any:
            return EmailResult(modified_payload=EmailPayload(recipient="a@b.c", subject="hi"))

    (binding,) = bind(Mail)
    assert (binding.hook, binding.result) == ("email_pre_send", EmailResult)


def wrong_sync() -> type[Plugin]:
    class Bad(Plugin):
        def tool_pre_invoke(self, payload: Any, context: Any) -> Any:
            return ToolPreInvokeResult()

    return Bad


def wrong_parameters() -> type[Plugin]:
    class Bad(Plugin):
        async def tool_pre_invoke(self, payload: Any) -> Any:
            return ToolPreInvokeResult()

    return Bad


def wrong_result() -> type[Plugin]:
    class Bad(Plugin):
        async def tool_pre_invoke(self, payload: Any, context: Any) -> PromptPrehookResult:
            return PromptPrehookResult()

    return Bad


def wrong_payload() -> type[Plugin]:
    class Bad(Plugin):
        async def prompt_pre_fetch(self, payload: ToolPreInvokePayload, context: Any) -> Any:
            return None

    return Bad


def nearly_named() -> type[Plugin]:
    class Bad(Plugin):
        async def tool_pre_invok(self, payload: Any, context: Any) -> Any:
            return None

        async def tool_post_invoke(self, payload: Any, context: Any) -> Any:
            return None

    return Bad


def answers_nothing() -> type[Plugin]:
    class Bad(Plugin):
        async def check(self, payload: Any, context: Any) -> Any:
            return None

    return Bad


def unknown_hook() -> type[Plugin]:
    class Bad(Plugin):
        @hook("tool_pre_invokes")
        async def check(self, payload: Any, context: Any) -> Any:
            return None

    return Bad


def answers_twice() -> type[Plugin]:
    class Bad(Plugin):
        async def tool_pre_invoke(self, payload: Any, context: Any) -> Any:
            return None

        @hook("tool_pre_invoke")
        async def again(self, payload: Any, context: Any) -> Any:
            return None

    return Bad


@pytest.mark.parametrize(
    ("make", "way_out"),
    [
        (wrong_sync, "async def tool_pre_invoke(self, payload, context)"),
        (wrong_parameters, "a hook takes (payload, context)"),
        (wrong_result, "tool_pre_invoke is answered with ToolPreInvokeResult"),
        (wrong_payload, "prompt_pre_fetch passes PromptPrehookPayload"),
        (nearly_named, "looks like the hook 'tool_pre_invoke'"),
        (answers_nothing, "answers no hook"),
        (unknown_hook, "Did you mean 'tool_pre_invoke'?"),
        (answers_twice, "two methods for tool_pre_invoke"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_class_that_breaks_the_contract_is_refused_with_the_way_out(make: Any, way_out: str) -> None:
    with pytest.raises(ProviderContractError) as caught:
        bind(make())
    assert way_out in str(caught.value)


@pytest.mark.parametrize(
    ("hooks", "way_out"),
    [(["tool_pre_invoc"], "did you mean 'tool_pre_invoke'?"), (["resource_pre_fetch"], "has no method for it")],
)
def test_a_hook_that_the_class_does_not_answer_is_refused(hooks: list[str], way_out: str) -> None:
    with pytest.raises(ProviderContractError) as caught:
        bind(Named, hooks=hooks)
    assert way_out in str(caught.value)
    assert "$.plugins.hooks[0].hooks" in str(caught.value)


def test_the_decorator_without_a_hook_name_is_refused() -> None:
    with pytest.raises(ProviderContractError, match="needs the name of a hook"):
        hook()
    with pytest.raises(ProviderContractError, match="needs the name of a hook"):
        hook(lambda: None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("entries", "name", "matches"),
    [
        (["send_mail"], "send_mail", True),
        (["send_mail"], "send_mails", False),
        (["send_*"], "send_mail", True),
        (["send_*"], "resend_mail", False),
        (["a?c"], "abc", True),
        (["[ab]x"], "bx", True),
        (["[!ab]x"], "bx", False),
        (["re:send_(mail|sms)"], "send_sms", True),
        (["re:send"], "send_sms", False),
        (["https://api.example.com/*"], "https://api.example.com/a/b", True),
        (["a.c"], "abc", False),
        (["*\n*"], "a\nb", True),
        (["["], "[", True),
        ([], "anything", False),
    ],
)
def test_a_name_matches_exactly_by_glob_or_by_marked_pattern(entries: list[str], name: str, matches: bool) -> None:
    assert compile_matcher(entries)(name) is matches


@pytest.mark.parametrize("entry", ["admin_.*", "admin_*"])
def test_a_user_pattern_counts_as_pattern_and_as_glob(entry: str) -> None:
    assert compile_matcher([entry], also_patterns=True)("admin_ann")


@pytest.mark.parametrize("pattern", ["re:(?=x)y", r"re:(a)\1", "re:(unclosed"])
def test_a_pattern_that_cannot_run_in_linear_time_is_refused(pattern: str) -> None:
    with pytest.raises(ConfigError, match="linear time"):
        compile_matcher([pattern])


def test_conditions_for_another_family_do_not_widen_to_this_one() -> None:
    tool, prompt = (
        bind(Named, hooks=[name], conditions=[PluginCondition(tools=("t",))])[0]
        for name in ("tool_pre_invoke", "prompt_pre_fetch")
    )
    facts: Any = type("Facts", (), {"server_id": None, "tenant_id": None, "user": None, "content_type": None})()
    assert tool.condition is not None
    assert prompt.condition is not None
    assert tool.condition("t", facts)
    assert not tool.condition("u", facts)
    assert not prompt.condition("t", facts)


def test_an_attribute_that_is_unknown_never_skips_a_guard_and_an_empty_list_restricts_nothing() -> None:
    (guard,) = bind(Named, hooks=["tool_pre_invoke"], conditions=[PluginCondition(tenant_ids=("t1",), tools=())])
    without: Any = type("Facts", (), {"tenant_id": None})()
    other: Any = type("Facts", (), {"tenant_id": "t2"})()
    assert guard.condition is not None
    assert guard.condition("x", without)
    assert not guard.condition("x", other)
    assert bind(Named, hooks=["tool_pre_invoke"], conditions=[PluginCondition()])[0].condition is None


class Elsewhere(ForeignPlugin):
    """Stands for code that runs in another place."""

    offered: ClassVar[list[str]] = ["tool_pre_invoke", "tool_post_invoke"]

    def offered_hooks(self) -> list[str]:
        return self.offered

    async def invoke_hook(self, hook: str, payload: Any, context: PluginContext) -> PluginResult[Any]:
        return PluginResult(metadata={"hook": hook})


async def test_a_foreign_plugin_is_bound_to_the_hooks_that_it_offers() -> None:
    bound = bind_plugin(Elsewhere(PluginConfig(name="far")), default_timeout=1.0)
    assert [binding.hook for binding in bound] == ["tool_post_invoke", "tool_pre_invoke"]
    answers = [await binding.call(None, None) for binding in bound]  # type: ignore[arg-type]
    assert [answer.metadata for answer in answers] == [{"hook": "tool_post_invoke"}, {"hook": "tool_pre_invoke"}]


def test_a_foreign_plugin_is_bound_to_no_more_hooks_than_the_configuration_names() -> None:
    (bound,) = bind_plugin(Elsewhere(PluginConfig(name="far", hooks=["tool_pre_invoke"])), default_timeout=1.0)
    assert bound.hook == "tool_pre_invoke"


def test_a_foreign_plugin_that_offers_an_unknown_hook_is_refused_unless_others_are_asked_for() -> None:
    class Stranger(Elsewhere):
        offered: ClassVar[list[str]] = ["tool_pre_invoke", "before_lunch"]

    with pytest.raises(ProviderContractError, match="before_lunch"):
        bind_plugin(Stranger(PluginConfig(name="far")), default_timeout=1.0)
    (bound,) = bind_plugin(Stranger(PluginConfig(name="far", hooks=["tool_pre_invoke"])), default_timeout=1.0)
    assert bound.hook == "tool_pre_invoke"
