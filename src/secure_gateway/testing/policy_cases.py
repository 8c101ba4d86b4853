"""Cases that say what a policy must do, judged by the real pipeline with nothing behind it: no server is started, no record is kept."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from secure_gateway.config.faults import did_you_mean
from secure_gateway.config.paths import json_path
from secure_gateway.config.positions import Document
from secure_gateway.decisions import DecisionRecord, Outcome, Verdict
from secure_gateway.errors import ConfigError, Problem, RequestDenied, RequestError
from secure_gateway.gateway import Gateway
from secure_gateway.testing.gateways import MemorySink
from secure_gateway.types import AuthCredentials, Door, IdentityVerdict, Operation, Principal, Request, Resolved

DECISIONS: Final = ("allow", "deny", "modify", "warn", "error")
OPERATIONS: Final = ("tool", "prompt", "resource", "agent")
EVERYTHING: Final = ("tools:*", "prompts:*", "resources:*", "agents:*")
ANYBODY: Final = Principal(subject="tester", provider="policy-test", permissions=EVERYTHING)
"""Who calls where a case names nobody: one who may do everything, so that the case is about guardrails."""

_FOUND: Final = "found."
_CASE_KEYS: Final = frozenset({"name", *OPERATIONS, "server", "caller", "arguments", "result", "expect"})
_EXPECT_KEYS: Final = frozenset({"decision", "violation", "code", "arguments", "result"})
_CALLER_KEYS: Final = frozenset({"subject", "roles", "tenant", "permissions"})
_NOTHING: Final[Any] = msgspec.UNSET


class Expectation(msgspec.Struct, frozen=True, kw_only=True):
    """What must come of a case; what is left out is not looked at. ``arguments``: as they reach the tool, ``result``: as it reaches the caller."""

    decision: str = ""
    violation: str = ""
    code: str = ""
    arguments: Any = _NOTHING
    result: Any = _NOTHING


class PolicyCase(msgspec.Struct, frozen=True, kw_only=True):
    """One call. ``result``: what the tool would answer."""

    target: str
    name: str = ""
    operation: Operation = Operation.TOOL
    server: str = ""
    caller: Principal = ANYBODY
    arguments: Any = None
    result: Any = msgspec.field(default_factory=lambda: {"content": []})
    expect: Expectation = Expectation()


class PolicyOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it. ``arguments`` and ``result`` are unset where nothing reached the tool, or the caller."""

    decision: str
    violations: tuple[str, ...]
    code: str
    reason: str
    decided_by: str
    record: DecisionRecord
    arguments: Any = _NOTHING
    result: Any = _NOTHING

    def __str__(self) -> str:
        found = f" ({', '.join(self.violations)})" if self.violations else ""
        why = f", by {self.decided_by}: {self.reason} [{self.code}]" if self.code else ""
        return f"{self.decision}{found}{why}"


class _CaseIdentity:
    """Resolves everybody to the caller of the case that runs."""

    def __init__(self) -> None:
        self.caller = ANYBODY

    async def resolve(self, credentials: AuthCredentials | None) -> IdentityVerdict:
        """Return the caller."""
        return Resolved(self.caller)


class Rehearsal:
    """Runs cases, one after the other, through the policies of a gateway."""

    def __init__(self, gateway: Gateway) -> None:
        self._identity = _CaseIdentity()
        self._sink = MemorySink()
        # No server is there that could list its tools, so pins have nothing to say.
        alone = msgspec.structs.replace(
            gateway.snapshot, identity=self._identity, sinks=(self._sink,), watch=None, closers=(), trust=None
        )
        self._servers = [server for server in alone.hooks if server]
        self._gateway = Gateway(alone)

    def unknown_server(self, case: PolicyCase) -> str:
        """Return what is wrong with the server of ``case``, an empty text for nothing. Where no server is configured, any name will do."""
        if not case.server or not self._servers or case.server in self._servers:
            return ""
        return f"there is no server {case.server!r}. {did_you_mean(case.server, self._servers)}".strip()

    async def run(self, case: PolicyCase) -> PolicyOutcome:
        """Return what comes of ``case``."""
        self._identity.caller = case.caller
        reached: list[Any] = []

        async def tool(request: Request) -> Any:
            reached.append(json.loads(json.dumps(request.arguments)))
            return json.loads(json.dumps(case.result))

        request = Request(
            operation=case.operation, name=case.target, arguments=case.arguments, server=case.server, door=Door.SDK
        )
        result, failed = _NOTHING, False
        try:
            result = await self._gateway.handle(request, tool)
        except RequestDenied:
            pass
        except RequestError:
            failed = True
        record = self._sink.records.pop()
        return PolicyOutcome(
            decision="error" if failed else _decision(record),
            violations=_violations(record),
            code=record.code,
            reason=record.reason,
            decided_by=record.decided_by,
            record=record,
            arguments=reached[0] if reached else _NOTHING,
            result=result,
        )


def _decision(record: DecisionRecord) -> str:
    if record.outcome is Outcome.DENIED:
        return "deny"
    if record.outcome is Outcome.MODIFIED:
        return "modify"
    warned = any(step.verdict in (Verdict.WARN, Verdict.WOULD_DENY) for step in record.steps)
    return "warn" if warned else "allow"


def _violations(record: DecisionRecord) -> tuple[str, ...]:
    """Return the types of what guardrails found and the codes with which plugins refused."""
    found: dict[str, None] = {}
    for step in record.steps:
        found |= dict.fromkeys(key.removeprefix(_FOUND) for key in step.metadata if key.startswith(_FOUND))
        code = step.metadata.get("violation")
        if isinstance(code, str) and not any(key.startswith(_FOUND) for key in step.metadata):
            found[code] = None
    return tuple(found)


