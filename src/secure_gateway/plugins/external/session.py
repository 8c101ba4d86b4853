"""What is said over a channel: MCP's handshake, a sign of life, and ContextForge's tools."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any, Final

import orjson

from secure_gateway.errors import AnswerError
from secure_gateway.plugins.external.channel import Channel

VERSIONS: Final = ("2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05")
"""Revisions of MCP that plugin servers may choose from, newest first."""

GET_PLUGIN_CONFIG: Final = "get_plugin_config"
GET_PLUGIN_CONFIGS: Final = "get_plugin_configs"
INVOKE_HOOK: Final = "invoke_hook"


async def shake_hands(channel: Channel) -> None:
    """Open ``channel`` and agree with its server on a revision. Raises ``ConnectionLostError`` or ``AnswerError``."""
    await channel.open()
    client = {"name": "secure-gateway", "version": version("secure-gateway")}
    params = {"protocolVersion": VERSIONS[0], "capabilities": {}, "clientInfo": client}
    answer = await channel.ask("initialize", params)
    agreed = answer.get("protocolVersion")
    if agreed not in VERSIONS:
        raise AnswerError(f"its server speaks none of the MCP revisions {', '.join(VERSIONS)}")
    channel.version = agreed
    await channel.tell("notifications/initialized")


async def ping(channel: Channel) -> None:
    """Ask for a sign of life. Raises as ``Channel.ask`` does."""
    await channel.ask("ping", {})


async def call_tool(channel: Channel, name: str, arguments: dict[str, Any]) -> Any:
    """Return the JSON value that a tool of the server returns. Raises ``ConnectionLostError`` or ``AnswerError``."""
    result = await channel.ask("tools/call", {"name": name, "arguments": arguments})
    if result.get("isError") not in (False, None):
        raise AnswerError(f"its server could not run the tool {name}")
    content = result.get("content")
    for item in content if isinstance(content, list) else ():
        if isinstance(item, dict) and item.get("type") == "text" and isinstance(item.get("text"), str):
            return _value(item["text"], name)
    raise AnswerError(f"the tool {name} of its server returned no text")


async def all_configs(channel: Channel) -> list[dict[str, Any]]:
    """Return the configurations of every plugin of the server. A list comes as one text for each item, and as structured content."""
    result = await channel.ask("tools/call", {"name": GET_PLUGIN_CONFIGS, "arguments": {}})
    structured = result.get("structuredContent")
    found = structured.get("result") if isinstance(structured, dict) else None
    if not isinstance(found, list):
        content = result.get("content")
        texts = [item.get("text") for item in content if isinstance(item, dict)] if isinstance(content, list) else []
        found = [_value(text, GET_PLUGIN_CONFIGS) for text in texts if isinstance(text, str)]
        found = found[0] if len(found) == 1 and isinstance(found[0], list) else found
    return [each for each in found if isinstance(each, dict)]


def _value(text: str, tool: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise AnswerError(f"the tool {tool} of its server returned no valid JSON at character {error.pos}") from None
