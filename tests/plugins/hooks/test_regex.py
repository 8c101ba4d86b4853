"""``regex`` refuses and rewrites in linear time, or is refused itself."""

from __future__ import annotations

from typing import Any

import pytest

from secure_gateway import ConfigError
from secure_gateway.plugins.framework import ToolListPayload, ToolPostInvokePayload, ToolPreInvokePayload
from secure_gateway.plugins.hooks.regex import RegexPlugin
from tests.plugins.hooks.plugins import build, fire


@pytest.mark.parametrize(
    "args", [{"a": "x SECRET y"}, {"SECRET": 1}, {"a": [{"b": ["SECRET"]}]}, {"a": 4111}, {"a": 41.11}]
)
async def test_what_matches_is_refused_in_values_names_and_numbers(args: dict[str, Any]) -> None:
    plugin = build(RegexPlugin, deny=["SECRET", r"^41\.?11$"])
    answer = await fire(plugin, "tool_pre_invoke", ToolPreInvokePayload(name="t", args=args))
    assert answer.violation is not None
    assert answer.violation.code == "PATTERN_DENIED"
    assert "SECRET" not in answer.violation.reason


async def test_replacements_apply_in_order_and_without_regard_to_case_where_asked() -> None:
    rules = [{"pattern": r"(\w+)@(\w+)", "replacement": r"\2"}, {"pattern": "HOME"}]
    plugin = build(RegexPlugin, replace=rules, ignore_case=True)
    answer = await fire(plugin, "tool_post_invoke", ToolPostInvokePayload(name="t", result={"x": ["me@home"], "n": 1}))
    assert answer.modified_payload is not None
    assert answer.modified_payload.result == {"x": ["***"], "n": 1}


async def test_without_a_match_nothing_happens() -> None:
    plugin = build(RegexPlugin, deny=["x"], replace=[{"pattern": "y"}])
    answer = await fire(plugin, "tool_pre_invoke", ToolPreInvokePayload(name="t", args={"a": "b"}))
    assert (answer.continue_processing, answer.modified_payload) == (True, None)


async def test_a_list_of_tools_is_refused_and_never_rewritten() -> None:
    tools = [{"name": "a", "description": "evil"}]
    rewriting = build(RegexPlugin, replace=[{"pattern": "evil"}])
    assert (await fire(rewriting, "tool_list", ToolListPayload(server="s", tools=tools))).modified_payload is None
    denying = build(RegexPlugin, deny=["evil"])
    assert not (await fire(denying, "tool_list", ToolListPayload(server="s", tools=tools))).continue_processing


async def test_a_pattern_that_explodes_elsewhere_ends_here() -> None:
    plugin = build(RegexPlugin, deny=["(a+)+$"])
    answer = await fire(plugin, "tool_pre_invoke", ToolPreInvokePayload(name="t", args={"x": "a" * 500_000 + "b"}))
    assert answer.continue_processing


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({}, "no pattern"),
        ({"deny": ["(?=a)b"]}, r"\$\.config\.deny\[0\].*look-ahead|linear time"),
        ({"deny": [r"(a)\1"]}, "linear time"),
        ({"deny": ["x*"]}, "empty text"),
        ({"deny": ["a" * 1_000_000]}, "1000000 characters"),
        ({"deny": "a"}, r"\$\.config\.deny: found str"),
        ({"denies": ["a"]}, r"\$\.config\.denies: found an unknown key.*Did you mean 'deny'"),
        ({"replace": [{"pattrn": "a"}]}, r"\$\.config\.replace\[0\].pattrn.*Did you mean 'pattern'"),
        ({"replace": [{}]}, r"\$\.config\.replace\[0\].pattern: found nothing"),
        ({"replace": [{"pattern": "a", "replacement": r"\1"}]}, r"replace\[0\].*bad escape or group"),
    ],
)
def test_what_is_wrong_is_said_at_load_with_its_place(config: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        build(RegexPlugin, **config)


def test_all_patterns_that_are_wrong_are_said_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        build(RegexPlugin, deny=["(?=a)b", "ok", "("], replace=[{"pattern": "["}])
    assert [each.path for each in caught.value.problems] == [
        "$.config.deny[0]",
        "$.config.deny[2]",
        "$.config.replace[0].pattern",
    ]
