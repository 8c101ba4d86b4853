"""What ContextForge's plugin lists say and what it means here: class paths, modes, templates, keys without meaning."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

ALIASES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "plugins.pii_filter.pii_filter.PIIFilterPlugin": "pii_filter",
        "plugins.regex_filter.search_replace.SearchReplacePlugin": "search_replace",
        "plugins.deny_filter.deny.DenyListPlugin": "deny_list",
        "plugins.resource_filter.resource_filter.ResourceFilterPlugin": "resource_filter",
    }
)
"""Class paths of bundled plugins, and the plugins of ours that take their configuration."""

_INSTEAD: Final = (
    (re.compile(r"secrets?|credential"), 'Use the guardrail "secrets".'),
    (re.compile(r"injection|prompt_guard|jailbreak"), 'Use the guardrail "injection".'),
    (re.compile(r"pii|privacy"), 'Use the kind "pii_filter", or the guardrail "pii".'),
    (re.compile(r"moderation|toxic|harm|profanity"), 'Use the kind "deny_list", or the guardrail "keyword".'),
    (re.compile(r"schema"), "Give the servers or tools their schemas; arguments are checked against them."),
    (re.compile(r"audit|log|telemetry|span"), 'Use "plugins.telemetry": audit, log or opentelemetry.'),
    (re.compile(r"url|domain|file_type|robots"), 'Use the kind "resource_filter".'),
    (re.compile(r"regex|replace|normali|sanitiz"), 'Use the kind "search_replace".'),
    (re.compile(r"jwt|auth|vault|token"), 'Use "plugins.auth".'),
)
_OTHERWISE: Final = "Write it as a plugin of your own and name its class."

MODES: Final[Mapping[tuple[str, str], str]] = MappingProxyType(
    {
        ("sequential", "fail"): "enforce",
        ("sequential", "ignore"): "enforce_ignore_error",
        ("transform", "ignore"): "permissive",
    }
)
"""The newer mode words with ``on_error``, where a mode of ours means the same."""

MODE_REFUSALS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "sequential": "A plugin is not disabled by its error here; leave on_error out, or say fail or ignore.",
        "transform": "It is permissive only if its errors pass too: say on_error: ignore, or mode: enforce.",
        "audit": "Its changes would count here, as in every mode; use a telemetry provider to observe.",
        "concurrent": "Use enforce, and parallel_execution_within_band in the settings.",
        "fire_and_forget": "Every plugin is awaited here; use a telemetry provider to observe.",
    }
)

NOTICED_SETTINGS: Final = frozenset({"enable_plugin_api", "include_user_info"})
"""Settings that stand in published lists and have nothing to set here."""

TEMPLATE: Final = re.compile(r"\{\{\s*env\.([A-Za-z_][A-Za-z0-9_]*)\s*\}\}", re.ASCII)
TEMPLATE_SIGNS: Final = ("{{", "{%", "{#")


def instead_of(kind: str) -> str:
    """Say what to use instead of a bundled plugin that has no counterpart."""
    words = kind.lower()
    return next((hint for pattern, hint in _INSTEAD if pattern.search(words)), _OTHERWISE)
