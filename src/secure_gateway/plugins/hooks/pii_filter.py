"""Personal data and keys, masked or refused by the scanner of the guardrails, set up with the words of ContextForge's PII filter."""

from __future__ import annotations

import secrets
from collections import Counter
from typing import Any, Final

from secure_gateway.plugins.framework.context import PluginContext
from secure_gateway.plugins.framework.decorator import hook
from secure_gateway.plugins.framework.hookpoints import (
    HOOK_POINTS,
    AgentHookType,
    PromptHookType,
    ResourceHookType,
    ToolHookType,
)
from secure_gateway.plugins.framework.payloads import PluginPayload
from secure_gateway.plugins.framework.plugin import Plugin, PluginConfig
from secure_gateway.plugins.framework.results import PluginResult, PluginViolation
from secure_gateway.plugins.guardrails.contents import POST_CONTENTS, PRE_CONTENTS
from secure_gateway.plugins.guardrails.options import Options
from secure_gateway.plugins.guardrails.scanned import without_allowed
from secure_gateway.plugins.guardrails.scanner import (
    PII_DETECTORS,
    SECRET_DETECTORS,
    Detector,
    Finding,
    Replacement,
    Scanner,
    compile_user_pattern,
    keyed_hash,
    partial,
    redact_all,
    redact_type,
    remove,
)

_TYPES: Final = {
    "detect_ssn": ("SSN", "ITIN"),
    "detect_credit_card": ("CARD",),
    "detect_email": ("EMAIL",),
    "detect_phone": ("PHONE",),
    "detect_ip_address": ("IP_ADDRESS",),
    "detect_date_of_birth": ("DATE_OF_BIRTH",),
    "detect_passport": ("PASSPORT",),
    "detect_bank_account": ("IBAN",),
}
_KEYS_OF_SECRETS: Final = ("detect_aws_keys", "detect_api_keys")
# No detector of ours finds these; to be told that they are looked for would be worse than to be refused.
_NOT_FOUND: Final = ("detect_bsn", "detect_driver_license", "detect_medical_record")
_STRATEGIES: Final = ("redact", "partial", "hash", "tokenize", "remove")
_FLAGS: Final = ("block_on_detection", "log_detections", "include_detection_details", "audit_detections")
_KNOWN: Final = (
    *_TYPES,
    *_KEYS_OF_SECRETS,
    *_NOT_FOUND,
    *_FLAGS,
    "mask_strategy",
    "default_mask_strategy",
    "redaction_text",
    "whitelist_patterns",
    "custom_patterns",
    "compliance_mode",
)
_CONTENTS: Final = {HOOK_POINTS[content.hook].payload: content for content in (*PRE_CONTENTS, *POST_CONTENTS)}


