"""Build wheels from Rust crates of this repository, as ``make native`` does."""

from __future__ import annotations

import os
import pwd
import subprocess
from pathlib import Path

import pytest

from tests.support.environments import ROOT


def build_wheel(crate: Path, out: Path, capsys: pytest.CaptureFixture[str], **environ: str) -> Path | None:
    """Build the wheel of ``crate`` into ``out`` and return it. Where nothing can be built here, print the line that says so and return None."""
    # Rust's tools lie in the home of whoever runs the tests; tests have homes of their own.
    environ = {**os.environ, "HOME": pwd.getpwuid(os.getuid()).pw_dir, "NATIVE_SAYS_ONCE": "", **environ}
    done = subprocess.run(
        [ROOT / "scripts" / "native", "wheel", crate, out],
        env=environ,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    wheels = list(out.glob("*.whl"))
    if wheels:
        return wheels[0]
    assert "NATIVE SCANNER: not built (" in done.stdout
    with capsys.disabled():
        print(f"\n{crate.name}: {done.stdout.strip().removeprefix('NATIVE SCANNER: ')}")
    return None
