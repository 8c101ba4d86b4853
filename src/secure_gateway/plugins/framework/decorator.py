"""``@hook``: make a method with a name of its own answer one or several hooks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

import msgspec

from secure_gateway.errors import ProviderContractError

HOOK_ATTRIBUTE: Final = "__secure_gateway_hook__"

_Method = TypeVar("_Method", bound=Callable[..., Any])


class HookMark(msgspec.Struct, frozen=True):
    """What ``@hook`` notes on a method: the hooks it answers, and the types of a custom hook."""

    hooks: tuple[str, ...]
    payload: type | None = None
    result: type | None = None


def hook(*names: str | type, payload: type | None = None, result: type | None = None) -> Callable[[_Method], _Method]:
    """Mark a method as the answer to the named hooks.

    ``@hook("tool_pre_invoke")``, ``@hook(ToolHookType.TOOL_PRE_INVOKE, ToolHookType.TOOL_POST_INVOKE)``, or for a custom hook
    ``@hook("email_pre_send", EmailPayload, EmailResult)``. Raises ``ProviderContractError`` when used without a hook name.
    """
    hooks = tuple(str(name) for name in names if isinstance(name, str))
    types = [name for name in names if isinstance(name, type)]
    if not hooks or len(hooks) + len(types) != len(names):
        raise ProviderContractError('@hook needs the name of a hook: write @hook("tool_pre_invoke") above the method')
    given_payload = payload or (types[0] if types else None)
    given_result = result or (types[1] if len(types) > 1 else None)

    def mark(method: _Method) -> _Method:
        setattr(method, HOOK_ATTRIBUTE, HookMark(hooks, given_payload, given_result))
        return method

    return mark
