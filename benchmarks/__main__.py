"""``make bench``: measure, print, and write ``benchmarks/results.json``. Usage: python -m benchmarks [ROW …]."""

from __future__ import annotations

import sys

from benchmarks import hooks, hooks_control, hooks_external, native, spine
from benchmarks.harness import write


def run(wanted: list[str]) -> int:
    """Measure the rows named (all of them by default). Returns the exit code."""
    groups: dict[spine.Measure, tuple[str, ...]] = {
        **spine.GROUPS,
        **hooks.GROUPS,
        **hooks_control.GROUPS,
        **hooks_external.GROUPS,
        **native.GROUPS,
    }
    known = {name for names in groups.values() for name in names}
    unknown = set(wanted) - known
    if unknown:
        print(f"unknown rows: {', '.join(sorted(unknown))}; known are {', '.join(sorted(known))}", file=sys.stderr)
        return 2
    for measure, names in groups.items():
        chosen = [name for name in names if not wanted or name in wanted]
        if chosen:
            write(measure(chosen))
    return 0


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
