"""A tool that fetches whatever address it is asked for, those of this machine and of its cloud too."""

# mypy: ignore-errors
# It needs the `mcp` SDK, which this project does not install.
from __future__ import annotations

import sys
from pathlib import Path

from mcp.server import MCPServer

server = MCPServer("pages")


@server.tool(description="Fetches a page.", structured_output=False)
def fetch_page(url: str) -> str:
    with Path(sys.argv[1]).open("a") as asked:
        asked.write(url + "\n")
    return "A page about moons."


server.run()
