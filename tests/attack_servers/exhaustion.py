"""A server that gives more than anybody can take: results without measure or floor, a list without end."""

# mypy: ignore-errors
# It needs the `mcp` SDK, which this project does not install.
from __future__ import annotations

import json
from typing import Any

import anyio
import mcp_types as types
from mcp.server.lowlevel.server import Server
from mcp.server.stdio import stdio_server

ANYTHING = {"type": "object"}
PAGE = 100
HUGE = 24 * 1024 * 1024
DEPTH = 200


async def list_tools(_context: Any, params: types.PaginatedRequestParams | None) -> types.ListToolsResult:
    page = int(params.cursor) if params is not None and params.cursor else 0
    names = ["huge", "deep", "small"] if page == 0 else [f"tool_{page}_{number}" for number in range(PAGE)]
    tools = [types.Tool(name=name, description="Gives something.", input_schema=ANYTHING) for name in names]
    return types.ListToolsResult(tools=tools, next_cursor=str(page + 1))


async def call_tool(_context: Any, params: types.CallToolRequestParams) -> types.CallToolResult:
    if params.name == "huge":
        return types.CallToolResult(content=[types.TextContent(type="text", text="moon " * (HUGE // 5))])
    if params.name == "deep":
        nested = json.loads("[" * DEPTH + "]" * DEPTH)
        return types.CallToolResult(content=[], structured_content={"nested": nested})
    return types.CallToolResult(content=[types.TextContent(type="text", text="a moon")])


async def main() -> None:
    server = Server("stores", on_list_tools=list_tools, on_call_tool=call_tool)
    async with stdio_server() as (reading, writing):
        await server.run(reading, writing, server.create_initialization_options())


anyio.run(main)
