"""The names under which decisions are exported to OpenTelemetry, in one table, and the attributes made of a record.

``gen_ai.*`` and ``mcp.*`` come from the semantic conventions for generative AI and the Model Context Protocol, which are in development and
move; what they have no name for stands under ``secure_gateway.*``. No name here ever carries a payload, a credential or a free text.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from secure_gateway.decisions import DecisionRecord, Outcome, Verdict
from secure_gateway.plugins.telemetry.lines import clipped
from secure_gateway.types import Operation

VERSION: Final = "1.39.0"
"""Release of the OpenTelemetry semantic conventions from which the names were taken, the last line before they moved to a repository of their own."""

SCHEMA_URL: Final = f"https://opentelemetry.io/schemas/{VERSION}"
SCOPE: Final = "secure_gateway"

MCP_METHOD: Final = "mcp.method.name"
MCP_RESOURCE: Final = "mcp.resource.uri"
GEN_AI_OPERATION: Final = "gen_ai.operation.name"
GEN_AI_TOOL: Final = "gen_ai.tool.name"
GEN_AI_PROMPT: Final = "gen_ai.prompt.name"
GEN_AI_AGENT: Final = "gen_ai.agent.name"
USER_ID: Final = "enduser.id"
ERROR_TYPE: Final = "error.type"

REQUEST_ID: Final = "secure_gateway.request.id"
PARENT_ID: Final = "secure_gateway.request.parent_id"
REQUEST_DIGEST: Final = "secure_gateway.request.digest"
DOOR: Final = "secure_gateway.door"
OPERATION: Final = "secure_gateway.operation"
TARGET: Final = "secure_gateway.target"
SERVER: Final = "secure_gateway.server"
OUTCOME: Final = "secure_gateway.outcome"
CODE: Final = "secure_gateway.code"
DECIDED_BY: Final = "secure_gateway.decided_by"
POLICY_VERSION: Final = "secure_gateway.policy.version"
IDENTITY_PROVIDER: Final = "secure_gateway.identity.provider"
STEPS: Final = "secure_gateway.steps"
FINDINGS: Final = "secure_gateway.findings"
DURATION: Final = "secure_gateway.duration_us"
PLUGIN: Final = "secure_gateway.plugin"
HOOK: Final = "secure_gateway.hook"
VERDICT: Final = "secure_gateway.verdict"

DECISIONS_METRIC: Final = "secure_gateway.decisions"
DURATION_METRIC: Final = "secure_gateway.decision.duration"
DENIALS_METRIC: Final = "secure_gateway.denials"
FINDINGS_METRIC: Final = "secure_gateway.findings"
DROPPED_METRIC: Final = "secure_gateway.telemetry.dropped"

_METHODS: Final = MappingProxyType(
    {Operation.TOOL: "tools/call", Operation.PROMPT: "prompts/get", Operation.RESOURCE: "resources/read"}
)
_SPAN_WORDS: Final = MappingProxyType(
    {Operation.AGENT: "invoke_agent", Operation.HTTP: "http", Operation.MESSAGE: "message", Operation.HOOK: "hook"}
)
_TARGETS: Final = MappingProxyType(
    {
        Operation.TOOL: GEN_AI_TOOL,
        Operation.PROMPT: GEN_AI_PROMPT,
        Operation.RESOURCE: MCP_RESOURCE,
        Operation.AGENT: GEN_AI_AGENT,
        Operation.HTTP: TARGET,
        Operation.MESSAGE: MCP_METHOD,
        Operation.HOOK: HOOK,
    }
)
_GEN_AI_OPERATIONS: Final = MappingProxyType({Operation.TOOL: "execute_tool", Operation.AGENT: "invoke_agent"})
_FEW_NAMES: Final = (Operation.TOOL, Operation.PROMPT, Operation.AGENT)
_PASSED: Final = (Outcome.ALLOWED, Outcome.MODIFIED)
_FAULTS: Final = (Outcome.FAILED, Outcome.TIMED_OUT)
_FOUND: Final = frozenset(
    {Verdict.MODIFY, Verdict.DENY, Verdict.WOULD_DENY, Verdict.WARN, Verdict.ERROR, Verdict.TIMEOUT}
)

Attributes = dict[str, str | int | float]
Finding = tuple[str, str, str]
"""Plugin, hook, verdict."""


def is_fault(record: DecisionRecord) -> bool:
    """Tell whether something did not work, as opposed to a no that is the right answer."""
    return record.outcome in _FAULTS


def span_name(record: DecisionRecord) -> str:
    """Return ``{method} {target}``; without the target where a caller could make up any number of them."""
    word = _METHODS.get(_operation(record)) or _SPAN_WORDS.get(_operation(record), "decision")
    target = _known_target(record)
    return f"{word} {target}" if target else word


def span_attributes(record: DecisionRecord) -> Attributes:
    """Return what a span says about a decision; names that are empty are left out."""
    operation = _operation(record)
    who = record.principal
    named: dict[str, str] = {
        MCP_METHOD: _METHODS.get(operation, ""),
        GEN_AI_OPERATION: _GEN_AI_OPERATIONS.get(operation, ""),
        _TARGETS[operation]: _text(record.name),
        REQUEST_ID: record.request_id,
        PARENT_ID: _text(record.parent_id),
        REQUEST_DIGEST: record.request_digest,
        DOOR: str(record.door),
        OPERATION: str(record.operation),
        SERVER: _text(record.server),
        OUTCOME: record.outcome.value,
        CODE: str(record.code),
        DECIDED_BY: _text(record.decided_by),
        POLICY_VERSION: record.policy_version,
        USER_ID: "" if who is None else _text(who.subject),
        IDENTITY_PROVIDER: "" if who is None else _text(who.provider),
        ERROR_TYPE: str(record.code) if is_fault(record) else "",
    }
    attributes: Attributes = {key: value for key, value in named.items() if value}
    attributes[DURATION] = round(record.duration_us, 1)
    attributes[STEPS] = len(record.trace)
    attributes[FINDINGS] = len(findings(record))
    return attributes


def metric_attributes(record: DecisionRecord) -> tuple[tuple[str, str], ...]:
    """Return what decisions are counted by: only what has few values, so nobody can flood the metrics by making up names."""
    named = {
        OPERATION: str(record.operation),
        DOOR: str(record.door),
        OUTCOME: record.outcome.value,
        SERVER: _text(record.server) if record.outcome in _PASSED else "",
        _TARGETS[_operation(record)]: _known_target(record),
    }
    return tuple((key, value) for key, value in named.items() if value)


def findings(record: DecisionRecord) -> list[Finding]:
    """Return the steps that did more than allow or be skipped."""
    return [
        (source.plugin, source.hook, note.verdict.value)
        for source, _, note in record.trace
        if note is not None and note.verdict in _FOUND
    ]


def _text(text: str) -> str:
    """Return ``text``, cut, without lone surrogates: one of those in one span would cost the whole batch, as it cannot be encoded."""
    short = clipped(text)
    return short if short.isascii() else short.encode("utf-8", "replace").decode("utf-8")


def _known_target(record: DecisionRecord) -> str:
    """Return the name if it is known to exist, because something of that name has answered; resources have too many names."""
    known = record.outcome in _PASSED and _operation(record) in _FEW_NAMES
    return _text(record.name) if known else ""


def _operation(record: DecisionRecord) -> Operation:
    return record.operation if isinstance(record.operation, Operation) else Operation(record.operation)
