"""Starts the gateway in front of one server, as its user would: a configuration file and `secure-gateway serve`."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.conformance.children import serving

FORBIDDEN_WORD = "xyzzy-never-said"
_SERVER = "fixture"


def configuration(upstream: str, folder: Path) -> dict[str, Any]:
    """Make a configuration with one server, in which a caller without a credential may use everything.

    The suite sends no credential, and what it tests is the wire, not who may pass.
    """
    everything = {"tools": ["*"], "prompts": ["*"], "resources": ["*"], "agents": ["*"]}
    return {
        "plugins": {
            "guardrails": {"providers": [{"provider": "keyword", "config": {"words": [FORBIDDEN_WORD]}}]},
        },
        "servers": {_SERVER: {"url": upstream}},
        "roles": {"everyone": everything},
        "anonymous": {"roles": ["everyone"]},
        "serve": {"port": 0},
        "state": {"url": "memory:"},
        "master_key": f"file://{folder / 'master.key'}",
    }


@contextlib.contextmanager
def gateway_before(upstream: str) -> Iterator[str]:
    """Run the gateway in front of `upstream` and give the address at which it offers that server."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        key, config = folder / "master.key", folder / "config.json"
        key.touch(mode=0o600)
        key.write_text(secrets.token_hex(32))
        config.touch(mode=0o600)
        config.write_text(json.dumps(configuration(upstream, folder)))
        command = [sys.executable, "-m", "secure_gateway", "serve", "--config", str(config)]
        with serving(command, r"^Listening at (\S+)", os.environ | {"HOME": name}) as address:
            yield f"{address}/servers/{_SERVER}/mcp"
