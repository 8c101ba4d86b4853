"""The gate never drops a true match: where RE2 finds a pattern, it fires. And in ASCII it fires nowhere else."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from functools import lru_cache
from typing import Final

import pytest
import re2
from fuzz.truth import Truth
from hypothesis import given, settings
from hypothesis import strategies as st

from secure_gateway.native import DescribedDetector, Seen, core
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
_COUNT = re2.compile(r"\{(?:\d+,)?(\d+)")
_MOST_COPIES = 100
_CASELESS = re2.compile(r"\(\?[a-z]*i")
_OF_NO_CATEGORY = re2.compile(r"\\P|\[\^[^\]]*\\p")
_DETECTORS = (*PII_DETECTORS, *SECRET_DETECTORS, *INJECTION_DETECTORS)
_PATTERNS = tuple(
    dict.fromkeys((*(fold_pattern(each.candidate) for each in _DETECTORS), *(layer.candidate for layer in LAYERS)))
)


def gate(*patterns: str) -> NativeGate | Truth:
    """Return the gate of these patterns, which the core takes; RE2 itself where the Python twin is in use."""
    if core() is None:
        return truth(*patterns)
    found = native_gate(tuple((pattern, ()) for pattern in patterns))
    assert found is not None, patterns
    return found


@lru_cache(8)
def truth(*patterns: str) -> Truth:
    """Return what RE2 finds of these patterns."""
    return Truth(patterns)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _check_built_in(text: str) -> None:
    """Compare both on the patterns of all detectors and layers, as a scanner asks: the text as it is, then folded."""
    found = gate(*_PATTERNS)
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
    for patterns in (_PATTERNS, dict.fromkeys(fold_pattern(each.exact) for each in _DETECTORS)):
        gate(*patterns)


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
    assert gate(pattern).fired(_bytes(text)) == [0]


@settings(max_examples=_MANY // 2)
@given(disguised())
def test_no_disguised_text_is_dropped(text: str) -> None:
    _check_built_in(text)


@settings(max_examples=_MANY)
@given(expressions(), st.data())
def test_where_re2_finds_a_pattern_the_gate_fires(expression: Expression, data: st.DataObject) -> None:
    found = gate(expression.source)
    compiled = re2.compile(expression.source, options())
    for text in data.draw(st.lists(around(expression), min_size=1, max_size=3)):
        raw = _bytes(text)
        if compiled.search(raw) is not None:
            assert found.fired(raw) == [0], (expression.source, text)


def _copies(pattern: str) -> int:
    """Return how many copies of a character class a pattern may stand for at most."""
    return math.prod(max(1, int(count)) for count in _COUNT.findall(pattern))


@settings(max_examples=_MANY)
@given(expressions(), st.data())
def test_in_ascii_the_gate_fires_nowhere_else(expression: Expression, data: st.DataObject) -> None:
    found = gate(expression.source)
    compiled = re2.compile(expression.source, options())
    for text in data.draw(st.lists(around(expression, ASCII), min_size=1, max_size=3)):
        if text.isascii():
            fires = compiled.search(text.encode()) is not None
            if not fires and _CASELESS.search(expression.source) and _OF_NO_CATEGORY.search(expression.source):
                continue  # what is beyond ASCII is taken for it, and the Kelvin sign is a k where case does not count
            if not fires and _copies(expression.source) > _MOST_COPIES:
                continue  # too large for an engine, which counts as a match
            assert found.fired(text.encode()) == [0] * fires, (expression.source, text)


@settings(max_examples=_MANY // 3)
@given(st.lists(expressions(4), min_size=2, max_size=40), st.data())
def test_patterns_do_not_hide_each_other(drawn: list[Expression], data: st.DataObject) -> None:
    sources = tuple(each.source for each in drawn)
    found = gate(*sources)
    text = "".join(data.draw(around(each)) for each in drawn[:3])
    wanted = [index for index, source in enumerate(sources) if re2.compile(source, options()).search(_bytes(text))]
    assert set(wanted) <= set(found.fired(_bytes(text)))


@settings(max_examples=_MANY // 3)
@given(st.text(st.sampled_from(ASCII + BEYOND), min_size=1, max_size=60))
def test_a_text_is_found_by_its_own_spelling(text: str) -> None:
    for pattern in (re2.escape(text), f"(?i){re2.escape(text)}"):
        for data in (text, f"é{text}", f"{text}x" * 3):
            assert gate(pattern).fired(_bytes(data)) == [0]


def test_every_character_is_folded_as_the_twin_folds_it() -> None:
    for begin in range(0, 0x110000, 256):
        text = "".join(chr(code) for code in range(begin, begin + 256) if not 0xD800 <= code < 0xE000)
        folded = fold(text)
        if folded == text:
            continue
        found = gate(f"(?s)^a{re2.escape(folded)}z$")
        assert isinstance(found, Truth) or found.suspects([f"a{text}z"], Limits()), hex(begin)


_LONG_WORD, _LONG_GAP = "x" * 90, " " * 20
_SURROUNDINGS = (
    "The store room is at the end of the hall, and the key hangs beside the door. ",
    f"{_LONG_WORD} and {_LONG_WORD}. ",
    f"a{_LONG_GAP}b\n",
    "報告書は火曜日に届く。 ",
)


@pytest.mark.parametrize("detector", _DETECTORS, ids=lambda each: each.id)
def test_a_match_is_found_within_long_texts_and_where_its_blanks_are_many(detector: Detector) -> None:
    rng = random.Random(f"near {detector.id}")  # noqa: S311 - the same texts in every run
    suspects = _suspects(detector.candidate, detector.exact)
    for around_it in (each * 60 for each in _SURROUNDINGS):
        drawn = _drawn(detector, around_it, rng)
        assert suspects(_within(drawn, around_it)), drawn
        for match in (drawn.replace(" ", _LONG_GAP), drawn.replace(" ", f" {_LONG_WORD} ")):
            value = _within(match, around_it)
            assert suspects(value) or not _both_match(detector, value), match


def _drawn(detector: Detector, around_it: str, rng: random.Random) -> str:
    """Draw a text in which both patterns of ``detector`` match where it stands; one that needs a cue has it before it."""
    candidate, exact = (drawable(fold_pattern(each)) for each in (detector.candidate, detector.exact))
    for _ in range(100):
        cue = f"{draw_match(candidate, rng)} " if detector.needs_context else ""
        drawn = cue + draw_match(exact, rng)
        if _both_match(detector, _within(drawn, around_it)):
            return drawn
    raise AssertionError(f"{detector.id}: of 100 texts that were drawn none matches; draw better ones")


def _both_match(detector: Detector, value: str | dict[str, str]) -> bool:
    """Say whether RE2 finds both patterns in ``value`` as it is shown to them: with the name of the field before it."""
    text = value if isinstance(value, str) else "".join(f'{name}":"{text}' for name, text in value.items())
    patterns = (re2.compile(fold_pattern(each), options()) for each in (detector.candidate, detector.exact))
    return all(pattern.search(_bytes(text)) is not None for pattern in patterns)


def _within(match: str, text: str) -> str | dict[str, str]:
    """Return the text with the match in its middle; what reads the name of a field and all of its text stands alone, below a long name."""
    name, found, rest = match.partition('":"')
    return {f"{text} {name.lower()}": rest} if found else f"{text}\n{match}\n{text}"


def _suspects(candidate: str, exact: str) -> Callable[[object], bool]:
    """Return what tells whether the gate of one detector sends a value on; where the Python twin is in use, everything is."""
    if core() is None:
        return lambda _: True
    found = _gate_of_detectors((candidate, exact))
    return lambda value: bool(found.suspects(value, Limits()))


def _gate_of_detectors(*detectors: tuple[str, str]) -> NativeGate:
    found = native_gate(
        tuple((fold_pattern(candidate), (_whole(fold_pattern(exact)),)) for candidate, exact in detectors)
    )
    assert found is not None, detectors
    return found


def test_a_long_word_or_gap_in_a_match_is_no_way_past_the_gate() -> None:
    pattern = r"(?i)\bkey\s+(?:\w+\s+){0,3}zebra\s*:\s*\S+ends"
    matches = [
        "key zebra: it ends",
        f"key{' ' * 5000}zebra:ends",
        f"key {'w' * 5000} zebra : {'v' * 5000}ends",
        f"key a b c zebra:{' ' * 300}{'é' * 300}ends",
    ]
    suspects = _suspects(pattern, pattern)
    for text in (f"{'some words. ' * 400}{match}{' and more.' * 400}" for match in matches):
        matching = re2.compile(pattern, options()).search(text.encode()) is not None
        assert core() is None or suspects([text]) is matching


def _whole(pattern: str) -> DescribedDetector:
    return pattern, "", False, (0.5, 0.5), "whole", ""


def test_a_string_is_pointed_at_where_candidate_and_exact_pattern_match() -> None:
    asks = (r"key (\d)", "", False, (0.7, 0.7), "of Python's", "")
    found = native_gate((("key", (asks, _whole("key x"))), ("stone", ()), ("k", (_whole("never"),))))
    if core() is None:
        assert found is None
        return
    assert found is not None
    value = {"a": ["no key", "key 1", ("stone key x",)], "key 2": 5, "b": {"stone": "stones"}, "é": "key x"}
    nothing: Seen = ([], [])
    assert found.suspects(value, Limits()) == [
        ([(1, "key 2")], True, "key 2", 0, (([0], []), nothing)),
        ([(0, "a"), (1, None)], False, 'a":"key 1', 4, (([0], []), nothing)),
        ([(0, "a"), (2, None), (0, None)], False, 'a":"stone key x', 4, (([0, 1], [(1, 10, 15, 0.5)]), nothing)),
        ([(1, "key 2")], False, 'key 2":"5', 8, (([0], []), nothing)),
        ([(2, "b"), (0, "stone")], True, "stone", 0, (([1], []), nothing)),
        ([(2, "b"), (0, "stone")], False, 'stone":"stones', 8, (([1], []), nothing)),
        ([(3, "é")], False, 'é":"key x', 4, (([0], None), ([0], [(1, 4, 9, 0.5)]))),
    ]


def test_of_a_text_with_too_many_matches_only_the_candidates_are_told() -> None:
    if (found := native_gate((("k", (_whole("key"),)),))) is None:
        assert core() is None
        return
    for count, matches in ((4, 4), (5, None)):
        suspects = found.suspects("key " * count, Limits(max_findings=2))
        assert suspects is not None
        views = suspects[0][4]
        assert views is not None
        fired, told = views[0]
        assert (fired, told and len(told)) == ([0], matches)
