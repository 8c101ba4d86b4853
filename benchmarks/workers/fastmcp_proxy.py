"""FastMCP's own proxy, as its documentation starts it. Usage: fastmcp_proxy.py stdio SERVER.py | http URL PORT."""

from __future__ import annotations

import sys
from pathlib import Path

from fastmcp.server import create_proxy  # type: ignore[import-not-found]

if __name__ == "__main__":
    kind, target, *rest = sys.argv[1:]
    proxy = create_proxy(target if kind == "http" else Path(target))
    if kind == "http":
        proxy.run(transport="http", host="127.0.0.1", port=int(rest[0]), log_level="error", show_banner=False)
    else:
        proxy.run(transport="stdio", show_banner=False, log_level="ERROR")
