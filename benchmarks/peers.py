"""The environments of the peers: each on its own under ``.peers``, pinned, since they do not install together."""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path

from benchmarks.harness import ROOT

PINS: dict[str, tuple[str, ...]] = {
    "cpex": ("cpex==0.1.4",),
    "cpex-detectors": ("cpex==0.1.4", "cpex-pii-filter==0.3.9", "cpex-secrets-detection==0.3.14"),
    "detect-secrets": ("detect-secrets==1.5.0",),
    "enkrypt": ("secure-mcp-gateway==2.2.4",),
    "fastmcp": ("fastmcp==4.1.2", "uvicorn==0.54.0"),
    "presidio": ("presidio-analyzer==2.2.366", "spacy==3.8.18"),
}


def peer_python(name: str) -> Path:
    """Return the interpreter of the peer's environment, made first where it is missing or its pins have changed."""
    folder = ROOT / ".peers" / name
    stamp = folder / "pins.txt"
    wanted = "\n".join(PINS[name])
    python = folder / "bin" / "python"
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != wanted:
        print(f"setting up the peer {name} …", file=sys.stderr)
        venv.create(folder, with_pip=True, clear=True)
        subprocess.run(
            [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PINS[name]], check=True
        )
        stamp.write_text(wanted, encoding="utf-8")
    return python
