"""One plugin at one hook point, ready to be called: what the request path iterates over."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from secure_gateway.decisions import Note, Verdict
from secure_gateway.plugins.framework.conditions import Condition
from secure_gateway.plugins.framework.context import PluginContext
from secure_gateway.plugins.framework.plugin import DEFAULT_PRIORITY, PluginMode
from secure_gateway.plugins.framework.results import PluginResult

HookCall = Callable[[Any, PluginContext], Awaitable[PluginResult]]


class HookBinding(msgspec.Struct, frozen=True, kw_only=True):
    """How to call one plugin at one hook.

    ``plugin`` names it in records and owns its ``PluginContext``; ``result`` is the type its answer must have; ``timeout`` is in seconds;
    ``skip_reason``: set, the plugin is never called and every record says why. ``fail_on_error``: a failure refuses whatever the mode.
    """

    plugin: str
    hook: str
    call: HookCall
    version: str = ""
    digest: str = ""
    mode: PluginMode = PluginMode.ENFORCE
    priority: int = DEFAULT_PRIORITY
    timeout: float = 5.0
    condition: Condition | None = None
    result: type[PluginResult] = PluginResult
    skip_reason: str = ""
    fail_on_error: bool = False

    def __repr__(self) -> str:
        return f"HookBinding({self.plugin!r} at {self.hook!r}, mode={self.mode.value!r}, priority={self.priority})"


CallSlot = tuple[HookBinding, HookCall, float, Condition | None, str, type[PluginResult], Note | None]
"""What the loop needs of a binding, unpacked in one go: itself, call, timeout, condition, plugin, result type, why it is skipped."""


def call_slot(binding: HookBinding) -> CallSlot:
    """Return ``binding`` as the loop wants it."""
    reason = binding.skip_reason or ("disabled in the configuration" if binding.mode is PluginMode.DISABLED else "")
    skipped = Note(Verdict.NONE, reason) if reason else None
    return binding, binding.call, binding.timeout, binding.condition, binding.plugin, binding.result, skipped
