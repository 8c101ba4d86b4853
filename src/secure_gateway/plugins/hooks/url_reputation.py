"""``url_reputation``: which addresses may be handed to a tool, by their name, and by where that name leads at this moment.

The tool looks the name up again and follows redirects by itself: what is judged here is what the name says now. ``docs/hooks.md`` says what that
leaves open.
"""

from __future__ import annotations

import re
from typing import Any, Final, NamedTuple

from secure_gateway.errors import AnswerError, ConfigError, Problem
from secure_gateway.plugins.framework.conditions import Matcher, compile_matcher
from secure_gateway.plugins.framework.context import PluginContext
from secure_gateway.plugins.framework.decorator import hook
from secure_gateway.plugins.framework.hookpoints import AgentHookType, PromptHookType, ResourceHookType, ToolHookType
from secure_gateway.plugins.framework.payloads import PluginPayload, ToolPreInvokePayload
from secure_gateway.plugins.framework.plugin import Plugin, PluginConfig
from secure_gateway.plugins.framework.results import PluginResult
from secure_gateway.plugins.guardrails.scanner import compile_user_pattern
from secure_gateway.plugins.guardrails.scanner.reachable import NOTHING, Reachable, is_never, merged, read_reachable
from secure_gateway.plugins.hooks.contents import denied, every_text
from secure_gateway.plugins.hooks.name_resolver import Lookup, NameResolver
from secure_gateway.plugins.hooks.redirects import RedirectProbe
from secure_gateway.plugins.hooks.typed_config import Misfit, Settings, read_settings
from secure_gateway.plugins.hooks.uris import (
    Address,
    Target,
    as_address,
    canonical_host,
    embedded,
    is_inside_name,
    looks_like_address,
    read_uri,
    why_inside,
    within,
)

_WEB: Final = frozenset(
    {"http", "https", "ws", "wss", "ftp", "ftps", "gopher", "sftp", "ssh", "git", "redis", "ldap", "dict"}
)
_INSIDE: Final = r"[^\s\"'<>`{}|]"
_FOUND: Final = re.compile(
    rf"[A-Za-z][A-Za-z0-9+.-]{{0,30}}:[/\\]{{2}}{_INSIDE}+"
    rf"|(?i:https?|wss?|ftp|file):{_INSIDE}+"
    rf"|(?<![:\w/])//(?=[^\s/]+\.){_INSIDE}+"
)
_MOST_OF_A_NAME: Final = 500
_AUTHORITY: Final = re.compile(rf"[^\s/?#]{{0,{_MOST_OF_A_NAME}}}")
_AT_BEFORE_PATH: Final = re.compile(r"^[^/]*//[^/?#]*[?#][^/]*@")
_CLOSING: Final = ".,;:!?)]"
_MOST_HOPS: Final = 5


class PrivateSettings(Settings, frozen=True):
    """What of one's own may be reached all the same, and why; where ``servers`` or ``tools`` are named (by globs), by these only."""

    address: str
    reason: str
    servers: tuple[str, ...] | None = None
    tools: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        if not self.reason.strip():
            raise Misfit("reason", "an empty text", "why it may be reached")


class UrlSettings(Settings, frozen=True):
    """``allow_private``: hosts and networks of your own that may be reached all the same; a text: by everything. ``seconds``: for each look-up and
    each redirect.
    """

    allow_domains: tuple[str, ...] | None = None
    deny_domains: tuple[str, ...] = ()
    deny_patterns: tuple[str, ...] = ()
    schemes: tuple[str, ...] = ("http", "https")
    allow_private: tuple[str | PrivateSettings, ...] = ()
    resolve: bool = True
    check_redirects: bool = False
    seconds: float = 2.0
    max_urls: int = 50

    def __post_init__(self) -> None:
        if not 0 < self.seconds <= 60:  # noqa: PLR2004 - a minute
            raise Misfit("seconds", "another number", "a number above 0, at most 60")
        if self.max_urls < 1:
            raise Misfit("max_urls", "another number", "a number, at least 1")
        if not self.schemes:
            raise Misfit("schemes", "an empty list", "at least one scheme")
        if self.check_redirects and not self.resolve:
            raise Misfit(
                "check_redirects",
                "true beside resolve: false",
                "both or neither",
                "Redirects are asked of an address that was judged.",
            )


