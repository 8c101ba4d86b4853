"""Fuzz one target, guided by the coverage of the Rust core and of its Python twin: ``run.py TARGET [options and folders of libFuzzer]``.

``scripts/native fuzz`` calls it, with the instrumented core first on the path and libFuzzer loaded before everything else.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import atheris
import secure_gateway_native

# Where the twins are; what they only use is not worth following.
TWINS = [
    "secure_gateway.pipeline.changes",
    "secure_gateway.plugins.framework.isolation",
    "secure_gateway.plugins.guardrails.scanner",
]


def main() -> None:
    core = Path(secure_gateway_native.__file__)
    if core.parent.name != "native-fuzz":
        sys.exit(f"found the core {core}; expected the instrumented one: run scripts/native fuzz")
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    with atheris.instrument_imports(include=TWINS):
        target = importlib.import_module(f"fuzz.targets.{sys.argv[1]}")
    atheris.Setup([sys.argv[0], *sys.argv[2:]], target.check)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
