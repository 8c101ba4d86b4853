"""Make the guards of one provider for one server, check them, and bind them to the hooks."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from secure_gateway.errors import ConfigError, Problem
from secure_gateway.plugins.framework.binding import HookBinding, HookCall
from secure_gateway.plugins.guardrails.adapter import (
    REQUEST,
    RESULT,
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

KIND: Final = "guardrail"
_LOOKS_BACK: Final = 2
_HANDLER_METHODS: Final = {"redact_pii": 1, "restore_pii": 2}
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


def bind_guards(guards: Guards, standing: StandingProvider, timeout: float) -> Iterator[HookBinding]:
    """Yield a binding of this provider for every hook; where it guards nothing, one that says so."""
    keep = guards.look_back
    for content in PRE_CONTENTS:
        yield _binding(standing, content, timeout, _guard_call(guards.input, standing, content, REQUEST, keep=keep))
        if guards.input is None and keep:
            yield _binding(standing, content, timeout, RequestKeeper(standing.name, content).judge)
        if guards.handler is not None:
            yield _binding(standing, content, timeout, PIIRemover(standing.name, content, guards.handler).judge)
    for content in POST_CONTENTS:
        if keep:
            yield _binding(
                standing, content, timeout, ResponseGuard(standing.name, content, RESULT, guards.output.validate).judge
            )
        else:
            yield _binding(
                standing, content, timeout, _guard_call(guards.output, standing, content, RESULT, keep=False)
            )
        if guards.handler is not None:
            yield _binding(standing, content, timeout, PIIRestorer(standing.name, content, guards.handler).judge)


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


def _guard_call(
    guard: Any, standing: StandingProvider, content: HookContent, subject: str, *, keep: bool
) -> HookCall | None:
    if guard is None:
        return None
    if _judges_values(guard):
        return ValueGuard(standing.name, content, subject, guard.validate_value, keep=keep).judge
    return TextGuard(standing.name, content, subject, guard.validate, keep=keep).judge


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
