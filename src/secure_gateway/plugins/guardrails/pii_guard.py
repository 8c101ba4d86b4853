"""What is done about personal data, type by type."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from secure_gateway.plugins.guardrails.base import GuardrailAction
from secure_gateway.plugins.guardrails.pii_exchange import TokenExchange
from secure_gateway.plugins.guardrails.scanned import Scan, ScanGuard, ScanRules, violations_of, without_allowed
from secure_gateway.plugins.guardrails.scanner import Finding, Replacement, redact_all
from secure_gateway.plugins.guardrails.value_guard import ValueResponse

_UNTOUCHED: Final = frozenset({"warn", "block"})


class Strategies(msgspec.Struct, frozen=True, kw_only=True):
    """The strategy of each type on one side; ``block_above``: with more findings than that nothing passes, whatever their types."""

    usual: str
    by_type: Mapping[str, str]
    writers: Mapping[str, Replacement]
    block_above: int | None = None

    def of(self, kind: str) -> str:
        """Return the strategy of a type."""
        return self.by_type.get(kind, self.usual)

    @property
    def tokenizes(self) -> bool:
        """Whether any type becomes tokens."""
        return "tokenize" in (self.usual, *self.by_type.values())

    def write(self, finding: Finding, text: str) -> str:
        """Write what stands in place of a finding."""
        return self.writers[self.of(finding.type)](finding, text)


class PIIGuard(ScanGuard):
    """Judges each finding by its type. What becomes tokens is left to ``exchange``."""

    def __init__(
        self, scan: Scan, rules: ScanRules, strategies: Strategies, is_allowed: Callable[[str], bool] | None = None
    ) -> None:
        super().__init__(scan, rules)
        self.exchange: TokenExchange | None = None
        self._strategies = strategies
        self._is_allowed = is_allowed

    @property
    def tokenizes(self) -> bool:
        """Whether any type becomes tokens."""
        return self._strategies.tokenizes

    def modifying(self) -> PIIGuard:
        """Return a guard that takes out what it finds."""
        strategies = self._strategies
        softer = msgspec.structs.replace(
            strategies,
            usual=_redacted(strategies.usual),
            by_type={kind: _redacted(strategy) for kind, strategy in strategies.by_type.items()},
            block_above=None,
        )
        return PIIGuard(self._scan, self._rules, softer, self._is_allowed)

    def judge(self, value: Any) -> ValueResponse:
        """Return what is to be done about ``value``. Raises ``ScannerError`` where nobody can tell what it holds."""
        every = self._find(value)
        findings = [finding for finding in every if self._strategies.of(finding.type) != "tokenize"]
        action = self._action(every, findings)
        if action is GuardrailAction.ALLOW:
            return ValueResponse()
        violations = violations_of(findings or every, msgspec.structs.replace(self._rules, action=action))
        if action is not GuardrailAction.MODIFY:
            return ValueResponse(action=action, violations=violations)
        modified = redact_all(value, self._changeable, self._strategies.write, self._only_changed(findings))
        return ValueResponse(action=action, violations=violations, modified_value=modified)

    def tokenized(self, value: Any) -> list[Finding]:
        """Return the findings that become tokens."""
        return [finding for finding in self._find(value) if self._strategies.of(finding.type) == "tokenize"]

    def _action(self, every: list[Finding], findings: list[Finding]) -> GuardrailAction:
        strategies = {self._strategies.of(finding.type) for finding in findings}
        most = self._strategies.block_above
        if "block" in strategies or (most is not None and len(every) > most):
            return GuardrailAction.BLOCK
        if strategies - _UNTOUCHED:
            return GuardrailAction.MODIFY
        return GuardrailAction.WARN if strategies else GuardrailAction.ALLOW

    def _changeable(self, value: Any) -> list[Finding]:
        return self._only_changed(self._find(value))

    def _only_changed(self, findings: list[Finding]) -> list[Finding]:
        kept = _UNTOUCHED | {"tokenize"}
        return [finding for finding in findings if self._strategies.of(finding.type) not in kept]

    def _find(self, value: Any) -> list[Finding]:
        findings = super()._find(value)
        return without_allowed(value, findings, self._is_allowed) if findings and self._is_allowed else findings


def _redacted(strategy: str) -> str:
    return "redact" if strategy in _UNTOUCHED else strategy
