"""The template of an accelerated plugin passes its own tests, on Rust where that can be built, and on its twin everywhere."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.support.environments import ROOT
from tests.support.rust import build_wheel

EXAMPLE = ROOT / "examples" / "accelerated_plugin"


def _own_tests(package: Path, expected: str) -> None:
    """Run the template's tests as its author does, with ``package`` on the path."""
    environ = {**os.environ, "PYTHONPATH": f"{package}:{ROOT / 'src'}", "EXPECTED": expected}
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--rootdir",
        str(ROOT),
        str(EXAMPLE / "tests"),
    ]
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "skipped" not in done.stdout


def test_the_template_passes_its_tests_on_its_twin() -> None:
    _own_tests(EXAMPLE / "python", "python")


def test_the_template_builds_and_passes_its_tests_or_says_why_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wheel = build_wheel(EXAMPLE, tmp_path / "wheels", capsys)
    if wheel is None:
        return  # said aloud; the test above has run the twin
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "installed")
    _own_tests(tmp_path / "installed", "rust")
