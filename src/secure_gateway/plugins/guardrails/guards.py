"""Make the guards of one provider for one server, check them, and bind them to the hooks."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Hashable, Iterator, Mapping
from typing import Any, Final, NamedTuple

import msgspec

from secure_gateway.errors import ConfigError, Problem
from secure_gateway.plugins.framework.binding import HookBinding, HookCall
from secure_gateway.plugins.guardrails.adapter import (
    REQUEST,
    RESULT,
    ByTool,
    Guarded,
    PIIRemover,
    PIIRestorer,
    RequestKeeper,
    ResponseGuard,
    TextGuard,
    ValueGuard,
    never_called,
)
from secure_gateway.plugins.guardrails.base import GuardrailProvider
from secure_gateway.plugins.guardrails.contents import POST_CONTENTS, PRE_CONTENTS, HookContent
from secure_gateway.plugins.guardrails.pii_exchange import TokenExchange
from secure_gateway.plugins.guardrails.pii_guard import PIIGuard
from secure_gateway.plugins.guardrails.rulings import Rules, Ruling
from secure_gateway.plugins.guardrails.token_adapter import TokensBack, TokensOut
from secure_gateway.plugins.guardrails.value_guard import Modifying
from secure_gateway.types import Operation

KIND: Final = "guardrail"
_LOOKS_BACK: Final = 2
_HANDLER_METHODS: Final = {"redact_pii": 1, "restore_pii": 2}
_GUARD: Final = "guard"
_TEXT_NAMES: Final = frozenset({"response_content", "content", "text"})


class StandingProvider(msgspec.Struct, frozen=True, kw_only=True):
    """A built provider: its ``name`` in records (unique), where it is configured, and what its constructor left of its configuration."""

    provider: GuardrailProvider
    name: str
    label: str
    version: str
    digest: str
    where: str
    left: dict[str, Any]

    def __repr__(self) -> str:
        return f"StandingProvider({self.name!r} at {self.where})"


class Guards(msgspec.Struct, frozen=True, kw_only=True):
    """What one provider made; None: this side is not guarded by it."""

    input: Any = None
    output: Any = None
    handler: Any = None

    @property
    def look_back(self) -> bool:
        """Whether the output guard wants the original request."""
        return (
            self.output is not None and not _judges_values(self.output) and _arity(self.output.validate) == _LOOKS_BACK
        )


def check_guards(made: Mapping[str, Any], standing: StandingProvider) -> Guards:
    """Return the guards, checked: an async ``validate`` each, of parameters that it can be called with. Raises ``ConfigError``."""
    problems: list[Problem] = []
    guards = Guards(input=made["input"], output=made["output"], handler=made["handler"])
    for factory, guard, arities in (
        ("create_input_guardrail", guards.input, (1,)),
        ("create_output_guardrail", guards.output, (1, _LOOKS_BACK)),
    ):
        if guard is None:
            continue
        if _arity(getattr(guard, "validate", None)) not in arities:
            expected = "None, or a guard with `async def validate(self, request)`"
            if _LOOKS_BACK in arities:
                expected += " or `async def validate(self, response_content, original_request)`"
            problems.append(_fault(standing, factory, guard, expected))
        if _judges_values(guard) and _arity(guard.validate_value) != 1:
            problems.append(_fault(standing, factory, guard, "`async def validate_value(self, request)`"))
    if guards.handler is not None:
        for method, arity in _HANDLER_METHODS.items():
            if _arity(getattr(guards.handler, method, None), of_text=True) != arity:
                expected = f"an object with `async def {method}(…)` as PIIHandler has it"
                problems.append(_fault(standing, "create_pii_handler", guards.handler, expected))
    if problems:
        raise ConfigError(problems)
    return guards


class Fitted(NamedTuple):
    """The guards of one provider under one policy, and the rules over their answers by side."""

    guards: Guards
    rules: Mapping[str, Rules]
    clock: Callable[[], float]

    def ruling(self, side: str) -> Ruling | None:
        """Return what settles the answers of that side; None where the policy says nothing of it."""
        rules = self.rules[side]
        return Ruling(rules, self.clock) if rules else None


class Choices(NamedTuple):
    """What is fitted for which tools. ``choose`` returns the key of what holds for a tool; ``usual``: for everything else."""

    usual: Fitted
    choose: Callable[[str], Hashable]
    by_tool: Mapping[Hashable, Fitted]


def bind_guards(choices: Choices, standing: StandingProvider, timeout: float) -> Iterator[HookBinding]:
    """Yield a binding of this provider for every hook; where it guards nothing, one that says so."""
    for content in (*PRE_CONTENTS, *POST_CONTENTS):
        usual = _calls(choices.usual, standing, content)
        if content.operation is not Operation.TOOL or not choices.by_tool:
            for part, call in usual.items():
                if call is not None or part == _GUARD:
                    yield _binding(standing, content, timeout, call)
            continue
        by_tool = {key: _calls(fitted, standing, content) for key, fitted in choices.by_tool.items()}
        for part in usual:
            calls = {key: found[part] for key, found in by_tool.items()}
            if any(call is not None for call in calls.values()):
                yield _binding(standing, content, timeout, ByTool(content, choices.choose, calls).judge)
            elif part == _GUARD:
                yield _binding(standing, content, timeout, None)


def _calls(fitted: Fitted, standing: StandingProvider, content: HookContent) -> dict[str, HookCall | None]:
    """Return what is called at one hook, in this order."""
    guards = fitted.guards
    if content in PRE_CONTENTS:
        asked = Guarded(standing.name, content, REQUEST, fitted.ruling("input"))
        return {
            _GUARD: _guard_call(_able(guards.input, fitted.rules["input"]), asked, keep=guards.look_back),
            "keeper": RequestKeeper(standing.name, content).judge
            if guards.input is None and guards.look_back
            else None,
            "handler": _before(guards, standing.name, content),
        }
    answered = Guarded(standing.name, content, RESULT, fitted.ruling("output"))
    guard = (
        ResponseGuard(answered, guards.output.validate).judge
        if guards.look_back
        else _guard_call(_able(guards.output, fitted.rules["output"]), answered, keep=False)
    )
    return {
        _GUARD: guard,
        "handler": _after(guards, standing.name, content),
    }


def _before(guards: Guards, name: str, content: HookContent) -> HookCall | None:
    """Return what takes personal data out of requests."""
    exchange = _exchange(guards.input)
    if exchange is not None:
        return TokensOut(name, content, exchange).judge
    return PIIRemover(name, content, guards.handler).judge if guards.handler is not None else None


def _after(guards: Guards, name: str, content: HookContent) -> HookCall | None:
    """Return what puts it back into results."""
    before, after = _exchange(guards.input), _exchange(guards.output)
    if after is not None:
        return TokensBack(name, content, after.after(before)).judge
    if before is not None:
        return TokensBack(name, content, before.without_finding()).judge if before.tokenizes else None
    return PIIRestorer(name, content, guards.handler).judge if guards.handler is not None else None


def _exchange(guard: Any) -> TokenExchange | None:
    return guard.exchange if isinstance(guard, PIIGuard) else None


def _able(guard: Any, rules: Rules) -> Any:
    """Return ``guard``, or where the policy wants its findings taken out and it can do that, one that does."""
    return (
        guard.modifying() if isinstance(guard, Modifying) and rules.modifies(guard.get_supported_detectors()) else guard
    )


def no_guards(timeout: float) -> Iterator[HookBinding]:
    """Yield bindings whose steps say that nothing is guarded: no record may leave that open."""
    for content in (*PRE_CONTENTS, *POST_CONTENTS):
        yield HookBinding(
            plugin="guardrails",
            kind=KIND,
            hook=content.hook,
            call=never_called,
            result=content.result,
            timeout=timeout,
            skip_reason="no guardrail is configured",
        )


def _guard_call(guard: Any, guarded: Guarded, *, keep: bool) -> HookCall | None:
    if guard is None:
        return None
    if _judges_values(guard):
        return ValueGuard(guarded, guard.validate_value, keep=keep).judge
    return TextGuard(guarded, guard.validate, keep=keep).judge


def _binding(standing: StandingProvider, content: HookContent, timeout: float, call: HookCall | None) -> HookBinding:
    side = "requests" if content in PRE_CONTENTS else "results"
    return HookBinding(
        plugin=standing.name,
        kind=KIND,
        hook=content.hook,
        call=never_called if call is None else call,
        version=standing.version,
        digest=standing.digest,
        timeout=timeout,
        result=content.result,
        by_target=True,
        skip_reason=f"{standing.name} does not guard {side}" if call is None else "",
    )


def _judges_values(guard: Any) -> bool:
    return getattr(guard, "validate_value", None) is not None


def _arity(method: Any, *, of_text: bool = False) -> int:
    """Return how many arguments an async ``method`` is called with, 1 or 2, by its signature; 0: it cannot be told, or it is not async.

    One argument is a request: a parameter that is meant to hold a text does not count, except ``of_text``.
    """
    if not inspect.iscoroutinefunction(method):
        return 0
    parameters = list(inspect.signature(method).parameters.values())
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    required = [p for p in parameters if p.default is p.empty and p.kind is not p.VAR_KEYWORD]
    if not positional or any(p not in positional for p in required):
        return 0
    if len(required) == _LOOKS_BACK or [p.name for p in positional[1:_LOOKS_BACK]] == ["original_request"]:
        return _LOOKS_BACK if len(required) <= _LOOKS_BACK else 0
    if not of_text and (positional[0].name in _TEXT_NAMES or positional[0].annotation in (str, "str")):
        return 0
    return 1 if len(required) <= 1 else 0


def _fault(standing: StandingProvider, factory: str, made: Any, expected: str) -> Problem:
    name = type(standing.provider).__qualname__
    what = type(made).__qualname__
    validate = getattr(made, "validate", None)
    takes = (
        f" (validate takes {', '.join(inspect.signature(validate).parameters)})" if inspect.isroutine(validate) else ""
    )
    return Problem(standing.where, f"{name}, whose {factory} returned a {what}{takes}", expected)
