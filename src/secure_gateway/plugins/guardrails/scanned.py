"""Guards that look for something with the scanner, and the providers that make them."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Final

import msgspec

from secure_gateway.plugins.guardrails.base import (
    GuardrailAction,
    GuardrailProvider,
    GuardrailRequest,
    GuardrailResponse,
    GuardrailViolation,
    ServerRegistrationRequest,
    ToolRegistrationRequest,
    ViolationType,
)
from secure_gateway.plugins.guardrails.options import Options
from secure_gateway.plugins.guardrails.scanner import (
    INJECTION_DETECTORS,
    PII_DETECTORS,
    SECRET_DETECTORS,
    Detector,
    Finding,
    Replacement,
    Scanner,
    redact,
    redact_all,
    redact_type,
)
from secure_gateway.plugins.guardrails.value_guard import ValueRequest, ValueResponse

Scan = Callable[[Any], Sequence[Finding]]

DIRECTIONS: Final = ("both", "input", "output")
ACTIONS: Final = ("block", "redact", "warn")
POLICY_KEY: Final = "policy"
"""Under which the context of a registration holds what the policies say to the provider."""
LONG: Final = 65_536
"""Characters above which a scan runs beside the event loop: up to a second where much of it looks like something."""

_encode: Final = msgspec.json.Encoder().encode
_PROVEN: Final = frozenset(d.id for d in (*PII_DETECTORS, *SECRET_DETECTORS, *INJECTION_DETECTORS))
_ACTION: Final = {
    "block": GuardrailAction.BLOCK,
    "redact": GuardrailAction.MODIFY,
    "warn": GuardrailAction.WARN,
}


class ScanRules(msgspec.Struct, frozen=True, kw_only=True):
    """What a guard does about what it finds. ``replacement`` is what ``MODIFY`` writes; ``allow`` are exact texts that may stand."""

    found: ViolationType
    action: GuardrailAction
    replacement: Replacement = redact_type
    allow: frozenset[str] = frozenset()
    min_confidence: float = 0.0


class ScanGuard:
    """Scans requests or results, as a value where it can be had and as a text otherwise. What exceeds the scanner's limits raises."""

    def __init__(self, scan: Scan, rules: ScanRules) -> None:
        self._scan = scan
        self._rules = rules

    async def validate(self, request: GuardrailRequest) -> GuardrailResponse:
        """Judge the text of ``request``."""
        answer = await self._judged(request.content)
        modified = answer.modified_value if answer.action is GuardrailAction.MODIFY else None
        return GuardrailResponse(
            is_safe=not answer.violations,
            action=answer.action,
            violations=answer.violations,
            modified_content=modified,
        )

    async def validate_value(self, request: ValueRequest) -> ValueResponse:
        """Judge every key, string and number of the value."""
        return await self._judged(request.value)

    async def _judged(self, value: Any) -> ValueResponse:
        """Judge beside the event loop what takes long: others go on meanwhile, and the time limit holds."""
        return await asyncio.to_thread(self.judge, value) if is_long(value) else self.judge(value)

    def get_supported_detectors(self) -> list[ViolationType]:
        """Return what this guard can find."""
        return [self._rules.found]

    def modifying(self) -> ScanGuard:
        """Return a guard that takes out what it finds."""
        return ScanGuard(self._scan, msgspec.structs.replace(self._rules, action=GuardrailAction.MODIFY))

    def judge(self, value: Any) -> ValueResponse:
        """Return what is to be done about ``value``. Raises ``ScannerError`` where nobody can tell what it holds."""
        findings = self._find(value)
        if not findings:
            return ValueResponse()
        rules = self._rules
        violations = violations_of(findings, rules)
        if rules.action is not GuardrailAction.MODIFY:
            return ValueResponse(action=rules.action, violations=violations)
        modified = redact_all(value, self._find, rules.replacement, findings)
        return ValueResponse(action=rules.action, violations=violations, modified_value=modified)

    def _find(self, value: Any) -> list[Finding]:
        """Return the findings that count: sure enough, and not allowed."""
        findings = self._scan(value)
        if not findings:
            return []
        rules = self._rules
        findings = [finding for finding in findings if finding.confidence >= rules.min_confidence]
        return without_allowed(value, findings, rules.allow.__contains__) if rules.allow else findings


def is_long(value: Any) -> bool:
    """Tell whether scanning ``value`` may take longer than the event loop should wait."""
    if type(value) is str:
        return len(value) > LONG
    try:
        return len(_encode(value)) > LONG
    except (
        TypeError,
        ValueError,
        RecursionError,
    ):  # objects of the SDK, lone surrogates: then at least not on the loop
        return True


def violations_of(findings: Sequence[Finding], rules: ScanRules) -> list[GuardrailViolation]:
    """Return one violation for each type of finding; none of them quotes what was found."""
    by_type: dict[str, list[float]] = {}
    for finding in findings:
        by_type.setdefault(finding.type, []).append(finding.confidence)
    return [
        GuardrailViolation(
            violation_type=rules.found,
            severity=max(confidences),
            message=f"{kind} found {len(confidences)} times" if len(confidences) > 1 else f"{kind} found",
            action=rules.action,
            metadata={"type": kind, "count": len(confidences)},
        )
        for kind, confidences in by_type.items()
    ]


