"""Let the providers judge what a server says about itself: its registration and the tools it offers."""

from __future__ import annotations

import copy
import logging
from collections.abc import Mapping, Sequence
from typing import Any

from secure_gateway.errors import AnswerError
from secure_gateway.plugins.guardrails.answers import check_response, refusal
from secure_gateway.plugins.guardrails.base import (
    GuardrailAction,
    GuardrailProvider,
    GuardrailViolation,
    ServerRegistrationRequest,
    ToolRegistrationRequest,
)
from secure_gateway.plugins.guardrails.guards import StandingProvider

logger = logging.getLogger(__name__)

TOOL_KEY = "tool"
"""Under which a violation's metadata names the tool that it is about."""

Dropped = list[tuple[str, str]]


def judge_tools(providers: Sequence[StandingProvider], server: str, tools: Sequence[Any]) -> Dropped:
    """Return (tool, reason) for each tool that must not be shown; all of them where the list is refused or cannot be judged."""
    names = [tool.get("name") if isinstance(tool, dict) else None for tool in tools]
    if not all(isinstance(name, str) for name in names):
        return _all(names, "the server's list of tools holds an entry without a name")
    dropped: Dropped = []
    for standing in providers:
        try:
            dropped += _dropped_by(standing, server, list(tools))
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a stranger's method
            return _all(names, f"guardrail {standing.name!r} could not judge the tools ({type(error).__name__})")
    return dropped


def judge_server(
    providers: Sequence[StandingProvider],
    server: str,
    config: Mapping[str, Any],
    description: str,
    metadata: Mapping[str, Any] | None = None,
) -> str:
    """Return why ``server`` must not be used, or an empty text. ``description`` and ``metadata`` are its own words."""
    command = config.get("command")
    for standing in providers:
        try:
            request = ServerRegistrationRequest(
                server_name=server,
                server_config=copy.deepcopy(dict(config)),
                server_description=description or None,
                server_command=command if isinstance(command, str) else None,
                server_metadata=copy.deepcopy(dict(metadata)) if metadata else None,
            )
            violations = _refused(standing, standing.provider.validate_server_registration(request), server)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a stranger's method
            return f"guardrail {standing.name!r} could not judge the server ({type(error).__name__})"
        if violations is not None:
            return refusal(standing.name, violations, "the server's registration")
    return ""


def _dropped_by(standing: StandingProvider, server: str, tools: list[dict[str, Any]]) -> Dropped:
    if type(standing.provider).validate_tool_registration is GuardrailProvider.validate_tool_registration:
        return []
    violations = _ask(standing, server, tools)
    if violations is None:
        return []
    names = {tool["name"] for tool in tools}
    blamed: dict[str, list[GuardrailViolation]] = {}
    for violation in violations:
        blamed.setdefault(str(violation.metadata.get(TOOL_KEY)), []).append(violation)
    if not blamed or not blamed.keys() <= names:
        # It did not say which: each tool is shown to it alone.
        alone = [(tool["name"], _ask(standing, server, [tool])) for tool in tools]
        blamed = {name: found for name, found in alone if found is not None}
    if not blamed:
        return _all([tool["name"] for tool in tools], refusal(standing.name, violations, "the list of tools"))
    return [(name, refusal(standing.name, found, "what the tool says about itself")) for name, found in blamed.items()]


def _ask(standing: StandingProvider, server: str, tools: list[dict[str, Any]]) -> list[GuardrailViolation] | None:
    request = ToolRegistrationRequest(server_name=server, tools=copy.deepcopy(tools))
    return _refused(standing, standing.provider.validate_tool_registration(request), server)


def _refused(standing: StandingProvider, response: Any, server: str) -> list[GuardrailViolation] | None:
    """Return the violations where ``response`` is a refusal, else None. Raises ``AnswerError``."""
    if response is None:
        return None
    action, violations = check_response(response)
    if action is GuardrailAction.MODIFY:
        raise AnswerError("it answered MODIFY; a registration can be allowed or refused")
    if action is GuardrailAction.WARN:
        types = ", ".join(sorted({violation.violation_type.value for violation in violations}))
        logger.warning("guardrail %r warns about server %r: %s", standing.name, server, types or "no type given")
    return violations if action is GuardrailAction.BLOCK else None


def _all(names: Sequence[Any], reason: str) -> Dropped:
    return [(name if isinstance(name, str) else "", reason) for name in names]