def differences(expect: Expectation, outcome: PolicyOutcome) -> list[str]:
    """Return in what ``outcome`` is not what was expected, one text for each; values as a diff."""
    found = []
    if expect.decision and expect.decision != outcome.decision:
        found.append(f"decision: expected {expect.decision}, got {outcome}")
    if expect.violation and expect.violation not in outcome.violations:
        found.append(f"violation: expected {expect.violation}, found {', '.join(outcome.violations) or 'none'}")
    if expect.code and expect.code != outcome.code:
        found.append(f"code: expected {expect.code}, got {outcome.code or 'none'}")
    for what in ("arguments", "result"):
        wanted, got = getattr(expect, what), getattr(outcome, what)
        if wanted is not _NOTHING and got is _NOTHING:
            reached = "the tool" if what == "arguments" else "the caller"
            found.append(f"{what}: expected a value, and nothing reached {reached} ({outcome})")
        elif wanted is not _NOTHING and wanted != got:
            found.append(f"{what}:\n" + "\n".join(_diff(wanted, got)))
    return found


def _diff(wanted: Any, got: Any) -> Iterator[str]:
    before, after = (
        json.dumps(each, indent=2, sort_keys=True, ensure_ascii=False).split("\n") for each in (wanted, got)
    )
    return difflib.unified_diff(before, after, "expected", "got", lineterm="", n=2)


def read_cases(document: Document, file: str) -> list[PolicyCase]:
    """Return the cases of a file, a list or an object with ``cases``. Raises ``ConfigError`` with every mistake in its line."""
    problems: list[Problem] = []
    value, root = document.value, ("cases",)
    if not isinstance(value, Mapping) or value.keys() != {"cases"} or not isinstance(value["cases"], list):
        problems.append(Problem("$", "something else", 'an object with "cases", a list', "", file, 1))
    elif not value["cases"]:
        problems.append(Problem("$.cases", "an empty list", "at least one case", "", file, document.line_of(root)))
    else:
        cases = [read_case(each, json_path(("cases", index)), problems) for index, each in enumerate(value["cases"])]
        if not problems:
            return [case for case in cases if case is not None]
    placed = [_placed(problem, document, file) for problem in problems]
    raise ConfigError(placed)


def _placed(problem: Problem, document: Document, file: str) -> Problem:
    if problem.file:
        return problem
    index = int(problem.path.removeprefix("$.cases[").partition("]")[0])
    return Problem(
        problem.path, problem.found, problem.expected, problem.hint, file, document.line_of(("cases", index))
    )


def read_case(value: Any, where: str, problems: list[Problem]) -> PolicyCase | None:
    """Read one case; what is wrong goes into ``problems``."""
    if not _has_only(value, _CASE_KEYS, where, problems):
        return None
    targets = [key for key in OPERATIONS if key in value]
    expect, caller = value.get("expect", {}), value.get("caller", {})
    if len(targets) != 1:
        problems.append(Problem(where, f"{len(targets)} targets", f"exactly one of {', '.join(OPERATIONS)}"))
    good = _has_only(expect, _EXPECT_KEYS, f"{where}.expect", problems)
    if good and expect.get("decision") not in DECISIONS:
        problems.append(Problem(f"{where}.expect.decision", "something else", f"one of {', '.join(DECISIONS)}"))
    good = _has_only(caller, _CALLER_KEYS, f"{where}.caller", problems) and good
    texts = {"name": value.get("name", ""), "server": value.get("server", "")} | {key: value[key] for key in targets}
    problems += [
        Problem(f"{where}.{key}", type(t).__name__, "a text") for key, t in texts.items() if not isinstance(t, str)
    ]
    if problems or not good:
        return None
    (operation,) = targets
    return PolicyCase(
        target=value[operation],
        name=value.get("name") or f"{operation} {value[operation]}",
        operation=Operation(operation),
        server=value.get("server", ""),
        caller=_caller(caller, f"{where}.caller", problems) if "caller" in value else ANYBODY,
        arguments=value.get("arguments", {} if operation in ("tool", "prompt") else None),
        result=value.get("result", {"content": []}),
        expect=msgspec.convert({**expect}, Expectation),
    )


def _caller(value: Mapping[str, Any], where: str, problems: list[Problem]) -> Principal:
    lists = {key: value.get(key, []) for key in ("roles", "permissions")}
    for key, names in lists.items():
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            problems.append(Problem(f"{where}.{key}", "something else", "a list of texts"))
            return ANYBODY
    return Principal(
        subject=str(value.get("subject", "tester")),
        provider="policy-test",
        roles=tuple(lists["roles"]),
        permissions=tuple(lists["permissions"]),
        tenant_id=str(value["tenant"]) if "tenant" in value else None,
    )


def _has_only(value: Any, known: frozenset[str], where: str, problems: list[Problem]) -> bool:
    if not isinstance(value, Mapping):
        problems.append(Problem(where, type(value).__name__, f"an object of {', '.join(sorted(known))}"))
        return False
    extra = sorted(map(str, value.keys() - known))
    for key in extra:
        near = difflib.get_close_matches(key, sorted(known), n=1)
        hint = f"Did you mean {near[0]!r}?" if near else ""
        problems.append(Problem(json_path((key,), where), "an unknown key", f"one of {', '.join(sorted(known))}", hint))
    return not extra
