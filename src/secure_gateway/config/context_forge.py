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

_WRITE_ONE: Final = "Write it as a plugin of your own and name its class."
_CPEX: Final = "Use the package {package}: pip install {package}, and name its class as kind (docs/cpex.md)."
_TELEMETRY: Final = 'Use "plugins.telemetry": audit, log or opentelemetry.'
_AUTH: Final = 'Use "plugins.auth".'
_REPLACE: Final = 'Use the kind "search_replace".'
_FILTER: Final = 'Use the kind "resource_filter".'
_WORDS: Final = 'Use the kind "deny_list", or the guardrail "keyword".'
_REGEX: Final = 'Use the kind "regex".'
_RATE: Final = 'Use the kind "rate_limit".'
_SCHEMA: Final = 'Use the kind "schema_guard"; the schemas that servers declare are checked anyway.'

INSTEAD: Final[Mapping[str, str]] = MappingProxyType(
    {
        "ai_artifacts_normalizer": _REPLACE,
        "altk_json_processor": _WRITE_ONE,
        "argument_normalizer": _REPLACE,
        "cached_tool_result": "Nothing is cached here: a cached answer would pass the policies of another caller.",
        "circuit_breaker": 'Use the kind "circuit_breaker".',
        "citation_validator": _WRITE_ONE,
        "code_formatter": _WRITE_ONE,
        "code_safety_linter": _REGEX,
        "content_moderation": _WORDS,
        "encoded_exfil_detection": _CPEX.format(package="cpex-encoded-exfil-detection"),
        "file_type_allowlist": 'Use the kind "resource_filter" with "allowed_types".',
        "harmful_content_detector": _WORDS,
        "header_injector": 'Use the kind "set_headers", or "headers" of the server.',
        "html_to_markdown": _WRITE_ONE,
        "json_repair": "Broken JSON is refused here, not guessed at.",
        "jwt_claims_extraction": 'Use the auth provider "jwt"; its claims are attributes of the principal.',
        "license_header_injector": _WRITE_ONE,
        "markdown_cleaner": _REPLACE,
        "output_length_guard": f'Use the kind "output_length". {_CPEX.format(package="cpex-output-length-guard")}',
        "privacy_notice_injector": _WRITE_ONE,
        "prompt_injection_guard": 'Use the guardrail "injection".',
        "rate_limiter": f"{_RATE} {_CPEX.format(package='cpex-rate-limiter')}",
        "response_cache_by_prompt": "Nothing is cached here: a cached answer would pass the policies of another caller.",
        "retry_with_backoff": "Nothing is tried again here: a call that has run once must not run twice.",
        "robots_license_guard": _FILTER,
        "safe_html_sanitizer": _REPLACE,
        "schema_guard": _SCHEMA,
        "secrets_detection": f'Use the guardrail "secrets". {_CPEX.format(package="cpex-secrets-detection")}',
        "span_attribute_customizer": _TELEMETRY,
        "sparc_static_validator": _SCHEMA,
        "sql_sanitizer": _CPEX.format(package="cpex-sql-sanitizer"),
        "summarizer": _WRITE_ONE,
        "timezone_translator": _WRITE_ONE,
        "tools_telemetry_exporter": 'Use the telemetry provider "opentelemetry".',
        "toon_encoder": _WRITE_ONE,
        "unified_pdp": 'Use "roles" and the "tools" of a server, or an external plugin for a policy engine.',
        "url_reputation": f'Use the kind "url_reputation". {_CPEX.format(package="cpex-url-reputation")}',
        "vault": 'Use secret references ("env://NAME", "file://PATH") in "headers" of the server.',
        "virus_total_checker": _FILTER,
        "watchdog": 'Use "limits.request_timeout".',
        "webhook_notification": _TELEMETRY,
    }
)
"""What to use in place of each bundled plugin without a counterpart, by its folder."""

_BY_WORD: Final = (
    (re.compile(r"secrets?|credential"), 'Use the guardrail "secrets".'),
    (re.compile(r"injection|prompt_guard|jailbreak"), 'Use the guardrail "injection".'),
    (re.compile(r"pii|privacy"), 'Use the kind "pii_filter", or the guardrail "pii".'),
    (re.compile(r"moderation|toxic|harm|profanity"), _WORDS),
    (re.compile(r"schema"), _SCHEMA),
    (re.compile(r"audit|log|telemetry|span"), _TELEMETRY),
    (re.compile(r"rate|throttl|quota"), _RATE),
    (re.compile(r"header|correlation"), 'Use the kind "set_headers" or "header_filter".'),
    (re.compile(r"url|domain|file_type|robots"), _FILTER),
    (re.compile(r"regex|replace|normali|sanitiz"), _REPLACE),
    (re.compile(r"jwt|auth|vault|token"), _AUTH),
)

MODES: Final[Mapping[tuple[str, str], str]] = MappingProxyType(
    {
        ("enforce", "fail"): "enforce",
        ("enforce", "ignore"): "enforce_ignore_error",
        ("enforce_ignore_error", "ignore"): "enforce_ignore_error",
        ("permissive", "ignore"): "permissive",
        ("sequential", "fail"): "enforce",
        ("sequential", "ignore"): "enforce_ignore_error",
        ("transform", "ignore"): "permissive",
    }
)
"""The newer mode words, and ours, with ``on_error``, where a mode of ours means the same."""

ON_ERROR_REFUSAL: Final = (
    "Say ignore only where the mode lets errors pass, fail only where it does not, or leave on_error out."
)

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
    folder = [*words.split("."), ""][1]
    return INSTEAD.get(folder) or next((hint for pattern, hint in _BY_WORD if pattern.search(words)), _WRITE_ONE)
