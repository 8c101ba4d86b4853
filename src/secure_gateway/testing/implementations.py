"""Both implementations of the scanner in one process, so that a test can hold them against each other."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from secure_gateway.native import VARIABLE, chosen
from secure_gateway.plugins.guardrails.scanner import Detector, Limits, Scanner
from secure_gateway.plugins.guardrails.scanner.gate import native_gate


@contextmanager
def on_the_twin() -> Iterator[None]:
    """Let what is made within the block run on the Python twins, as ``SECURE_GATEWAY_SCANNER=python`` does for a process.

    What was made before keeps what it runs on. The choice is the process's: nothing else may be made meanwhile.
    """
    before = os.environ.get(VARIABLE)
    os.environ[VARIABLE] = "python"
    _choose_again()
    try:
        yield
    finally:
        if before is None:
            del os.environ[VARIABLE]
        else:
            os.environ[VARIABLE] = before
        _choose_again()


def scanner_pair(
    detectors: Sequence[Detector], *, limits: Limits | None = None, threshold: float = 0.5
) -> tuple[Scanner, Scanner]:
    """Return a scanner on the implementation of this process, which is Rust where the core is installed, and one on the Python twin."""
    usual = Scanner(detectors, limits=limits, threshold=threshold)
    with on_the_twin():
        return usual, Scanner(detectors, limits=limits, threshold=threshold)


def _choose_again() -> None:
    chosen.cache_clear()
    native_gate.cache_clear()
