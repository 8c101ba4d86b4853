"""Make each provider's guards for what a policy says: of a server, and of each tool that it names."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from secure_gateway.errors import ConfigError, Problem
from secure_gateway.plugins.framework.binding import HookBinding
from secure_gateway.plugins.guardrails.guards import (
    Choices,
    Fitted,
    Guards,
    StandingProvider,
    bind_guards,
    check_guards,
    no_guards,
)
from secure_gateway.plugins.guardrails.policy import SIDES, Layer, Policy, PolicyBook, leftover_keys
from secure_gateway.plugins.guardrails.watched_config import Glance, watch
from secure_gateway.plugins.slots import anchored

_FACTORIES: Final = {
    "input": "create_input_guardrail",
    "output": "create_output_guardrail",
    "handler": "create_pii_handler",
}
_USUAL: Final = (-1, -1)


class Applied(NamedTuple):
    """One provider under one policy, for those who ask what holds."""

    standing: StandingProvider
    fitted: Fitted
    policy: Policy


def bind_all(
    providers: Sequence[StandingProvider], book: PolicyBook, clock: Callable[[], float], timeout: float
) -> tuple[HookBinding, ...]:
    """Return who judges calls under ``book``. Raises ``ConfigError`` where a provider cannot use it or a key is one that nobody takes."""
    labels = {standing.label for standing in providers}
    policies = {
        choice: Policy(book.levels(choice), labels) for choice in (book.choices() if book.is_by_tool else [_USUAL])
    }
    bindings: list[HookBinding] = []
    problems: list[Problem] = []
    for standing in providers:
        try:
            fitted: dict[Hashable, Fitted] = {
                choice: _fit(standing, policy, clock) for choice, policy in policies.items()
            }
        except ConfigError as error:
            problems += error.problems
            continue
        choices = Choices(fitted[_USUAL], book.choice, dict(fitted) if book.is_by_tool else {})
        bindings += bind_guards(choices, standing, timeout)
    problems = problems or [problem for policy in policies.values() for problem in policy.leftovers()]
    if problems:
        raise ConfigError(list(dict.fromkeys(problems)))
    return tuple(bindings or no_guards(timeout))


def applied(
    providers: Sequence[StandingProvider], book: PolicyBook, tool: str, clock: Callable[[], float]
) -> tuple[Applied, ...]:
    """Return what holds for ``tool`` under ``book``, which has been bound before."""
    policy = Policy(book.levels(book.choice(tool)), {standing.label for standing in providers})
    return tuple(Applied(standing, _fit(standing, policy, clock), policy) for standing in providers)


def _fit(standing: StandingProvider, policy: Policy, clock: Callable[[], float]) -> Fitted:
    rules = {side: policy.rules(side, standing.label) for side in SIDES}
    return Fitted(_make(standing, policy), rules, clock)


def _make(standing: StandingProvider, policy: Policy) -> Guards:
    """Ask the provider for its guards, and note which keys of its configuration and of the policy it took."""
    made: dict[str, Any] = {}
    untaken = set(standing.left)
    asked: set[str] = set()
    for kind, factory in _FACTORIES.items():
        layers = policy.layers("output" if kind == "output" else "input", standing.label)
        glance = _create(standing, factory, layers)
        made[kind] = glance.result
        untaken -= glance.taken
        asked |= glance.asked
        for layer in layers:
            layer.note(glance)
    problems = leftover_keys(f"{standing.where}.config", untaken, asked)
    if problems:
        raise ConfigError(problems)
    return check_guards(made, standing)


def _create(standing: StandingProvider, factory: str, layers: Sequence[Layer]) -> Glance:
    values = dict(standing.left)
    places: dict[str, str] = {}
    for layer in layers:
        values |= layer.values
        places |= dict.fromkeys(layer.values, layer.where)
    try:
        return watch(getattr(standing.provider, factory), values)
    except ConfigError as error:
        raise ConfigError([_placed(problem, places, standing) for problem in error.problems]) from error
    except (Exception, SystemExit) as error:  # a stranger's method
        name = type(standing.provider).__qualname__
        where = layers[-1].where if places else standing.where
        raise ConfigError(
            Problem(where, f"{name}, whose {factory} raised {type(error).__name__}", "a configuration it can work with")
        ) from error


def _placed(problem: Problem, places: Mapping[str, str], standing: StandingProvider) -> Problem:
    """Point at the place where the key stands: in a policy or in the provider's own configuration."""
    key = problem.path.removeprefix("$.config.").split(".")[0].split("[")[0]
    return anchored(problem, places.get(key, f"{standing.where}.config"))
