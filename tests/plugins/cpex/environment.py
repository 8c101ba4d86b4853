"""Where cpex lies: an environment of its own, which ``make tests`` sets up; and one more beside it, for plugins that a test writes."""

from __future__ import annotations

import venv
from pathlib import Path

from tests.support.environments import env_python


def python() -> Path:
    """Return the interpreter that has cpex and its published plugins."""
    return env_python("cpex")


def site() -> Path:
    """Return the folder with cpex and what it needs."""
    (found,) = (python().parents[1] / "lib").glob("python3.*/site-packages")
    return found


def interpreter_with(folder: Path, text: str) -> Path:
    """Return a new interpreter, below ``folder``, that has cpex and a module ``odd`` of this text."""
    venv.create(folder / "env", with_pip=False, symlinks=True)
    (own,) = (folder / "env" / "lib").glob("python3.*/site-packages")
    (own / "odd.py").write_text(text)
    (own / "cpex.pth").write_text(f"{site()}\n")
    return folder / "env" / "bin" / "python"
