"""Keywords: plain words in any spelling."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure_gateway.plugins.guardrails.scanner import KeywordMatcher, Limits, ScanLimitExceeded


def found(matcher: KeywordMatcher, text: str) -> list[str]:
    return [text[finding.start : finding.end] for finding in matcher.scan_text(text)]


def test_case_does_not_count_unless_asked_for() -> None:
    assert found(KeywordMatcher(["Secret"]), "a SECRET plan") == ["SECRET"]
    assert found(KeywordMatcher(["Secret"], case_sensitive=True), "a SECRET Secret") == ["Secret"]


def test_whole_words_stand_alone_and_may_touch_each_other() -> None:
    matcher = KeywordMatcher(["cat"], whole_words=True)
    assert found(matcher, "concatenate cats cat_x") == []
    assert found(matcher, "cat cat,cat(cat)") == ["cat"] * 4
    assert found(KeywordMatcher(["cat"]), "concatenate") == ["cat"]


@pytest.mark.parametrize("text", ["ｓｅｃｒｅｔ", "sécret", "se\u200bcret", "ѕесrеt", "𝗌𝖾𝖼𝗋𝖾𝗍", "SE\u00adCRET"])
def test_disguised_words_are_found(text: str) -> None:
    assert found(KeywordMatcher(["secret"]), f"ü {text}!") == [text]
    assert KeywordMatcher(["secret"]).scan({"a": [f"ü {text}"]})


@pytest.mark.parametrize("word", ["Straße", "naïve", "секрет", "机密", "a.b*c", "two words"])
def test_words_of_any_script_are_found_as_they_are_written(word: str) -> None:
    assert found(KeywordMatcher([word]), f"x {word} y") == [word]


@pytest.mark.parametrize("count", [1, 16, 17, 200])
def test_the_number_of_words_changes_nothing(count: int) -> None:
    matcher = KeywordMatcher([f"word{number}z" for number in range(count)])
    assert found(matcher, f"a WORD{count - 1}Z b") == [f"WORD{count - 1}Z"]
    assert found(matcher, f"é word{count - 1}z") == [f"word{count - 1}z"]
    assert found(matcher, "nothing here") == []


def test_nested_values_and_keys_are_searched() -> None:
    value = {"note": ["clean", {"x": 'the\n"projectx"'}], "projectX": {"n": "projectx"}}
    pointers = [finding.pointer for finding in KeywordMatcher(["projectx"]).scan(value)]
    assert pointers == ["/~key1", "/note/1/x", "/~at1/n"]


def test_a_camel_case_key_is_one_word() -> None:
    assert len(KeywordMatcher(["mypassword"]).scan({"myPassword": "a\nb"})) == 1


@pytest.mark.parametrize("words", [[], [""], ["a", " "], ["\u200b"]])
def test_no_word_or_an_invisible_one_is_refused(words: list[str]) -> None:
    with pytest.raises(ValueError, match="at least one"):
        KeywordMatcher(words)


def test_limits_are_kept() -> None:
    matcher = KeywordMatcher(["a"], limits=Limits(max_chars=50, max_findings=3))
    for value in ("x" * 51, "a" * 4, ["a"] * 4):
        with pytest.raises(ScanLimitExceeded):
            matcher.scan(value)


def test_no_word_shows_in_a_finding() -> None:
    assert "secret" not in repr(KeywordMatcher(["secret"]).scan({"secret": "secret"}))


@given(st.text(), st.text())
def test_a_word_put_into_any_text_is_found_there(before: str, after: str) -> None:
    text = f"{before}needle{after}"
    places = [(finding.start, finding.end) for finding in KeywordMatcher(["needle"]).scan_text(text)]
    assert any(start <= len(before) and end >= len(before) + 6 for start, end in places)
