"""Published CPEX plugins run unmodified and say what they say in cpex's own manager, here and in an interpreter of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.plugins.cpex import ours
from tests.plugins.cpex.corpus import SETTINGS, Case, cases
from tests.plugins.cpex.environment import python, site

HERE = Path(__file__).parent
OFFERED = {
    "cpex_pii_filter.PIIFilterPlugin": {"prompt_pre_fetch", "prompt_post_fetch", "tool_pre_invoke", "tool_post_invoke"},
    "cpex_secrets_detection.SecretsDetectionPlugin": {
        "prompt_pre_fetch",
        "tool_pre_invoke",
        "tool_post_invoke",
        "resource_post_fetch",
    },
}
each = pytest.mark.parametrize("kind", sorted(SETTINGS))


def _calls(kind: str) -> list[Case]:
    return [case for case in cases() if case.hook in OFFERED[kind]]


def _program(*command: str, kind: str) -> list[Any]:
    lines = [json.dumps({"kind": kind, "config": config, "calls": _calls(kind)}) for config in SETTINGS[kind]]
    root = str(HERE.parents[2])
    env = {**os.environ, "PYTHONPATH": os.pathsep.join((root, str(Path(root) / "src")))}
    done = subprocess.run(command, input="\n".join(lines), capture_output=True, text=True, env=env, check=False)
    assert not done.returncode, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@cache
def _theirs(kind: str) -> list[Any]:
    return _program(str(python()), str(HERE / "peer.py"), kind=kind)


@each
def test_the_corpus_is_large_and_both_hits_and_clean_payloads_are_in_it(kind: str) -> None:
    assert len(_calls(kind)) > 100
    for said in _theirs(kind)[1:]:
        quiet = [answer for answer in said if answer["continue_processing"] and answer["modified_payload"] is None]
        assert 50 < len(quiet) < len(said) - 10


@each
def test_in_this_process_every_answer_is_the_one_that_cpex_gives(kind: str) -> None:
    found = _program(sys.executable, str(HERE / "ours.py"), str(site()), kind=kind)
    _compare(kind, found)


@each
async def test_in_an_interpreter_of_its_own_every_answer_is_the_one_that_cpex_gives(kind: str) -> None:
    calls = [list(case) for case in _calls(kind)]
    _compare(kind, [await ours.answers(kind, config, calls, str(python())) for config in SETTINGS[kind]])


def _compare(kind: str, found: list[Any]) -> None:
    assert len(found) == len(SETTINGS[kind])
    for config, mine, theirs in zip(SETTINGS[kind], found, _theirs(kind), strict=True):
        for case, answer, expected in zip(_calls(kind), mine, theirs, strict=True):
            assert answer == expected, (kind, config, case)
