"""``search_replace`` rewrites texts, and only texts, in linear time."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure_gateway import ConfigError
from secure_gateway.errors import AnswerError
from secure_gateway.plugins.framework import Plugin, PromptPrehookPayload, ToolPostInvokePayload, ToolPreInvokePayload
from secure_gateway.plugins.hooks.regex import RegexPlugin
from secure_gateway.plugins.hooks.resource_filter import ResourceFilterPlugin
from secure_gateway.plugins.hooks.search_replace import SearchReplacePlugin
from secure_gateway.plugins.hooks.strings import compile_rule, rewrite_strings
from tests.plugins.hooks.plugins import build, fire

WORDS = [{"search": "crap", "replace": "crud"}, {"search": "crud", "replace": "yikes"}]


async def test_the_entries_apply_in_order_each_to_what_the_one_before_wrote() -> None:
    plugin = build(SearchReplacePlugin, words=WORDS)
    answer = await fire(plugin, "prompt_pre_fetch", PromptPrehookPayload(name="p", args={"text": "oh crap, crud"}))
    assert answer.modified_payload is not None
    assert answer.modified_payload.args == {"text": "oh yikes, yikes"}


async def test_every_depth_is_rewritten_and_names_and_numbers_stay() -> None:
    result = {"content": [{"type": "text", "text": "crap"}], "crap": 7, "deep": [["crud", None, True]]}
    answer = await fire(
        build(SearchReplacePlugin, words=WORDS), "tool_post_invoke", ToolPostInvokePayload(name="t", result=result)
    )
    assert answer.modified_payload is not None
    assert answer.modified_payload.result == {
        "content": [{"type": "text", "text": "yikes"}],
        "crap": 7,
        "deep": [["yikes", None, True]],
    }


@pytest.mark.parametrize("args", [None, {}, {"n": 1}, {"text": "fine"}])
async def test_without_a_match_nothing_is_modified(args: Any) -> None:
    plugin = build(SearchReplacePlugin, words=WORDS)
    answer = await fire(plugin, "tool_pre_invoke", ToolPreInvokePayload(name="t", args=args))
    assert answer.modified_payload is None


async def test_a_replacement_may_name_the_groups_of_its_pattern() -> None:
    plugin = build(SearchReplacePlugin, words=[{"search": r"(\w+)@(\w+)", "replace": r"\2 at \1"}])
    answer = await fire(plugin, "tool_post_invoke", ToolPostInvokePayload(name="t", result="me@home"))
    assert answer.modified_payload is not None
    assert answer.modified_payload.result == "home at me"


async def test_a_pattern_that_matches_too_many_places_of_one_text_fails_and_so_refuses() -> None:
    plugin = build(SearchReplacePlugin, words=[{"search": "[ab]", "replace": "-"}])
    answer = await fire(
        plugin, "tool_post_invoke", ToolPostInvokePayload(name="t", result=["a" * 10_000, "b" * 10_000])
    )
    assert answer.modified_payload is not None
    assert answer.modified_payload.result == ["-" * 10_000] * 2
    with pytest.raises(AnswerError, match="more than 10000 places"):
        await fire(plugin, "tool_post_invoke", ToolPostInvokePayload(name="t", result="a" * 10_001))


async def test_a_plain_word_has_no_such_limit() -> None:
    plugin = build(SearchReplacePlugin, words=[{"search": "a", "replace": "b"}])
    answer = await fire(plugin, "tool_post_invoke", ToolPostInvokePayload(name="t", result="a" * 100_000))
    assert answer.modified_payload is not None
    assert answer.modified_payload.result == "b" * 100_000


@pytest.mark.parametrize(
    ("kind", "config"),
    [
        (RegexPlugin, {"replace": [{"pattern": "[ab]"}]}),
        (ResourceFilterPlugin, {"content_filters": [{"pattern": "a"}]}),
    ],
)
async def test_the_other_plugins_that_replace_have_the_same_limit(kind: type[Plugin], config: dict[str, Any]) -> None:
    payload = ToolPostInvokePayload(name="t", result="a" * 10_001)
    with pytest.raises(AnswerError, match="more than 10000 places"):
        await fire(build(kind, **config), "tool_post_invoke", payload)


async def test_a_text_that_grows_without_bound_is_refused() -> None:
    plugin = build(SearchReplacePlugin, words=[{"search": "a", "replace": "aa"}] * 40)
    with pytest.raises(AnswerError, match="characters"):
        await fire(plugin, "tool_post_invoke", ToolPostInvokePayload(name="t", result="a"))


@given(st.text("ab", min_size=1, max_size=3), st.text("abg<1>", max_size=3), st.text("abc", max_size=30))
def test_a_plain_word_is_replaced_as_its_pattern_would_be(word: str, replacement: str, text: str) -> None:
    rule = compile_rule(word, replacement, "$", "search")
    assert rule.plain == word
    assert rule.apply(text) == rule.pattern.sub(replacement, text)


@pytest.mark.parametrize(
    ("word", "replacement"), [("a.", "b"), ("a b", "b"), ("(a)", r"\1"), ("a", r"\n"), ("a", r"\g<0>")]
)
def test_a_word_with_a_meaning_as_a_pattern_is_one(word: str, replacement: str) -> None:
    assert compile_rule(word, replacement, "$", "search").plain is None


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({}, "a list of"),
        ({"words": []}, "at least one entry"),
        ({"words": "crap"}, "a list of"),
        ({"words": ["crap"]}, "'search' and 'replace'"),
        ({"words": [{"search": "a"}]}, r"words\[0\]\.replace: found nothing"),
        ({"words": [{"search": 1, "replace": "b"}]}, r"words\[0\]\.search: found no text"),
        ({"words": [{"search": "a", "replace": "b", "x": 1}]}, "alone"),
        ({"words": [{"search": "(?=a)", "replace": "b"}]}, "linear time"),
        ({"words": [{"search": "x*", "replace": "b"}]}, "empty text"),
        ({"words": [{"search": "(a)", "replace": r"\2"}]}, "bad escape or group"),
        ({"words": [{"search": "a", "replace": "b\\"}]}, "bad escape or group"),
        ({"word": WORDS}, "Did you mean 'words'"),
    ],
)
def test_what_is_wrong_with_the_words_is_said_at_load(config: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        build(SearchReplacePlugin, **config)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text("ab", max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab", max_size=2), inner, max_size=3),
    max_leaves=10,
)


@given(JSON)
def test_rewriting_reaches_every_string_value_and_nothing_else(value: Any) -> None:
    def expected(node: Any) -> Any:
        if isinstance(node, dict):
            return {key: expected(child) for key, child in node.items()}
        if isinstance(node, list):
            return [expected(child) for child in node]
        return node.upper() if isinstance(node, str) else node

    wanted = expected(value)
    holder = [value]
    rewrite_strings(holder, str.upper)
    assert holder == [wanted]


def test_a_value_of_great_depth_is_rewritten() -> None:
    value: Any = "a"
    for _ in range(5_000):
        value = [value]
    assert rewrite_strings([value], str.upper)
