"""Folding: one spelling per letter, and the way back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure_gateway.plugins.guardrails.scanner.folding import FoldedText, Folder, fold, fold_char, fold_pattern

_TRICKY = st.text(
    alphabet=st.one_of(st.characters(), st.sampled_from("aé\u0301\u200bﬁ½㎏İßКа１٣—中\ufdfa\U000e0041\ud800"))
)


def folded(text: str) -> FoldedText | None:
    return Folder().fold(text, text.encode("utf-8", "surrogatepass"))


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("１２３", "123"),
        ("٣۴५", "345"),
        ("𝐢𝐠𝐧𝐨𝐫𝐞", "ignore"),
        ("іgnоrе", "ignore"),
        ("précédentes", "precedentes"),
        ("e\u0301", "e"),
        ("a\u200bb\u00adc\u2060d\ufeff", "abcd"),
        ("–—−‐", "----"),
        ("“x”", '"x"'),
        ("a\u00a0b\u3000c", "a b c"),
        ("＠．", "@."),
        ("ﬁ", "fi"),
        ("中文 한글", "中文 한글"),
        ("\U000e0069\U000e0067", ""),
    ],
)
def test_disguises_become_plain(text: str, plain: str) -> None:
    assert fold(text) == plain


def test_ascii_and_scripts_without_look_alikes_are_not_copied() -> None:
    assert folded("plain") is None
    assert folded("中文字符") is None


@given(st.characters())
def test_folding_twice_changes_nothing_more(char: str) -> None:
    assert fold(fold_char(char)) == fold_char(char)


@given(_TRICKY)
def test_folding_a_text_is_folding_its_characters(text: str) -> None:
    result = folded(text)
    assert (result.text if result else text) == "".join(map(fold_char, text))


@given(_TRICKY)
def test_every_folded_character_leads_back_to_the_one_it_came_from(text: str) -> None:
    result = folded(text)
    if result is None:
        return
    sources = [place for place, char in enumerate(text) for _ in fold_char(char)]
    assert [result.original_index(place) for place in range(len(result.text))] == sources


def test_no_character_grows_beyond_a_few() -> None:
    assert all(len(fold_char(chr(code))) <= 4 for code in range(0x20000) if not 0xD800 <= code < 0xE000)


def test_a_pattern_gets_no_new_metacharacter() -> None:
    assert fold_pattern("（é｜[à]＊)") == "（e｜[a]＊)"
