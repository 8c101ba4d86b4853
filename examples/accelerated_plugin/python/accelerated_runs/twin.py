"""What the Rust code does, in Python: it says what is right, runs where there is no wheel, and raises the errors."""

from __future__ import annotations

from itertools import groupby


def longest_run(text: str) -> int:
    """Return how often a letter stands in a row at most. Raises ``TypeError`` for what is no plain string."""
    if type(text) is not str:
        raise TypeError(f"found a {type(text).__name__}; expected a str")
    return max((sum(1 for _ in letters) for _, letters in groupby(text)), default=0)
