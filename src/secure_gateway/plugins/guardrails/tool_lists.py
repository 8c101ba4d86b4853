"""Let the providers judge what a server says about itself: its registration and the tools it offers.

It is what comes back from a server, so that what the policies say of ``output`` holds for it: a provider is shown its keys, and the rules settle what
is done about what it finds. A definition cannot be shown with a part taken out: where something should be, it is not shown at all.
"""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec

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
from secure_gateway.plugins.guardrails.policy import Policy, PolicyBook
from secure_gateway.plugins.guardrails.rulings import EXCEPTED, Ruling
from secure_gateway.plugins.guardrails.scanned import POLICY_KEY

logger = logging.getLogger(__name__)

TOOL_KEY: Final = "tool"
"""Under which a violation's metadata names the tool that it is about."""
_SIDE: Final = "output"
_MOST_TOLD: Final = 10_000
_ITSELF: Final = "what the tool says about itself"
_REGISTRATION: Final = "the server's registration"

Dropped = list[tuple[str, str]]


class ListVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """``dropped``: (tool, reason) for each that may not be used. ``news``: those of them that were not said before; ``noted``: what passes although
    something was found, said once too.
    """

    dropped: Dropped = msgspec.field(default_factory=list)
    news: Dropped = msgspec.field(default_factory=list)
    noted: list[str] = msgspec.field(default_factory=list)


class _Asking(NamedTuple):
    """One provider under one policy."""

    standing: StandingProvider
    context: dict[str, Any]
    ruling: Ruling

    def settled(self, response: Any) -> tuple[GuardrailAction, list[GuardrailViolation]]:
        """Return what a provider wants and why. Raises ``AnswerError``."""
        if response is None:
            return GuardrailAction.ALLOW, []
        action, violations = check_response(response)
        if action is GuardrailAction.MODIFY:
            raise AnswerError("it answered MODIFY; a registration can be allowed or refused")
        return action, violations

    def weighed(self, action: GuardrailAction, violations: Sequence[GuardrailViolation]) -> tuple[GuardrailAction, str]:
        """Return what is done, and what is to be said where it passes although something was found."""
        done, marks = self.ruling.settle(action, violations, changed=False)
        if done is GuardrailAction.BLOCK or (done is GuardrailAction.ALLOW and not violations):
            return done, ""
        types = ", ".join(sorted({violation.violation_type.value for violation in violations})) or "no type given"
        why = (
            "by an exception"
            if marks.get(EXCEPTED)
            else "with a warning"
            if done is GuardrailAction.WARN
            else "as the policy says"
        )
        return done, f"guardrail {self.standing.name!r} found {types}, which passes {why}"


