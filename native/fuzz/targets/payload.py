"""Counting the values of a payload and finding what changed in it: ``payload.rs`` beside its twins."""

from __future__ import annotations

from fuzz.values import Values

from secure_gateway.native import core
from secure_gateway.pipeline import changes
from secure_gateway.plugins.framework import isolation
from secure_gateway.testing.twins import Twins

_COUNTS = Twins(isolation._counted, isolation._checked)
_CHANGES = Twins(changes.changed_pointers, changes._changed_pointers)
_MOST = 20_000


def check(data: bytes) -> None:
    """Compare both on what ``data`` says; raise where they differ."""
    reader = Values(data, cycles=False)
    before = reader.value()
    reader.cycles = True
    after = reader.value()
    for value in (before, after):
        if type(value) is dict or type(value) is list:
            _COUNTS.check(value, 1 + reader.byte() % 64)
    native = core()
    # What the pipeline compares was counted before: the twin's walk of one that stands for millions would take long, and prove nothing.
    if native is not None and native.count_values(before, 1000, _MOST) >= 0:
        _CHANGES.check(before, after)
