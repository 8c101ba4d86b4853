"""What holds for one tool, as values: each guardrail, what it is told, what is done about what it finds, and where that stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from secure_gateway.bootstrap import Parts
from secure_gateway.config.paths import json_path, parse_path
from secure_gateway.config.sensitive import is_sensitive_key
from secure_gateway.plugins.framework.hookpoints import ToolHookType
from secure_gateway.plugins.guardrails.fitting import Applied
from secure_gateway.plugins.guardrails.policy import SIDES

HOOKS: Final = {"input": ToolHookType.TOOL_PRE_INVOKE.value, "output": ToolHookType.TOOL_POST_INVOKE.value}
_SAID: Final = ("violation ", "exception ")
_HIDDEN: Final = "[hidden]"


class Fact(NamedTuple):
    """One thing that holds: ``what`` (a setting, ``violation pii``, ``exception pii``), its value, and the JSON path and line where it stands."""

    side: str
    guardrail: str
    what: str
    value: Any
    path: str
    line: int


class Acting(NamedTuple):
    """Who is called at one side, in this order; ``skipped``: why not."""

    side: str
    name: str
    kind: str
    mode: str
    skipped: str


def policy_of(parts: Parts, server: str) -> Mapping[str, Any]:
    """Return the ``guardrails`` of a server as configured."""
    found: Mapping[str, Any] = parts.values.get("servers", {}).get(server, {}).get("guardrails", {})
    return found


def applied_to(parts: Parts, tool: str, server: str) -> tuple[Applied, ...]:
    """Return what holds for ``tool`` of ``server``."""
    return parts.guardrails.applied(tool, server, policy_of(parts, server))


def facts(parts: Parts, tool: str, server: str) -> Iterator[Fact]:
    """Yield everything that is said of ``tool``, side by side, guardrail by guardrail; of a setting that stands twice what counts."""
    now = parts.services.clock()
    for side in SIDES:
        for each in applied_to(parts, tool, server):
            name = each.standing.name
            for key, (value, path) in _settings(parts, each, side).items():
                yield _fact(parts, (side, name), key, value, path)
            rules = each.fitted.rules[side]
            guard = each.fitted.guards.input if side == "input" else each.fitted.guards.output
            kinds = guard.get_supported_detectors() if guard is not None else []
            for kind in kinds:
                if kind in rules.by_type:
                    rule = rules.by_type[kind]
                    yield _fact(parts, (side, name), f"violation {kind.value}", str(rule), rule.where)
            for exemption in rules.exemptions:
                if exemption.violation not in [kind.value for kind in kinds]:
                    continue
                text = exemption.fault(now) or f"passes until {exemption.day}: {exemption.reason}"
                yield _fact(parts, (side, name), f"exception {exemption.violation}", text, exemption.where)


def acting(parts: Parts, tool: str, server: str) -> Iterator[Acting]:
    """Yield who is called for ``tool``, guardrails and hook plugins, in the order of their calls."""
    fitted = {each.standing.name: each.fitted.guards for each in applied_to(parts, tool, server)}
    for side, hook in HOOKS.items():
        order = parts.gateway.snapshot.bindings(server, hook)
        for slot in order.for_target(tool).slots if order is not None else ():
            binding, skipped = slot[0], slot[6]
            guards = fitted.get(binding.plugin)
            blind = guards is not None and getattr(guards, side) is None and guards.handler is None
            reason = skipped.reason if skipped is not None else "the policy has it judge nothing here" if blind else ""
            yield Acting(side, binding.plugin, binding.kind, binding.mode.value, reason)


def _settings(parts: Parts, each: Applied, side: str) -> dict[str, tuple[Any, str]]:
    """Return the provider's keys with where they stand, as they are written: secrets are references there."""
    where = json_path(("config",), each.standing.where)
    found = {key: (value, json_path((key,), where)) for key, value in _written(parts, where).items()}
    for layer in each.policy.layers(side, each.standing.label):
        shown = {key: value for key, value in layer.values.items() if key in _written(parts, layer.where)}
        found |= {key: (value, json_path((key,), layer.where)) for key, value in shown.items()}
    return found


def _written(parts: Parts, path: str) -> Mapping[str, Any]:
    value: Any = parts.loaded.raw
    for step in parse_path(path):
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            return {}
    return value if isinstance(value, Mapping) else {}


def _fact(parts: Parts, place: tuple[str, str], what: str, value: Any, path: str) -> Fact:
    is_reference = isinstance(value, str) and "://" in value and not value.startswith("literal://")
    is_setting = not what.startswith(_SAID)
    shown = _HIDDEN if is_setting and is_sensitive_key(what) and not is_reference else value
    return Fact(*place, what, shown, path, parts.loaded.document.line_of(parse_path(path)))
