"""A candidate decides whether its detector runs at all, so it must match wherever the exact pattern can."""

from __future__ import annotations

import random
from functools import lru_cache

import msgspec
import pytest
import re2

from secure_gateway.plugins.guardrails.scanner import INJECTION_DETECTORS, PII_DETECTORS, SECRET_DETECTORS, Scanner
from secure_gateway.plugins.guardrails.scanner.candidates import CandidateSet, CandidateSets, options
from secure_gateway.plugins.guardrails.scanner.finding import Detector, Limits
from secure_gateway.plugins.guardrails.scanner.folding import fold_pattern
from secure_gateway.plugins.guardrails.scanner.serialise import serialise
from tests.corpora import build
from tests.plugins.guardrails.scanner.drawn import draw_match, drawable

_ROUNDS = 12
_SURROUNDINGS = ("", '"', '{"a":"', ":", ",", "7", "x", "X", "_", "-", " ", "\n", "é", "\ud800", ")", ".", "[")
_DETECTORS = (*PII_DETECTORS, *SECRET_DETECTORS, *INJECTION_DETECTORS)


@lru_cache(8)  # all of them would take a gigabyte
def _scanners(name: str, threshold: float = 0.5) -> tuple[Scanner, Scanner]:
    """Return the scanner for one detector, and the same with a candidate that always fires."""
    detector = next(each for each in _DETECTORS if each.id == name)
    always = msgspec.structs.replace(detector, candidate="(?s).")
    return Scanner([detector], threshold=threshold), Scanner([always], threshold=threshold)


@pytest.mark.parametrize("detector", _DETECTORS, ids=lambda each: each.id)
def test_a_detector_finds_as_much_as_without_its_candidate(detector: Detector) -> None:
    usual, always = _scanners(detector.id, 0.01)
    rng = random.Random(detector.id)  # noqa: S311 - the same samples in every run
    for _ in range(_ROUNDS):
        drawn = draw_match(drawable(fold_pattern(detector.exact)), rng)
        before, after = rng.choice(_SURROUNDINGS), rng.choice(_SURROUNDINGS)
        for text in (drawn, before + drawn + after):
            assert usual.scan_text(text) == always.scan_text(text), text
            assert usual.scan({"a": ["b", text]}) == always.scan({"a": ["b", text]}), text


def test_candidates_fire_in_order_whatever_the_engine_says_first() -> None:
    candidates = CandidateSet([fold_pattern(detector.candidate) for detector in _DETECTORS])
    fired = candidates.fired(b"%20write to alice.smith@example.com today, ssn 123-45-6789, password = hunter2x")
    assert len(fired) > 1
    assert fired == sorted(fired)


@pytest.mark.parametrize("detector", [each for each in _DETECTORS if not each.needs_context], ids=lambda each: each.id)
def test_a_candidate_fires_wherever_its_exact_pattern_matches(detector: Detector) -> None:
    """A detector that needs its context may have a candidate that looks for the context instead; the next test is for these."""
    usual, exact = (re2.compile(fold_pattern(each), options()) for each in (detector.candidate, detector.exact))
    rng = random.Random(detector.id)  # noqa: S311 - the same samples in every run
    for _ in range(10 * _ROUNDS):
        text = (
            rng.choice(_SURROUNDINGS)
            + draw_match(drawable(fold_pattern(detector.exact)), rng)
            + rng.choice(_SURROUNDINGS)
        )
        data = text.encode("utf-8", "replace")
        assert exact.search(data) is None or usual.search(data) is not None, text


_CUED = [(each, cue) for each in _DETECTORS for cue in each.context]


@pytest.mark.parametrize(("detector", "cue"), _CUED, ids=lambda each: getattr(each, "id", None))
def test_a_detector_finds_as_much_beside_each_of_its_cues(detector: Detector, cue: str) -> None:
    usual, always = _scanners(detector.id)
    rng = random.Random(detector.id + cue)  # noqa: S311 - the same samples in every run
    for _ in range(2):
        word, number = (
            draw_match(drawable(fold_pattern(cue)), rng),
            draw_match(drawable(fold_pattern(detector.exact)), rng),
        )
        for text in (
            f"{word}: {number}",
            f"the {word}no {number}",
            f"(x){word.upper()}={number}",
            f"{number} ({word})",
        ):
            assert usual.scan_text(text) == always.scan_text(text), text
        for name in (word, f"user{word[:1].upper()}{word[1:]}", f"my_{word}_2", f"{word}Number"):
            assert usual.scan({name: number}) == always.scan({name: number}), (name, number)
            assert usual.scan([{name: {"value": number}}]) == always.scan([{name: {"value": number}}]), (name, number)


@pytest.mark.parametrize(
    "record",
    [
        {"uuid": "f47ac10b-58cc-4372-a567-0e02b2c3d479", "created_at": "2026-01-15T10:30:45Z"},
        {"id": "be68c10b-de12-4fa1-ad33-0e02b2c3d479", "url": "https://example.com/items/17?page=2"},
        {"said": "the run was frequent", "prompt": "translate it and respect the reader"},
    ],
)
def test_no_candidate_fires_on_a_record_of_everyday_business(record: dict[str, str]) -> None:
    candidates = CandidateSet([fold_pattern(detector.candidate) for detector in _DETECTORS])
    fired = candidates.fired(serialise(record, Limits()))
    assert [_DETECTORS[index].id for index in fired] == []


def test_several_automata_say_what_one_would() -> None:
    patterns = list(dict.fromkeys(fold_pattern(detector.candidate) for detector in _DETECTORS))
    one, several = CandidateSet(patterns), CandidateSets(patterns)
    texts = [line.content.encode() for line in build.corpus("injection")[::40]]
    texts += [line.content.encode() for line in build.corpus("secrets")[::40]]
    found = [several.fired(text) for text in texts]
    assert found == [one.fired(text) for text in texts]
    assert {0, 1, 2} < {len(places) for places in found}


def test_few_patterns_take_one_automaton_and_none_are_no_harm() -> None:
    assert CandidateSets(["b", "z", "[^x]*q"]).fired(b"bz") == [0, 1]
    assert CandidateSets([]).fired(b"bz") == []
