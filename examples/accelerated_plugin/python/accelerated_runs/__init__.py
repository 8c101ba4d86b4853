"""The longest run of one letter in a text, in Rust where that is installed."""

from __future__ import annotations

from accelerated_runs import twin

try:
    from accelerated_runs import _native
except ImportError:  # no wheel for this machine: the twin does the same, more slowly
    IMPLEMENTATION = "python"
    longest_run = twin.longest_run
else:
    IMPLEMENTATION = "rust"

    def longest_run(text: str) -> int:
        """Return what the twin does; where the Rust code declines, it is the twin that answers or raises."""
        found = _native.longest_run(text)
        return twin.longest_run(text) if found is None else found


__all__ = ["IMPLEMENTATION", "longest_run"]
