"""Signals of an injection that add up."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure_gateway.plugins.guardrails.scanner import INJECTION_DETECTORS, Scanner
from secure_gateway.plugins.guardrails.scanner.signals import NEAR, Signal, added_up

_DETECTORS = INJECTION_DETECTORS[:4]


def _signals(*places: tuple[int, float, int]) -> list[Signal]:
    return [(start, start + 5, sure, _DETECTORS[which]) for start, sure, which in places]


def _scores(*places: tuple[int, float, int]) -> list[float]:
    return [score for _, score in added_up(_signals(*places))]


def test_different_signals_near_each_other_add_up() -> None:
    assert _scores((0, 0.3, 0), (NEAR, 0.5, 1)) == [0.65, 0.65]


def test_the_same_signal_twice_says_no_more_than_once() -> None:
    assert _scores((0, 0.3, 0), (10, 0.3, 0)) == [0.3, 0.3]


def test_signals_far_from_each_other_do_not_add_up() -> None:
    assert _scores((0, 0.3, 0), (NEAR + 1, 0.5, 1)) == [0.3, 0.5]


def test_each_signal_has_the_highest_score_of_all_that_it_is_part_of() -> None:
    # The one in the middle is near the first and near the last, which are not near each other.
    assert _scores((0, 0.2, 0), (NEAR, 0.5, 1), (2 * NEAR, 0.4, 2)) == [0.6, 0.7, 0.7]


def test_what_is_sure_alone_stays_so() -> None:
    assert _scores((0, 1.0, 0), (5 * NEAR, 0.1, 1)) == [1.0, 0.1]


def test_no_signals_have_no_scores() -> None:
    assert _scores() == []


@given(
    st.lists(st.tuples(st.integers(0, 4 * NEAR), st.sampled_from((0.0, 0.1, 0.5, 1.0)), st.integers(0, 3)), max_size=30)
)
def test_scores_are_those_of_the_plain_definition(places: list[tuple[int, float, int]]) -> None:
    signals = sorted(_signals(*places), key=lambda signal: signal[0])
    weights = {name: max(sure for _, _, sure, d in signals if d.id == name) for name in {s[3].id for s in signals}}

    def score_of(stretch: list[Signal]) -> float:
        doubt = 1.0
        for name in sorted({signal[3].id for signal in stretch}):
            doubt *= 1.0 - weights[name]
        return round(1.0 - doubt, 4)

    stretches = [
        [signal for signal in signals[: last + 1] if signals[last][0] - signal[0] <= NEAR]
        for last in range(len(signals))
    ]
    wanted = [max(score_of(stretch) for stretch in stretches if signal in stretch) for signal in signals]
    assert [score for _, score in added_up(signals)] == pytest.approx(wanted)


def test_weak_words_all_over_a_long_document_are_no_attack_and_together_they_are() -> None:
    scanner = Scanner(INJECTION_DETECTORS)
    weak = [
        "Please call us at 030 1234567 if anything is wrong.",
        "For the rest of this conversation we speak of prices.",
    ]
    filler = "The delivery arrived on Tuesday and was stored in the second hall. " * 60
    alone = [scanner.scan_text(text) for text in weak]
    assert alone == [[], []]
    assert scanner.scan_text(" ".join(weak))
    assert len(filler) > NEAR
    assert not scanner.scan_text(filler.join(weak))
