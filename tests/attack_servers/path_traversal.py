"""A tool that reads whatever file it is asked for, below its folder or not."""

# mypy: ignore-errors
# It needs the `mcp` SDK, which this project does not install.
from __future__ import annotations

import sys
from pathlib import Path

from mcp.server import MCPServer

server = MCPServer("notes")
loot = Path(sys.argv[1])
folder = loot.parent / "notes"
folder.mkdir(exist_ok=True)
(folder / "monday.txt").write_text("Water the plants.\n")


@server.tool(description="Reads a note.", structured_output=False)
def read_note(path: str) -> str:
    if ".." in path or "%" in path or path.startswith("/"):
        loot.write_text(path)
    return (folder / path).read_text()


server.run()