class UrlReputationPlugin(Plugin):
    """Judges every URL in what a caller says. One that two clients could read differently is refused."""

    def __init__(self, config: PluginConfig, lookup: Lookup | None = None) -> None:
        """``lookup``: how names are looked up; by default as the system does."""
        super().__init__(config)
        settings = read_settings(config, UrlSettings)
        problems: list[Problem] = []
        self._denied = _hosts(settings.deny_domains, "deny_domains", problems)
        allowed = settings.allow_domains
        self._allowed = None if allowed is None else _hosts(allowed, "allow_domains", problems)
        self._patterns = []
        for index, text in enumerate(settings.deny_patterns):
            try:
                compile_user_pattern(text)
                self._patterns.append(compile_user_pattern(f"(?i:{text})"))
            except ValueError as error:
                problems.append(
                    Problem(f"$.config.deny_patterns[{index}]", str(error).removeprefix("found "), "an RE2 pattern")
                )
        self._private = [
            each
            for index, said in enumerate(settings.allow_private)
            if (each := _private(said, f"$.config.allow_private[{index}]", problems)) is not None
        ]
        if problems:
            raise ConfigError(problems)
        self._schemes = frozenset(map(str.lower, settings.schemes))
        self._most = settings.max_urls
        self._names = NameResolver(settings.seconds, lookup) if settings.resolve else None
        self._probe = RedirectProbe(settings.seconds) if settings.check_redirects else None

    async def shutdown(self) -> None:
        """Release threads and connections."""
        if self._names is not None:
            self._names.close()
        if self._probe is not None:
            await self._probe.close()

    @hook(
        ToolHookType.TOOL_PRE_INVOKE,
        PromptHookType.PROMPT_PRE_FETCH,
        ResourceHookType.RESOURCE_PRE_FETCH,
        AgentHookType.AGENT_PRE_INVOKE,
    )
    async def judge(self, payload: PluginPayload, context: PluginContext) -> PluginResult[Any]:
        """Judge every URL in the content of ``payload``. Raises ``AnswerError`` where a name is not resolved in time."""
        found = dict.fromkeys(url for text in every_text(payload) for url in _urls(text))
        if len(found) > self._most:
            return denied("TOO_MANY_URLS", f"the content holds more than {self._most} URLs")
        reachable = self._reachable(payload, context) if found else NOTHING
        for url in found:
            code, reason = await self._fault(url, reachable)
            if code:
                return denied(code, reason)
        return PluginResult()

    def _reachable(self, payload: PluginPayload, context: PluginContext) -> Reachable:
        """Return what of one's own network this caller's tool or server may be sent to."""
        server = context.global_context.server_id or ""
        tool = payload.name if isinstance(payload, ToolPreInvokePayload) else None
        return merged(each.what for each in self._private if each.is_for(server, tool))

    async def _fault(self, url: str, reachable: Reachable) -> tuple[str, str]:
        for hop in range(_MOST_HOPS + 1):
            target = read_uri(url)
            if target is None:
                return "INVALID_URL", "a URL can be read in more than one way"
            if target.parts.scheme not in self._schemes:
                return "SCHEME_DENIED", "the scheme of a URL is not allowed"
            code, reason, addresses = await self._judge(url, target, reachable)
            if code:
                return code, f"{reason}, to which another redirects" if hop else reason
            if self._probe is None or not addresses or target.parts.scheme not in ("http", "https"):
                return "", ""
            onward = await self._probe.next(url, target.parts, addresses[0])
            if onward is None:
                return "", ""
            url = onward
        return "TOO_MANY_REDIRECTS", f"a URL redirects more than {_MOST_HOPS} times"

    async def _judge(self, url: str, target: Target, reachable: Reachable) -> tuple[str, str, list[Address]]:
        """Return what is wrong with the target, if anything is, and the addresses of its host."""
        host = target.host
        if not host:
            return ("INVALID_URL", "a URL names no host", []) if target.parts.scheme in _WEB else ("", "", [])
        if within(host, self._denied):
            return "DOMAIN_DENIED", "the domain of a URL is denied", []
        if self._allowed is not None and not within(host, self._allowed):
            return "DOMAIN_DENIED", "the domain of a URL is not among those that are allowed", []
        if any(pattern.search(url) for pattern in self._patterns):
            return "PATTERN_DENIED", "a URL matches a pattern that is denied", []
        address = as_address(host)
        if address is None and looks_like_address(host):
            return "INVALID_URL", "the host of a URL is a number that is no address", []
        if address is None and is_inside_name(host) and host not in reachable.names:
            return "ADDRESS_DENIED", "the host of a URL is a name of this machine or network", []
        if address is not None:
            addresses = [address]
        elif self._names is None:
            return "", "", []
        else:
            addresses = await self._names.addresses(host)
            if not addresses:
                return "UNRESOLVED", "the host of a URL has no address", []
        if _AT_BEFORE_PATH.search(url) is not None:
            reachable = NOTHING  # some readers take what stands behind that sign for the host
        for each in addresses:
            kind = why_inside(each)
            if kind and (is_never(each) or not _may_reach(host, each, reachable)):
                return "ADDRESS_DENIED", f"the host of a URL leads to an address that is not public ({kind})", []
        return "", "", addresses


