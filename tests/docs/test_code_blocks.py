"""Code in the docs is code: JSON parses, Python compiles, and a block marked ``python run`` runs to its end."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from scripts.check_docs import ROOT, pages

_BLOCK = re.compile(r"^( *)```(\w+)([^\n]*)\n(.*?)^\1```", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """One fenced block: where it stands, its language, the words behind the language, and the code."""

    place: str
    language: str
    words: str
    code: str


def _blocks(page: Path) -> list[Block]:
    text = page.read_text()
    found = []
    for match in _BLOCK.finditer(text):
        place = f"{page.relative_to(ROOT)}:{text.count(chr(10), 0, match.start()) + 1}"
        code = re.sub(f"^{match[1]}", "", match[4], flags=re.MULTILINE)
        found.append(Block(place, match[2], match[3].strip(), code))
    return found


BLOCKS = [block for page in pages(ROOT) for block in _blocks(page)]


def _having(*languages: str, words: str | None = None) -> list[Block]:
    return [
        block for block in BLOCKS if block.language in languages and (words is None or words in block.words.split())
    ]


def test_the_docs_have_code_blocks_to_check() -> None:
    assert BLOCKS


def test_every_json_block_is_json(subtests: pytest.Subtests) -> None:
    for block in _having("json"):
        with subtests.test(block.place):
            json.loads(block.code)


def test_every_python_block_compiles(subtests: pytest.Subtests) -> None:
    for block in _having("python"):
        with subtests.test(block.place):
            compile(block.code, block.place, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)


def test_every_python_block_marked_run_runs(subtests: pytest.Subtests, tmp_path: Path) -> None:
    for block in _having("python", words="run"):
        with subtests.test(block.place):
            run = [sys.executable, "-c", block.code]
            done = subprocess.run(run, cwd=tmp_path, capture_output=True, text=True, check=False)
            assert not done.returncode, f"{block.place}\n{done.stderr}"
