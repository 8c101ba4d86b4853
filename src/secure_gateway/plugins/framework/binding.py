"""One plugin at one hook point, ready to be called: what the request path iterates over."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, Final

import msgspec

from secure_gateway.decisions import Note, TraceEntry, Verdict
from secure_gateway.plugins.framework.conditions import LONGEST_REMEMBERED, Condition, TargetCondition
from secure_gateway.plugins.framework.context import GlobalContext, PluginContext
from secure_gateway.plugins.framework.hookpoints import HOOK_POINTS, HookPoint
from secure_gateway.plugins.framework.mode_rules import ModeRules
from secure_gateway.plugins.framework.plugin import DEFAULT_PRIORITY, PluginMode
from secure_gateway.plugins.framework.results import PluginResult

_REMEMBERED: Final = 4096
DISABLED_NOW: Final = "disabled while the gateway runs"
UNMATCHED: Final = Note(Verdict.NONE, "its conditions do not match")

HookCall = Callable[[Any, PluginContext], Awaitable[PluginResult[Any]]]


class HookBinding(msgspec.Struct, frozen=True, kw_only=True):
    """How to call one plugin at one hook.

    ``plugin`` names it in records and owns its ``PluginContext``; ``result`` is the type its answer must have; ``timeout`` is in seconds;
    ``skip_reason``: set, the plugin is never called and every record says why. ``fail_on_error``: a failure refuses whatever the mode.
    ``kind``: as the configuration names it. ``mode_rules``: set, they and not ``mode`` say in which mode it runs for a call.
    ``custom``: the hook point, where it is not one of ``HOOK_POINTS``; ``point``, what the hook lets a plugin do, follows from that and ``hook``.
    ``by_target``: what it thinks depends on the target, so it is asked anew where another plugin renames that afterwards.
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
    kind: str = ""
    mode_rules: ModeRules | None = None
    custom: HookPoint | None = None
    by_target: bool = False
    point: HookPoint = msgspec.field(default=HOOK_POINTS["tool_pre_invoke"])

    def __post_init__(self) -> None:
        # Looked up once, not at every answer.
        msgspec.structs.force_setattr(self, "point", self.custom or HOOK_POINTS[self.hook])

    def __repr__(self) -> str:
        return f"HookBinding({self.plugin!r} at {self.hook!r}, mode={self.mode.value!r}, priority={self.priority})"


def in_mode(binding: HookBinding, mode: PluginMode) -> HookBinding:
    """Return ``binding`` as it runs in ``mode``, which was set while the gateway runs."""
    reason = DISABLED_NOW if mode is PluginMode.DISABLED and mode is not binding.mode else ""
    return msgspec.structs.replace(binding, mode=mode, mode_rules=None, skip_reason=binding.skip_reason or reason)


CallSlot = tuple[HookBinding, HookCall, float, Condition | None, str, type[PluginResult[Any]], Note | None]
"""What the loop needs of a binding, unpacked in one go: itself, call, timeout, condition, plugin, result type, why it is skipped."""


class Calls(msgspec.Struct, frozen=True):
    """Whom to call at one hook for one target. ``nobody``: set, none of them, and these are the steps that say why."""

    slots: tuple[CallSlot, ...]
    nobody: tuple[TraceEntry, ...] | None


class CallOrder:
    """The plugins of one hook in calling order. Immutable, but that it remembers for which targets which of them run."""

    __slots__ = ("_by_target", "_by_tenant", "_calls", "_depends", "parallel", "point")

    def __init__(self, bindings: Sequence[HookBinding], *, parallel: bool = False) -> None:
        """``bindings``, at least one, are of one hook. ``parallel``: those of equal priority run at the same time."""
        priorities = [binding.priority for binding in bindings]
        self.parallel = parallel and len(set(priorities)) < len(priorities)
        self.point = bindings[0].point
        self._calls = _calls(map(_call_slot, bindings))
        ruled = [binding.mode_rules for binding in bindings if binding.mode_rules is not None]
        self._depends = bool(ruled) or any(isinstance(slot[3], TargetCondition) for slot in self._calls.slots)
        self._by_tenant = any(rules.by_tenant for rules in ruled)
        self._by_target: dict[str | tuple[str, str], Calls] = {}

    @property
    def bindings(self) -> tuple[HookBinding, ...]:
        """Whom it calls, in this order."""
        return tuple(slot[0] for slot in self._calls.slots)

    def for_target(self, name: str, facts: GlobalContext | None = None) -> Calls:
        """Return every plugin's slot. Conditions on ``name`` alone, and modes, are settled in it, other conditions are left to the caller."""
        if not self._depends:
            return self._calls
        tenant = (facts.tenant_id or "") if self._by_tenant and facts is not None else ""
        key = (name, tenant) if tenant else name
        calls = self._by_target.get(key)
        if calls is None:
            calls = _calls(_settled(slot, name, tenant) for slot in self._calls.slots)
            if len(self._by_target) < _REMEMBERED and len(name) + len(tenant) <= LONGEST_REMEMBERED:
                self._by_target[key] = calls
        return calls


def _calls(slots: Iterable[CallSlot]) -> Calls:
    slots = tuple(slots)
    steps = tuple((binding, 0.0, skipped) for binding, _, _, _, _, _, skipped in slots if skipped is not None)
    return Calls(slots, steps if len(steps) == len(slots) else None)


def _call_slot(binding: HookBinding) -> CallSlot:
    reason = binding.skip_reason or ("disabled in the configuration" if binding.mode is PluginMode.DISABLED else "")
    skipped = Note(Verdict.NONE, reason) if reason else None
    return binding, binding.call, binding.timeout, binding.condition, binding.plugin, binding.result, skipped


def _settled(slot: CallSlot, name: str, tenant: str) -> CallSlot:
    rules = slot[0].mode_rules
    if rules is not None:
        slot = _call_slot(in_mode(slot[0], rules.mode(name, tenant)))
    binding, call, timeout, condition, plugin, result, skipped = slot
    if not isinstance(condition, TargetCondition):
        return slot
    if skipped is None and not condition.matches(name):
        skipped = UNMATCHED
    return binding, call, timeout, None, plugin, result, skipped
