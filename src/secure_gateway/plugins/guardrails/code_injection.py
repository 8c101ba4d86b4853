"""``code_injection``: code in arguments that should hold a path, an address or a plain value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from secure_gateway.plugins.guardrails.base import (
    GuardrailAction,
    GuardrailProvider,
    GuardrailRequest,
    GuardrailResponse,
    GuardrailViolation,
    ToolRegistrationRequest,
    ViolationType,
)
from secure_gateway.plugins.guardrails.options import Options
from secure_gateway.plugins.guardrails.scanner.code_injection import CODE_TYPES, CodeScanner
from secure_gateway.plugins.guardrails.scanner.code_roles import Role, declared_roles
from secure_gateway.plugins.guardrails.scanner.finding import Finding
from secure_gateway.plugins.guardrails.scanner.reachable import NOTHING, Reachable, merged, read_reachable
from secure_gateway.plugins.guardrails.value_guard import ValueRequest, ValueResponse

_ACTIONS: Final = {"block": GuardrailAction.BLOCK, "warn": GuardrailAction.WARN}
_PRIVATE: Final = frozenset({"address", "reason"})
_ENTRY: Final = 'an object such as {"address": "10.1.2.3", "reason": "the ticket system; OPS-12"}'
_LIST: Final = f"a list with {_ENTRY} for each address"
_MOST_TOOLS: Final = 10_000

Schemas = dict[tuple[str, str], Mapping[str, Role]]


class CodeGuard:
    """Judges the arguments of calls. A tool whose list was seen is judged by its schema too."""

    def __init__(self, scanner: CodeScanner, action: GuardrailAction, schemas: Schemas) -> None:
        self._scanner = scanner
        self._action = action
        self._schemas = schemas

    async def validate(self, request: GuardrailRequest) -> GuardrailResponse:
        """Judge the arguments of ``request``, or its text."""
        value = request.content if request.tool_args is None else request.tool_args
        found = self._violations(value, request.tool_name or "", request.server_name or "")
        action = self._action if found else GuardrailAction.ALLOW
        return GuardrailResponse(is_safe=not found, action=action, violations=found)

    async def validate_value(self, request: ValueRequest) -> ValueResponse:
        """Judge every string of the value by what its argument is for."""
        found = self._violations(request.value, request.name, request.server_name or "")
        return ValueResponse(action=self._action, violations=found) if found else ValueResponse()

    def get_supported_detectors(self) -> list[ViolationType]:
        """Return what this guard can find."""
        return [ViolationType.INJECTION_ATTACK]

    def find(self, value: Any, tool: str = "", server: str = "") -> list[Finding]:
        """Return the findings in the arguments of a call of ``tool``."""
        return self._scanner.scan(value, tool, self._schemas.get((server, tool)))

    def _violations(self, value: Any, tool: str, server: str) -> list[GuardrailViolation]:
        kinds: dict[str, int] = {}
        for finding in self.find(value, tool, server):
            kinds[finding.type] = kinds.get(finding.type, 0) + 1
        return [
            GuardrailViolation(
                violation_type=ViolationType.INJECTION_ATTACK,
                severity=0.9,
                message=f"{kind} found",
                action=self._action,
                metadata={"type": kind, "count": count},
            )
            for kind, count in kinds.items()
        ]


class CodeInjectionGuardrailProvider(GuardrailProvider):
    """Blocks requests whose arguments carry SQL, shell, template code, climbing paths or inward addresses that their role does not explain."""

    keys: ClassVar[tuple[str, ...]] = ("action", "types", "exclude", "allow_private")

    def __init__(self, config: Mapping[str, Any]) -> None:
        """Raises ``ConfigError`` with everything that is wrong with ``config``."""
        self._config = dict(config)
        self._schemas: Schemas = {}
        self._guard(self._config)

    def get_name(self) -> str:
        """Return ``code_injection``."""
        return "code_injection"

    def get_version(self) -> str:
        """Return the version of the built-in guardrails."""
        return "1.0.0"

    def create_input_guardrail(self, config: dict[str, Any]) -> CodeGuard:
        """Return the guard for requests under this configuration and the server's policy ``config``."""
        return self._guard({**self._config, **{key: config[key] for key in self.keys if key in config}})

    def create_output_guardrail(self, config: dict[str, Any]) -> None:
        """Return None: results are no arguments."""

    def validate_tool_registration(self, request: ToolRegistrationRequest) -> GuardrailResponse | None:
        """Learn what the tools' schemas say of their arguments; refuses none."""
        for tool in request.tools[:_MOST_TOOLS]:
            name = tool.get("name")
            if isinstance(name, str) and len(self._schemas) < _MOST_TOOLS:
                self._schemas[request.server_name, name] = declared_roles(tool)
        return None

    def _guard(self, config: Mapping[str, Any]) -> CodeGuard:
        options = Options(config, self.keys)
        action = options.choice("action", tuple(_ACTIONS), "block")
        wanted = options.texts("types", CODE_TYPES)
        excluded = set(options.texts("exclude", CODE_TYPES) or ())
        types = [kind for kind in (sorted(CODE_TYPES) if wanted is None else wanted) if kind not in excluded]
        if not types:
            options.refuse(
                "types", "nothing to look for", "at least one type", "To look for nothing, take the provider out."
            )
        reachable = _reachable(options)
        options.finish()
        return CodeGuard(CodeScanner(types, reachable=reachable), _ACTIONS[action], self._schemas)


def _reachable(options: Options) -> Reachable:
    """Return what ``allow_private`` names: what of one's own network may be reached, each with the reason why."""
    said = options.value("allow_private")
    if said is None:
        return NOTHING
    if not isinstance(said, list | tuple):
        options.refuse("allow_private", "something else", _LIST)
        return NOTHING
    found = []
    for index, each in enumerate(said):
        place = f"allow_private[{index}]"
        if not isinstance(each, Mapping) or not all(isinstance(each.get(key), str) for key in _PRIVATE):
            options.refuse(place, "something else", _ENTRY)
            continue
        for key in sorted(map(str, each.keys() - _PRIVATE)):
            options.refuse(f"{place}.{key}", "an unknown key", "address or reason")
        if not each["reason"].strip():
            options.refuse(f"{place}.reason", "an empty text", "why it may be reached")
        try:
            found.append(read_reachable([each["address"]]))
        except ValueError as error:
            options.refuse(f"{place}.address", "something else", str(error))
    return merged(found)
