"""An MCP server that offers what the official conformance suite looks for, in both protocol eras.

It runs from an environment of its own (the `mcp` SDK is not ours to install). Over HTTP it prints its address:

    python fixture_server.py --port 0
    python fixture_server.py --stdio
"""

# mypy: ignore-errors
# It needs the `mcp` SDK, which this project does not install; in the environment where it runs it is strictly typed.
from __future__ import annotations

import argparse
import socket
import warnings
from typing import Any

import anyio
import mcp_types as types
import uvicorn
from fixture_content import (
    acknowledge_subscription,
    complete,
    get_prompt,
    list_prompts,
    list_resources,
    list_templates,
    read_resource,
)
from fixture_skills import serve_skills
from fixture_tasks import TaskBoard
from fixture_tools import FixtureTool, ToolResult, tool_catalogue
from mcp.server.caching import CacheHint
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel.server import Server
from mcp.server.request_state import RequestStateBoundary, RequestStateSecurity
from mcp.server.stdio import stdio_server
from mcp.server.streamable_http import EventCallback, EventId, EventMessage, EventStore, StreamId
from mcp.server.subscriptions import InMemorySubscriptionBus, ListenHandler
from mcp.shared.exceptions import MCPDeprecationWarning, MCPError

_NAME = "conformance-fixture"
_RETRY_MILLISECONDS = 50
_TTL_MILLISECONDS = 1000

Context = ServerRequestContext[Any, Any]


class MemoryEventStore(EventStore):
    """Keeps every event of the process's life, so that any stream can be resumed."""

    def __init__(self) -> None:
        self._events: list[tuple[StreamId, types.JSONRPCMessage | None]] = []

    async def store_event(self, stream_id: StreamId, message: types.JSONRPCMessage | None) -> EventId:
        """Remember `message` and return its position as the event id."""
        self._events.append((stream_id, message))
        return str(len(self._events) - 1)

    async def replay_events_after(self, last_event_id: EventId, send_callback: EventCallback) -> StreamId | None:
        """Send what followed `last_event_id` on its own stream and return that stream."""
        position = int(last_event_id)
        if not 0 <= position < len(self._events):
            return None
        stream = self._events[position][0]
        for later, (owner, message) in enumerate(self._events[position + 1 :], position + 1):
            if owner == stream and message is not None:
                await send_callback(EventMessage(message, str(later)))
        return stream


class ToolDesk:
    """Answers `tools/list` and `tools/call` from the catalogue."""

    def __init__(self, tools: dict[str, FixtureTool]) -> None:
        self._tools = tools

    async def list(self, ctx: Context, params: types.PaginatedRequestParams | None) -> types.ListToolsResult:
        """List every tool, always in the same order."""
        return types.ListToolsResult(tools=[tool.listed_as(name) for name, tool in self._tools.items()])

    async def call(self, ctx: Context, params: types.CallToolRequestParams) -> ToolResult:
        """Run one tool.

        Raises:
            MCPError: no tool has this name.
        """
        tool = self._tools.get(params.name)
        if tool is None:
            raise MCPError(code=types.INVALID_PARAMS, message="Unknown tool", data={"name": params.name})
        return await tool.handler(ctx, params)


async def _set_level(ctx: Context, params: types.SetLevelRequestParams) -> types.EmptyResult:
    return types.EmptyResult()


def build_server() -> Server[Any]:
    """Put tools, prompts, resources, subscriptions and tasks into one server."""
    bus = InMemorySubscriptionBus()
    board = TaskBoard()
    desk = ToolDesk(tool_catalogue(bus) | board.tools())
    hint = CacheHint(ttl_ms=_TTL_MILLISECONDS, scope="public")
    with warnings.catch_warnings():
        # 2025-11-25 has logging/setLevel, so its scenarios need the handler that 2026-07-28 retires.
        warnings.simplefilter("ignore", MCPDeprecationWarning)
        server: Server[Any] = Server(
            _NAME,
            version="1.0.0",
            instructions="A server for conformance tests.",
            cache_hints={
                "tools/list": hint,
                "prompts/list": hint,
                "resources/list": hint,
                "resources/templates/list": hint,
            },
            on_list_tools=desk.list,
            on_call_tool=desk.call,  # type: ignore[arg-type]  # tasks answer with an extension's own result type
            on_list_resources=list_resources,
            on_list_resource_templates=list_templates,
            on_read_resource=read_resource,
            on_subscribe_resource=acknowledge_subscription,
            on_unsubscribe_resource=acknowledge_subscription,
            on_subscriptions_listen=ListenHandler(bus),
            on_list_prompts=list_prompts,
            on_get_prompt=get_prompt,
            on_completion=complete,
            on_set_logging_level=_set_level,
        )
    board.attach_to(server)
    serve_skills(server)
    server.middleware.append(RequestStateBoundary(RequestStateSecurity.ephemeral(), default_audience=_NAME))
    return server


async def _serve_stdio() -> None:
    server = build_server()
    async with stdio_server() as (incoming, outgoing):
        await server.run(incoming, outgoing, server.create_initialization_options())


def main() -> None:
    """Serve on a loopback port, or on stdin and stdout, until stopped."""
    warnings.simplefilter("ignore", MCPDeprecationWarning)
    parser = argparse.ArgumentParser(description="Serve the MCP conformance fixture.")
    parser.add_argument("--port", type=int, default=0, help="port to listen on; 0 picks a free one")
    parser.add_argument("--stdio", action="store_true", help="speak on stdin and stdout instead")
    chosen = parser.parse_args()
    if chosen.stdio:
        anyio.run(_serve_stdio)
        return
    port: int = chosen.port
    listener = socket.create_server(("127.0.0.1", port))
    app = build_server().streamable_http_app(event_store=MemoryEventStore(), retry_interval=_RETRY_MILLISECONDS)
    print(f"http://127.0.0.1:{listener.getsockname()[1]}/mcp", flush=True)
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1))
    server.run(sockets=[listener])


if __name__ == "__main__":
    main()
