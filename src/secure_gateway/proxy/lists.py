"""Lists show a caller only what it may use, and a message may refer only to that."""

from __future__ import annotations

from typing import Any

from secure_gateway.errors import ErrorCode, PermissionDenied, PolicyDenied, RequestError
from secure_gateway.gateway import Gateway
from secure_gateway.proxy.methods import Listing
from secure_gateway.proxy.wire import Kind, Message, changed, keep_items
from secure_gateway.types import Operation, Request

_REFERENCES = {"ref/prompt": (Operation.PROMPT, "name"), "ref/resource": (Operation.RESOURCE, "uri")}


async def visible(gateway: Gateway, answer: Message, listing: Listing, judged: Request) -> Message:
    """Return ``answer`` with only the items that the caller of ``judged`` may use; it is marked private then (2026-07-28, caching).

    Tools are judged and remembered by the gateway, which also says which of them must not be shown to anybody.
    """
    if answer.kind is not Kind.RESPONSE:
        return answer
    items = answer.result.get(listing.key)
    if items is None:
        return answer
    if type(items) is not list or not all(
        type(item) is dict and type(item.get(listing.named_by)) is str for item in items
    ):
        reason = f"the server listed {listing.key} of which one has no {listing.named_by!r}"
        raise RequestError(ErrorCode.INVALID_RESULT, reason)
    principal = await gateway.authenticate(judged.credentials)
    shown = await _offered(gateway, items, judged) if listing.operation is Operation.TOOL else None
    kept = [
        index
        for index, item in enumerate(items)
        if (shown is None or item[listing.named_by] in shown)
        and await gateway.permits(principal, listing.operation, item[listing.named_by], within=judged)
    ]
    if len(kept) < len(items):
        filtered = keep_items(answer, listing.key, kept)
        is_private = answer.result.get("cacheScope", "private") == "private"
        answer = filtered if is_private else changed(filtered, result={**filtered.result, "cacheScope": "private"})
    if shown is None:
        return answer
    if gateway.has_enough_tools(judged.server) and "nextCursor" in answer.result:
        # Whoever follows a list that has no end would never come back.
        answer = changed(answer, result={key: value for key, value in answer.result.items() if key != "nextCursor"})
    tools = [shown[items[index][listing.named_by]] for index in kept]
    if all(tool is items[index] for tool, index in zip(tools, kept, strict=True)):
        return answer
    return changed(answer, result={**answer.result, listing.key: tools})


async def _offered(gateway: Gateway, tools: list[dict[str, Any]], judged: Request) -> dict[str, dict[str, Any]]:
    """Return by name the tools that may be shown, as the policies left them."""
    offer = await gateway.learn_tools(judged.server, tools, door=judged.door, parent_id=judged.request_id)
    return {tool["name"]: tool for tool in offer.tools}


async def check_references(gateway: Gateway, message: Message, judged: Request) -> None:
    """Check that the caller may use what ``message`` refers to beside its target: completions name prompts and resources,
    subscriptions name resources. Raises ``PermissionDenied``, and ``PolicyDenied`` where it cannot be told.
    """
    referenced = _references(message)
    if not referenced:
        return
    principal = await gateway.authenticate(judged.credentials)
    for operation, name in referenced:
        if not await gateway.permits(principal, operation, name, within=judged):
            reason = f"the caller may not use the {operation.value} that this message refers to"
            raise PermissionDenied(ErrorCode.FORBIDDEN, reason)


def _references(message: Message) -> list[tuple[Operation, str]]:
    """Return what ``message`` refers to. Raises ``PolicyDenied`` where that cannot be told, or a lenient reader might read something else."""
    if message.method == "completion/complete":
        ref = _member(message.params or {}, "ref", dict)
        kind = None if ref is None else _member(ref, "type", str)
        if ref is None or kind not in _REFERENCES:
            raise _unreadable("a completion for neither a prompt nor a resource")
        operation, member = _REFERENCES[kind]
        return [(operation, _member(ref, member, str) or "")]
    if message.method == "subscriptions/listen":
        wanted = _member(message.params or {}, "notifications", dict)
        uris = None if wanted is None else _member(wanted, "resourceSubscriptions", list)
        if not all(type(uri) is str for uri in uris or ()):
            raise _unreadable("a subscription to something that is no URI")
        return [(Operation.RESOURCE, uri) for uri in uris or ()]
    return []


def _member(value: dict[str, Any], name: str, kind: type) -> Any:
    """Return a member of ``value``, None where it is missing. Raises ``PolicyDenied`` for another kind or another spelling."""
    folded = name.casefold()
    if any(key != name and key.casefold() == folded for key in value):
        raise _unreadable(f"a member that differs from {name!r} by case only")
    found = value.get(name)
    if found is not None and type(found) is not kind:
        raise _unreadable(f"a {name!r} of another kind than expected")
    return found


def _unreadable(what: str) -> PolicyDenied:
    return PolicyDenied(ErrorCode.INVALID_ARGUMENTS, what)