def without_allowed(value: Any, findings: Sequence[Finding], is_allowed: Callable[[str], bool]) -> list[Finding]:
    """Drop findings whose text, whole and with all that overlaps it, is an allowed one."""
    spans: dict[str, list[tuple[int, int]]] = {}

    def look(finding: Finding, text: str) -> str:
        if is_allowed(text):
            spans.setdefault(finding.pointer, []).append((finding.start, finding.end))
        return text

    redact(value, findings, look)
    return [
        finding
        for finding in findings
        if not any(start <= finding.start and finding.end <= end for start, end in spans.get(finding.pointer, ()))
    ]


class ScanGuardrailProvider(GuardrailProvider):
    """Common to the built-in providers: strict configuration, a server's policy over it, scanners shared between servers."""

    keys: ClassVar[tuple[str, ...]]

    def __init__(self, config: Mapping[str, Any]) -> None:
        """Raises ``ConfigError`` with everything that is wrong with ``config``."""
        self._config = dict(config)
        self._scanners: dict[Any, Scanner] = {}
        self._guards(self._config)

    def get_version(self) -> str:
        """Return the version of the built-in guardrails."""
        return "1.0.0"

    def create_input_guardrail(self, config: dict[str, Any]) -> ScanGuard | None:
        """Return the guard for requests under this configuration and the server's policy ``config``; None where it is for results only."""
        return self._guards(self._under(config)).get("input")

    def create_output_guardrail(self, config: dict[str, Any]) -> ScanGuard | None:
        """Return the guard for results; None where it is for requests only."""
        return self._guards(self._under(config)).get("output")

    @abstractmethod
    def _guards(self, config: Mapping[str, Any]) -> dict[str, ScanGuard]:
        """Return the guards by side. Raises ``ConfigError``."""

    def _under(self, policy: dict[str, Any]) -> dict[str, Any]:
        """Lay what ``policy`` says of this provider's keys over its configuration; other keys are other providers'."""
        return {**self._config, **{key: policy[key] for key in self.keys if key in policy}}

    def _scanner(self, detectors: Sequence[Detector], threshold: float = 0.5) -> Scanner:
        key = (tuple(detector.id for detector in detectors), threshold)
        if key not in self._scanners:
            self._scanners[key] = Scanner(detectors, threshold=threshold, proven=_PROVEN)
        return self._scanners[key]


def policy_in(context: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return what the policies say to a provider that is asked about a server or its tools."""
    found = (context or {}).get(POLICY_KEY)
    return dict(found) if isinstance(found, Mapping) else {}


def sides(direction: str) -> tuple[str, ...]:
    """Return the sides that ``direction`` means."""
    return ("input", "output") if direction == "both" else (direction,)


def action_of(word: str) -> GuardrailAction:
    """Return the action that a word of the configuration means."""
    return _ACTION[word]


def chosen_types(options: Options, available: Sequence[Detector]) -> tuple[Detector, ...]:
    """Return the detectors that ``types`` and ``exclude`` leave; notes a problem where that is none."""
    known = {detector.type for detector in available}
    wanted = options.texts("types", known)
    excluded = set(options.texts("exclude", known) or ())
    kept = tuple(d for d in available if (wanted is None or d.type in wanted) and d.type not in excluded)
    if not kept and known.issuperset(wanted or ()):
        options.refuse(
            "types", "nothing to look for", "at least one type", "To look for nothing, take the provider out."
        )
    return kept or tuple(available)


def judge_registered_tools(
    guards: Mapping[str, ScanGuard], request: ToolRegistrationRequest
) -> GuardrailResponse | None:
    """Judge all that each tool says about itself, name, description and schemas; the violations name the tools."""
    guard = _any_of(guards)
    blamed: list[GuardrailViolation] = []
    for tool in request.tools:
        for violation in guard.judge(tool).violations:
            violation.metadata["tool"] = tool.get("name")
            blamed.append(violation)
    return _refusal(blamed)


def judge_registered_server(
    guards: Mapping[str, ScanGuard], request: ServerRegistrationRequest
) -> GuardrailResponse | None:
    """Judge what a server says about itself; its command and variables are its owner's and not looked at."""
    said = {"name": request.server_name, "description": request.server_description, "metadata": request.server_metadata}
    return _refusal(_any_of(guards).judge(said).violations)


def _any_of(guards: Mapping[str, ScanGuard]) -> ScanGuard:
    """Return a guard; what a server says about itself is a result, and judged as one where results are judged."""
    return guards.get("output") or guards["input"]


def _refusal(violations: list[GuardrailViolation]) -> GuardrailResponse | None:
    """Return a warning where the guard only warns, else a refusal: a definition cannot be shown with a part taken out."""
    if not violations:
        return None
    if violations[0].action is GuardrailAction.WARN:
        return GuardrailResponse(is_safe=False, action=GuardrailAction.WARN, violations=violations)
    for violation in violations:
        violation.action = GuardrailAction.BLOCK
    return GuardrailResponse(is_safe=False, action=GuardrailAction.BLOCK, violations=violations)
