"""One plugin at one hook point, ready to be called: what the request path iterates over."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

import msgspec

from secure_gateway.decisions import Note, Verdict
from secure_gateway.plugins.framework.conditions import LONGEST_REMEMBERED, Condition, TargetCondition
from secure_gateway.plugins.framework.context import PluginContext
from secure_gateway.plugins.framework.plugin import DEFAULT_PRIORITY, PluginMode
from secure_gateway.plugins.framework.results import PluginResult

_REMEMBERED: Final = 4096
UNMATCHED: Final = Note(Verdict.NONE, "its conditions do not match")

HookCall = Callable[[Any, PluginContext], Awaitable[PluginResult[Any]]]


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
    result: type[PluginResult[Any]] = PluginResult
    skip_reason: str = ""
    fail_on_error: bool = False

    def __repr__(self) -> str:
        return f"HookBinding({self.plugin!r} at {self.hook!r}, mode={self.mode.value!r}, priority={self.priority})"


CallSlot = tuple[HookBinding, HookCall, float, Condition | None, str, type[PluginResult[Any]], Note | None]
"""What the loop needs of a binding, unpacked in one go: itself, call, timeout, condition, plugin, result type, why it is skipped."""


class CallOrder:
    """The plugins of one hook in calling order. Immutable, but that it remembers for which targets which of them run."""

    __slots__ = ("_by_target", "_depends", "_slots", "hook")

    def __init__(self, bindings: Sequence[HookBinding]) -> None:
        """``bindings``, at least one, are of one hook."""
        self.hook = bindings[0].hook
        self._slots = tuple(map(_call_slot, bindings))
        self._depends = any(isinstance(slot[3], TargetCondition) for slot in self._slots)
        self._by_target: dict[str, tuple[CallSlot, ...]] = {}

    def for_target(self, name: str) -> tuple[CallSlot, ...]:
        """Return every plugin's slot. Conditions on ``name`` alone are settled in it, the others are left to the caller."""
        if not self._depends:
            return self._slots
        slots = self._by_target.get(name)
        if slots is None:
            slots = tuple(_settled(slot, name) for slot in self._slots)
            if len(self._by_target) < _REMEMBERED and len(name) <= LONGEST_REMEMBERED:
                self._by_target[name] = slots
        return slots


def _call_slot(binding: HookBinding) -> CallSlot:
    reason = binding.skip_reason or ("disabled in the configuration" if binding.mode is PluginMode.DISABLED else "")
    skipped = Note(Verdict.NONE, reason) if reason else None
    return binding, binding.call, binding.timeout, binding.condition, binding.plugin, binding.result, skipped


def _settled(slot: CallSlot, name: str) -> CallSlot:
    binding, call, timeout, condition, plugin, result, skipped = slot
    if not isinstance(condition, TargetCondition):
        return slot
    if skipped is None and not condition.matches(name):
        skipped = UNMATCHED
    return binding, call, timeout, None, plugin, result, skipped
