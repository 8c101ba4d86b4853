"""The fixtures, in test runs of their own."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

NAME = "secure_gateway.testing.pytest_plugin"
ROOT = Path(__file__).parents[2]

CONFTEST = """
import pytest
from secure_gateway.testing.gateways import gateway_for
from secure_gateway.plugins.guardrails.config_manager import GuardrailConfigManager

@pytest.fixture
def gateway():
    manager = GuardrailConfigManager()
    manager.initialize({"plugins": {"guardrails": {"providers": [{"provider": "secrets"}, {"provider": "pii"}]}}})
    return gateway_for(bindings=manager.bindings())
"""

MAIL = "{'q': 'mail ana@example.org'}"
GITHUB = "{'q': 'ghp_' + 'a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8'}"


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs know the plugin by ``-p`` alone, whether or not the package has been installed since it has one."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")


def _run(pytester: pytest.Pytester, *tests: str) -> pytest.RunResult:
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile("\n\n".join(tests))
    return pytester.runpytest_subprocess("-p", NAME, "-p", "no:cacheprovider")


def test_assertions_that_hold_pass(pytester: pytest.Pytester) -> None:
    done = _run(
        pytester,
        f"def test_modified(assert_modified): assert_modified(tool='t', arguments={MAIL}, violation='pii', "
        "expect={'arguments': {'q': 'mail [EMAIL]'}})",
        "def test_allowed(assert_allowed): assert_allowed(tool='t', arguments={'q': 'x'})",
        "def test_case(policy_case): assert policy_case(tool='t', arguments={'q': 'x'}, result=7).result == 7",
        "async def inside(policy_case): return policy_case(tool='t')",
        "def test_in_a_loop(policy_case):\n    import asyncio\n    assert asyncio.run(inside(policy_case)).decision == 'allow'",
    )
    done.assert_outcomes(passed=4)


def test_assertions_that_do_not_hold_fail_with_what_came_of_it(pytester: pytest.Pytester) -> None:
    done = _run(
        pytester,
        f"def test_denied(assert_denied): assert_denied(tool='t', arguments={MAIL})",
        f"def test_warned(assert_warned): assert_warned(tool='t', arguments={MAIL})",
        f"def test_violation(assert_modified): assert_modified(tool='t', arguments={MAIL}, violation='secrets')",
        "def test_typo(policy_case): policy_case(tol='t')",
    )
    done.assert_outcomes(failed=4)
    done.stdout.fnmatch_lines_random(
        [
            "*decision: expected deny, got modify (pii)*",
            "*decision: expected warn, got modify (pii)*",
            "*violation: expected secrets, found pii*",
            "*Did you mean 'tool'*",
        ]
    )


def test_without_a_configuration_the_fixture_says_what_to_do(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_it(policy_case): pass")
    done = pytester.runpytest_subprocess("-p", NAME, "-o", "secure_gateway_config=none.json")
    done.assert_outcomes(errors=1)
    done.stdout.fnmatch_lines(["*none.json*no such file*secure-gateway init*"])


def test_loading_it_loads_nothing_of_the_gateway() -> None:
    code = f"import pytest, sys, json; before = set(sys.modules); import {NAME}; print(json.dumps(sorted(set(sys.modules) - before)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = [name for name in json.loads(done.stdout) if not name.startswith("importlib")]
    assert set(loaded) == {"secure_gateway", "secure_gateway.testing", NAME}


def test_pytest_finds_it_by_the_installed_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["entry-points"]["pytest11"] == {"secure-gateway": NAME}


def test_a_server_that_is_not_configured_fails_the_test(pytester: pytest.Pytester, tmp_path: Path) -> None:
    config = {
        "plugins": {"guardrails": {"provider": "pii"}},
        "servers": {"crm": {"command": "x"}},
        "anonymous": {"roles": ["all"]},
        "roles": {"all": {"tools": ["*"]}},
        "state": {"url": "memory:"},
        "master_key": "file://key",
    }
    pins = {"version": 1, "servers": {"crm": {"t": {"digest": "sha256:0", "fields": {}}}}}
    parts = {
        "config.json": json.dumps(config),
        "key": secrets.token_hex(32),
        "gateway.tools.lock.json": json.dumps(pins),
    }
    for name, text in parts.items():
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o600)
    pytester.makeini(f"[pytest]\nsecure_gateway_config = {tmp_path / 'config.json'}")
    pytester.makepyfile(
        "def test_pinned(assert_allowed): assert_allowed(server='crm', tool='t')",
        test_typo="def test_typo(policy_case): policy_case(server='crn', tool='t')",
    )
    done = pytester.runpytest_subprocess("-p", NAME, "-p", "no:cacheprovider")
    done.assert_outcomes(passed=1, failed=1)
    done.stdout.fnmatch_lines(["*there is no server 'crn'. Did you mean*"])


def test_each_fixture_says_what_it_is_for(pytester: pytest.Pytester) -> None:
    done = pytester.runpytest_subprocess("-p", NAME, "-p", "no:cacheprovider", "--fixtures")
    for verb in ("denied", "allowed", "modified", "warned"):
        done.stdout.fnmatch_lines([f"assert_{verb} *", f"*Return ``assert_{verb}(tool=*"])
