"""At which door each hook fires. The hooks page prints it, and ``tests/proxy/test_hook_doors.py`` compares it with reality."""

from __future__ import annotations

from typing import Final

DOORS: Final = ("SDK", "decorator", "ASGI", "stdio", "HTTP, process", "HTTP, URL")

_YES: Final = dict.fromkeys(DOORS, "yes")
_NO_MCP: Final = dict.fromkeys(("SDK", "decorator", "ASGI"), "no server, no messages")
_CALLS: Final = {**_YES, "ASGI": "the app's own call"}
_SAMPLING: Final = {**_CALLS, **dict.fromkeys(("stdio", "HTTP, process", "HTTP, URL"), "sampling")}
_PROXY: Final = {**_YES, **_NO_MCP}
_HTTP: Final = {**_YES, **dict.fromkeys(("SDK", "decorator", "stdio"), "no HTTP")}

FIRES: Final[dict[str, dict[str, str]]] = {
    "agent_pre_invoke": _SAMPLING,
    "agent_post_invoke": _SAMPLING,
    "http_pre_request": _HTTP,
    "http_auth_resolve_user": _YES,
    "http_auth_check_permission": _YES,
    "http_post_request": _HTTP,
    "message_in": _PROXY,
    "message_out": _PROXY,
    "prompt_pre_fetch": _CALLS,
    "prompt_post_fetch": _CALLS,
    "resource_pre_fetch": _CALLS,
    "resource_post_fetch": _CALLS,
    "server_pre_register": _PROXY,
    "server_post_register": _PROXY,
    "tool_list": {**_PROXY, "SDK": "yes"},
    "tool_pre_invoke": _CALLS,
    "tool_post_invoke": _CALLS,
}


RESULTS: Final = {
    "tool_post_invoke": ("result", "content"),
    "prompt_post_fetch": ("result", "messages"),
    "resource_post_fetch": ("content", "contents"),
    "agent_post_invoke": ("messages", "content"),
}
"""The field that holds what came back, and a member that MCP gives it."""
_TYPES: Final = {
    "tool_post_invoke": "the `CallToolResult`",
    "prompt_post_fetch": "the `GetPromptResult`",
    "resource_post_fetch": "the `ReadResourceResult`",
    "agent_post_invoke": "a list of the one `CreateMessageResult`",
}


def result_table() -> str:
    """Return as Markdown what a hook is given of an answer."""
    rows = ["| hook | field | SDK, decorator | proxy |", "|---|---|---|---|"]
    for hook, (field, member) in RESULTS.items():
        ours = (
            "`messages` of the dict that the function returned" if field == "messages" else "what the function returned"
        )
        rows.append(f"| `{hook}` | `{field}` | {ours} | {_TYPES[hook]}, with `{member}` |")
    return "\n".join(rows) + "\n"


def door_table() -> str:
    """Return the table as Markdown."""
    rows = ["| hook | " + " | ".join(DOORS) + " |", "|---" * (len(DOORS) + 1) + "|"]
    rows += [f"| `{hook}` | " + " | ".join(fires[door] for door in DOORS) + " |" for hook, fires in FIRES.items()]
    return "\n".join(rows) + "\n"
