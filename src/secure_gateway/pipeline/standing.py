"""What plugins judge of a server itself, on nobody's behalf: whether it is put in force, how it introduces itself, which tools it offers."""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

import msgspec

from secure_gateway.errors import RequestDenied, RequestError
from secure_gateway.pipeline.ending import deliver, ended_badly
from secure_gateway.pipeline.firing import fire
from secure_gateway.pipeline.run import begin
from secure_gateway.pipeline.schemas import ToolSchemas
from secure_gateway.pipeline.snapshot import Snapshot
from secure_gateway.plugins.framework.hookpoints import ToolHookType
from secure_gateway.plugins.framework.payloads import PluginPayload, ToolListPayload
from secure_gateway.types import Request

TOOL_LIST: Final = ToolHookType.TOOL_LIST.value
_LEFT_OUT: Final = "a plugin took it off the list"
_TWICE: Final = "the server lists it more than once, so nobody can tell which of them is called"
_REFUSED: Final = "a plugin refused the list that it stood on, or failed"


class ToolOffer(msgspec.Struct, frozen=True, kw_only=True):
    """The tools of a server that may be shown, as the policies left them, and (tool, reason) for each that may not."""

    tools: list[dict[str, Any]]
    dropped: list[tuple[str, str]]


async def judge_standing(snapshot: Snapshot, request: Request, payload: PluginPayload) -> Any:
    """Let the plugins at the hook ``request.name`` judge ``payload``; return it as they left it.

    Where there are any, that leaves a record of its own. Raises ``PolicyDenied`` and ``PluginError``.
    """
    if snapshot.bindings(request.server, request.name) is None:
        return payload
    run = begin(request, snapshot)
    try:
        result = await fire(run, request.name, payload)
    except BaseException as error:
        raised = await ended_badly(run, error)
        if raised is error:
            raise
        raise raised from None
    await deliver(run, None)
    return payload if result.modified_payload is None else result.modified_payload


async def learn_tools(
    snapshot: Snapshot, schemas: ToolSchemas, request: Request, tools: list[dict[str, Any]]
) -> ToolOffer:
    """Judge ``tools`` and remember their schemas. Raises ``PolicyDenied`` and ``PluginError`` where the whole list is refused."""
    payload = ToolListPayload(server=request.server, tools=tools)
    try:
        offered: list[dict[str, Any]] = (await judge_standing(snapshot, request, payload)).tools
    except (RequestDenied, RequestError):
        _remember(schemas, request.server, tools, [(name, _REFUSED) for name in _names(tools)])
        raise
    # Nothing is awaited from here on: in between, a call would meet a schema that is known and a ban that is not.
    times = Counter(_names(tools))
    dropped = [(name, _LEFT_OUT) for name in times - Counter(_names(offered))]
    # Of a name that stands twice, one definition could be judged and the other one called.
    dropped += [(name, _TWICE) for name, count in times.items() if count > 1]
    if snapshot.judge_tools is not None:
        dropped += snapshot.judge_tools(request.server, offered)
    unusable = _remember(schemas, request.server, tools, dropped)
    gone = {name for name, _ in (*dropped, *unusable)}
    return ToolOffer(tools=[tool for tool in offered if tool.get("name") not in gone], dropped=[*dropped, *unusable])


def _remember(
    schemas: ToolSchemas, server: str, tools: list[dict[str, Any]], dropped: list[tuple[str, str]]
) -> list[tuple[str, str]]:
    """Learn every schema, then forbid what was dropped; return (tool, reason) for each whose schema cannot be used."""
    unusable = []
    for tool in tools:
        name = tool.get("name")
        if isinstance(name, str) and (reason := schemas.learn(server, name, tool.get("inputSchema", {}))):
            unusable.append((name, reason))
    for name, reason in (*dropped, *unusable):
        schemas.forbid(server, name, reason)
    return unusable


def _names(tools: list[dict[str, Any]]) -> list[str]:
    return [name for tool in tools if isinstance(name := tool.get("name"), str)]
