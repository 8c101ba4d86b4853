"""The ``servers`` part of the configuration: the MCP servers that stand behind the gateway."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Literal

from pydantic import ConfigDict, Field

from secure_gateway.config.faults import Fault
from secure_gateway.config.fields import (
    FreeTexts,
    Globs,
    HeaderName,
    HeaderNames,
    HeaderValue,
    HttpUrl,
    RequestSeconds,
    Text,
    VariableName,
    VariableValue,
)
from secure_gateway.config.policy_models import GuardrailPolicy
from secure_gateway.config.section import Section, section_field

# What proves who the caller is stays here, and what frames the message belongs to each connection.
_NEVER_FORWARDED = frozenset(
    {
        "authorization",
        "proxy-authorization",
        "x-api-key",
        "apikey",
        "cookie",
        "host",
        "connection",
        "content-length",
        "transfer-encoding",
        "upgrade",
        "te",
        "trailer",
    }
)


class ServerTools(Section):
    """Which tools of a server exist for callers. ``deny`` wins over ``allow``."""

    allow: Globs | None = Field(None, description="Only tools that match one of these; left out: all, empty: none.")
    deny: Globs = Field((), description="No tool that matches one of these.")
    pin: Literal["first_use", "locked", "off"] = Field(
        "first_use",
        description="Definitions may not change: from what was seen first, from what `tools pin` accepted (nothing else may be used), or they may.",
    )
    look_alikes: Literal["refuse", "warn", "off"] = Field(
        "refuse", description="Names that could be taken for a tool of another server, or are written in disguise."
    )


class ServerGuardrails(GuardrailPolicy):
    """This server's policy, over that of the whole."""


class ServerConfig(Section):
    """One MCP server: a ``command`` that the gateway starts (stdio), or a ``url`` (streamable HTTP)."""

    command: Text | None = Field(None, description="Program to start; it speaks MCP on stdin and stdout.")
    args: FreeTexts = Field((), description="Its arguments.")
    env: dict[VariableName, VariableValue] = Field(
        default_factory=dict, repr=False, description="Variables added to its environment; secret references allowed."
    )
    cwd: Text | None = Field(None, description="Folder in which it starts.")
    url: HttpUrl | None = Field(None, description="Address of a server that speaks streamable HTTP.")
    headers: dict[HeaderName, HeaderValue] = Field(
        default_factory=dict, repr=False, description="Headers sent to it; secret references allowed."
    )
    forward_headers: HeaderNames = Field((), description="Headers of the caller that are passed on; never credentials.")
    tools: ServerTools = section_field(ServerTools, "Which of its tools exist for callers.")
    guardrails: ServerGuardrails = section_field(ServerGuardrails, "This server's own policy.")
    timeout: RequestSeconds | None = Field(
        None, description="Time limit of one request, in seconds, instead of limits.request_timeout."
    )

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [
                {"required": ["command"], "properties": {"headers": False, "forward_headers": False}},
                {"required": ["url"], "properties": {"args": False, "env": False, "cwd": False}},
            ]
        }
    )
    instead: ClassVar[Mapping[str, str]] = {
        "cmd": 'Did you mean "command"?',
        "type": 'The transport follows from "command" (stdio) or "url" (streamable HTTP); SSE and WebSocket are not supported.',
        "transport": 'The transport follows from "command" (stdio) or "url" (streamable HTTP); SSE and WebSocket are not supported.',
        "disabled": "Take a server out to do without it.",
        "enabled": "What stands here is on; take a server out to do without it.",
    }

    @classmethod
    def cross_check(cls, data: Mapping[str, Any]) -> Iterator[Fault]:
        if "command" in data and "url" in data:
            yield Fault(("url",), '"url" beside "command"', "exactly one of them")
        elif "url" in data:
            yield from _foreign(data, ("args", "env", "cwd"), "command")
        elif "command" in data:
            yield from _foreign(data, ("headers", "forward_headers"), "url")
        elif data.keys() <= set(cls.keys()):
            # Otherwise a key is unknown, likely one of these two misspelt, and has been named already.
            yield Fault((), "a server without an address", 'a "command" to start it, or the "url" where it runs')
        forwarded = data.get("forward_headers")
        for index, name in enumerate(forwarded if isinstance(forwarded, (list, tuple)) else ()):
            if isinstance(name, str) and name.lower() in _NEVER_FORWARDED:
                hint = 'Give the server a credential of its own under "headers".'
                yield Fault(
                    ("forward_headers", index), f'"{name}"', "a header that is no credential and no framing", hint
                )


def _foreign(data: Mapping[str, Any], keys: tuple[str, ...], owner: str) -> Iterator[Fault]:
    for key in keys:
        if key in data:
            yield Fault((key,), f'"{key}" on a server without "{owner}"', f'it only beside "{owner}"')
