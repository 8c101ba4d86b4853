"""``output_length`` counts every text of an answer, and cuts only what may be cut."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure_gateway import ConfigError
from secure_gateway.plugins.framework import ToolPostInvokePayload
from secure_gateway.plugins.hooks.output_length import OutputLengthPlugin
from tests.plugins.hooks.plugins import build, fire


async def left(result: Any, **config: Any) -> Any:
    """Return what is left of ``result``, or the code of the refusal."""
    payload = ToolPostInvokePayload(name="t", result=result)
    answer = await fire(build(OutputLengthPlugin, **config), "tool_post_invoke", payload)
    if answer.violation is not None:
        return answer.violation.code
    return result if answer.modified_payload is None else answer.modified_payload.result


@pytest.mark.parametrize(
    ("config", "text", "expected"),
    [
        ({"max_characters": 5}, "12345", "12345"),
        ({"max_characters": 5}, "123456", "OUTPUT_TOO_LONG"),
        ({"max_characters": 5, "action": "truncate"}, "123456", "1234…"),
        ({"max_characters": 5, "action": "truncate", "ellipsis": ""}, "123456", "12345"),
        ({"max_words": 2}, "a b  c", "OUTPUT_TOO_LONG"),
        ({"max_words": 2, "action": "truncate", "ellipsis": " […]"}, "a b  c", "a […]"),
        ({"max_bytes": 4}, "éé", "éé"),
        ({"max_bytes": 4}, "ééa", "OUTPUT_TOO_LONG"),
        ({"max_bytes": 6, "action": "truncate"}, "éééé", "é…"),
        ({"min_characters": 3}, "ab", "OUTPUT_TOO_SHORT"),
        ({"min_words": 2}, "ab", "OUTPUT_TOO_SHORT"),
        ({"min_bytes": 2}, "é", "é"),
        ({"max_characters": 4, "action": "truncate", "ellipsis": ""}, "abce\u0301x", "abc"),
        ({"max_characters": 2, "action": "truncate", "ellipsis": ""}, "a👩\u200d👧b", "a"),
    ],
)
async def test_a_text_is_measured_and_cut_between_signs(config: dict[str, Any], text: str, expected: str) -> None:
    assert await left(text, **config) == expected


async def test_all_texts_count_together_and_are_cut_in_their_order() -> None:
    result = {
        "content": [{"type": "text", "text": "12345"}, {"type": "text", "text": "67890"}, {"type": "text", "text": "x"}]
    }
    cut = await left(result, max_characters=8, action="truncate")
    assert cut == {
        "content": [{"type": "text", "text": "12345"}, {"type": "text", "text": "67…"}, {"type": "text", "text": ""}]
    }


async def test_a_thousand_short_texts_are_as_long_as_one() -> None:
    assert await left(["a"] * 1_000, max_characters=999) == "OUTPUT_TOO_LONG"


async def test_structured_content_is_cut_and_its_names_and_numbers_stay() -> None:
    result = {"content": [], "structuredContent": {"type": "long", "rows": [{"n": 1, "t": "abcdef"}]}}
    cut = await left(result, max_characters=7, action="truncate")
    assert cut == {"content": [], "structuredContent": {"type": "long", "rows": [{"n": 1, "t": "ab…"}]}}


async def test_an_image_counts_and_is_never_cut() -> None:
    image = {"type": "image", "data": "A" * 10, "mimeType": "image/png"}
    parts = {"content": [image, {"type": "text", "text": "12345"}]}
    cut = await left(parts, max_characters=12, action="truncate")
    assert cut["content"] == [image, {"type": "text", "text": "1…"}]
    assert await left({"content": [image]}, max_characters=9, action="truncate") == "OUTPUT_TOO_LONG"


@given(
    texts=st.lists(st.text(st.characters(codec="utf-8"), max_size=12), max_size=6),
    unit=st.sampled_from(["characters", "words", "bytes"]),
    most=st.integers(1, 20),
)
async def test_what_was_cut_is_never_longer_than_the_limit(texts: list[str], unit: str, most: int) -> None:
    cut = await left(list(texts), **{f"max_{unit}": most}, action="truncate", ellipsis="")
    measure = {"characters": len, "words": lambda t: len(t.split()), "bytes": lambda t: len(t.encode())}[unit]
    assert sum(map(measure, cut)) <= most or cut == texts
    assert len(cut) == len(texts)


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({}, "no limit"),
        ({"max_characters": 0}, "max_characters"),
        ({"max_characters": "5"}, r"\$\.config\.max_characters: found str; expected int"),
        ({"max_words": 1, "min_words": 2}, "more than max_words"),
        ({"max_characters": 1, "ellipsis": "..."}, "ellipsis"),
        ({"max_characters": 9, "action": "s3cret"}, "one of block, truncate"),
        ({"max_character": 9}, "Did you mean 'max_characters'"),
    ],
)
def test_what_is_wrong_is_said_at_load(config: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError, match=says) as caught:
        build(OutputLengthPlugin, **config)
    assert "s3cret" not in str(caught.value)
