"""``webhook``: a service of your own, asked in the JSON of MCPG's guardrail hooks; ``docs/guardrails.md`` writes it down."""

from __future__ import annotations

import hmac
import json
import time
from typing import Any, ClassVar, Literal

import msgspec

from secure_gateway.errors import AnswerError
from secure_gateway.plugins.guardrails.base import ViolationType
from secure_gateway.plugins.guardrails.remote.client import Call
from secure_gateway.plugins.guardrails.remote.provider import (
    Ask,
    Found,
    Opinion,
    RemoteGuardrailProvider,
    Subject,
    shaped,
)
from secure_gateway.plugins.guardrails.remote.settings import Endpoint, RemoteOptions

SIGNATURE: str = "x-gateway-signature"
TIMESTAMP: str = "x-gateway-timestamp"


class _Violation(msgspec.Struct, forbid_unknown_fields=True):
    type: ViolationType
    confidence: float = 1.0


class _Answer(msgspec.Struct, forbid_unknown_fields=True):
    decision: Literal["allow", "deny", "require_approval"]
    reason: str | None = None
    modified_arguments: Any = None
    modified_result: Any = None
    redactions: list[str] = []
    violations: list[_Violation] = []
    metadata: dict[str, Any] | None = None


class WebhookGuardrailProvider(RemoteGuardrailProvider):
    """Asks a service of your own before and after each operation.

    ``signing_key``: each request is signed with it (HMAC-SHA256). ``allow_mutation``: the service may change the content; where that is
    not set, an answer that does is an error. ``repeatable``: asking twice for one request does no harm, so lost connections may be retried.
    """

    own_keys: ClassVar[tuple[str, ...]] = ("headers", "signing_key", "repeatable")
    own_judging_keys: ClassVar[tuple[str, ...]] = ("allow_mutation",)
    detectors: ClassVar[tuple[ViolationType, ...]] = tuple(ViolationType)
    looks_back: ClassVar[bool] = True
    modifies: ClassVar[bool] = True

    def get_name(self) -> str:
        """Return ``webhook``."""
        return "webhook"

    def get_required_config_keys(self) -> list[str]:
        """Return ``url``."""
        return ["url"]

    def _reach(self, options: RemoteOptions) -> Endpoint:
        key = options.maybe_text("signing_key")
        self._key = None if key is None else key.encode()
        self._repeatable = options.flag("repeatable")
        return options.endpoint(options.url(), options.headers(), 0.0)

    def _asker(self, options: RemoteOptions) -> Ask:
        may_change = options.flag("allow_mutation")

        async def ask(subject: Subject) -> Opinion:
            question = _question(subject)
            key = {name: value for name, value in question.items() if name != "request_id"}
            call = Call(body=_written(question), key=key, headers=self._signed, repeatable=self._repeatable)
            return await self._client.ask(call, lambda answer: _opinion(answer, subject, may_change=may_change))

        return ask

    def _signed(self, body: bytes) -> tuple[tuple[bytes, bytes], ...]:
        if self._key is None:
            return ()
        stamp = str(int(time.time())).encode()
        mark = hmac.digest(self._key, stamp + b"." + body, "sha256").hex()
        return ((TIMESTAMP.encode(), stamp), (SIGNATURE.encode(), f"sha256={mark}".encode()))


def _question(subject: Subject) -> dict[str, Any]:
    request, facts = subject.request, subject.request.context or {}
    asked = request.tool_args if request.tool_args is not None else _value(request.content)
    question = {
        "version": "1",
        "kind": "pre_execution" if subject.side == "input" else "post_execution",
        "request_id": facts.get("request_id", ""),
        "operation": facts.get("operation", ""),
        "name": facts.get("name", ""),
        "tool_name": request.tool_name,
        "server_name": request.server_name,
        "arguments": asked,
        "identity": {"subject_id": facts.get("principal")},
    }
    return question if subject.side == "input" else {**question, "result": _value(subject.content)}


def _value(text: str) -> Any:
    """Return the JSON value that ``text`` was made of, or the text."""
    try:
        return json.loads(text) if text[:1] in ("{", "[") else text
    except (ValueError, RecursionError):
        return text


def _written(question: dict[str, Any]) -> bytes:
    return json.dumps(question, separators=(",", ":")).encode()


def _opinion(answer: Any, subject: Subject, *, may_change: bool) -> Opinion:
    said = shaped(answer, _Answer)
    if any(not 0 <= each.confidence <= 1 for each in said.violations):
        raise AnswerError("its service answered a confidence that is not from 0 to 1")
    found = tuple(Found(each.type, each.confidence, each.type.value) for each in said.violations)
    if said.decision != "allow":
        # Nobody waits here for a person's approval, so what wants one is refused.
        return Opinion(found=found or (Found(ViolationType.POLICY_VIOLATION, 1.0, said.decision),), refused=True)
    now, other = said.modified_arguments, said.modified_result
    if subject.side == "output":
        now, other = other, now
    if other is not None:
        raise AnswerError(f"its service changed what is no part of the {subject.side}")
    if now is None:
        return Opinion(found=found, passed=True)
    if not may_change:
        raise AnswerError("its service changed the content, which allow_mutation does not let it")
    return Opinion(found=found, modified=now if isinstance(now, str) else json.dumps(now, ensure_ascii=False))
