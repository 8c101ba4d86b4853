"""The tools of the conformance fixture server, as the official suite's scenarios name them."""

# mypy: ignore-errors
# It needs the `mcp` SDK, which this project does not install; in the environment where it runs it is strictly typed.
from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import anyio
import mcp_types as types
from fixture_content import SILENT_WAV, embedded, image, text
from fixture_inputs import input_tools, say
from mcp.server.context import ServerRequestContext
from mcp.server.subscriptions import PromptsListChanged, ServerEvent, SubscriptionBus, ToolsListChanged
from mcp.shared.exceptions import MCPError

Context = ServerRequestContext[Any, Any]
ToolResult = types.CallToolResult | types.InputRequiredResult | dict[str, Any]
ToolHandler = Callable[[Context, types.CallToolRequestParams], Awaitable[ToolResult]]

_PAUSE_SECONDS = 0.05
_NO_ARGUMENTS: dict[str, Any] = {"type": "object", "properties": {}}


@dataclass(frozen=True, slots=True)
class FixtureTool:
    """A tool with the function that answers its calls."""

    description: str
    handler: ToolHandler
    input_schema: dict[str, Any] = field(default_factory=lambda: _NO_ARGUMENTS)

    def listed_as(self, name: str) -> types.Tool:
        """Render this tool for `tools/list`."""
        return types.Tool(name=name, description=self.description, input_schema=self.input_schema)


def one_string(name: str) -> dict[str, Any]:
    """Make the schema of a tool with one required string argument."""
    return {"type": "object", "properties": {name: {"type": "string"}}, "required": [name]}


def _fixed(*blocks: types.ContentBlock, is_error: bool = False) -> ToolHandler:
    async def answer(ctx: Context, params: types.CallToolRequestParams) -> ToolResult:
        return types.CallToolResult(content=list(blocks), is_error=is_error)

    return answer


async def _with_logging(ctx: Context, params: types.CallToolRequestParams) -> ToolResult:
    for line in ("Tool execution started", "Tool processing data", "Tool execution completed"):
        await ctx.session.send_log_message("info", line, logger="fixture", related_request_id=ctx.request_id)
        await anyio.sleep(_PAUSE_SECONDS)
    return say("Tool with logging executed")


async def _with_progress(ctx: Context, params: types.CallToolRequestParams) -> ToolResult:
    for done in (0, 50, 100):
        await ctx.session.report_progress(done, 100, f"{done} of 100")
        await anyio.sleep(_PAUSE_SECONDS)
    return say("Tool with progress executed")


async def _sampling(ctx: Context, params: types.CallToolRequestParams) -> ToolResult:
    prompt = str((params.arguments or {}).get("prompt", ""))
    answer = await ctx.session.create_message(
        [types.SamplingMessage(role="user", content=text(prompt))], max_tokens=100, related_request_id=ctx.request_id
    )
    said = answer.content.text if isinstance(answer.content, types.TextContent) else "(not text)"
    return say(f"LLM response: {said}")


async def _elicitation(ctx: Context, params: types.CallToolRequestParams) -> ToolResult:
    message = str((params.arguments or {}).get("message", ""))
    schema = {
        "type": "object",
        "properties": {
            "username": {"type": "string", "description": "User's response"},
            "email": {"type": "string", "description": "User's email address"},
        },
        "required": ["username", "email"],
    }
    answer = await ctx.session.elicit_form(message, schema, related_request_id=ctx.request_id)
    return say(f"User response: action: {answer.action}, content: {json.dumps(answer.content)}")


def _eliciting(message: str, properties: dict[str, Any]) -> ToolHandler:
    async def ask(ctx: Context, params: types.CallToolRequestParams) -> ToolResult:
        schema = {"type": "object", "properties": properties}
        answer = await ctx.session.elicit_form(message, schema, related_request_id=ctx.request_id)
        return say(f"Elicitation completed: action={answer.action}, content={json.dumps(answer.content)}")

    return ask


async def _reconnection(ctx: Context, params: types.CallToolRequestParams) -> ToolResult:
    if ctx.close_sse_stream is not None:
        await ctx.close_sse_stream()
    # Longer than the retry interval, so that the answer is born while the client is away.
    await anyio.sleep(2 * _PAUSE_SECONDS)
    return say("Reconnection test completed")


async def _needs_sampling(ctx: Context, params: types.CallToolRequestParams) -> ToolResult:
    declared = ctx.session.client_capabilities
    if declared is None or declared.sampling is None:
        raise MCPError(
            code=types.MISSING_REQUIRED_CLIENT_CAPABILITY,
            message="This tool needs the sampling capability",
            data={"requiredCapabilities": {"sampling": {}}},
        )
    return say("The client can sample")


async def _logs_once(ctx: Context, params: types.CallToolRequestParams) -> ToolResult:
    await ctx.session.send_log_message("info", "A line for whoever asked for it", related_request_id=ctx.request_id)
    return say("Logged")


async def _echo_region(ctx: Context, params: types.CallToolRequestParams) -> ToolResult:
    return say(f"Region: {(params.arguments or {}).get('region')}")


def _publishing(bus: SubscriptionBus, event: ServerEvent) -> ToolHandler:
    async def publish(ctx: Context, params: types.CallToolRequestParams) -> ToolResult:
        await bus.publish(event)
        return say("Announced")

    return publish


