"""What was changed about plugins while the gateway runs, and the tables of bindings that come of it. Values only: ``control.py`` puts them in force."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

import msgspec

from secure_gateway.plugins.framework.binding import CallOrder, HookBinding, in_mode
from secure_gateway.plugins.framework.conditions import compile_matcher
from secure_gateway.plugins.framework.hookpoints import POST_HOOK, PRE_HOOK
from secure_gateway.plugins.framework.mode_rules import ModeRule, ModeRules
from secure_gateway.plugins.framework.plugin import PluginMode
from secure_gateway.types import Operation

Tables = Mapping[str, Mapping[str, CallOrder]]
"""Who acts: by server, then by hook."""

TOOL_HOOKS: Final = frozenset({PRE_HOOK[Operation.TOOL], POST_HOOK[Operation.TOOL]})


class Lease:
    """What all snapshots hold that were made of the same parts: when it is gone, the parts can be closed."""

    __slots__ = ("__weakref__",)


class Override(msgspec.Struct, frozen=True, kw_only=True):
    """A mode for one plugin, where its calls are those of ``hook``, ``server``, ``tool`` (a name or glob) and ``tenant``; empty: of all."""

    plugin: str
    mode: PluginMode
    hook: str = ""
    server: str = ""
    tool: str = ""
    tenant: str = ""

    @property
    def scope(self) -> tuple[str, str, str, str, str]:
        """Where it holds; of two with the same scope, the later replaces the earlier."""
        return self.plugin, self.hook, self.server, self.tool, self.tenant

    def __str__(self) -> str:
        fields = ("hook", "server", "tool", "tenant")
        narrowed = [f"{field} {getattr(self, field)!r}" for field in fields if getattr(self, field)]
        return f"mode {self.mode.value}" + (f" for {', '.join(narrowed)}" if narrowed else "")


class Moved(msgspec.Struct, frozen=True):
    """A plugin whose bindings were replaced: the state it is in since, and why."""

    state: str
    reason: str


class Control(msgspec.Struct, frozen=True, kw_only=True):
    """``configured``: what the configuration says; ``standing``: that with the bindings that were replaced. None: the snapshot's own tables.

    ``overrides``: in the order in which they were set.
    """

    configured: Tables | None = None
    standing: Tables | None = None
    moved: Mapping[str, Moved] = msgspec.field(default_factory=dict)
    overrides: tuple[Override, ...] = ()


def overridden(tables: Tables, overrides: Sequence[Override]) -> Tables:
    """Return ``tables`` as ``overrides`` change them. What they do not touch is shared."""
    return rebound(tables, lambda server, binding: _under(binding, server, overrides))


def rebound(tables: Tables, change: Callable[[str, HookBinding], HookBinding]) -> Tables:
    """Return ``tables`` with every binding as ``change``, called with its server, returns it. What stays is shared."""
    return {
        server: {hook: _reordered(order, server, change) for hook, order in hooks.items()}
        for server, hooks in tables.items()
    }


def _reordered(order: CallOrder, server: str, change: Callable[[str, HookBinding], HookBinding]) -> CallOrder:
    before = order.bindings
    after = [change(server, binding) for binding in before]
    same = all(old is new for old, new in zip(before, after, strict=True))
    return order if same else CallOrder(after, parallel=order.parallel)


def taken_back(tables: Tables, before: Tables, plugin: str) -> Tables:
    """Return ``tables`` with the bindings that ``plugin`` had in ``before``, of which ``tables`` were made."""
    return {
        server: {
            hook: CallOrder(
                [
                    old if old.plugin == plugin else new
                    for old, new in zip(before[server][hook].bindings, order.bindings, strict=True)
                ],
                parallel=order.parallel,
            )
            for hook, order in hooks.items()
        }
        for server, hooks in tables.items()
    }


def bindings_of(tables: Tables) -> Iterator[tuple[str, HookBinding]]:
    """Yield every binding with its server."""
    for server, hooks in tables.items():
        for order in hooks.values():
            for binding in order.bindings:
                yield server, binding


def _under(binding: HookBinding, server: str, overrides: Sequence[Override]) -> HookBinding:
    mine = [
        override
        for override in overrides
        if override.plugin == binding.plugin
        and override.hook in ("", binding.hook)
        and not (override.tool and binding.hook not in TOOL_HOOKS)
        and not (server and override.server not in ("", server))
    ]
    if not mine:
        return binding
    # A call that names no server may be for any: no guard is skipped because something is unknown.
    servers = dict.fromkeys([server] if server else ["", *(override.server for override in mine)])
    alternatives = dict.fromkeys(
        tuple(override for override in mine if override.server in ("", each)) for each in servers
    )
    rules = ModeRules(binding.mode, tuple(tuple(map(_rule, each)) for each in alternatives))
    settled = rules.settled
    if settled is None:
        return msgspec.structs.replace(binding, mode_rules=rules)
    return binding if settled is binding.mode else in_mode(binding, settled)


def _rule(override: Override) -> ModeRule:
    tool = compile_matcher([override.tool]) if override.tool else None
    return ModeRule(override.mode, tool, override.tenant)
