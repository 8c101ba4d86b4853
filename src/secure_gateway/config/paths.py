"""JSON paths (RFC 9535): how messages name a place in the configuration."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

Step = str | int
Steps = tuple[Step, ...]

_MAX_STEP = 64
_PLAIN_STEP = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PATH_STEP = re.compile(r"\.([A-Za-z_][A-Za-z0-9_]*)|\[(\d+)\]|\[('(?:[^'\\]|\\.)*')\]")


def json_path(steps: Sequence[Step], root: str = "$") -> str:
    """Write ``steps`` as a JSON path (RFC 9535), such as ``$.servers['my server'].args[0]``. Long keys are cut."""
    parts = [root]
    for step in steps:
        if isinstance(step, int):
            parts.append(f"[{step}]")
        elif len(step) <= _MAX_STEP and _PLAIN_STEP.fullmatch(step):
            parts.append(f".{step}")
        else:
            parts.append(f"[{_quoted_step(step)}]")
    return "".join(parts)


def parse_path(path: str) -> Steps:
    """Read what :func:`json_path` wrote. What follows the first unreadable step is left out."""
    steps: list[Step] = []
    position = 1 if path.startswith("$") else 0
    while (match := _PATH_STEP.match(path, position)) is not None:
        plain, index, quoted = match.groups()
        if plain is not None:
            steps.append(plain)
        elif index is not None:
            steps.append(int(index))
        else:
            inner = quoted[1:-1].replace("\\'", "'").replace('"', '\\"')
            steps.append(str(json.loads(f'"{inner}"')))
        position = match.end()
    return tuple(steps)


def printable(text: str, limit: int = _MAX_STEP) -> str:
    """Return ``text`` cut to ``limit`` with control, bidirectional and other unprintable characters escaped."""
    cut = text if len(text) <= limit else text[:limit] + "…"
    return "".join(char if char.isprintable() else json.dumps(char)[1:-1] for char in cut)


def _quoted_step(step: str) -> str:
    cut = step if len(step) <= _MAX_STEP else step[:_MAX_STEP] + "…"
    return "'" + "".join("\\" + char if char in "\\'" else printable(char) for char in cut) + "'"
