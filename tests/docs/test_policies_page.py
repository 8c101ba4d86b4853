"""The policies page says what the code does: its configurations, cases and tests are run."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from secure_gateway.cli import policy_lint
from secure_gateway.plugins.guardrails.config_manager import GuardrailConfigManager
from tests.cli.conftest import Invoke, Started, home, invoke, started  # noqa: F401 - fixtures
from tests.docs.test_code_blocks import BLOCKS, Block

PLACE = "docs/policies.md"
PAGE = (Path(__file__).parents[2] / PLACE).read_text()


def _blocks(language: str) -> list[Block]:
    return [block for block in BLOCKS if block.place.startswith(f"{PLACE}:") and block.language == language]


def _configure(started: Started, document: dict[str, Any]) -> None:  # noqa: F811 - the fixture's value
    def change(value: dict[str, Any]) -> None:
        value["plugins"] |= document["plugins"]
        value |= {key: each for key, each in document.items() if key != "plugins"}

    started.edit(change)


@pytest.mark.parametrize("block", _blocks("json"), ids=lambda block: block.place)
def test_an_example_configuration_can_be_used(block: Block) -> None:
    config = json.loads(block.code)
    manager = GuardrailConfigManager()
    manager.initialize(config)
    for name, server in config["servers"].items():
        assert manager.bindings(name, server["guardrails"])


def test_the_cases_pass_under_the_first_configuration(started: Started, invoke: Invoke) -> None:  # noqa: F811 - fixtures
    _configure(started, json.loads(_blocks("json")[0].code))
    file = started.folder / "cases.yaml"
    file.write_text(_blocks("yaml")[0].code)
    done = invoke("policy", "test", str(file))
    assert done.exit_code == 0, done.output
    clean = invoke("policy", "lint")
    assert (clean.exit_code, clean.stdout) == (0, "Nothing to look at.\n")


def test_lint_says_of_the_second_what_stands_there(started: Started, invoke: Invoke) -> None:  # noqa: F811 - fixtures
    _configure(started, json.loads(_blocks("json")[1].code))
    found = json.loads(invoke("policy", "lint", "--json").stdout)["findings"]
    said = [f"{each['path']}: {each['message']} [{each['code']}]" for each in found]
    assert said == _blocks("text")[0].code.rstrip().split("\n")


def test_every_code_of_lint_is_explained() -> None:
    text = Path(policy_lint.__file__).read_text()
    codes = re.findall(r'add\(\s*"(error|warning)",\s*"([a-z-]+)"', text)
    table = re.findall(r"^\| `([a-z-]+)` \| (error|warning) \|", PAGE, re.MULTILINE)
    assert {(code, severity) for severity, code in codes} == set(table)


def test_the_tests_pass_in_pytest(started: Started, tmp_path: Path) -> None:  # noqa: F811 - a fixture
    _configure(started, json.loads(_blocks("json")[0].code))
    (tmp_path / "test_it.py").write_text(_blocks("python")[0].code)
    run = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-o",
        f"secure_gateway_config={started.config}",
    ]
    run += ["--rootdir", str(tmp_path), *PLUGIN, str(tmp_path / "test_it.py")]
    env = {
        **os.environ,
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    }  # as it is here, whether or not the package is installed anew
    done = subprocess.run(run, cwd=tmp_path, capture_output=True, text=True, check=False, env=env)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 passed" in done.stdout


PLUGIN = ("-p", "secure_gateway.testing.pytest_plugin")