def content_tools() -> dict[str, FixtureTool]:
    """Name the tools with a fixed answer. The first of them is called without arguments by the header scenarios."""
    mixed = embedded("test://mixed-content-resource", "application/json", '{"test":"data","value":123}')
    resource = embedded("test://embedded-resource", "text/plain", "This is an embedded resource content.")
    audio = types.AudioContent(data=SILENT_WAV, mime_type="audio/wav")
    failure = text("This tool intentionally returns an error for testing")
    return {
        "test_simple_text": FixtureTool("A text", _fixed(text("This is a simple text response for testing."))),
        "test_image_content": FixtureTool("An image", _fixed(image())),
        "test_audio_content": FixtureTool("A sound", _fixed(audio)),
        "test_embedded_resource": FixtureTool("A resource", _fixed(resource)),
        "test_multiple_content_types": FixtureTool(
            "Three kinds of content", _fixed(text("Multiple content types test:"), image(), mixed)
        ),
        "test_error_handling": FixtureTool("Always fails", _fixed(failure, is_error=True)),
    }


def _json_schema_2020_12() -> dict[str, Any]:
    """Make a schema with every keyword of 2020-12 that a careless intermediary strips."""
    address = {
        "$anchor": "addressDef",
        "type": "object",
        "properties": {"street": {"type": "string"}, "city": {"type": "string"}},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "$defs": {"address": address},
        "properties": {
            "name": {"type": "string"},
            "address": {"$ref": "#/$defs/address"},
            "contactMethod": {"type": "string", "enum": ["phone", "email"]},
            "phone": {"type": "string"},
            "email": {"type": "string"},
        },
        "allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
        "if": {"properties": {"contactMethod": {"const": "phone"}}, "required": ["contactMethod"]},
        "then": {"required": ["phone"]},
        "else": {"required": ["email"]},
        "additionalProperties": False,
    }


def _defaults() -> dict[str, Any]:
    return {
        "name": {"type": "string", "description": "User name", "default": "John Doe"},
        "age": {"type": "integer", "description": "User age", "default": 30},
        "score": {"type": "number", "description": "User score", "default": 95.5},
        "status": {
            "type": "string",
            "description": "User status",
            "enum": ["active", "inactive", "pending"],
            "default": "active",
        },
        "verified": {"type": "boolean", "description": "Verification status", "default": True},
    }


def _enums() -> dict[str, Any]:
    options = ["option1", "option2", "option3"]
    ordinals = ("First", "Second", "Third")
    titled = [{"const": f"value{n}", "title": f"{word} Option"} for n, word in enumerate(ordinals, 1)]
    choices = [{"const": f"value{n}", "title": f"{word} Choice"} for n, word in enumerate(ordinals, 1)]
    legacy = {"enum": ["opt1", "opt2", "opt3"], "enumNames": ["Option One", "Option Two", "Option Three"]}
    return {
        "untitledSingle": {"type": "string", "description": "Select one option", "enum": options},
        "titledSingle": {"type": "string", "description": "Select one option with titles", "oneOf": titled},
        "legacyEnum": {"type": "string", "description": "Select one option (legacy)", **legacy},
        "untitledMulti": {
            "type": "array",
            "description": "Select multiple options",
            "items": {"type": "string", "enum": options},
        },
        "titledMulti": {
            "type": "array",
            "description": "Select multiple options with titles",
            "items": {"anyOf": choices},
        },
    }


def interactive_tools(bus: SubscriptionBus) -> dict[str, FixtureTool]:
    """Name the tools that talk while they run."""
    region = {"type": "string", "description": "Where to run", "x-mcp-header": "Region"}
    routed = {"type": "object", "properties": {"region": region}, "required": ["region"]}
    return {
        "test_tool_with_logging": FixtureTool("Logs three lines", _with_logging),
        "test_tool_with_progress": FixtureTool("Reports progress", _with_progress),
        "test_sampling": FixtureTool("Asks the client's model", _sampling, one_string("prompt")),
        "test_elicitation": FixtureTool("Asks the user", _elicitation, one_string("message")),
        "test_elicitation_sep1034_defaults": FixtureTool(
            "Asks with defaults", _eliciting("Please review and update the form fields with defaults", _defaults())
        ),
        "test_elicitation_sep1330_enums": FixtureTool(
            "Asks with enums", _eliciting("Please select options from the enum fields", _enums())
        ),
        "test_reconnection": FixtureTool("Closes its stream and answers after a reconnect", _reconnection),
        "json_schema_2020_12_tool": FixtureTool(
            "Tool with JSON Schema 2020-12 features", _fixed(text("Accepted")), _json_schema_2020_12()
        ),
        "test_missing_capability": FixtureTool("Needs a client that can sample", _needs_sampling),
        "test_logging_tool": FixtureTool("Logs one line", _logs_once),
        "test_trigger_tool_change": FixtureTool("Announces new tools", _publishing(bus, ToolsListChanged())),
        "test_trigger_prompt_change": FixtureTool("Announces new prompts", _publishing(bus, PromptsListChanged())),
        "test_header_mirroring": FixtureTool("Has an argument mirrored into a header", _echo_region, routed),
    }


def tool_catalogue(bus: SubscriptionBus) -> dict[str, FixtureTool]:
    """Gather every tool in the order in which `tools/list` gives them."""
    asking = {name: FixtureTool(description, handler) for name, (description, handler) in input_tools().items()}
    return content_tools() | interactive_tools(bus) | asking