class PIIFilterPlugin(Plugin):
    """Finds personal data and keys in the content, and masks it or refuses the request.

    Options: ``detect_…`` (all on), ``default_mask_strategy`` or ``mask_strategy``, ``redaction_text``, ``block_on_detection``,
    ``whitelist_patterns`` (RE2; a finding that one of them matches from end to end may stand). ``hash`` and ``tokenize`` write the same
    mark for the same text as long as the process lives.
    """

    def __init__(self, config: PluginConfig) -> None:
        super().__init__(config)
        given = config.config
        options = Options(given, _KNOWN)
        wanted = {key: _flag(options, given, key, default=True) for key in (*_TYPES, *_KEYS_OF_SECRETS)}
        for key in _NOT_FOUND:
            if _flag(options, given, key, default=False):
                options.refuse(
                    key, "true", "false", "Nothing looks for this yet; a search_replace plugin can, by a pattern."
                )
        if given.get("custom_patterns"):
            options.refuse(
                "custom_patterns", "patterns", "none", "Use the kind search_replace for patterns of your own."
            )
        detectors = _detectors(wanted)
        if not detectors:
            options.refuse("detect_ssn", "nothing to look for", "at least one detect_… that is true")
        self._blocks = _flag(options, given, "block_on_detection", default=False)
        self._logs = _flag(options, given, "log_detections", default=True)
        self._details = _flag(options, given, "include_detection_details", default=True)
        _flag(options, given, "audit_detections", default=True)
        self._replacement = _replacement(options, given)
        self._allowed = _allowed(options)
        options.finish()
        if "compliance_mode" in given:
            self.logger.warning(
                "compliance_mode has no meaning here; block_on_detection decides whether a finding refuses"
            )
        self._scan = Scanner(detectors).scan

    @hook(*ToolHookType, *PromptHookType, *ResourceHookType, *AgentHookType)
    async def mask(self, payload: PluginPayload, context: PluginContext) -> PluginResult[Any]:
        """Look into the content of ``payload``. Raises ``ScannerError`` where nobody can tell what it holds."""
        content = next(_CONTENTS[kind] for kind in type(payload).__mro__ if kind in _CONTENTS)
        value = content.read(payload)
        findings = self._find(value)
        if not findings:
            return PluginResult()
        counts = dict(Counter(f"found.{finding.type.lower()}" for finding in findings))
        if self._logs:
            self.logger.info("%s: %s", content.hook, ", ".join(f"{kind} {count}" for kind, count in counts.items()))
        metadata: dict[str, Any] | None = dict(counts) if self._details else None
        if self._blocks:
            violation = PluginViolation(code="PII_DETECTED", reason="the content holds personal data or a key")
            return PluginResult(continue_processing=False, violation=violation, metadata=metadata)
        kind, kinds = content.shape(value)
        masked = redact_all(value, self._find, self._replacement, findings)
        return PluginResult(modified_payload=content.write(payload, masked, kind, kinds), metadata=metadata)

    def _find(self, value: Any) -> list[Finding]:
        findings = list(self._scan(value))
        return without_allowed(value, findings, self._is_allowed) if findings and self._allowed else findings

    def _is_allowed(self, text: str) -> bool:
        return any(pattern.fullmatch(text) for pattern in self._allowed)


def _flag(options: Options, given: dict[str, Any], key: str, *, default: bool) -> bool:
    return options.flag(key) if key in given else default


def _detectors(wanted: dict[str, bool]) -> list[Detector]:
    types = {kind for key, kinds in _TYPES.items() if wanted[key] for kind in kinds}
    found = [detector for detector in PII_DETECTORS if detector.type in types]
    for detector in SECRET_DETECTORS:
        key = "detect_aws_keys" if detector.type.startswith("AWS") else "detect_api_keys"
        if wanted[key]:
            found.append(detector)
    return found


def _replacement(options: Options, given: dict[str, Any]) -> Replacement:
    both = {
        key: options.choice(key, _STRATEGIES, "redact")
        for key in ("mask_strategy", "default_mask_strategy")
        if key in given
    }
    if len(set(both.values())) > 1:
        options.refuse("mask_strategy", "another strategy than default_mask_strategy", "one of the two keys")
    strategy = next(iter(both.values()), "redact")
    text = given.get("redaction_text", "[REDACTED]")
    if not isinstance(text, str):
        options.refuse("redaction_text", type(text).__name__, "a text")
    if strategy in {"hash", "tokenize"}:
        return keyed_hash(secrets.token_bytes(32))
    if strategy == "remove":
        return remove

    def mask(finding: Finding, found: str) -> str:
        shown = partial(finding, found) if strategy == "partial" else ""
        return text if shown in {"", redact_type(finding, found)} else shown

    return mask


def _allowed(options: Options) -> list[Any]:
    patterns = []
    for index, pattern in enumerate(options.texts("whitelist_patterns") or ()):
        try:
            compile_user_pattern(pattern)
            patterns.append(compile_user_pattern(f"(?i:{pattern})"))
        except ValueError as error:
            options.refuse(f"whitelist_patterns[{index}]", str(error).removeprefix("found "), "an RE2 pattern")
    return patterns
