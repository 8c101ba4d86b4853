"""``mask_fields`` masks by name and place, at any depth, in JSON within texts too."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure_gateway import ConfigError
from secure_gateway.errors import AnswerError
from secure_gateway.plugins.framework import ToolPostInvokePayload, ToolPreInvokePayload
from secure_gateway.plugins.hooks.mask_fields import MaskFieldsPlugin
from tests.plugins.hooks.plugins import build, fire


async def masked(value: Any, **config: Any) -> Any:
    plugin = build(MaskFieldsPlugin, **config)
    answer = await fire(plugin, "tool_post_invoke", ToolPostInvokePayload(name="t", result=value))
    assert answer.continue_processing
    return value if answer.modified_payload is None else answer.modified_payload.result


async def test_names_and_globs_are_masked_at_any_depth_whatever_stands_there() -> None:
    value = {"Password": "x", "a": [{"api_token": 5, "token": {"deep": 1}}], "keep": "x"}
    assert await masked(value, fields=["password", "*token"]) == {
        "Password": "***",
        "a": [{"api_token": "***", "token": "***"}],
        "keep": "x",
    }


async def test_a_pointer_masks_one_place_and_a_star_every_step() -> None:
    value = {"user": {"ssn": 1, "name": "n"}, "rows": [{"iban": "a"}, {"iban": "b"}], "ssn": 2, "a/b": {"~": 3}}
    fields = ["/user/ssn", "/rows/*/iban", "/a~1b/~0"]
    assert await masked(value, fields=fields, mask=None) == {
        "user": {"ssn": None, "name": "n"},
        "rows": [{"iban": None}, {"iban": None}],
        "ssn": 2,
        "a/b": {"~": None},
    }


async def test_case_counts_where_that_is_asked() -> None:
    assert await masked({"Key": 1, "key": 2}, fields=["key"], case_sensitive=True) == {"Key": 1, "key": "***"}


async def test_json_in_a_text_is_looked_into_and_written_back_as_json() -> None:
    inner = json.dumps({"password": "a", "n": [1, 2.5, None, "é"]})
    outer = json.dumps({"wrapped": inner})
    result = {"content": [{"type": "text", "text": outer}]}
    (part,) = (await masked(result, fields=["password"]))["content"]
    assert json.loads(json.loads(part["text"])["wrapped"]) == {"password": "***", "n": [1, 2.5, None, "é"]}


@pytest.mark.parametrize(
    "text", ['{"pass\\u0077ord": "x"}', '{"password": "x", "password": "y"}', ' [{"password":"x"}]']
)
async def test_odd_spellings_of_json_hide_nothing(text: str) -> None:
    (left,) = await masked([text], fields=["password"])
    assert "x" not in left.replace("***", "")
    assert "y" not in left


async def test_json_texts_can_be_left_alone() -> None:
    assert await masked(['{"password": "x"}'], fields=["password"], json_texts=False) == ['{"password": "x"}']


async def test_what_is_no_json_stays_as_it_is() -> None:
    value = ["{not json", "[1, 2", "", "{}", "[]", '{"a": 1}', "\ud800"]
    assert await masked(list(value), fields=["password"]) == value


async def test_json_that_is_wrapped_too_often_is_refused() -> None:
    text = json.dumps({"password": "x"})
    for _ in range(7):
        text = json.dumps([text])
    with pytest.raises(AnswerError, match="wrapped"):
        await masked([text], fields=["password"])


async def test_json_that_is_nested_too_deep_for_a_text_is_refused() -> None:
    with pytest.raises(AnswerError, match="nested too deep"):
        await masked(["[" * 100_000], fields=["password"])


async def test_a_great_depth_is_masked() -> None:
    value: Any = {"password": "x"}
    for _ in range(50_000):
        value = [value]
    plugin = build(MaskFieldsPlugin, fields=["password"])
    payload = ToolPreInvokePayload(name="t", args={"a": value})
    answer = await fire(plugin, "tool_pre_invoke", payload)
    assert answer.modified_payload is payload


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text("ab", max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abk"), inner, max_size=3),
    max_leaves=12,
)


@given(value=JSON)
async def test_nothing_is_left_under_a_name_and_everything_else_is(value: Any) -> None:
    def expected(node: Any) -> Any:
        if isinstance(node, dict):
            return {key: "***" if key == "k" else expected(child) for key, child in node.items()}
        return [expected(child) for child in node] if isinstance(node, list) else node

    assert await masked(value, fields=["k"]) == expected(value)


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({}, r"\$\.config\.fields: found nothing"),
        ({"fields": []}, "at least one name"),
        ({"fields": [" "]}, r"\$\.config\.fields\[0\]"),
        ({"fields": ["/"]}, r"\$\.config\.fields\[0\]"),
        ({"fields": "password"}, r"\$\.config\.fields: found str"),
        ({"fields": ["re:(?=a)"]}, r"\$\.config\.fields.*linear time"),
        ({"field": ["a"]}, "Did you mean 'fields'"),
        ({"fields": ["a"], "mask": 1}, r"\$\.config\.mask"),
    ],
)
def test_what_is_wrong_is_said_at_load(config: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        build(MaskFieldsPlugin, **config)


def test_a_pointer_that_names_nothing_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"\$\.config\.fields\[1\]: found a ~ in a JSON pointer"):
        build(MaskFieldsPlugin, fields=["/a~1b/~0", "/a/~2"])
