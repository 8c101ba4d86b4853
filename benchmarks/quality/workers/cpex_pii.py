"""cpex-pii-filter with its default configuration."""

from __future__ import annotations

from cpex_pii_filter import PIIDetectorRust  # type: ignore[import-not-found]

from benchmarks.quality.workers.loop import Found, serve

_DETECTOR = PIIDetectorRust({})


def find(text: str) -> Found:
    """Return what it reports."""
    for kind, found in _DETECTOR.detect(text).items():
        for one in found:
            yield kind, one["start"], one["end"]


if __name__ == "__main__":
    serve(find)
