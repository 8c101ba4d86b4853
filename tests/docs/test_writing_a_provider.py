"""A provider written from nothing but the page works: its files are put where it says, its trials are run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from secure_gateway.stores.key_file import create_master_key
from tests.docs.test_code_blocks import BLOCKS, Block

PAGE = [block for block in BLOCKS if block.place.startswith("docs/writing-a-provider.md:")]
TRIALS = [block for block in PAGE if block.words == "try"]


def files_before(trial: Block) -> dict[str, str]:
    """The newest content of each file that the page has shown by then."""
    shown = PAGE[: PAGE.index(trial)]
    return {block.words.removeprefix("file="): block.code for block in shown if block.words.startswith("file=")}


def test_the_page_has_a_trial_of_each_kind_of_provider() -> None:
    assert len(TRIALS) == 3


@pytest.mark.parametrize("trial", TRIALS, ids=lambda trial: trial.place)
def test_a_trial_of_the_page_succeeds(trial: Block, tmp_path: Path) -> None:
    gateway = tmp_path / ".gateway"
    create_master_key(gateway / "master.key")
    for name, text in files_before(trial).items():
        path = gateway / name
        path.parent.mkdir(mode=0o700, exist_ok=True)
        path.write_text(text)
        path.chmod(0o600)
    home = {**os.environ, "HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", trial.code],
        cwd=tmp_path,
        env=home,
        capture_output=True,
        text=True,
        check=False,
    )
    assert not done.returncode, f"{trial.place}\n{done.stderr}"
