"""The threat model names real tests, and promises nothing that none of them holds up."""

from __future__ import annotations

import ast
import re

import pytest

from tests.architecture.house import ROOT

PAGE = (ROOT / "docs" / "threat-model.md").read_text()
NAMED = re.findall(r"`(tests/[\w/]+\.py)::([\w:]+)`", PAGE)
ATTACKS = PAGE.partition("## Attacks")[2].partition("## What is not defended")[0]
ROWS = [row for row in re.findall(r"^\|(.*)\|$", ATTACKS, re.MULTILINE) if not re.match(r"[-| ]+$| attack ", row)]


@pytest.mark.parametrize(("path", "test"), NAMED, ids=lambda value: value.rpartition("::")[2])
def test_every_named_test_exists(path: str, test: str) -> None:
    node: ast.AST = ast.parse((ROOT / path).read_text())
    for name in test.split("::"):
        found = [child for child in ast.iter_child_nodes(node) if getattr(child, "name", None) == name]
        assert found, f"{path} has no {test}; the threat model must name the test that holds this up"
        node = found[0]


def test_every_attack_has_a_test_or_says_that_its_defence_is_planned() -> None:
    assert ROWS
    assert not [row for row in ROWS if "tests/" not in row and "*planned*" not in row]
