"""A candidate decides whether its detector runs at all, so it must match wherever the exact pattern can."""

from __future__ import annotations

import random
import re

import msgspec
import pytest

from secure_gateway.plugins.guardrails.scanner import INJECTION_DETECTORS, PII_DETECTORS, SECRET_DETECTORS, Scanner
from secure_gateway.plugins.guardrails.scanner.candidates import CandidateSet
from secure_gateway.plugins.guardrails.scanner.finding import Detector, Limits
from secure_gateway.plugins.guardrails.scanner.folding import fold_pattern
from secure_gateway.plugins.guardrails.scanner.serialise import serialise
from tests.plugins.guardrails.scanner.drawn import draw_match, drawable

_ROUNDS = 12
_SURROUNDINGS = ("", '"', '{"a":"', ":", ",", "7", "x", "X", "_", "-", " ", "\n", "é", "\ud800", ")", ".", "[")
# Their candidates leave out forms nobody was seen to write: many spaces, odd marks inside an address, words between words.
_NARROWER = frozenset(
    "pii.email pii.email_spelled pii.mrz secret.assigned_key secret.password_field secret.key_field secret.told_key injection.free_self"
    " injection.jailbreak injection.reveal_prompt injection.told_before injection.the_model_must injection.role_header"
    " injection.role_heading injection.role_line injection.system_message injection.closed_early injection.end_of_data"
    " injection.model_only injection.secrecy injection.destroy injection.obey_me injection.must_now".split()
)
_DETECTORS = (*PII_DETECTORS, *SECRET_DETECTORS, *INJECTION_DETECTORS)


@pytest.mark.parametrize(
    "detector", [each for each in _DETECTORS if each.id not in _NARROWER], ids=lambda each: each.id
)
def test_a_detector_finds_as_much_as_without_its_candidate(detector: Detector) -> None:
    usual = Scanner([detector], threshold=0.01)
    always = Scanner([msgspec.structs.replace(detector, candidate="(?s).")], threshold=0.01)
    cue = re.sub(r"[^a-z ].*", "", detector.context[0]) if detector.context else ""
    rng = random.Random(detector.id)  # noqa: S311 - the same samples in every run
    for _ in range(_ROUNDS):
        drawn = draw_match(drawable(fold_pattern(detector.exact)), rng)
        before, after = rng.choice(_SURROUNDINGS), rng.choice(_SURROUNDINGS)
        for text in (drawn, before + drawn + after, f"{cue}: {drawn}"):
            assert usual.scan_text(text) == always.scan_text(text), text
            assert usual.scan({"a": ["b", text]}) == always.scan({"a": ["b", text]}), text


def test_candidates_fire_in_order_whatever_the_engine_says_first() -> None:
    candidates = CandidateSet([fold_pattern(detector.candidate) for detector in _DETECTORS])
    fired = candidates.fired(b"%20write to alice.smith@example.com today, ssn 123-45-6789, password = hunter2x")
    assert len(fired) > 1
    assert fired == sorted(fired)


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
