"""Orders to a model, and sentences near them that order nothing, as people write them: no template, each line by itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

_FOLDER: Final = Path(__file__).resolve().parent.parent / "written"


def _lines(name: str) -> tuple[str, ...]:
    return tuple(json.loads(line) for line in (_FOLDER / name).read_text(encoding="utf-8").splitlines())


ATTACKS: Final = _lines("attacks.jsonl")
HARMLESS: Final = _lines("harmless.jsonl")
