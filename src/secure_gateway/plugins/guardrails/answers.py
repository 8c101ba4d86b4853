"""Take a guard's answer: what can be obeyed becomes a hook's result, everything else is an error of the guard.

| ``action`` | ``is_safe`` | what happens |
|---|---|---|
| ``ALLOW`` | True | passes |
| ``WARN`` | either | passes; the record shows a warning |
| ``MODIFY`` | either | ``modified_content`` passes in place of the content |
| ``BLOCK`` | False | denied |

Where a policy has rules for what was found, they say what happens in place of ``action``.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import msgspec

from secure_gateway.errors import AnswerError
from secure_gateway.plugins.framework.payloads import PluginPayload
from secure_gateway.plugins.framework.results import PluginResult, PluginViolation
from secure_gateway.plugins.guardrails.base import GuardrailAction, GuardrailResponse, GuardrailViolation, ViolationType
from secure_gateway.plugins.guardrails.contents import HookContent, from_text
from secure_gateway.plugins.guardrails.rulings import Ruling
from secure_gateway.plugins.guardrails.value_guard import ValueResponse

VIOLATION_CODE = "guardrail_violation"

_AGREES = {
    GuardrailAction.ALLOW: (True,),
    GuardrailAction.WARN: (True, False),
    GuardrailAction.MODIFY: (True, False),
    GuardrailAction.BLOCK: (False,),
}


class Judged(msgspec.Struct):
    """What a guard was shown: kept so that its answer can be measured against it, even if it edited its own view."""

    payload: PluginPayload
    kind: type
    kinds: dict[str, type]
    text: str | None = None


class Answers:
    """Turns the answers of one guard at one hook into results. Raises ``AnswerError`` for what is no answer."""

    __slots__ = ("_allowed", "_content", "_name", "_ruling", "_subject")

    def __init__(self, name: str, content: HookContent, subject: str, ruling: Ruling | None = None) -> None:
        self._ruling = ruling
        self._name = name
        self._content = content
        self._subject = subject
        self._allowed = content.result()

    def of_text(self, response: Any, judged: Judged) -> PluginResult[Any]:
        """Take the answer to a ``GuardrailRequest``."""
        action, violations = check_response(response)
        if action is GuardrailAction.ALLOW and not violations:
            return self._allowed
        action, marks = self._ruled(action, violations, changed=isinstance(response.modified_content, str))
        if action is not GuardrailAction.MODIFY:
            return self._without_change(action, violations, marks)
        text = response.modified_content
        if not isinstance(text, str):
            raise AnswerError(f"it answered MODIFY with {_none_or_type(text)} as modified_content, expected a text")
        if text == judged.text:
            return self._passed(violations, marks)
        return self._modified(from_text(text, judged.kind), judged, violations, marks)

    def of_value(self, response: Any, judged: Judged) -> PluginResult[Any]:
        """Take the answer to a ``ValueRequest``."""
        if not isinstance(response, ValueResponse):
            raise AnswerError(f"it returned {_none_or_type(response)}, expected a ValueResponse")
        action = _action(response.action)
        violations = _violations(response.violations, action)
        if action is GuardrailAction.ALLOW and not violations:
            return self._allowed
        action, marks = self._ruled(action, violations, changed=response.modified_value is not msgspec.UNSET)
        if action is not GuardrailAction.MODIFY:
            return self._without_change(action, violations, marks)
        if response.modified_value is msgspec.UNSET:
            raise AnswerError("it answered MODIFY without a modified_value")
        return self._modified(response.modified_value, judged, violations, marks)

    def of_handler(self, text: Any, judged: Judged) -> PluginResult[Any]:
        """Take the text that a handler of personal data gave back."""
        if not isinstance(text, str):
            raise AnswerError(f"it gave back {_none_or_type(text)}, expected a text")
        if text == judged.text:
            return self._allowed
        return self._modified(from_text(text, judged.kind), judged, [], {})

    def of_exchange(self, value: Any, judged: Judged, marks: dict[str, Any]) -> PluginResult[Any]:
        """Take what an exchange of tokens has made of the content, UNSET where it had nothing to do."""
        if value is msgspec.UNSET:
            return self._allowed
        return self._modified(value, judged, [], marks)

    def nothing(self) -> PluginResult[Any]:
        """Return the result that lets everything pass."""
        return self._allowed

    def _ruled(
        self, action: GuardrailAction, violations: list[GuardrailViolation], *, changed: bool
    ) -> tuple[GuardrailAction, dict[str, Any]]:
        return (action, {}) if self._ruling is None else self._ruling.settle(action, violations, changed=changed)

    def _without_change(
        self, action: GuardrailAction, violations: list[GuardrailViolation], marks: dict[str, Any]
    ) -> PluginResult[Any]:
        counts = {**_counts(violations), **marks}
        if action is GuardrailAction.BLOCK:
            return self._content.result(
                continue_processing=False,
                violation=PluginViolation(
                    code=VIOLATION_CODE,
                    reason=refusal(self._name, violations, self._subject),
                    plugin_name=self._name,
                    details=dict(counts),
                ),
                metadata=counts,
            )
        if action is GuardrailAction.WARN:
            return self._content.result(metadata={"warned": max(1, len(violations)), **counts})
        return self._passed(violations, marks)

    def _passed(self, violations: list[GuardrailViolation], marks: dict[str, Any]) -> PluginResult[Any]:
        return self._content.result(metadata={**_counts(violations), **marks}) if violations else self._allowed

    def _modified(
        self, value: Any, judged: Judged, violations: list[GuardrailViolation], marks: dict[str, Any]
    ) -> PluginResult[Any]:
        payload = self._content.write(judged.payload, value, judged.kind, judged.kinds)
        return self._content.result(modified_payload=payload, metadata={**_counts(violations), **marks} or None)


def check_response(response: Any) -> tuple[GuardrailAction, list[GuardrailViolation]]:
    """Return what ``response`` wants and why. Raises ``AnswerError`` for no answer, a wrong type or one that contradicts itself."""
    if not isinstance(response, GuardrailResponse):
        raise AnswerError(f"it returned {_none_or_type(response)}, expected a GuardrailResponse")
    action = _action(response.action)
    if not any(response.is_safe is value for value in _AGREES[action]):
        raise AnswerError(
            f"its answer contradicts itself: action {action.name} with is_safe={_plain(response.is_safe)}"
        )
    return action, _violations(response.violations, action)


def refusal(name: str, violations: list[GuardrailViolation], subject: str) -> str:
    """Say why, for the caller: the guard and the types of what it found, never a guard's own words, which may quote the payload."""
    types = sorted({violation.violation_type.value for violation in violations})
    return (
        f"guardrail {name!r} found {', '.join(types)} in {subject}"
        if types
        else f"guardrail {name!r} refused {subject}"
    )


