"""Say which resources may be read, how large they may be, and what is taken out of them."""

from __future__ import annotations

from typing import Any, Final

from secure_gateway.errors import ConfigError, Problem
from secure_gateway.plugins.framework.conditions import compile_matcher
from secure_gateway.plugins.framework.context import PluginContext
from secure_gateway.plugins.framework.decorator import hook
from secure_gateway.plugins.framework.hookpoints import PromptHookType, ResourceHookType, ToolHookType
from secure_gateway.plugins.framework.payloads import PluginPayload, ResourcePostFetchPayload, ResourcePreFetchPayload
from secure_gateway.plugins.framework.plugin import Plugin, PluginConfig
from secure_gateway.plugins.framework.results import PluginResult, PluginViolation, ResourcePreFetchResult
from secure_gateway.plugins.guardrails.options import Options
from secure_gateway.plugins.hooks.strings import apply_all, read_rules, rewrite_content
from secure_gateway.plugins.hooks.uris import canonical_host, read_uri, within

_KEYS: Final = (
    "max_content_size",
    "allowed_protocols",
    "blocked_domains",
    "allowed_domains",
    "allowed_types",
    "content_filters",
)
_DEFAULT_SIZE: Final = 1024 * 1024
_DEFAULT_PROTOCOLS: Final = ("file", "http", "https")
_WEB: Final = frozenset({"http", "https", "ws", "wss", "ftp"})
_REPLACEMENT: Final = "***"


class ResourceFilterPlugin(Plugin):
    """Judges the URI of a resource before it is read, and its content after.

    Options: ``allowed_protocols`` (schemes), ``blocked_domains`` and ``allowed_domains`` (with all below them), ``allowed_types`` (media types
    or globs such as ``text/*``, which every part has to say), ``max_content_size`` (bytes of all texts in the answer, a blob as it is encoded), ``content_filters``, a list of ``{"pattern": RE2, "replacement": TEXT}`` that ignores case.
    Results of tools and prompts, where the configuration names their hooks, are measured and filtered like a resource.
    """

    def __init__(self, config: PluginConfig) -> None:
        super().__init__(config)
        options = Options(config.config, _KEYS)
        protocols = options.texts("allowed_protocols")
        types = options.texts("allowed_types")
        size = config.config.get("max_content_size", _DEFAULT_SIZE)
        if not isinstance(size, int) or isinstance(size, bool) or size < 1:
            options.refuse("max_content_size", "another value", "a number of bytes, at least 1")
        self._blocked = _domains(options, "blocked_domains") or frozenset()
        self._allowed = _domains(options, "allowed_domains")
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
        self._types = (
            None if types is None else compile_matcher([kind.lower() for kind in types], "$.config.allowed_types")
        )
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
        """Measure the content, look at the types that it says, then rewrite it."""
        if isinstance(payload, ResourcePostFetchPayload) and self._has_other_type(payload.content):
            violation = PluginViolation(code="TYPE_BLOCKED", reason="the content has a type that is not allowed")
            return PluginResult(continue_processing=False, violation=violation)
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
        target = read_uri(uri)
        if target is None:
            return PluginViolation(code="INVALID_URI", reason="the URI is none that can be judged")
        if target.parts.scheme not in self._protocols:
            return PluginViolation(code="PROTOCOL_BLOCKED", reason="the protocol of the URI is not allowed")
        if not target.host:
            missing = target.parts.scheme in _WEB or self._allowed is not None
            return PluginViolation(code="INVALID_URI", reason="the URI names no host") if missing else None
        if within(target.host, self._blocked):
            return PluginViolation(code="DOMAIN_BLOCKED", reason="the domain of the URI is blocked")
        if self._allowed is not None and not within(target.host, self._allowed):
            return PluginViolation(
                code="DOMAIN_BLOCKED", reason="the domain of the URI is not among those that are allowed"
            )
        return None

    def _has_other_type(self, content: Any) -> bool:
        """Say whether a part of the content says no type, or one that is not allowed. What a tool returns says its own kinds of parts."""
        parts = content.get("contents") if isinstance(content, dict) else None
        if self._types is None or not isinstance(parts, list):
            return self._types is not None
        return any(not isinstance(part, dict) or not self._is_allowed(part.get("mimeType")) for part in parts)

    def _is_allowed(self, kind: Any) -> bool:
        plain = kind.partition(";")[0].strip().lower() if isinstance(kind, str) else ""
        return bool(plain) and self._types is not None and self._types(plain)


def _domains(options: Options, key: str) -> frozenset[str] | None:
    texts = options.texts(key)
    hosts = []
    for index, domain in enumerate(texts or ()):
        host = canonical_host(domain.strip().removeprefix("*."))
        if host is None or "/" in host or ":" in host:
            options.refuse(f"{key}[{index}]", "no host name", "a host name such as evil.example")
        hosts.append(host or "")
    return None if texts is None else frozenset(hosts)