class _Private(NamedTuple):
    what: Reachable
    is_server: Matcher
    is_tool: Matcher | None

    def is_for(self, server: str, tool: str | None) -> bool:
        """Tell whether it holds for a call of ``tool``, None where no tool is called, of ``server``."""
        return self.is_server(server) and (self.is_tool is None or (tool is not None and self.is_tool(tool)))


def _private(said: str | PrivateSettings, where: str, problems: list[Problem]) -> _Private | None:
    entry = PrivateSettings(address=said, reason="for everything") if isinstance(said, str) else said
    place = where if isinstance(said, str) else f"{where}.address"
    try:
        what = read_reachable([entry.address])
        is_server = _anything if entry.servers is None else compile_matcher(entry.servers, f"{where}.servers")
        is_tool = None if entry.tools is None else compile_matcher(entry.tools, f"{where}.tools")
    except ValueError as error:
        problems.append(Problem(place, "something else", str(error)))
    except ConfigError as error:
        problems += error.problems
    else:
        return _Private(what, is_server, is_tool)
    return None


def _anything(_name: str) -> bool:
    return True


def _may_reach(host: str, address: Address, reachable: Reachable) -> bool:
    """Tell whether a host that is one's own leads to ``address``, or ``address`` is one's own however it is spelt."""
    return (host in reachable.names and not any(map(is_never, embedded(address)))) or any(
        reachable.has(each) for each in embedded(address)
    )


def _hosts(texts: tuple[str, ...], key: str, problems: list[Problem]) -> frozenset[str]:
    found = set()
    for index, text in enumerate(texts):
        host = canonical_host(text.strip().removeprefix("*."))
        if not host or any(sign in host for sign in "/:@ *"):
            problems.append(Problem(f"$.config.{key}[{index}]", "no host name", "a host name such as example.com"))
        found.add(host or "")
    return frozenset(found)


def _urls(text: str) -> list[str]:
    """Return the URLs in ``text``: all of it, where it is one, and what looks like one in prose."""
    if len(text) > 8_000_000:  # noqa: PLR2004 - more than a payload holds by default
        raise AnswerError("a text is too long to look for URLs in it")
    plain = text.strip()
    found = []
    for match in _FOUND.finditer(plain):
        url = match[0] if match[0] == plain else match[0].rstrip(_CLOSING)
        rest = _AUTHORITY.match(plain, match.end())
        if rest is not None and (
            "@" in rest[0] or len(rest[0]) == _MOST_OF_A_NAME
        ):  # what ends the URL here is part of a user's name to other readers
            url = match[0] + rest[0]
        found.append(f"http:{url}" if url.startswith("//") else url)
    return found
