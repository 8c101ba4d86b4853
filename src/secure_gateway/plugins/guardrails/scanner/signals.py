"""Signals of an injection, each of which says little: what counts is how many different ones stand near each other."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator, Mapping

from secure_gateway.plugins.guardrails.scanner.finding import Detector

NEAR = 2_000
"""So many characters apart, signals are of one speech. In a long document everyday words would otherwise add up to an attack."""

Signal = tuple[int, int, float, Detector]
"""From where to where, how sure, and which."""


def added_up(signals: list[Signal]) -> Iterator[tuple[Signal, float]]:
    """Yield the signals by place, each with the score of what stands near it: noisy or over distinct detectors, the highest of all stretches that hold it.

    In linear time, whatever their number.
    """
    signals = sorted(signals, key=lambda signal: signal[0])
    scores = _scores_of_stretches(signals)
    best: deque[int] = deque()  # the stretches that may be the highest for what comes, the highest first
    end = 0
    for number, signal in enumerate(signals):
        while end < len(signals) and signals[end][0] - signal[0] <= NEAR:
            while best and scores[best[-1]] <= scores[end]:
                best.pop()
            best.append(end)
            end += 1
        while best[0] < number:
            best.popleft()
        yield signal, scores[best[0]]


def _scores_of_stretches(signals: list[Signal]) -> list[float]:
    """Return for each signal the score of the stretch that ends with it."""
    weights: dict[str, float] = {}
    for _, _, sure, detector in signals:
        weights[detector.id] = max(weights.get(detector.id, 0.0), min(sure, 1.0))
    present: Counter[str] = Counter()
    scores: list[float] = []
    begin = 0
    score = 0.0
    for start, _, _, detector in signals:
        known = set(present)
        present[detector.id] += 1
        while start - signals[begin][0] > NEAR:
            gone = signals[begin][3].id
            present[gone] -= 1
            if not present[gone]:
                del present[gone]
            begin += 1
        if present.keys() != known:
            score = _score(present, weights)
        scores.append(score)
    return scores


def _score(present: Mapping[str, int], weights: Mapping[str, float]) -> float:
    doubt = 1.0
    for name in sorted(present):  # in one order: a sum of floats depends on it
        doubt *= 1.0 - weights[name]
    return round(1.0 - doubt, 4)
