"""What is wrong with a policy that can be loaded: what would let something pass, what never applies, and what nobody guards."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final, Literal, NamedTuple

from secure_gateway.bootstrap import Parts
from secure_gateway.cli.policy_view import applied_to, policy_of
from secure_gateway.config.faults import did_you_mean
from secure_gateway.config.paths import json_path, parse_path
from secure_gateway.errors import ConfigError
from secure_gateway.plugins.framework.conditions import compile_matcher
from secure_gateway.plugins.framework.plugin import PluginMode
from secure_gateway.plugins.guardrails.base import GuardrailAction, ViolationType
from secure_gateway.plugins.guardrails.fitting import Applied
from secure_gateway.plugins.guardrails.policy import SIDES, Policy, PolicyBook, ToolEntry, is_glob
from secure_gateway.plugins.guardrails.value_guard import Modifying
from secure_gateway.tool_trust.lock import LOCK_NAME, LockFile
from secure_gateway.types import Operation

Severity = Literal["error", "warning"]
_SUBJECTS: Final = {"input": "requests", "output": "results"}
_NO_TOOL: Final = "\x00any"
"""A name that no tool has: what holds for it holds for tools that no entry names."""


class LintFinding(NamedTuple):
    """One thing to look at. ``code`` is stable; ``path`` and ``line`` say where it stands."""

    severity: Severity
    code: str
    path: str
    line: int
    message: str


class _Lint:
    """Collects findings, each once."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._found: dict[tuple[str, str, str], LintFinding] = {}

    def add(self, severity: Severity, code: str, path: str, message: str) -> None:
        line = self._parts.loaded.document.line_of(parse_path(path))
        self._found.setdefault((code, path, message), LintFinding(severity, code, path, line, message))

    @property
    def found(self) -> list[LintFinding]:
        """In the order of their lines."""
        return sorted(self._found.values(), key=lambda each: (each.line, each.path, each.code))


def lint(parts: Parts) -> list[LintFinding]:
    """Return everything that is to be looked at, in the order of the file."""
    found = _Lint(parts)
    if not parts.guardrails.get_providers():
        found.add("error", "no-guardrail", "$.plugins.guardrails", "there is no guardrail: everything passes unjudged")
    _plugins(parts, found)
    for server in ("", *parts.config.servers):
        book = parts.guardrails.book(server, policy_of(parts, server))
        _entries(parts, book, server, found)
        for tool in (_NO_TOOL, *_tools(parts, book, server)):
            _guarded(parts, tool, server, found)
        _levels(parts, book, found)
        _unlisted(parts, book.tools, [server], found)
    _unlisted(parts, parts.guardrails.book().common_tools, [*parts.config.servers], found)
    return found.found


def _plugins(parts: Parts, found: _Lint) -> None:
    """Look at hook plugins whose failures, or refusals, let the request go on."""
    places = {hook.name: f"$.plugins.hooks[{index}]" for index, hook in enumerate(parts.config.plugins.hooks)}
    strict = {binding.plugin for binding in parts.hooks.bindings if binding.fail_on_error}
    for plugin in parts.hooks.plugins:
        path = places.get(plugin.name, "$.include")
        if plugin.mode is PluginMode.PERMISSIVE:
            found.add(
                "warning", "permissive-plugin", path, f"plugin {plugin.name!r} refuses nothing: its mode is permissive"
            )
        elif plugin.mode is PluginMode.ENFORCE_IGNORE_ERROR and plugin.name not in strict:
            found.add("error", "fails-open", path, f"when plugin {plugin.name!r} fails, the request goes on unjudged")


def _tools(parts: Parts, book: PolicyBook, server: str) -> Iterator[str]:
    """Yield the tools that the configuration names, as far as it offers them on ``server``."""
    config = parts.config.servers.get(server)
    named = [entry.glob for entry in (*book.common_tools, *book.tools)]
    named += [*(config.tools.allow or ())] if config is not None else []
    named += [tool for role in parts.config.roles.values() for tool in role.tools]
    offered = compile_matcher(config.tools.allow) if config is not None and config.tools.allow is not None else None
    withheld = compile_matcher(config.tools.deny) if config is not None else None
    for tool in dict.fromkeys(named):
        if is_glob(tool) or (offered is not None and not offered(tool)) or (withheld is not None and withheld(tool)):
            continue
        yield tool


def _guarded(parts: Parts, tool: str, server: str, found: _Lint) -> None:
    """Look at what holds for one tool, or for all that have no entry of their own."""
    applied = applied_to(parts, tool, server)
    if not applied:
        return
    where = json_path(("servers", server)) if server else "$.plugins.guardrails"
    what = f"tool {tool!r}" if tool != _NO_TOOL else "tools"
    of = f"{what} of server {server!r}" if server else what
    for side in SIDES:
        acting = [each for each in applied if _guard(each, side) is not None]
        if not acting:
            found.add("error", "no-rule", where, f"no guardrail judges {_SUBJECTS[side]} of {of}")
        elif all(_lets_pass(each, side) for each in acting):
            found.add("error", "all-allowed", where, f"whatever is found in {_SUBJECTS[side]} of {of} is allowed")
        for each in acting:
            _one(each, side, found)


