"""Say which resources may be read, how large they may be, and what is taken out of them."""

from __future__ import annotations

import unicodedata
from typing import Any, Final
from urllib.parse import urlsplit

from secure_gateway.errors import ConfigError, Problem
from secure_gateway.plugins.framework.context import PluginContext
from secure_gateway.plugins.framework.decorator import hook
from secure_gateway.plugins.framework.hookpoints import PromptHookType, ResourceHookType, ToolHookType
from secure_gateway.plugins.framework.payloads import PluginPayload, ResourcePreFetchPayload
from secure_gateway.plugins.framework.plugin import Plugin, PluginConfig
from secure_gateway.plugins.framework.results import PluginResult, PluginViolation, ResourcePreFetchResult
from secure_gateway.plugins.guardrails.options import Options
from secure_gateway.plugins.hooks.strings import apply_all, read_rules, rewrite_content

_KEYS: Final = ("max_content_size", "allowed_protocols", "blocked_domains", "content_filters")
_DEFAULT_SIZE: Final = 1024 * 1024
_DEFAULT_PROTOCOLS: Final = ("file", "http", "https")
_WEB: Final = frozenset({"http", "https", "ws", "wss", "ftp"})
_REPLACEMENT: Final = "***"


class ResourceFilterPlugin(Plugin):
    """Judges the URI of a resource before it is read, and its content after.

    Options: ``allowed_protocols`` (schemes), ``blocked_domains`` (with all below them), ``max_content_size`` (bytes of all texts in
    the answer, a blob as it is encoded), ``content_filters``, a list of ``{"pattern": RE2, "replacement": TEXT}`` that ignores case.
    Results of tools and prompts, where the configuration names their hooks, are measured and filtered like a resource.
    """

    def __init__(self, config: PluginConfig) -> None:
        super().__init__(config)
        options = Options(config.config, _KEYS)
        protocols = options.texts("allowed_protocols")
        domains = options.texts("blocked_domains") or ()
        size = config.config.get("max_content_size", _DEFAULT_SIZE)
        if not isinstance(size, int) or isinstance(size, bool) or size < 1:
            options.refuse("max_content_size", "another value", "a number of bytes, at least 1")
        hosts = []
        for index, domain in enumerate(domains):
            host = _canonical(domain.strip().removeprefix("*."))
            if host is None or "/" in host or ":" in host:
                options.refuse(f"blocked_domains[{index}]", "no host name", "a host name such as evil.example")
            hosts.append(host or "")
        options.finish()
        rules = read_rules(
            config.config.get("content_filters", []),
            "$.config.content_filters",
            ("pattern", "replacement"),
            default=_REPLACEMENT,
            ignore_case=True,
        )
        if protocols == ():
            raise ConfigError(Problem("$.config.allowed_protocols", "an empty list", "at least one protocol"))
        self._protocols = frozenset(map(str.lower, _DEFAULT_PROTOCOLS if protocols is None else protocols))
        self._blocked = frozenset(hosts)
        self._size = size
        self._rewrite = apply_all(rules)

    async def resource_pre_fetch(
        self, payload: ResourcePreFetchPayload, context: PluginContext
    ) -> ResourcePreFetchResult:
        """Refuse a URI that others could read differently, another protocol, a blocked domain."""
        refusal = self._judge(payload.uri)
        if refusal is None:
            return ResourcePreFetchResult()
        return ResourcePreFetchResult(continue_processing=False, violation=refusal)

    @hook(ResourceHookType.RESOURCE_POST_FETCH, PromptHookType.PROMPT_POST_FETCH, ToolHookType.TOOL_POST_INVOKE)
    async def filter(self, payload: PluginPayload, context: PluginContext) -> PluginResult[Any]:
        """Measure the content, then rewrite it."""
        left = self._size

        def rewrite(text: str) -> str:
            nonlocal left
            left -= len(text.encode("utf-8", "surrogatepass"))
            return self._rewrite(text) if left >= 0 else text

        changed = rewrite_content(payload, rewrite)
        if left < 0:
            violation = PluginViolation(
                code="CONTENT_TOO_LARGE", reason=f"the content is larger than {self._size} bytes"
            )
            return PluginResult(continue_processing=False, violation=violation)
        return PluginResult(modified_payload=payload) if changed else PluginResult()

    def _judge(self, uri: str) -> PluginViolation | None:
        # What parsers read differently must not pass: backslashes, spaces, control characters, escapes in the host.
        try:
            parts = urlsplit(uri)
            host = _canonical(parts.hostname or "")
        except ValueError:
            parts, host = None, None
        if parts is None or host is None or not parts.scheme or _is_ambiguous(uri):
            return PluginViolation(code="INVALID_URI", reason="the URI is none that can be judged")
        if parts.scheme not in self._protocols:
            return PluginViolation(code="PROTOCOL_BLOCKED", reason="the protocol of the URI is not allowed")
        if not host:
            missing = parts.scheme in _WEB
            return PluginViolation(code="INVALID_URI", reason="the URI names no host") if missing else None
        labels = host.split(".")
        if any(".".join(labels[start:]) in self._blocked for start in range(len(labels))):
            return PluginViolation(code="DOMAIN_BLOCKED", reason="the domain of the URI is blocked")
        return None


def _is_ambiguous(uri: str) -> bool:
    return "\\" in uri or any(char.isspace() or unicodedata.category(char) in {"Cc", "Cf"} for char in uri)


def _canonical(host: str) -> str | None:
    """Return the one spelling of ``host`` that all others are compared in; None for what is no host name."""
    plain = unicodedata.normalize("NFKC", host).lower().rstrip(".")
    if "%" in plain:
        return None
    if plain.isascii():
        return plain
    try:
        return plain.encode("idna").decode("ascii")
    except UnicodeError:
        return None
