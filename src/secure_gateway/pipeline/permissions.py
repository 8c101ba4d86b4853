"""May this principal use that thing? Default deny; roles from the configuration, permissions from the identity provider."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import msgspec

from secure_gateway.plugins.framework.conditions import LONGEST_REMEMBERED, Matcher, compile_matcher
from secure_gateway.types import Operation, Principal

KINDS = {
    Operation.TOOL: "tools",
    Operation.PROMPT: "prompts",
    Operation.RESOURCE: "resources",
    Operation.AGENT: "agents",
    Operation.HTTP: "http",
}
"""The key of each operation in a role; also the word before the colon in a provider's permission (``tools:read_*``)."""

_REMEMBERED = 8192


class ServerRules(msgspec.Struct, frozen=True, kw_only=True):
    """Which tools of one server exist at all as far as the gateway is concerned. ``allow``: None for all, empty for none."""

    allow: tuple[str, ...] | None = None
    deny: tuple[str, ...] = ()


class Permissions:
    """Answers ``may`` from compiled roles. Answers are remembered, so that a repeated question costs one dict look-up.

    ``roles``: role name to kind (``tools``, ``prompts``, …) to glob patterns; those of ``http`` are ``/path/*`` or ``GET /path/*``. A role that a provider names and the configuration
    does not define grants nothing. A protocol message of no kind needs a principal and no permission.
    """

    def __init__(
        self, roles: Mapping[str, Mapping[str, Sequence[str]]], servers: Mapping[str, ServerRules] | None = None
    ) -> None:
        self._roles = {
            name: {kind: _matcher(kind, patterns, f"$.roles.{name}.{kind}") for kind, patterns in kinds.items()}
            for name, kinds in roles.items()
        }
        self._servers = {name: _server_matchers(name, rules) for name, rules in (servers or {}).items()}
        self._answers: dict[tuple[tuple[str, ...], tuple[str, ...], Operation, str, str], str] = {}

    def refusal(self, principal: Principal, operation: Operation, name: str, server: str = "") -> str:
        """Return why ``principal`` may not do this, or an empty text if it may."""
        question = (principal.roles, principal.permissions, operation, name, server)
        answer = self._answers.get(question)
        if answer is None:
            answer = self._judge(principal, operation, name, server)
            if len(self._answers) < _REMEMBERED and len(name) <= LONGEST_REMEMBERED:
                self._answers[question] = answer
        return answer

    def not_offered(self, operation: Operation, name: str, server: str) -> str:
        """Return why nobody may use ``name``, whatever their rights, or an empty text."""
        if operation is Operation.TOOL and server in self._servers:
            allow, deny = self._servers[server]
            if deny(name) or not allow(name):
                return f"the tool is not offered: servers.{server}.tools excludes it"
        return ""

    def _judge(self, principal: Principal, operation: Operation, name: str, server: str) -> str:
        kind = KINDS.get(operation)
        if kind is None:
            return "" if operation is Operation.MESSAGE else f"no permission covers {operation.value}"
        reason = self.not_offered(operation, name, server)
        if reason:
            return reason
        granted = any(
            matcher(name) for role in principal.roles if (matcher := self._roles.get(role, {}).get(kind)) is not None
        ) or any(_grants(permission, kind, name) for permission in principal.permissions)
        return "" if granted else f"no role or permission of the caller covers this {operation.value}"


def _server_matchers(name: str, rules: ServerRules) -> tuple[Matcher, Matcher]:
    where = f"$.servers.{name}.tools"
    everything: Callable[[str], bool] = lambda _name: True  # noqa: E731 - a value among values
    return (compile_matcher(rules.allow, f"{where}.allow") if rules.allow is not None else everything), compile_matcher(
        rules.deny, f"{where}.deny"
    )


def _grants(permission: str, kind: str, name: str) -> bool:
    """Tell whether ``kind:glob``, as a provider grants it, covers ``name``. Anything else grants nothing: no bare ``*``."""
    granted, _, pattern = permission.partition(":")
    return granted == kind and bool(pattern) and _matcher(kind, [pattern])(name)


def _matcher(kind: str, patterns: Sequence[str], where: str = "$") -> Matcher:
    if kind != "http":
        return compile_matcher(patterns, where)
    whole = [pattern for pattern in patterns if pattern.startswith("re:")]
    matchers = [compile_matcher(whole, where)] if whole else []
    matchers += [_method_and_path(pattern, where) for pattern in patterns if not pattern.startswith("re:")]
    return lambda name: any(matches(name) for matches in matchers)


def _method_and_path(pattern: str, where: str) -> Matcher:
    """Match ``METHOD path``, or any method where the pattern has none.

    Each half is matched alone: in one piece, the ``*`` for the method would swallow a path up to a space in it.
    """
    method, gap, path = pattern.partition(" ")
    if not gap or method.startswith("/"):
        method, path = "*", pattern
    of_method, of_path = compile_matcher([method], where), compile_matcher([path], where)

    def matches(name: str) -> bool:
        asked, _, place = name.partition(" ")
        return of_method(asked) and of_path(place)

    return matches
