"""Check every target, or the one that is named, on the inputs that are kept in ``corpus/TARGET`` or named: no fuzzer is needed.

``replay.py [TARGET [FILE…]]``
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def replay(target: str, files: list[Path]) -> int:
    """Check ``target`` on ``files`` and return how many there are. The first that it fails on is printed."""
    check = importlib.import_module(f"fuzz.targets.{target}").check
    for file in files:
        try:
            check(file.read_bytes())
        except BaseException:
            print(f"{target} fails on {file}", file=sys.stderr)
            raise
    return len(files)


def main() -> None:
    sys.path.insert(0, str(HERE.parent))
    targets = sys.argv[1:2] or sorted(path.stem for path in (HERE / "targets").glob("*.py"))
    for target in targets:
        files = [Path(name) for name in sys.argv[2:]] or sorted((HERE / "corpus" / target).iterdir())
        print(f"{target}: {replay(target, files)} inputs")


if __name__ == "__main__":
    main()
