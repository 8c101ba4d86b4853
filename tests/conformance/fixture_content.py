"""Resources, prompts and completions of the conformance fixture server."""

# mypy: ignore-errors
# It needs the `mcp` SDK, which this project does not install; in the environment where it runs it is strictly typed.
from __future__ import annotations

import json
import re
from typing import Any

import mcp_types as types
from fixture_inputs import ask_for_prompt_context
from fixture_skills import manifest_resource, skill_text
from mcp.server.context import ServerRequestContext
from mcp.shared.exceptions import MCPError
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

Context = ServerRequestContext[Any, Any]

# One red pixel, and a wave file with an empty data chunk: the smallest honest samples of their types.
RED_PIXEL_PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg=="
SILENT_WAV = "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQAAAAA="

_TEMPLATE_URI = re.compile(r"test://template/(?P<id>[^/]+)/data")
# The code that 2025-11-25 and earlier used; 2026-07-28 forbids it and says invalid params instead.
_LEGACY_RESOURCE_NOT_FOUND = -32002


def text(value: str) -> types.TextContent:
    """Wrap `value` as a text content block."""
    return types.TextContent(text=value)


def image() -> types.ImageContent:
    """Make the sample image block."""
    return types.ImageContent(data=RED_PIXEL_PNG, mime_type="image/png")


def embedded(uri: str, mime_type: str, value: str) -> types.EmbeddedResource:
    """Wrap `value` as a text resource embedded in a result or a prompt."""
    return types.EmbeddedResource(resource=types.TextResourceContents(uri=uri, mime_type=mime_type, text=value))


async def list_resources(ctx: Context, params: types.PaginatedRequestParams | None) -> types.ListResourcesResult:
    """Name the direct resources."""
    return types.ListResourcesResult(
        resources=[
            types.Resource(uri="test://static-text", name="static-text", description="A text", mime_type="text/plain"),
            types.Resource(
                uri="test://static-binary", name="static-binary", description="A picture", mime_type="image/png"
            ),
            types.Resource(
                uri="test://watched-resource", name="watched", description="A text to watch", mime_type="text/plain"
            ),
            manifest_resource(),
        ]
    )


async def list_templates(
    ctx: Context, params: types.PaginatedRequestParams | None
) -> types.ListResourceTemplatesResult:
    """Name the one resource template."""
    template = types.ResourceTemplate(
        uri_template="test://template/{id}/data",
        name="template",
        description="Data of an id",
        mime_type="application/json",
    )
    return types.ListResourceTemplatesResult(resource_templates=[template])


async def read_resource(ctx: Context, params: types.ReadResourceRequestParams) -> types.ReadResourceResult:
    """Read a direct or templated resource.

    Raises:
        MCPError: no resource has this URI.
    """
    uri = params.uri
    texts = {
        "test://static-text": "This is the content of the static text resource.",
        "test://watched-resource": "Nothing has changed yet.",
    }
    contents: types.TextResourceContents | types.BlobResourceContents
    if uri == "test://static-binary":
        contents = types.BlobResourceContents(uri=uri, mime_type="image/png", blob=RED_PIXEL_PNG)
    elif (skill := skill_text(uri)) is not None:
        contents = types.TextResourceContents(uri=uri, mime_type="text/markdown", text=skill)
    elif uri in texts:
        contents = types.TextResourceContents(uri=uri, mime_type="text/plain", text=texts[uri])
    elif match := _TEMPLATE_URI.fullmatch(uri):
        data = {"id": match["id"], "templateTest": True, "data": f"Data for ID: {match['id']}"}
        contents = types.TextResourceContents(uri=uri, mime_type="application/json", text=json.dumps(data))
    else:
        modern = ctx.protocol_version in MODERN_PROTOCOL_VERSIONS
        code = types.INVALID_PARAMS if modern else _LEGACY_RESOURCE_NOT_FOUND
        raise MCPError(code=code, message="Resource not found", data={"uri": uri})
    return types.ReadResourceResult(contents=[contents])


async def acknowledge_subscription(
    ctx: Context, params: types.SubscribeRequestParams | types.UnsubscribeRequestParams
) -> types.EmptyResult:
    """Accept a resource subscription or its end; nothing here changes, so nothing is remembered."""
    return types.EmptyResult()


async def list_prompts(ctx: Context, params: types.PaginatedRequestParams | None) -> types.ListPromptsResult:
    """Name the prompts."""
    arguments = [
        types.PromptArgument(name="arg1", description="First test argument", required=True),
        types.PromptArgument(name="arg2", description="Second test argument", required=True),
    ]
    uri_argument = types.PromptArgument(name="resourceUri", description="What to embed", required=True)
    return types.ListPromptsResult(
        prompts=[
            types.Prompt(name="test_simple_prompt", description="One fixed message"),
            types.Prompt(name="test_prompt_with_arguments", description="Two arguments", arguments=arguments),
            types.Prompt(
                name="test_prompt_with_embedded_resource", description="A resource inside", arguments=[uri_argument]
            ),
            types.Prompt(name="test_prompt_with_image", description="An image inside"),
            types.Prompt(name="test_input_required_result_prompt", description="Asks before it answers"),
        ]
    )


def _user(*blocks: types.ContentBlock) -> types.GetPromptResult:
    return types.GetPromptResult(messages=[types.PromptMessage(role="user", content=block) for block in blocks])


async def get_prompt(
    ctx: Context, params: types.GetPromptRequestParams
) -> types.GetPromptResult | types.InputRequiredResult:
    """Render one prompt.

    Raises:
        MCPError: no prompt has this name.
    """
    given = params.arguments or {}
    match params.name:
        case "test_simple_prompt":
            return _user(text("This is a simple prompt for testing."))
        case "test_prompt_with_arguments":
            return _user(text(f"Prompt with arguments: arg1='{given.get('arg1', '')}', arg2='{given.get('arg2', '')}'"))
        case "test_prompt_with_embedded_resource":
            resource = embedded(given.get("resourceUri", ""), "text/plain", "Embedded resource content for testing.")
            return _user(resource, text("Please process the embedded resource above."))
        case "test_prompt_with_image":
            return _user(image(), text("Please analyze the image above."))
        case "test_input_required_result_prompt":
            context = ask_for_prompt_context(params)
            return context if isinstance(context, types.InputRequiredResult) else _user(text(f"Context: {context}"))
        case unknown:
            raise MCPError(code=types.INVALID_PARAMS, message="Unknown prompt", data={"name": unknown})


async def complete(ctx: Context, params: types.CompleteRequestParams) -> types.CompleteResult:
    """Offer the words that begin with what was typed."""
    words = ("paris", "park", "party", "test", "testing")
    values = [word for word in words if word.startswith(params.argument.value)]
    return types.CompleteResult(completion=types.Completion(values=values, total=len(values), has_more=False))