class RegistrationJudge:
    """Asks every provider, under the policies of the server and of each tool. Says what it refuses, or lets pass all the same, once."""

    def __init__(self, providers: Sequence[StandingProvider], clock: Callable[[], float]) -> None:
        """``clock``: seconds since the epoch, for exceptions."""
        self._providers = tuple(providers)
        self._labels = {standing.label for standing in providers}
        self._clock = clock
        self._told: set[tuple[str, str, str]] = set()

    def tools(self, server: str, tools: Sequence[Any], book: PolicyBook) -> ListVerdict:
        """Judge the tools that ``server`` lists; all of them are dropped where the list is refused or cannot be judged."""
        names = [tool.get("name") if isinstance(tool, dict) else None for tool in tools]
        if not all(isinstance(name, str) for name in names):
            return self._verdict(server, _all(names, "the server's list of tools holds an entry without a name"), {})
        groups: dict[tuple[int, int], list[dict[str, Any]]] = {}
        for tool in tools:
            groups.setdefault(book.choice(tool["name"]), []).append(tool)
        policies = {choice: Policy(book.levels(choice), self._labels) for choice in groups}
        dropped: Dropped = []
        passing: dict[str, str] = {}
        for standing in self._providers:
            if _says_nothing(standing, "validate_tool_registration"):
                continue
            try:
                for choice, group in groups.items():
                    dropped += _dropped_by(self._asking(standing, policies[choice]), server, group, passing)
            except (Exception, SystemExit) as error:  # noqa: BLE001 - a stranger's method
                reason = f"guardrail {standing.name!r} could not judge the tools ({type(error).__name__})"
                return self._verdict(server, _all(names, reason), {})
        return self._verdict(server, dropped, passing)

    def server(
        self,
        server: str,
        config: Mapping[str, Any],
        book: PolicyBook,
        description: str = "",
        metadata: Mapping[str, Any] | None = None,
    ) -> str:
        """Return why ``server`` must not be used, or an empty text. ``description`` and ``metadata`` are its own words."""
        command = config.get("command")
        policy = Policy(book.usual, self._labels)
        for standing in self._providers:
            asking = self._asking(standing, policy)
            try:
                request = ServerRegistrationRequest(
                    server_name=server,
                    server_config=copy.deepcopy(dict(config)),
                    server_description=description or None,
                    server_command=command if isinstance(command, str) else None,
                    server_metadata=copy.deepcopy(dict(metadata)) if metadata else None,
                    context=copy.deepcopy(asking.context),
                )
                response = standing.provider.validate_server_registration(request)
                action, violations = asking.settled(response)
                done, said = asking.weighed(action, violations)
            except (Exception, SystemExit) as error:  # noqa: BLE001 - a stranger's method
                return f"guardrail {standing.name!r} could not judge the server ({type(error).__name__})"
            if done is GuardrailAction.BLOCK:
                return refusal(standing.name, violations, _REGISTRATION)
            if said and self._is_new(server, "", said):
                logger.warning("%s in %s of %r", said, _REGISTRATION, server)
        return ""

    def _asking(self, standing: StandingProvider, policy: Policy) -> _Asking:
        values: dict[str, Any] = {}
        for layer in policy.layers(_SIDE, standing.label):
            values |= layer.values
        ruling = Ruling(policy.rules(_SIDE, standing.label), self._clock)
        return _Asking(standing, {POLICY_KEY: values}, ruling)

    def _verdict(self, server: str, dropped: Dropped, passing: Mapping[str, str]) -> ListVerdict:
        news = [(name, reason) for name, reason in dropped if self._is_new(server, name, reason)]
        for name, reason in news:
            logger.warning("tool %r of server %r is not offered: %s", name, server, reason)
        gone = {name for name, _ in dropped}
        noted = [
            f"tool {name!r}: {said}"
            for name, said in passing.items()
            if name not in gone and self._is_new(server, name, said)
        ]
        for said in noted:
            logger.warning("server %r, %s", server, said)
        return ListVerdict(dropped=dropped, news=news, noted=noted)

    def _is_new(self, server: str, tool: str, said: str) -> bool:
        key = server, tool, said
        if key in self._told:
            return False
        if len(self._told) >= _MOST_TOLD:  # names are the servers' own: better said twice than remembered without end
            self._told.clear()
        self._told.add(key)
        return True


def _dropped_by(asking: _Asking, server: str, tools: list[dict[str, Any]], passing: dict[str, str]) -> Dropped:
    standing = asking.standing
    action, violations = _ask(asking, server, tools)
    names = {tool["name"] for tool in tools}
    blamed: dict[str, list[GuardrailViolation]] = {}
    for violation in violations:
        blamed.setdefault(str(violation.metadata.get(TOOL_KEY)), []).append(violation)
    alone = not blamed or not blamed.keys() <= names
    if not alone:
        answers = {name: (action, found) for name, found in blamed.items()}
    elif asking.weighed(action, violations) == (GuardrailAction.ALLOW, ""):
        return []
    else:  # It did not say which: each tool is shown to it alone.
        answers = {tool["name"]: _ask(asking, server, [tool]) for tool in tools}
    weighed = {name: (*asking.weighed(*answer), answer[1]) for name, answer in answers.items()}
    passing |= {name: said for name, (_, said, _) in weighed.items() if said}
    refused = {name: found for name, (done, _, found) in weighed.items() if done is GuardrailAction.BLOCK}
    if alone and not refused and asking.weighed(action, violations)[0] is GuardrailAction.BLOCK:
        return _all([tool["name"] for tool in tools], refusal(standing.name, violations, "the list of tools"))
    return [(name, refusal(standing.name, found, _ITSELF)) for name, found in refused.items()]


def _ask(asking: _Asking, server: str, tools: list[dict[str, Any]]) -> tuple[GuardrailAction, list[GuardrailViolation]]:
    context = copy.deepcopy(asking.context)
    request = ToolRegistrationRequest(server_name=server, tools=copy.deepcopy(tools), context=context)
    return asking.settled(asking.standing.provider.validate_tool_registration(request))


def _says_nothing(standing: StandingProvider, method: str) -> bool:
    return getattr(type(standing.provider), method) is getattr(GuardrailProvider, method)


def _all(names: Sequence[Any], reason: str) -> Dropped:
    return [(name if isinstance(name, str) else "", reason) for name in names]
