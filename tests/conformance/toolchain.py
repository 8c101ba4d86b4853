"""Finds what the conformance tests run on, where `make test` puts it."""

from __future__ import annotations

import json

from tests.conformance.runner import Toolchain
from tests.support.environments import env_python, node22, npm_bin


def toolchain() -> Toolchain:
    """Return the tools, or fail with what is missing and how to get it."""
    # The environment of FastMCP brings the `mcp` SDK.
    return Toolchain(node=node22(), suite=npm_bin("conformance").resolve(), python=env_python("fastmcp"))


def suite_version(tools: Toolchain) -> str:
    """Return the version of the installed suite."""
    package = json.loads((tools.suite.parents[1] / "package.json").read_text())
    return str(package["version"])
