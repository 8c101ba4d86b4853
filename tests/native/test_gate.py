"""The gate never drops a true match: where RE2 finds a pattern, it fires. And in ASCII it fires nowhere else."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import lru_cache
from typing import Final

import pytest
import re2
from hypothesis import given, settings
from hypothesis import strategies as st

from secure_gateway.native import core
from secure_gateway.plugins.guardrails.scanner import INJECTION_DETECTORS, PII_DETECTORS, SECRET_DETECTORS
from secure_gateway.plugins.guardrails.scanner.candidates import options
from secure_gateway.plugins.guardrails.scanner.finding import Detector, Limits
from secure_gateway.plugins.guardrails.scanner.folding import fold, fold_pattern
from secure_gateway.plugins.guardrails.scanner.gate import NativeGate, native_gate
from secure_gateway.plugins.guardrails.scanner.layers import LAYERS
from tests.corpora import build
from tests.corpora.lines import TASKS
from tests.native.expressions import ASCII, BEYOND, Expression, around, expressions
from tests.native.places import DISGUISES, SAMPLES, disguised
from tests.plugins.guardrails.scanner.drawn import draw_match, drawable

# Where the Python twin is in use RE2 is compared with itself: that shows that the tests run, and little of it is enough.
_MANY: Final = 1000 if core() else 30
_CASELESS = re2.compile(r"\(\?[a-z]*i")
_OF_NO_CATEGORY = re2.compile(r"\\P|\[\^[^\]]*\\p")
_DETECTORS = (*PII_DETECTORS, *SECRET_DETECTORS, *INJECTION_DETECTORS)
_PATTERNS = tuple(
    dict.fromkeys((*(fold_pattern(each.candidate) for each in _DETECTORS), *(layer.candidate for layer in LAYERS)))
)


class Truth:
    """All patterns in one set of RE2: what matches, and nothing else. (A ``CandidateSet`` also sees the canary that it adds to a text.)"""

    def __init__(self, *patterns: str) -> None:
        chosen = options()
        chosen.max_mem = 256 << 20
        self._set = re2.Set.SearchSet(chosen)
        for pattern in patterns:
            self._set.Add(pattern)
        self._set.Compile()

    def fired(self, data: bytes) -> list[int]:
        """Return the places of the patterns that match, in order."""
        return sorted(self._set.Match(data) or ())


def gate(*patterns: str) -> NativeGate | Truth | None:
    """Return the gate of these patterns, None where the core leaves them to RE2; RE2 itself where the Python twin is in use."""
    return native_gate(tuple((pattern, ()) for pattern in patterns)) if core() else truth(*patterns)


@lru_cache(8)
def truth(*patterns: str) -> Truth:
    """Return what RE2 finds of these patterns."""
    return Truth(*patterns)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _check_built_in(text: str) -> None:
    """Compare both on the patterns of all detectors and layers, as a scanner asks: the text as it is, then folded."""
    found = gate(*_PATTERNS)
    assert found is not None
    for data in dict.fromkeys((_bytes(text), _bytes(fold(text)))):
        wanted = truth(*_PATTERNS).fired(data)
        fired = found.fired(data)
        if data.isascii():
            assert fired == wanted, data
        elif not any(
            letter.encode() in data for letter in "\u017f\u212a"
        ):  # s and k by another name: seen in the folded text
            assert set(wanted) <= set(fired), data


def test_the_patterns_of_all_detectors_are_taken() -> None:
    assert gate(*_PATTERNS) is not None


@pytest.mark.parametrize("wear", DISGUISES, ids=range(len(DISGUISES)))
def test_no_sample_is_dropped_in_any_disguise(wear: Callable[[str], str]) -> None:
    for text in SAMPLES:
        _check_built_in(wear(text))


@pytest.mark.parametrize("task", TASKS)
def test_no_line_of_the_corpora_is_dropped(task: str) -> None:
    for line in build.corpus(task)[::10]:
        _check_built_in(line.content)


@pytest.mark.parametrize("detector", _DETECTORS, ids=lambda each: each.id)
def test_no_text_that_a_detector_looks_for_is_dropped(detector: Detector) -> None:
    rng = random.Random(detector.id)  # noqa: S311 - the same texts in every run
    for pattern in (detector.candidate, detector.exact):
        for _ in range(8):
            drawn = draw_match(drawable(fold_pattern(pattern)), rng)
            for text in (drawn, f'{{"é":"{drawn}"}}', drawn.upper(), f"{drawn[1:]} {drawn}{drawn}"):
                _check_built_in(text)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        pytest.param("a.b", "a\ud800b", id="a lone surrogate is one character to RE2"),
        pytest.param("a[^x]b", "a\udfffb", id="and in no class of letters"),
        pytest.param("ښښښښ", "ښښښښ", id="bytes beyond ASCII that share the symbol of digits"),
        pytest.param("a[+--]b", "a,b", id="a range of a class that ends in a hyphen"),
        pytest.param(r"x\<a", "x<a", id="an escaped sign that begins a word to Rust"),
        pytest.param(r"a\>x", "a>x", id="an escaped sign that ends a word to Rust"),
    ],
)
def test_what_was_dropped_once_is_found(pattern: str, text: str) -> None:
    assert re2.compile(pattern, options()).search(_bytes(text)) is not None
    found = gate(pattern)
    assert found is None or found.fired(_bytes(text)) == [0]


@settings(max_examples=_MANY // 2)
@given(disguised())
def test_no_disguised_text_is_dropped(text: str) -> None:
    _check_built_in(text)


@settings(max_examples=_MANY)
@given(expressions(), st.data())
def test_where_re2_finds_a_pattern_the_gate_fires(expression: Expression, data: st.DataObject) -> None:
    found = gate(expression.source)
    if found is None:
        return
    compiled = re2.compile(expression.source, options())
    for text in data.draw(st.lists(around(expression), min_size=1, max_size=3)):
        raw = _bytes(text)
        if compiled.search(raw) is not None:
            assert found.fired(raw) == [0], (expression.source, text)


@settings(max_examples=_MANY)
@given(expressions(), st.data())
def test_in_ascii_the_gate_fires_nowhere_else(expression: Expression, data: st.DataObject) -> None:
    found = gate(expression.source)
    if found is None:
        return
    compiled = re2.compile(expression.source, options())
    for text in data.draw(st.lists(around(expression, ASCII), min_size=1, max_size=3)):
        if text.isascii():
            fires = compiled.search(text.encode()) is not None
            if not fires and _CASELESS.search(expression.source) and _OF_NO_CATEGORY.search(expression.source):
                continue  # what is beyond ASCII is taken for it, and the Kelvin sign is a k where case does not count
            assert found.fired(text.encode()) == [0] * fires, (expression.source, text)


@settings(max_examples=_MANY // 3)
@given(st.lists(expressions(4), min_size=2, max_size=40), st.data())
def test_patterns_do_not_hide_each_other(drawn: list[Expression], data: st.DataObject) -> None:
    taken = [each for each in drawn if gate(each.source) is not None]
    if not taken:
        return
    sources = tuple(each.source for each in taken)
    found = gate(*sources)
    assert found is not None
    text = "".join(data.draw(around(each)) for each in taken[:3])
    wanted = [index for index, source in enumerate(sources) if re2.compile(source, options()).search(_bytes(text))]
    assert set(wanted) <= set(found.fired(_bytes(text)))


@settings(max_examples=_MANY // 3)
@given(st.text(st.sampled_from(ASCII + BEYOND), min_size=1, max_size=60))
def test_a_text_is_found_by_its_own_spelling(text: str) -> None:
    for pattern in (re2.escape(text), f"(?i){re2.escape(text)}"):
        found = gate(pattern)
        if found is not None:
            for data in (text, f"é{text}", f"{text}x" * 3):
                assert found.fired(_bytes(data)) == [0]


def test_every_character_is_folded_as_the_twin_folds_it() -> None:
    for begin in range(0, 0x110000, 256):
        text = "".join(chr(code) for code in range(begin, begin + 256) if not 0xD800 <= code < 0xE000)
        folded = fold(text)
        if folded == text:
            continue
        found = gate(f"(?s)^a{re2.escape(folded)}z$")
        assert isinstance(found, Truth) or (found is not None and found.suspects([f"a{text}z"], Limits())), hex(begin)


_LONG_WORD, _LONG_GAP = "x" * 70, " " * 20
_SURROUNDINGS = (
    "The store room is at the end of the hall, and the key hangs beside the door. ",
    f"{_LONG_WORD} and {_LONG_WORD}. ",
    f"a{_LONG_GAP}b\n",
    "報告書は火曜日に届く。 ",
)


@pytest.mark.parametrize("detector", _DETECTORS, ids=lambda each: each.id)
def test_a_match_is_found_within_long_texts_and_where_its_blanks_are_many(detector: Detector) -> None:
    rng = random.Random(f"near {detector.id}")  # noqa: S311 - the same texts in every run
    patterns = fold_pattern(detector.candidate), (fold_pattern(detector.exact),)
    found = native_gate((patterns,)) if core() else None
    compiled = [re2.compile(pattern, options()) for pattern in (patterns[0], *patterns[1])]
    for around_it in _SURROUNDINGS:
        drawn = draw_match(drawable(patterns[1][0]), rng)
        for match in (drawn, drawn.replace(" ", _LONG_GAP), drawn.replace(" ", f" {_LONG_WORD} ")):
            text = f"{around_it * 60}\n{match}\n{around_it * 60}"
            if all(pattern.search(_bytes(text)) is not None for pattern in compiled):
                assert found is None or found.suspects(text, Limits()), match


def test_a_long_word_or_gap_in_a_match_is_no_way_past_the_gate() -> None:
    pattern = r"(?i)\bkey\s+(?:\w+\s+){0,3}zebra\s*:\s*\S+ends"
    matches = [
        "key zebra: it ends",
        f"key{' ' * 5000}zebra:ends",
        f"key {'w' * 5000} zebra : {'v' * 5000}ends",
        f"key a b c zebra:{' ' * 300}{'é' * 300}ends",
    ]
    for text in (f"{'some words. ' * 400}{match}{' and more.' * 400}" for match in matches):
        matching = re2.compile(pattern, options()).search(text.encode()) is not None
        found = native_gate(((pattern, (pattern,)),)) if core() else None
        assert found is None or bool(found.suspects([text], Limits())) is matching


def test_a_string_is_pointed_at_where_candidate_and_exact_pattern_match() -> None:
    if core() is None:
        return
    found = native_gate((("key", (r"key \d", "key x")), ("stone", ()), ("k", ("never",))))
    assert found is not None
    value = {"a": ["no key", "key 1", ("stone key x",)], "key 2": 5, "b": {"stone": "stones"}}
    assert found.suspects(value, Limits()) == [
        ([1], True, ([0], [])),
        ([0, 1], False, ([0], [])),
        ([0, 2, 0], False, ([0, 1], [])),
        ([1], False, ([0], [])),
        ([2, 0], True, ([1], [])),
        ([2, 0], False, ([1], [])),
    ]
