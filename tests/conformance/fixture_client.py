"""An MCP client that does what the official suite's client scenarios ask for.

The suite starts a server, puts the scenario's name and protocol version into the environment and appends the
server's address to this command:

    python fixture_client.py http://localhost:1234/mcp
"""

# mypy: ignore-errors
# It needs the `mcp` SDK, which this project does not install; in the environment where it runs it is strictly typed.
from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sys
from collections.abc import Awaitable, Callable
from typing import Any, Literal

import anyio
import mcp_types as types
from mcp.client.client import Client
from mcp.client.session import ClientRequestContext
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import ValidationError

_READ_TIMEOUT_SECONDS = 20.0

Deed = Callable[[Client], Awaitable[None]]


class SkillsListRequest(types.Request[types.RequestParams, Literal["skills/list"]]):
    """A request of the skills extension, which the SDK does not know."""

    method: Literal["skills/list"] = "skills/list"
    params: types.RequestParams


class SkillsListResult(types.Result):
    """Its result, as far as it is read here."""

    skills: list[dict[str, Any]]


async def _accept(context: ClientRequestContext, params: types.ElicitRequestParams) -> types.ElicitResult:
    """Accept whatever is asked: each field takes its default, and a boolean without one takes true."""
    if not isinstance(params, types.ElicitRequestFormParams):
        return types.ElicitResult(action="decline")
    fields: dict[str, dict[str, Any]] = params.requested_schema.get("properties", {})
    content = {name: field.get("default", True) for name, field in fields.items()}
    return types.ElicitResult(action="accept", content=content)


async def _list(client: Client) -> None:
    await client.list_tools()


async def _add(client: Client) -> None:
    await client.list_tools()
    await client.call_tool("add_numbers", {"a": 5, "b": 3})


async def _call_every_tool(client: Client) -> None:
    for tool in (await client.list_tools()).tools:
        required = tool.input_schema.get("required", [])
        await client.call_tool(tool.name, dict.fromkeys(required, "test"))


async def _echo_schema(client: Client) -> None:
    tools = {tool.name: tool for tool in (await client.list_tools()).tools}
    await client.call_tool("json_schema_echo", {"schema": tools["json_schema_2020_12_tool"].input_schema})


async def _answer_and_retry(client: Client) -> None:
    await client.list_tools()
    # The unrelated call overlaps the two rounds: what belongs to one request must not show up in the other.
    async with anyio.create_task_group() as group:
        group.start_soon(client.call_tool, "test_mrtr_echo_state", {})
        group.start_soon(client.call_tool, "test_mrtr_unrelated", {})
    await client.call_tool("test_mrtr_no_state", {})
    # This SDK reads a result without a type as complete, and then finds it lacking; the scenario asks for the first.
    with contextlib.suppress(ValidationError):
        await client.call_tool("test_mrtr_no_result_type", {})


async def _use_everything(client: Client) -> None:
    await _call_every_tool(client)
    for resource in (await client.list_resources()).resources:
        await client.read_resource(str(resource.uri))
    for prompt in (await client.list_prompts()).prompts:
        await client.get_prompt(prompt.name)


async def _call_as_told(client: Client) -> None:
    await client.list_tools()
    for call in json.loads(os.environ["MCP_CONFORMANCE_CONTEXT"])["toolCalls"]:
        await client.call_tool(call["name"], call["arguments"])


async def _skills(client: Client) -> list[dict[str, Any]]:
    request = SkillsListRequest(params=types.RequestParams())
    return (await client.session.send_request(request, SkillsListResult)).skills


async def _list_skills(client: Client) -> None:
    await _skills(client)


def _trusted(content: str, claim: dict[str, Any], frontmatter: dict[str, Any]) -> bool:
    raw = content.encode()
    if len(raw) != claim["size"] or f"sha256:{hashlib.sha256(raw).hexdigest()}" != claim["digest"]:
        return False
    if not content.startswith("---\n"):
        return True
    head = content.removeprefix("---\n").partition("\n---\n")[0]
    return dict(line.split(": ", 1) for line in head.splitlines()) == frontmatter


async def _load_skills(client: Client) -> None:
    for skill in await _skills(client):
        for claim in skill["resources"]:
            (content,) = (await client.read_resource(claim["uri"])).contents
            text = content.text if isinstance(content, types.TextResourceContents) else ""
            if not _trusted(text, claim, skill["frontmatter"]):
                break


def deeds() -> dict[str, Deed]:
    """Name what to do in each scenario, once connected."""
    return {
        "initialize": _list,
        "tools_call": _add,
        "elicitation-sep1034-client-defaults": _call_every_tool,
        "sse-retry": _call_every_tool,
        "request-metadata": _list,
        "sep-2322-client-request-state": _answer_and_retry,
        "http-standard-headers": _use_everything,
        "http-custom-headers": _call_as_told,
        "http-invalid-tool-headers": _call_every_tool,
        "json-schema-ref-no-deref": _list,
        "json-schema-2020-12-preservation": _echo_schema,
        "sep-2640-client-no-prefetch": _list_skills,
        "sep-2640-client-verify-digest": _load_skills,
        "sep-2640-client-verify-size": _load_skills,
        "sep-2640-client-verify-frontmatter": _load_skills,
    }


async def run(url: str, scenario: str, version: str) -> None:
    """Connect to `url` in the era of `version` and do the deed of `scenario`.

    Raises:
        KeyError: no such scenario is known here.
    """
    deed = deeds()[scenario]
    # In `auto` the client asks for the server's versions first and takes up one that a refusal names.
    mode = "auto" if version in MODERN_PROTOCOL_VERSIONS else "legacy"
    async with Client(
        url, mode=mode, elicitation_callback=_accept, read_timeout_seconds=_READ_TIMEOUT_SECONDS
    ) as client:
        await deed(client)


def main() -> None:
    """Run the scenario that the environment names against the address on the command line."""
    scenario = os.environ["MCP_CONFORMANCE_SCENARIO"]
    version = os.environ["MCP_CONFORMANCE_PROTOCOL_VERSION"]
    anyio.run(run, sys.argv[-1], scenario, version)


if __name__ == "__main__":
    main()
