"""The server behind the proxies: one tool, over stdio or streamable HTTP. Usage: echo_server.py [PORT]."""

from __future__ import annotations

import sys

from fastmcp import FastMCP  # type: ignore[import-not-found]

server = FastMCP("echo")


@server.tool  # type: ignore[untyped-decorator]
def echo(message: str) -> str:
    """Return the message."""
    return message


if __name__ == "__main__":
    if len(sys.argv) > 1:
        server.run(transport="http", host="127.0.0.1", port=int(sys.argv[1]), log_level="error", show_banner=False)
    else:
        server.run(transport="stdio", show_banner=False, log_level="ERROR")
