"""A plugin list with every plugin that ContextForge bundles, spelt as its own list spells them.

Class paths, hooks, settings and key names are its interface; the texts and the values are ours.
"""

from __future__ import annotations

from typing import Final

from secure_gateway.config.context_forge import INSTEAD

CLASSES: Final = {
    "ai_artifacts_normalizer": "ai_artifacts_normalizer.AIArtifactsNormalizerPlugin",
    "altk_json_processor": "json_processor.ALTKJsonProcessor",
    "argument_normalizer": "argument_normalizer.ArgumentNormalizerPlugin",
    "cached_tool_result": "cached_tool_result.CachedToolResultPlugin",
    "circuit_breaker": "circuit_breaker.CircuitBreakerPlugin",
    "citation_validator": "citation_validator.CitationValidatorPlugin",
    "code_formatter": "code_formatter.CodeFormatterPlugin",
    "code_safety_linter": "code_safety_linter.CodeSafetyLinterPlugin",
    "content_moderation": "content_moderation.ContentModerationPlugin",
    "encoded_exfil_detection": "encoded_exfil_detector.EncodedExfilDetectorPlugin",
    "file_type_allowlist": "file_type_allowlist.FileTypeAllowlistPlugin",
    "harmful_content_detector": "harmful_content_detector.HarmfulContentDetectorPlugin",
    "header_injector": "header_injector.HeaderInjectorPlugin",
    "html_to_markdown": "html_to_markdown.HTMLToMarkdownPlugin",
    "json_repair": "json_repair.JSONRepairPlugin",
    "jwt_claims_extraction": "jwt_claims_extraction.JwtClaimsExtractionPlugin",
    "license_header_injector": "license_header_injector.LicenseHeaderInjectorPlugin",
    "markdown_cleaner": "markdown_cleaner.MarkdownCleanerPlugin",
    "output_length_guard": "output_length_guard.OutputLengthGuardPlugin",
    "privacy_notice_injector": "privacy_notice_injector.PrivacyNoticeInjectorPlugin",
    "prompt_injection_guard": "prompt_injection_guard.PromptInjectionGuardPlugin",
    "rate_limiter": "rate_limiter.RateLimiterPlugin",
    "response_cache_by_prompt": "response_cache_by_prompt.ResponseCacheByPromptPlugin",
    "retry_with_backoff": "retry_with_backoff.RetryWithBackoffPlugin",
    "robots_license_guard": "robots_license_guard.RobotsLicenseGuardPlugin",
    "safe_html_sanitizer": "safe_html_sanitizer.SafeHTMLSanitizerPlugin",
    "schema_guard": "schema_guard.SchemaGuardPlugin",
    "secrets_detection": "secrets_detection.SecretsDetectionPlugin",
    "span_attribute_customizer": "span_attribute_customizer.SpanAttributeCustomizerPlugin",
    "sparc_static_validator": "sparc_static_validator.SPARCStaticValidatorPlugin",
    "sql_sanitizer": "sql_sanitizer.SQLSanitizerPlugin",
    "summarizer": "summarizer.SummarizerPlugin",
    "timezone_translator": "timezone_translator.TimezoneTranslatorPlugin",
    "tools_telemetry_exporter": "telemetry_exporter.ToolsTelemetryExporterPlugin",
    "toon_encoder": "toon_encoder.ToonEncoderPlugin",
    "unified_pdp": "unified_pdp.UnifiedPDPPlugin",
    "url_reputation": "url_reputation.URLReputationPlugin",
    "vault": "vault_plugin.Vault",
    "virus_total_checker": "virus_total_checker.VirusTotalURLCheckerPlugin",
    "watchdog": "watchdog.WatchdogPlugin",
    "webhook_notification": "webhook_notification.WebhookNotificationPlugin",
}
KINDS: Final = {f"plugins.{folder}.{name}": folder for folder, name in CLASSES.items()}
assert CLASSES.keys() == INSTEAD.keys()

_HEAD = """\
plugin_dirs:
  - "plugins/native"
  - "plugins/custom"
  - "/etc/nowhere/plugins"
plugin_settings:
  parallel_execution_within_band: false
  plugin_timeout: 120
  fail_on_plugin_error: false
  enable_plugin_api: true
  plugin_health_check_interval: 120
  include_user_info: false
plugins:
"""
_COUNTERPARTS = """\
  - name: "ReplaceBadWordsPlugin"
    kind: "plugins.regex_filter.search_replace.SearchReplacePlugin"
    description: "Replaces words."
    version: "0.1.0"
    author: "Somebody"
    hooks: ["prompt_pre_fetch", "prompt_post_fetch", "tool_pre_invoke", "tool_post_invoke"]
    tags: ["regex"]
    mode: "MODE"
    priority: 150
    config:
      words:
        - search: foo
          replace: bar
  - name: "DenyListPlugin"
    kind: "plugins.deny_filter.deny.DenyListPlugin"
    hooks: ["prompt_pre_fetch"]
    mode: "MODE"
    priority: 100
    conditions:
      - prompts: ["test_prompt"]
        server_ids: []
        tenant_ids: []
    config:
      words: [bluebird]
  - name: "ResourceFilterExample"
    kind: "plugins.resource_filter.resource_filter.ResourceFilterPlugin"
    hooks: ["resource_pre_fetch", "resource_post_fetch", "prompt_post_fetch", "tool_post_invoke"]
    mode: "MODE"
    priority: 75
    conditions: []
    config:
      max_content_size: 1048576
      allowed_protocols: [test, time, timezone, http, https]
      blocked_domains: [bad.example.com]
      content_filters:
        - pattern: "password\\\\s*[:=]\\\\s*\\\\S+"
          replacement: "password: [REDACTED]"
"""
_CPEX = """\
  - name: "RateLimiterPlugin"
    kind: "cpex_nowhere_limiter.RateLimiterPlugin"
    hooks: ["prompt_pre_fetch", "tool_pre_invoke"]
    mode: "disabled"
    priority: 20
    config:
      redis_url: '{{ env.LIMITER_URL | default(env.REDIS_URL | default("redis://redis:6379/0")) }}'
"""


def published(mode: str = "enforce", on: str = "") -> str:
    """Return the list; the plugins with a counterpart are in ``mode``, the others off, but for the one of the kind ``on``."""
    entries = [
        f'  - name: "{folder}"\n    kind: "{kind}"\n    hooks: ["tool_pre_invoke", "a_hook_of_theirs"]\n    priority: 10\n'
        f'    mode: "{"enforce" if kind == on else "disabled"}"\n    on_error: "ignore"\n    conditions: []\n'
        '    config:\n      template: |\n        {"event": "{{event}}", "user": {{user}}}\n      nothing: null\n'
        for kind, folder in KINDS.items()
    ]
    return "".join((_HEAD, _COUNTERPARTS.replace("MODE", mode), _CPEX, *entries))