def _one(each: Applied, side: str, found: _Lint) -> None:
    guard, name = _guard(each, side), each.standing.name
    rules = each.fitted.rules[side]
    if getattr(guard, "fails_open", False) is True:
        layers = [layer for layer in each.policy.layers(side, each.standing.label) if "on_error" in layer.values]
        path = json_path(("on_error",), layers[-1].where if layers else f"{each.standing.where}.config")
        found.add("error", "fails-open", path, f"when guardrail {name!r} cannot judge, the content passes unjudged")
    for kind in guard.get_supported_detectors():
        rule = rules.by_type.get(kind)
        wants = rule is not None and any(step.action is GuardrailAction.MODIFY for step in rule.steps)
        if rule is not None and wants and not isinstance(guard, Modifying) and not _may_modify(guard):
            message = f"guardrail {name!r} cannot take anything out, so modify blocks what it finds of {kind.value}"
            found.add("warning", "modify-blocks", rule.where, message)


def _may_modify(guard: object) -> bool:
    """Tell whether a guard of ours or a stranger's may give back changed content; only some of ours say that they never do."""
    return getattr(guard, "never_modifies", False) is not True


def _guard(each: Applied, side: str) -> Any:
    guards = each.fitted.guards
    return guards.input if side == "input" else guards.output


def _lets_pass(each: Applied, side: str) -> bool:
    rules, guard = each.fitted.rules[side].by_type, _guard(each, side)
    kinds: list[ViolationType] = guard.get_supported_detectors()
    return bool(kinds) and all(
        kind in rules and all(step.action is GuardrailAction.ALLOW for step in rules[kind].steps) for kind in kinds
    )


def _levels(parts: Parts, book: PolicyBook, found: _Lint) -> None:
    """Look at every place of a policy by itself: exceptions that are none, and rules about what nobody finds."""
    now = parts.services.clock()
    labels = {provider.get_name() for provider in parts.guardrails.get_providers()}
    for level in (*book.usual, *(entry.level for entry in (*book.common_tools, *book.tools))):
        policy = Policy((level,), labels)
        for side in SIDES:
            kinds = _found_by_anyone(parts, side)
            for exemption in policy.exemptions(side):
                fault = exemption.fault(now)
                if fault:
                    found.add("error", "no-exception", exemption.where, f"this exception is not in force: {fault}")
                elif exemption.guardrail and exemption.guardrail not in labels:
                    message = f"no guardrail is called {exemption.guardrail!r}, so this exception covers nothing"
                    found.add("warning", "unused", exemption.where, message)
                elif exemption.violation not in [kind.value for kind in kinds]:
                    message = f"no guardrail finds {exemption.violation} in {_SUBJECTS[side]}, so this exception covers nothing"
                    found.add("warning", "unused", exemption.where, message)
            for kind, rule in policy.rules(side, "").by_type.items():
                if kind not in kinds and rule.where.endswith(f".{kind.value}"):
                    message = f"no guardrail finds {kind.value} in {_SUBJECTS[side]}, so this rule never applies"
                    found.add("warning", "unused", rule.where, message)


def _found_by_anyone(parts: Parts, side: str) -> set[ViolationType]:
    guards = (_guard(each, side) for each in parts.guardrails.applied(_NO_TOOL))
    return {kind for guard in guards if guard is not None for kind in guard.get_supported_detectors()}


def _entries(parts: Parts, book: PolicyBook, server: str, found: _Lint) -> None:
    """Look at entries that never apply: an earlier glob takes all their tools, or the server does not offer them."""
    config = parts.config.servers.get(server)
    for entries in (book.common_tools, book.tools):
        for index, entry in enumerate(entries):
            earlier = next((each for each in entries[:index] if is_glob(each.glob) and _covers(each, entry)), None)
            if earlier is not None:
                message = (
                    f"{entry.glob!r} never applies: {earlier.glob!r}, which stands before it, takes all of its tools"
                )
                found.add("error", "shadowed", entry.level.where, message)
    for entry in book.tools if config is not None else ():
        excluded = not is_glob(entry.glob) and parts.gateway.snapshot.permissions.not_offered(
            Operation.TOOL, entry.glob, server
        )
        if excluded:
            found.add(
                "warning", "unused", entry.level.where, f"{entry.glob!r} never applies: the server's tools exclude it"
            )


def _unlisted(parts: Parts, entries: Sequence[ToolEntry], servers: Sequence[str], found: _Lint) -> None:
    """Look at entries that match none of the tools that these servers have listed, where all of them have: their names may be misspelt."""
    try:
        pins = LockFile(parts.loaded.folder / LOCK_NAME).read().servers
    except ConfigError:
        return  # said where tools are listed
    if not entries or not servers or not all(pins.get(server) for server in servers):
        return
    listed = sorted({tool for server in servers for tool in pins[server]})
    for entry in entries:
        if not any(map(entry.matches, listed)):
            near = "" if is_glob(entry.glob) else did_you_mean(entry.glob, listed)
            message = f"{entry.glob!r} matches none of the tools that were listed so far. {near}".strip()
            found.add("warning", "unused", entry.level.where, message)


def _covers(glob: ToolEntry, other: ToolEntry) -> bool:
    """Tell whether every tool of ``other`` is one of ``glob``: tried with nothing and with much in place of each wildcard."""
    if not is_glob(other.glob) or other.glob.startswith("re:") or "[" in other.glob:
        return False  # an exact name goes before every glob; of a pattern or a set nobody can tell
    return all(
        glob.matches(re.sub(r"\?", "\x01", other.glob.replace("*", star))) for star in ("", "\x01", "\x01\x02\x03\x04")
    )
