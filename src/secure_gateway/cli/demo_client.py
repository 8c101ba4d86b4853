"""A real MCP client for the demo, run by the interpreter that has the MCP SDK: one JSON order a line in, one JSON answer a line out.

It imports nothing of secure_gateway: it knows of the gateway no more than any other client does.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from typing import Any

from mcp import ClientSession, MCPError, StdioServerParameters
from mcp.client.stdio import stdio_client


async def main(command: str, *arguments: str) -> None:
    """Start the command as an MCP server and call its tools as ordered."""
    server = StdioServerParameters(command=command, args=list(arguments), env=dict(os.environ))
    async with stdio_client(server) as (incoming, outgoing), ClientSession(incoming, outgoing) as session:
        loop = asyncio.get_running_loop()
        try:
            await session.initialize()
        except MCPError as error:
            print(json.dumps({"error": str(error)}), flush=True)
            return
        print(json.dumps({"ready": True}), flush=True)
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            print(json.dumps(await answer(session, json.loads(line))), flush=True)


async def answer(session: ClientSession, order: dict[str, Any]) -> dict[str, Any]:
    """Return what the client gets to see of one call."""
    try:
        if order.get("list"):
            return {"tools": [tool.name for tool in (await session.list_tools()).tools]}
        result = await session.call_tool(order["tool"], order["arguments"])
    except MCPError as error:
        data = getattr(getattr(error, "error", None), "data", None)
        return {"error": str(error), "data": data}
    return {"text": "\n".join(getattr(item, "text", "") for item in result.content), "is_error": bool(result.is_error)}


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
