"""What a plugin may change of that which a server says of itself: leave tools out, say otherwise what they are for, and how to use them."""

from __future__ import annotations

from typing import Any, Final

REWRITABLE: Final = frozenset({"title", "description", "annotations"})
"""Members of a tool that a plugin may set, change or remove. Everything else, the input schema first, is what calls are judged by."""


def tool_list_fault(before: Any, after: Any) -> str:
    """Return what is wrong with the change of a list of tools, or an empty text.

    The tools that stay keep name, schema and order: a client must not be told of a tool that the server does not have.
    """
    if type(after) is not list:
        return f"it set tools to a {type(after).__name__}, expected a list"
    if len(after) > len(before):
        return "it returned more tools than the server offers; tools can be left out, not added"
    rest = iter([_fixed(tool) for tool in before])
    for place, tool in enumerate(after):
        wanted = _fixed(tool)
        if wanted is None or not any(_same(wanted, candidate) for candidate in rest):
            return (
                f"tools/{place} is none that the server offers, in its order: tools may be left out, "
                f"and only {', '.join(sorted(REWRITABLE))} of the others may change"
            )
        if (odd := _odd_member(tool)) is not None:
            return f"it set {odd} of tools/{place} to another kind than MCP has there"
    return ""


def introduction_fault(_before: Any, after: Any) -> str:
    """Return what is wrong with the instructions that a plugin left, or an empty text."""
    instructions = after.get("instructions")
    return (
        "" if instructions is None or type(instructions) is str else "it set instructions to something else than a text"
    )


def _fixed(tool: Any) -> dict[str, Any] | None:
    """Return the members that must stay as they are."""
    return {key: value for key, value in tool.items() if key not in REWRITABLE} if type(tool) is dict else None


def _same(left: Any, right: Any) -> bool:
    """Compare as JSON does: to Python, ``1`` and ``True`` are equal."""
    if type(left) is not type(right):
        return False
    if type(left) is dict:
        return left.keys() == right.keys() and all(_same(value, right[key]) for key, value in left.items())
    if type(left) is list:
        return len(left) == len(right) and all(map(_same, left, right))
    return bool(left == right)


def _odd_member(tool: dict[str, Any]) -> str | None:
    kinds = {"title": str, "description": str, "annotations": dict}
    return next((key for key, kind in kinds.items() if key in tool and type(tool[key]) is not kind), None)
