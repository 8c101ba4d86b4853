"""The contract of guardrail providers: they make guards for requests, for results, and handlers of personal data."""

from __future__ import annotations

from abc import ABC, abstractmethod
from enum import StrEnum
from typing import Any, Protocol, runtime_checkable

import msgspec


class GuardrailAction(StrEnum):
    """What a guard wants done. ``WARN`` passes and is recorded; ``MODIFY`` passes what stands in ``modified_content``."""

    ALLOW = "allow"
    BLOCK = "block"
    WARN = "warn"
    MODIFY = "modify"


class ViolationType(StrEnum):
    """What was found."""

    PII = "pii"
    SECRETS = "secrets"
    INJECTION_ATTACK = "injection_attack"
    TOXIC_CONTENT = "toxicity"
    NSFW_CONTENT = "nsfw"
    KEYWORD_VIOLATION = "keyword_detector"
    POLICY_VIOLATION = "policy_violation"
    BIAS = "bias"
    SPONGE_ATTACK = "sponge_attack"
    SYSTEM_PROMPT_PROTECTION = "system_prompt_protection"
    COPYRIGHT_PROTECTION = "copyright_protection"
    RELEVANCY_FAILURE = "relevancy"
    ADHERENCE_FAILURE = "adherence"
    HALLUCINATION = "hallucination"
    CUSTOM = "custom"


class GuardrailViolation(msgspec.Struct, kw_only=True):
    """One thing found. ``severity`` runs from 0 to 1. ``message`` must not quote what was found."""

    violation_type: ViolationType
    severity: float
    message: str
    action: GuardrailAction
    metadata: dict[str, Any] = msgspec.field(default_factory=dict)
    suggested_action: str | None = None
    redacted_content: str | None = None

    def __repr__(self) -> str:
        return f"GuardrailViolation({self.violation_type!r}, severity={self.severity!r}, action={self.action!r})"


class GuardrailRequest(msgspec.Struct, kw_only=True):
    """What a guard judges. ``content`` is the text itself where there is one, else the compact JSON of the arguments or result.

    ``tool_args`` are the arguments as an object of the guard's own; ``context`` names the operation, the principal's id and the request id.
    """

    content: str
    tool_name: str | None = None
    tool_args: dict[str, Any] | None = None
    server_name: str | None = None
    context: dict[str, Any] | None = None

    def __repr__(self) -> str:
        return f"GuardrailRequest(tool_name={self.tool_name!r}, server_name={self.server_name!r}, {len(self.content)} characters)"


class GuardrailResponse(msgspec.Struct, kw_only=True):
    """A guard's answer. ``is_safe`` and ``action`` must agree: where they do not, the request is denied.

    ``modified_content`` goes with ``MODIFY`` and has the form of the request's ``content``: text for text, JSON for JSON.
    """

    is_safe: bool
    action: GuardrailAction
    violations: list[GuardrailViolation] = msgspec.field(default_factory=list)
    modified_content: str | None = None
    metadata: dict[str, Any] = msgspec.field(default_factory=dict)
    processing_time_ms: float | None = None

    def __repr__(self) -> str:
        return f"GuardrailResponse(is_safe={self.is_safe!r}, action={self.action!r}, {len(self.violations)} violations)"


class ServerRegistrationRequest(msgspec.Struct, kw_only=True):
    """A server is about to be added."""

    server_name: str
    server_config: dict[str, Any]
    server_description: str | None = None
    server_command: str | None = None
    server_metadata: dict[str, Any] | None = None
    context: dict[str, Any] | None = None


class ToolRegistrationRequest(msgspec.Struct, kw_only=True):
    """A server has said which tools it offers. ``validation_mode``: ``filter`` drops bad tools, ``block_all`` refuses the list."""

    server_name: str
    tools: list[dict[str, Any]]
    validation_mode: str = "filter"
    context: dict[str, Any] | None = None


@runtime_checkable
class InputGuardrail(Protocol):
    """Judges a request before anything runs upstream."""

    async def validate(self, request: GuardrailRequest) -> GuardrailResponse:
        """Judge ``request``."""
        ...

    def get_supported_detectors(self) -> list[ViolationType]:
        """Return what this guard can find."""
        ...


@runtime_checkable
class OutputGuardrail(Protocol):
    """Judges a result before it leaves. ``validate`` may take one ``GuardrailRequest`` instead, as an input guard does."""

    async def validate(self, response_content: str, original_request: GuardrailRequest) -> GuardrailResponse:
        """Judge ``response_content``, the answer to ``original_request``."""
        ...

    def get_supported_detectors(self) -> list[ViolationType]:
        """Return what this guard can find."""
        ...


@runtime_checkable
class PIIHandler(Protocol):
    """Finds personal data, takes it out and puts it back."""

    async def detect_pii(self, content: str) -> list[GuardrailViolation]:
        """Return what was found in ``content``."""
        ...

    async def redact_pii(self, content: str) -> tuple[str, dict[str, Any]]:
        """Return ``content`` with tokens in place of personal data, and the mapping from token to value."""
        ...

    async def restore_pii(self, content: str, pii_mapping: dict[str, Any]) -> str:
        """Return ``content`` with the values in place of their tokens."""
        ...


class GuardrailProvider(ABC):
    """Makes guards. Subclass it, name it in the JSON, done; see ``docs/writing-a-provider.md``."""

    @abstractmethod
    def get_name(self) -> str:
        """Return the name by which the configuration picks this provider."""

    @abstractmethod
    def get_version(self) -> str:
        """Return the provider's version, for the decision record."""

    @abstractmethod
    def create_input_guardrail(self, config: dict[str, Any]) -> InputGuardrail | None:
        """Return the guard for requests, or None: requests are not guarded by this provider, and every record says so."""

    @abstractmethod
    def create_output_guardrail(self, config: dict[str, Any]) -> OutputGuardrail | InputGuardrail | None:
        """Return the guard for results, or None: results are not guarded by this provider, and every record says so."""

    def create_pii_handler(self, config: dict[str, Any]) -> PIIHandler | None:
        """Return a handler of personal data, or None."""
        return None

    def validate_server_registration(self, request: ServerRegistrationRequest) -> GuardrailResponse | None:
        """Judge a server that is about to be added; None says nothing about it."""
        return None

    def validate_tool_registration(self, request: ToolRegistrationRequest) -> GuardrailResponse | None:
        """Judge the tools that a server offers; None says nothing about them."""
        return None

    def validate_config(self, config: dict[str, Any]) -> bool:
        """Tell whether ``config`` can be used; False or an exception stops start-up."""
        return True

    def get_required_config_keys(self) -> list[str]:
        """Return the configuration keys that must be there."""
        return []

    def get_metadata(self) -> dict[str, Any]:
        """Return facts about this provider for ``providers show``."""
        return {"name": self.get_name(), "version": self.get_version()}

    async def shutdown(self) -> None:
        """Release connections and threads."""
