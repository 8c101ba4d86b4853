"""What the fuzzers have found once stays found: every kept input passes, without a fuzzer."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.house import ROOT

FUZZ = ROOT / "native" / "fuzz"
TARGETS = sorted(path.stem for path in (FUZZ / "targets").glob("*.py"))


def _replay(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, FUZZ / "replay.py", *arguments]
    return subprocess.run(command, env=environ, capture_output=True, text=True, check=False)


def test_every_target_has_inputs_to_start_from() -> None:
    assert TARGETS
    assert [path.name for path in sorted((FUZZ / "corpus").iterdir())] == TARGETS


@pytest.mark.parametrize("target", TARGETS)
def test_the_kept_inputs_pass(target: str) -> None:
    done = _replay(target)
    assert done.returncode == 0, done.stderr
    count = len(list((FUZZ / "corpus" / target).iterdir()))
    assert count
    assert done.stdout == f"{target}: {count} inputs\n"


def test_an_input_that_cannot_be_read_fails() -> None:
    assert _replay(TARGETS[0], FUZZ / "nothing").returncode != 0
