"""What plugins judge of a server itself, on nobody's behalf: whether it is put in force, how it introduces itself, which tools it offers."""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

import msgspec

from secure_gateway.decisions import Stage, Verdict
from secure_gateway.errors import ErrorCode, PolicyDenied, RequestDenied, RequestError
from secure_gateway.pipeline.ending import Recorded, deliver, record_failure
from secure_gateway.pipeline.firing import fire
from secure_gateway.pipeline.run import begin
from secure_gateway.pipeline.schemas import ToolSchemas
from secure_gateway.pipeline.snapshot import Snapshot, ToolsVerdict
from secure_gateway.plugins.framework.hookpoints import ToolHookType
from secure_gateway.plugins.framework.payloads import PluginPayload, ToolListPayload
from secure_gateway.types import Request

TOOL_LIST: Final = ToolHookType.TOOL_LIST.value
_GUARDRAILS: Final = Stage("registration", "guardrails")
_TRUST: Final = Stage("tool_trust")
_MOST_NAMED: Final = 5
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
    async with Recorded(run):
        result = await fire(run, request.name, payload)
    return payload if result.modified_payload is None else result.modified_payload


async def judge_registration(snapshot: Snapshot, request: Request, payload: PluginPayload) -> None:
    """Let the guardrails say whether the server of ``payload`` may be used. Raises ``PolicyDenied``, which leaves a record."""
    reason = snapshot.judge_server(request.server, payload) if snapshot.judge_server is not None else ""
    if not reason:
        return
    run = begin(_beside(request), snapshot)
    run.note(_GUARDRAILS, Verdict.DENY, 0.0, reason)
    denial = PolicyDenied(ErrorCode.DENIED, reason)
    await record_failure(run, denial)
    raise denial


async def learn_tools(
    snapshot: Snapshot, schemas: ToolSchemas, request: Request, tools: list[dict[str, Any]]
) -> ToolOffer:
    """Judge ``tools`` and remember their schemas. Raises ``PolicyDenied`` and ``PluginError`` where the whole list is refused."""
    payload = ToolListPayload(server=request.server, tools=tools)
    try:
        offered: list[dict[str, Any]] = (await judge_standing(snapshot, request, payload)).tools
        dropped = await _dropped(snapshot, request, tools, offered)
    except (RequestDenied, RequestError):
        _remember(schemas, request.server, tools, [(name, _REFUSED) for name in _names(tools)])
        raise
    # Nothing is awaited from here on: in between, a call would meet a schema that is known and a ban that is not.
    unusable = _remember(schemas, request.server, tools, dropped)
    gone = {name for name, _ in (*dropped, *unusable)}
    return ToolOffer(tools=[tool for tool in offered if tool.get("name") not in gone], dropped=[*dropped, *unusable])


async def _dropped(
    snapshot: Snapshot, request: Request, tools: list[dict[str, Any]], offered: list[dict[str, Any]]
) -> list[tuple[str, str]]:
    """Return (tool, reason) for each tool that may not be shown. What is refused for what it says is not pinned."""
    times = Counter(_names(tools))
    dropped = [(name, _LEFT_OUT) for name in times - Counter(_names(offered))]
    # Of a name that stands twice, one definition could be judged and the other one called.
    dropped += [(name, _TWICE) for name, count in times.items() if count > 1]
    if snapshot.judge_tools is not None:
        judged = snapshot.judge_tools(request.server, offered)
        dropped += judged.dropped
        await _record(snapshot, request, _GUARDRAILS, judged)
    if snapshot.trust is None:
        return dropped
    gone = {name for name, _ in dropped}
    # As the server said it: what plugins make of it may change whenever they do.
    left = [tool for tool in tools if isinstance(name := tool.get("name"), str) and name not in gone]
    verdict = await snapshot.trust.judge(request.server, left)
    await _record(snapshot, request, _TRUST, verdict)
    return dropped + verdict.dropped


async def _record(snapshot: Snapshot, request: Request, stage: Stage, verdict: ToolsVerdict) -> None:
    """Leave a record of what was pinned or refused for the first time, where there is any."""
    if not verdict.news and not verdict.noted:
        return
    run = begin(_beside(request), snapshot)
    for said in verdict.noted:
        run.note(stage, Verdict.WARN, 0.0, said)
    said = "; ".join(f"{name!r}: {reason}" for name, reason in verdict.news[:_MOST_NAMED])
    if len(verdict.news) > _MOST_NAMED:
        said += f"; and {len(verdict.news) - _MOST_NAMED} more"
    if said:
        run.note(stage, Verdict.DENY, 0.0, said)
    await deliver(run, PolicyDenied(ErrorCode.DENIED, said) if said else None)


def _beside(request: Request) -> Request:
    """Return ``request`` for a record of its own: under its id, the plugins' answer stands."""
    return msgspec.structs.replace(request, request_id="")


def _remember(
    schemas: ToolSchemas, server: str, tools: list[dict[str, Any]], dropped: list[tuple[str, str]]
) -> list[tuple[str, str]]:
    """Learn every schema, then forbid what was dropped; return (tool, reason) for each whose schema cannot be used."""
    unusable = []
    for tool in tools:
        name = tool.get("name")
        if isinstance(name, str) and (
            reason := schemas.learn(server, name, tool.get("inputSchema", {}), tool.get("outputSchema"))
        ):
            unusable.append((name, reason))
    for name, reason in (*dropped, *unusable):
        schemas.forbid(server, name, reason)
    return unusable


def _names(tools: list[dict[str, Any]]) -> list[str]:
    return [name for tool in tools if isinstance(name := tool.get("name"), str)]
