"""Finds what the conformance tests run on, where `make test` puts it."""

from __future__ import annotations

import json
import os
from pathlib import Path

from tests.conformance.runner import Toolchain

_CACHE = Path(__file__).parents[2] / ".cache"
_PLACES = {
    "NODE": _CACHE / "node22/bin/node",
    "SUITE": _CACHE / "npm/node_modules/@modelcontextprotocol/conformance/dist/index.js",
    "PYTHON": _CACHE / "envs/fastmcp/bin/python",  # FastMCP brings the `mcp` SDK
}


def toolchain() -> Toolchain:
    """Return the tools; the variables CONFORMANCE_NODE, _SUITE and _PYTHON name others.

    Raises:
        RuntimeError: one is missing; the message says how to get it.
    """
    places = {name: Path(os.environ.get(f"CONFORMANCE_{name}", place)) for name, place in _PLACES.items()}
    missing = [f"{place} (or CONFORMANCE_{name})" for name, place in places.items() if not place.exists()]
    if missing:
        raise RuntimeError(f"Not there: {', '.join(missing)}. Run `make env-node env-fastmcp`, or `make test`.")
    return Toolchain(node=places["NODE"], suite=places["SUITE"], python=places["PYTHON"])


def suite_version(tools: Toolchain) -> str:
    """Return the version of the installed suite."""
    package = json.loads((tools.suite.parents[1] / "package.json").read_text())
    return str(package["version"])
