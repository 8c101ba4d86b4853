"""The loop of a worker: one JSON string a line in, a list of ``[type, start, end]`` a line out. Standard library only."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable

Found = Iterable[tuple[str, int, int]]


def serve(find: Callable[[str], Found]) -> None:
    """Answer until standard input ends."""
    answers = sys.stdout
    sys.stdout = sys.stderr
    for line in sys.stdin:
        answers.write(json.dumps(list(find(json.loads(line)))) + "\n")
    answers.flush()
