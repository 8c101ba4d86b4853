"""Makes the corpora: ``python -m tests.corpora.build [FOLDER]`` writes one file a task, the same bytes on every machine."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from tests.corpora.generators import (
    benign,
    benign_code_injection,
    benign_injection,
    benign_pii,
    benign_secrets,
    code_injection,
    injection,
    pii,
    secrets,
)
from tests.corpora.lines import TASKS, Line, laid_out, unique

SEED: Final = 20_240_601
FOLDER: Final = Path(__file__).resolve().parent.parent.parent / ".cache" / "corpora"
_POSITIVES: Final[dict[str, Callable[[random.Random], Iterator[Line]]]] = {
    "pii": pii.lines,
    "secrets": secrets.lines,
    "injection": injection.lines,
    "code_injection": code_injection.lines,
}
_NEGATIVES: Final = {
    "pii": benign_pii.SPECIAL,
    "secrets": benign_secrets.SPECIAL,
    "injection": benign_injection.SPECIAL,
    "code_injection": benign_code_injection.SPECIAL,
}
# Each lookalike of the task counts double among the negatives.
_SPECIAL_SHARE: Final = 2
_UNSEEN: Final = 120


def corpus(task: str) -> list[Line]:
    """Return the lines of ``task``: positives, then at least as many negatives."""
    rng = random.Random(f"{SEED}/{task}")  # noqa: S311 - the same lines in every run
    positives = unique(list(_POSITIVES[task](rng)))
    return positives + list(_negatives(rng, task, int(len(positives) * 1.1)))


def _negatives(rng: random.Random, task: str, count: int) -> Iterator[Line]:
    makers = (*(() if task == "code_injection" else benign.COMMON), *(_NEGATIVES[task] * _SPECIAL_SHARE))
    seen: set[str] = set()
    if task == "injection":
        for _ in range(_UNSEEN):
            line = laid_out(task, "benign/unseen", benign_injection.unseen_words(rng))
            if line.content not in seen:
                seen.add(line.content)
                yield line
    turn = 0
    while len(seen) < count:
        make = makers[turn % len(makers)]
        turn += 1
        line = laid_out(task, f"benign/{make.__name__}", make(rng))
        if line.content not in seen:
            seen.add(line.content)
            yield line


def write(folder: Path = FOLDER) -> None:
    """Write one file of JSON lines for each task."""
    folder.mkdir(parents=True, exist_ok=True)
    for task in TASKS:
        text = "".join(line.to_json() + "\n" for line in corpus(task))
        (folder / f"{task}.jsonl").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
