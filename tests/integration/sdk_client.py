"""A real MCP client, run by an interpreter that has the MCP SDK and not the gateway: one visit on stdin, what it got to see on stdout.

A visit is a JSON object: `doors` (name to `command` and `env`, or to `url` and `headers`), `steps`, and optionally `mode`, `roots`, and
the `answers` that its user gives when asked.
Every door gets the same steps, one client each, all at the same time. An answer that is an error is an answer.
"""

from __future__ import annotations

import asyncio
import json
import sys
import warnings
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from mcp import Client, MCPError, StdioServerParameters, types
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client

PATIENCE = 60
Step = Mapping[str, Any]


class Visitor:
    """What one client is asked for by its server, and what it is told, is kept."""

    def __init__(self, roots: list[str], answers: dict[str, Any]) -> None:
        self._roots = roots
        self._answers = answers
        self.told: list[Any] = []
        self.asked: list[Any] = []
        self.news = asyncio.Event()

    def callbacks(self) -> dict[str, Any]:
        return {
            "sampling_callback": self.sample,
            "elicitation_callback": self.elicit,
            "list_roots_callback": self.list_roots,
            "message_handler": self.hear,
        }

    async def sample(self, _context: Any, params: Any) -> Any:
        self.asked.append(plain(params))
        said = params.messages[0].content
        text = (said[0] if isinstance(said, list) else said).text
        content = types.TextContent(type="text", text=f"the model was asked: {text}")
        return types.CreateMessageResult(role="assistant", content=content, model="none")

    async def elicit(self, _context: Any, params: Any) -> Any:
        self.asked.append(plain(params))
        return types.ElicitResult(action="accept", content=self._answers)

    async def list_roots(self, _context: Any) -> Any:
        return types.ListRootsResult(roots=[types.Root.model_validate({"uri": uri}) for uri in self._roots])

    async def hear(self, message: Any) -> None:
        self.told.append(str(message) if isinstance(message, Exception) else plain(message))
        self.news.set()

    async def heard(self, method: str) -> list[Any]:
        """Wait until the server has sent such a notification."""
        while not (found := [each for each in self.told if isinstance(each, dict) and each.get("method") == method]):
            self.news.clear()
            await self.news.wait()
        return found


def plain(value: Any) -> Any:
    return value.model_dump(by_alias=True, mode="json", exclude_none=True)


async def take(client: Any, visitor: Visitor, step: Step) -> Any:
    """Take one step and return what came of it, or the error that the client got to see."""
    try:
        async with asyncio.timeout(PATIENCE):
            return await STEPS[step["do"]](client, visitor, step)
    except MCPError as error:
        return {"error": plain(error.error)}
    except TimeoutError:
        return {"error": "no answer"}


async def list_all(client: Any, _visitor: Visitor, _step: Step) -> Any:
    found: dict[str, Any] = {}
    for name, ask in (
        ("tools", client.list_tools),
        ("prompts", client.list_prompts),
        ("resources", client.list_resources),
        ("resourceTemplates", client.list_resource_templates),
    ):
        try:
            found[name] = plain(await ask())[name]
        except MCPError as error:
            found[name] = {"error": error.error.code}
    return found


async def count_pages(client: Any, _visitor: Visitor, step: Step) -> Any:
    """Follow a list of tools to its end, or as many pages as the step allows."""
    pages, tools, cursor = 0, 0, None
    while pages < step["most"]:
        answer = await client.list_tools(cursor=cursor)
        pages, tools, cursor = pages + 1, tools + len(answer.tools), answer.next_cursor
        if cursor is None:
            break
    return {"pages": pages, "tools": tools, "ended": cursor is None}


async def call(client: Any, _visitor: Visitor, step: Step) -> Any:
    steps: list[Any] = []

    async def progressed(progress: float, total: float | None, message: str | None) -> None:
        steps.append([progress, total, message])

    answer = await client.call_tool(
        step["tool"], step.get("arguments"), progress_callback=progressed if step.get("progress") else None
    )
    return {"result": plain(answer), **({"progress": steps} if step.get("progress") else {})}


async def greet(client: Any, _visitor: Visitor, _step: Step) -> Any:
    who = client.server_info
    return {
        "revision": client.protocol_version,
        "server": None if who is None else plain(who),
        "capabilities": plain(client.server_capabilities),
        "instructions": client.instructions,
    }


async def prompt(client: Any, _visitor: Visitor, step: Step) -> Any:
    return plain(await client.get_prompt(step["prompt"], step.get("arguments")))


async def read(client: Any, _visitor: Visitor, step: Step) -> Any:
    return plain(await client.read_resource(step["uri"]))


async def complete(client: Any, _visitor: Visitor, step: Step) -> Any:
    reference = types.PromptReference(type="ref/prompt", name=step["prompt"])
    return plain(await client.complete(reference, step["argument"]))


async def subscribe(client: Any, _visitor: Visitor, step: Step) -> Any:
    return plain(await client.subscribe_resource(step["uri"]))


async def heard(_client: Any, visitor: Visitor, step: Step) -> Any:
    return await visitor.heard(step["method"])


STEPS: dict[str, Callable[[Any, Visitor, Step], Awaitable[Any]]] = {
    each.__name__: each for each in (list_all, count_pages, call, greet, prompt, read, complete, subscribe, heard)
}


async def visit(door: Mapping[str, Any], order: Mapping[str, Any]) -> dict[str, Any]:
    """Connect by one door, take all steps, and return their answers and what the server asked for in between."""
    visitor = Visitor(order.get("roots", []), order.get("answers", {"name": "Ann", "integer": 7}))
    if "url" in door:
        server: Any = streamable_http_client(door["url"], http_client=create_mcp_http_client(headers=door["headers"]))
    else:
        command, *arguments = door["command"]
        server = StdioServerParameters(command=command, args=arguments, env=door["env"])
    answers: list[Any] = []
    try:
        async with Client(server, mode=order.get("mode", "auto"), **visitor.callbacks()) as client:
            answers.extend([await take(client, visitor, step) for step in door["steps"]])
    except* MCPError as errors:
        answers.append({"refused": [plain(each.error) for each in errors.exceptions if isinstance(each, MCPError)]})
    return {"answers": answers, "asked": visitor.asked}


async def main() -> None:
    warnings.simplefilter("ignore")
    order = json.load(sys.stdin)
    visits = await asyncio.gather(*(visit(door, order) for door in order["doors"].values()))
    json.dump(dict(zip(order["doors"], visits, strict=True)), sys.stdout)


if __name__ == "__main__":
    asyncio.run(main())
