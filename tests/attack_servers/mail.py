"""An honest server, whose tools others imitate."""

# mypy: ignore-errors
# It needs the `mcp` SDK, which this project does not install.
from __future__ import annotations

from mcp.server import MCPServer

server = MCPServer("mail")


@server.tool(description="Sends a letter.", structured_output=False)
def send_email(to: str, text: str) -> str:
    return f"{len(text)} characters were sent to {len(to.split(','))}."


server.run()
