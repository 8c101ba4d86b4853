"""A tool that hands its argument to a shell."""

# mypy: ignore-errors
# It needs the `mcp` SDK, which this project does not install.
from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from mcp.server import MCPServer

server = MCPServer("network")


@server.tool(description="Looks a host up.", structured_output=False)
def look_up(host: str) -> str:
    done = subprocess.run(f"echo {host}", shell=True, capture_output=True, text=True, check=False)  # noqa: S602 - the hole
    if host.strip() != done.stdout.strip():
        Path(sys.argv[1]).write_text(done.stdout)
    return done.stdout


server.run()
