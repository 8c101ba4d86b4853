"""The clients of the MCP SDK and of fastmcp, run by an interpreter that has them: a door on stdin, what they got on stdout."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

import fastmcp  # type: ignore[import-not-found]
from fastmcp.client.transports import StdioTransport  # type: ignore[import-not-found]
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client

PATIENCE = 60
CALL = {
    "hook_type": "tool_pre_invoke",
    "plugin_name": "Title",
    "payload": {"name": "t", "args": {"city": "bern"}},
    "context": {"global_context": {"request_id": "r1"}},
}


async def tour(client: Any) -> dict[str, Any]:
    async with client:
        listed = await client.list_tools()
        said: dict[str, Any] = {"tools": [tool.name for tool in getattr(listed, "tools", listed)]}
        for name, arguments in (
            ("get_plugin_configs", {}),
            ("get_plugin_config", {"name": "title"}),
            ("invoke_hook", CALL),
        ):
            result = await client.call_tool(name, arguments)
            said[name] = [json.loads(content.text) for content in result.content]
        return said


async def main(door: dict[str, Any]) -> dict[str, Any]:
    if "url" in door:
        return {"mcp": await tour(Client(door["url"])), "fastmcp": await tour(fastmcp.Client(door["url"]))}
    command, *arguments = door["command"]
    sdk = Client(stdio_client(StdioServerParameters(command=command, args=arguments, env=door["env"])))
    fast = fastmcp.Client(StdioTransport(command, arguments, env=door["env"]))
    return {"mcp": await tour(sdk), "fastmcp": await tour(fast)}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(asyncio.wait_for(main(json.load(sys.stdin)), PATIENCE))))
