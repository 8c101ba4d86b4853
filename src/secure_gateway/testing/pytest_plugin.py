"""Fixtures that say in a test what a policy must do. pytest finds them by the installed package; nothing of it is loaded before a test asks.

``gateway`` is the gateway of ``secure_gateway_config``, a fixture to override or the ini option of that name.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

INI = "secure_gateway_config"
_CASES = "secure_gateway.testing.policy_cases"
_BOOTSTRAP = "secure_gateway.bootstrap"
_LOOP = "secure_gateway.pipeline.loop_thread"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Offer the ini option."""
    parser.addini(INI, "Configuration of secure-gateway that the fixture `gateway` loads.", default="")


@pytest.fixture(scope="session")
def secure_gateway_config(pytestconfig: pytest.Config) -> str | None:
    """The configuration; None where the environment or the default decides, as for the command."""
    named = pytestconfig.getini(INI)
    return str(pytestconfig.rootpath / Path(named)) if named else None


@pytest.fixture(scope="session")
def gateway(secure_gateway_config: str | None) -> Iterator[Any]:
    """The gateway that the configuration describes."""
    made = importlib.import_module(_BOOTSTRAP).load_gateway(secure_gateway_config)
    try:
        yield made
    finally:
        made.close_sync()


@pytest.fixture
def policy_case(gateway: Any) -> Iterator[Callable[..., Any]]:
    """Return ``policy_case(tool=…, arguments=…, result=…, server=…, caller={"roles": […]}, expect={…})``: what comes of one call, as a ``PolicyOutcome``.

    Takes what a case in a file takes. With ``expect``, a difference fails the test.
    """
    cases = importlib.import_module(_CASES)
    errors = importlib.import_module("secure_gateway.errors")
    thread = importlib.import_module(_LOOP).LoopThread()
    rehearsal = cases.Rehearsal(gateway)

    def run(**said: Any) -> Any:
        problems: list[Any] = []
        expect = said.pop("expect", None)
        case = cases.read_case({**said, "expect": expect or {"decision": "allow"}}, "$", problems)
        if problems:
            raise errors.ConfigError(problems)
        if unknown := rehearsal.unknown_server(case):
            # Under the policy of no server, a case could end well by accident.
            pytest.fail(unknown, pytrace=False)
        outcome = thread.run(rehearsal.run(case))
        if expect is not None and (found := cases.differences(case.expect, outcome)):
            pytest.fail("\n".join(found), pytrace=False)
        return outcome

    try:
        yield run
    finally:
        thread.close()


def _asserting(decision: str) -> Callable[..., Any]:
    def made(policy_case: Callable[..., Any]) -> Callable[..., Any]:
        def check(**said: Any) -> Any:
            verb = {"denied": "deny", "allowed": "allow", "modified": "modify", "warned": "warn"}[decision]
            expected = {key: said.pop(key) for key in ("violation", "code") if key in said}
            more = said.pop("expect", {})
            return policy_case(**said, expect={"decision": verb, **expected, **more})

        return check

    made.__doc__ = f"Return ``assert_{decision}(tool=…, violation=…, …)``, which fails the test unless that is what comes of the call."
    return pytest.fixture(name=f"assert_{decision}")(made)


assert_denied = _asserting("denied")
assert_allowed = _asserting("allowed")
assert_modified = _asserting("modified")
assert_warned = _asserting("warned")
