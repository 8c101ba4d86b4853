"""What a payload holds, for plugins that look at every text of it, and how they say no."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from secure_gateway.plugins.framework.hookpoints import HOOK_POINTS, ResourceHookType
from secure_gateway.plugins.framework.payloads import PluginPayload
from secure_gateway.plugins.framework.results import PluginResult, PluginViolation

_FIELDS: Final = {
    point.payload: ((point.target,) if name == ResourceHookType.RESOURCE_PRE_FETCH.value else ()) + point.content
    for name, point in HOOK_POINTS.items()
}
"""The content of each payload; of a resource that is asked for, its URI too."""

LATER: Final = 3_600


def content_fields(payload: PluginPayload) -> tuple[str, ...]:
    """Return the names of the fields of ``payload`` that hold content."""
    return next(_FIELDS[kind] for kind in type(payload).__mro__ if kind in _FIELDS)


def every_text(payload: PluginPayload) -> Iterator[str]:
    """Yield every text of the content: values, names of members, and numbers as text."""
    pending: list[Any] = [getattr(payload, field) for field in content_fields(payload)]
    while pending:
        node = pending.pop()
        if isinstance(node, str):
            yield node
        elif isinstance(node, dict):
            yield from (key for key in node if isinstance(key, str))
            pending.extend(node.values())
        elif isinstance(node, list | tuple):
            pending.extend(node)
        elif isinstance(node, int | float) and not isinstance(node, bool):
            yield repr(node)


def denied(code: str, reason: str, *, status: int | None = None, retry_after: int = 0) -> PluginResult[Any]:
    """Return a refusal. ``retry_after``: seconds after which it is worth another try."""
    headers = {"Retry-After": str(min(retry_after, LATER * 24 * 366))} if retry_after else None
    violation = PluginViolation(code=code, reason=reason, http_status_code=status, http_headers=headers)
    return PluginResult(continue_processing=False, violation=violation)
