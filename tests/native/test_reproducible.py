"""The wheel of the Rust core is made of its sources alone."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest

from tests.support.environments import ROOT
from tests.support.rust import build_wheel


@pytest.mark.soak
def test_two_builds_in_different_folders_give_the_same_bytes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    digests = set()
    for folder in (tmp_path / "one", tmp_path / "a_folder_of_another_length"):
        shutil.copytree(ROOT / "native", folder / "native", ignore=shutil.ignore_patterns("target", "fuzz"))
        # Nothing that was compiled before is used.
        target = str(folder / "target")
        wheel = build_wheel(folder / "native", folder / "wheels", capsys, CARGO_TARGET_DIR=target)
        digests.add(hashlib.sha256(wheel.read_bytes()).hexdigest() if wheel else "")
    assert len(digests) == 1
