"""Modes that were set while the gateway runs, for some tools or tenants only: which of them holds for one call."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from secure_gateway.plugins.framework.conditions import Matcher
from secure_gateway.plugins.framework.plugin import PluginMode

_STRICTNESS: Final = (
    PluginMode.DISABLED,
    PluginMode.PERMISSIVE,
    PluginMode.ENFORCE_IGNORE_ERROR,
    PluginMode.ENFORCE,
)
_NO_RULE_NAMES_IT: Final = ""


class ModeRule(msgspec.Struct, frozen=True):
    """``tool``: None matches every target; ``tenant``: empty matches every tenant."""

    mode: PluginMode
    tool: Matcher | None = None
    tenant: str = ""


class ModeRules(msgspec.Struct, frozen=True):
    """The last rule that matches gives the mode, else it is ``configured``.

    ``alternatives``: one list of rules for each server that the call may be for; more than one where it names none.
    """

    configured: PluginMode
    alternatives: tuple[tuple[ModeRule, ...], ...]

    @property
    def by_tenant(self) -> bool:
        """Whether the tenant matters."""
        return any(rule.tenant for rules in self.alternatives for rule in rules)

    @property
    def settled(self) -> PluginMode | None:
        """The mode of every call, where neither tool nor tenant matters."""
        if any(rule.tool or rule.tenant for rules in self.alternatives for rule in rules):
            return None
        return self.mode("", None)

    def mode(self, target: str, tenant: str | None) -> PluginMode:
        """Return the mode for a call. What is unknown is assumed to be whatever is judged most strictly."""
        return strictest(
            _last(self.configured, rules, target, possible)
            for rules in self.alternatives
            for possible in ([tenant] if tenant else [_NO_RULE_NAMES_IT, *(rule.tenant for rule in rules)])
        )


def strictest(modes: Iterable[PluginMode]) -> PluginMode:
    """Return the one of ``modes`` that lets the least pass."""
    return max(modes, key=_STRICTNESS.index)


def _last(configured: PluginMode, rules: Sequence[ModeRule], target: str, tenant: str) -> PluginMode:
    for rule in reversed(rules):
        if (rule.tool is None or rule.tool(target)) and (not rule.tenant or rule.tenant == tenant):
            return rule.mode
    return configured
