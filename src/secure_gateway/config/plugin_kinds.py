"""What a ``kind`` names, as far as the name and the folders say: a file, a plugin bundled with ContextForge, a CPEX package."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from secure_gateway.config.context_forge import ALIASES


def module_of(kind: str, folders: Sequence[Path]) -> Path | None:
    """Return the file below ``folders`` that the dotted path ``kind`` names; None where there is none. Our own plugins come first."""
    *parts, _name = kind.split(".")
    if not parts or kind in ALIASES or not all(part.isidentifier() for part in parts):
        return None
    for folder in folders:
        base = folder.joinpath(*parts)
        for path in (base.with_suffix(".py"), base / "__init__.py"):
            if path.is_file():
                return path
    return None


def is_bundled(kind: str) -> bool:
    """Say whether ``kind`` is the class path of a plugin that comes with ContextForge."""
    return ":" not in kind and kind.startswith("plugins.")


def is_cpex_package(kind: str) -> bool:
    """Say whether ``kind`` lies in a package that is named as those of CPEX are."""
    return kind.startswith("cpex_") and "." in kind.replace(":", ".")


def has_no_counterpart(kind: Any, folders: Sequence[Path]) -> bool:
    """Say whether ``kind`` is a plugin that comes with ContextForge, and neither with this gateway nor as a file."""
    return isinstance(kind, str) and is_bundled(kind) and kind not in ALIASES and module_of(kind, folders) is None


def why_left_out(entry: Mapping[str, Any], folders: Sequence[Path]) -> str:
    """Return why ``entry``, which is off, could not be on; empty where it could. Published lists hold dozens of those."""
    kind = entry.get("kind")
    if entry.get("mode") != "disabled" or not isinstance(kind, str) or module_of(kind, folders):
        return ""
    if is_cpex_package(kind):
        missing = importlib.util.find_spec(kind.replace(":", ".").partition(".")[0]) is None
        return "its package is not installed" if missing and "python" not in entry else ""
    return "has no counterpart here" if has_no_counterpart(kind, folders) else ""
