"""May this principal use that thing? Default deny; roles from the configuration, permissions from the identity provider."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import msgspec

from secure_gateway.plugins.framework.conditions import Matcher, compile_matcher
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
            name: {
                kind: compile_matcher([_pattern(kind, p) for p in patterns], f"$.roles.{name}.{kind}")
                for kind, patterns in kinds.items()
            }
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
            if len(self._answers) < _REMEMBERED:
                self._answers[question] = answer
        return answer

    def _judge(self, principal: Principal, operation: Operation, name: str, server: str) -> str:
        kind = KINDS.get(operation)
        if kind is None:
            return "" if operation is Operation.MESSAGE else f"no permission covers {operation.value}"
        if operation is Operation.TOOL and server in self._servers:
            allow, deny = self._servers[server]
            if deny(name) or not allow(name):
                return f"the tool is not offered: servers.{server}.tools excludes it"
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
    return granted == kind and bool(pattern) and compile_matcher([_pattern(kind, pattern)])(name)


def _pattern(kind: str, pattern: str) -> str:
    """Return an ``http`` pattern in the form ``METHOD path``; one without a method covers all of them."""
    return pattern if kind != "http" or " " in pattern or pattern.startswith("re:") else f"* {pattern}"