def _action(action: Any) -> GuardrailAction:
    if type(action) is GuardrailAction:
        return action
    raise AnswerError(f"its action is {_none_or_type(action)}, expected a GuardrailAction")


def _violations(violations: Any, action: GuardrailAction) -> list[GuardrailViolation]:
    if type(violations) is not list:
        raise AnswerError(f"its violations are {_none_or_type(violations)}, expected a list")
    for violation in violations:
        if not isinstance(violation, GuardrailViolation):
            raise AnswerError(f"one of its violations is {_none_or_type(violation)}, expected a GuardrailViolation")
        if type(violation.violation_type) is not ViolationType:
            raise AnswerError(
                f"a violation's type is {_none_or_type(violation.violation_type)}, expected a ViolationType"
            )
        if violation.action == GuardrailAction.BLOCK and action is not GuardrailAction.BLOCK:
            raise AnswerError(f"its answer contradicts itself: a violation says BLOCK, the whole says {action.name}")
    return violations


def _counts(violations: list[GuardrailViolation]) -> dict[str, Any]:
    return {f"found.{kind.value}": number for kind, number in Counter(v.violation_type for v in violations).items()}


def _none_or_type(value: Any) -> str:
    return "None" if value is None else f"a {type(value).__name__}"


def _plain(value: Any) -> str:
    return str(value) if isinstance(value, bool) else type(value).__name__
