"""What a policy says is what happens: each action in each direction, thresholds, inheritance and exceptions."""

from __future__ import annotations

from typing import Any

import pytest

from secure_gateway.errors import ConfigError, PolicyDenied
from secure_gateway.plugins.guardrails.base import GuardrailAction, GuardrailResponse, ViolationType
from secure_gateway.plugins.guardrails.config_manager import GuardrailConfigManager
from secure_gateway.plugins.guardrails.rulings import EXCEPTED, Exemption, Rule, Rules, Ruling, Step
from secure_gateway.testing.gateways import MemorySink, gateway_for
from tests.plugins.guardrails.guards import Guard, Provider, violation

MAIL = "mail ana@example.org now"
NO_MAIL = "mail nobody now"
WORD = "the falcon flies"
_PROVIDERS = [{"provider": "pii"}, {"provider": "keyword", "config": {"words": ["falcon"]}}]
FAR, PAST = "2999-12-31", "2020-01-01"


class Outcome:
    def __init__(self, gateway: Any, sink: MemorySink) -> None:
        self.gateway, self.sink = gateway, sink
        self.ran: list[Any] = []

    async def call(self, given: str = "x", result: str = "y", tool: str = "tool", server: str = "s") -> Any:
        def run(arguments: Any) -> Any:
            self.ran.append(arguments["q"])
            return result

        try:
            return await self.gateway.call(tool, {"q": given}, run, server=server)
        except PolicyDenied as denied:
            return denied

    def verdict(self, hook: str, plugin: str = "pii") -> str:
        return next(s.verdict.value for s in self.sink.last.steps if s.hook == hook and s.plugin == plugin)


def manager(everywhere: Any = None, providers: Any = None) -> GuardrailConfigManager:
    made = GuardrailConfigManager()
    made.initialize({"plugins": {"guardrails": {"providers": providers or _PROVIDERS}}, "guardrails": everywhere or {}})
    return made


def under(policy: Any = None, everywhere: Any = None, providers: Any = None) -> Outcome:
    sink = MemorySink()
    return Outcome(gateway_for(bindings=manager(everywhere, providers).bindings("s", policy or {}), sinks=[sink]), sink)


def both(said: Any) -> dict[str, Any]:
    return {"input": {"violations": said}, "output": {"violations": said}}


@pytest.mark.parametrize("finding", [True, False])
@pytest.mark.parametrize("action", ["block", "warn", "modify", "allow"])
async def test_each_action_means_what_it_says_for_requests(action: str, finding: bool) -> None:
    made = under(both({"pii": action}))
    given = MAIL if finding else NO_MAIL
    answer = await made.call(given)
    if not finding:
        assert (answer, made.ran, made.verdict("tool_pre_invoke")) == ("y", [given], "allow")
    elif action == "block":
        assert isinstance(answer, PolicyDenied)
        assert made.ran == []
    else:
        expected = {"warn": (given, "warn"), "modify": ("mail [EMAIL] now", "modify"), "allow": (given, "allow")}
        assert (made.ran[0], made.verdict("tool_pre_invoke")) == expected[action]
        assert answer == "y"


@pytest.mark.parametrize("finding", [True, False])
@pytest.mark.parametrize("action", ["block", "warn", "modify", "allow"])
async def test_each_action_means_what_it_says_for_results(action: str, finding: bool) -> None:
    made = under(both({"pii": action}))
    given = MAIL if finding else NO_MAIL
    answer = await made.call(result=given)
    assert made.ran == ["x"]
    if not finding:
        assert (answer, made.verdict("tool_post_invoke")) == (given, "allow")
    elif action == "block":
        assert isinstance(answer, PolicyDenied)
    else:
        expected = {"warn": (given, "warn"), "modify": ("mail [EMAIL] now", "modify"), "allow": (given, "allow")}
        assert (answer, made.verdict("tool_post_invoke")) == expected[action]


async def test_modify_takes_out_what_the_guard_would_have_blocked() -> None:
    made = under({"input": {"violations": {"keyword_detector": "modify"}}})
    await made.call(WORD)
    assert made.ran == ["the [KEYWORD] flies"]


@pytest.mark.parametrize(
    ("severity", "outcome"),
    [(0.95, "deny"), (0.9, "deny"), (0.7, "warn"), (0.5, "warn"), (0.3, "allow"), (float("nan"), "deny")],
)
async def test_thresholds_grade_what_is_done(severity: float, outcome: str) -> None:
    found = violation(GuardrailAction.BLOCK, ViolationType.TOXIC_CONTENT)
    found.severity = severity
    given = Guard(GuardrailResponse(is_safe=False, action=GuardrailAction.BLOCK, violations=[found]))

    class Given(Provider):
        input = given

    made = GuardrailConfigManager()
    made.register(Given)
    made.initialize({"plugins": {"guardrails": {"provider": "given"}}})
    said = [{"from": 0.5, "action": "warn"}, {"from": 0.9, "action": "block"}]
    sink = MemorySink()
    outcome_of = Outcome(gateway_for(bindings=made.bindings("s", both({"toxicity": said})), sinks=[sink]), sink)
    await outcome_of.call()
    assert outcome_of.verdict("tool_pre_invoke", "given") == outcome


_VIOLATIONS = {kind: violation(GuardrailAction.ALLOW, kind) for kind in (ViolationType.PII, ViolationType.BIAS)}


@pytest.mark.parametrize(
    ("rules", "action", "changed", "expected"),
    [
        ({"pii": "allow", "bias": "block"}, "block", False, "block"),
        ({"pii": "allow", "bias": "warn"}, "block", False, "warn"),
        ({"pii": "allow"}, "block", False, "block"),
        ({"pii": "allow"}, "warn", False, "warn"),
        ({"pii": "modify", "bias": "allow"}, "modify", True, "modify"),
        ({"pii": "modify", "bias": "allow"}, "block", False, "block"),
        ({"*": "allow"}, "block", False, "allow"),
        ({"*": "allow", "bias": "block"}, "modify", True, "block"),
    ],
)
def test_of_several_findings_the_strongest_counts(
    rules: dict[str, str], action: str, changed: bool, expected: str
) -> None:
    level = {kind: Rule("$", (Step(0, GuardrailAction(said)),)) for kind, said in rules.items()}
    settled = Ruling(Rules([level], []), lambda: 0.0).settle(
        GuardrailAction(action), list(_VIOLATIONS.values()), changed=changed
    )
    assert settled.action is GuardrailAction(expected)


async def test_a_refusal_without_a_finding_stays_one_whatever_the_rules_say() -> None:
    settled = Ruling(Rules([{"*": Rule("$", (Step(0, GuardrailAction.ALLOW),))}], []), lambda: 0.0)
    assert settled.settle(GuardrailAction.BLOCK, [], changed=False).action is GuardrailAction.BLOCK


async def test_the_server_overrides_the_whole_and_the_tool_the_server() -> None:
    everywhere = {
        "input": {"violations": {"pii": "block"}},
        "tools": {"open_*": {"input": {"violations": {"pii": "warn"}}}},
    }
    policy = {
        "input": {"violations": {"pii": "modify"}},
        "tools": {
            "raw": {"input": {"violations": {"pii": "allow"}}},
            "raw*": {"input": {"violations": {"pii": "block"}}},
        },
    }
    made = under(policy, everywhere)
    assert [await made.call(MAIL, tool=tool) for tool in ("any", "raw", "open_x")] == ["y"] * 3
    # what the server says of all its tools is nearer than what the whole says of some
    assert made.ran == ["mail [EMAIL] now", MAIL, "mail [EMAIL] now"]
    assert isinstance(await made.call(MAIL, tool="raw2"), PolicyDenied)
    only = Outcome(gateway_for(bindings=manager(everywhere).bindings(), sinks=[made.sink]), made.sink)
    assert isinstance(await only.call(MAIL), PolicyDenied)
    assert await only.call(MAIL, tool="open_x") == "y"


async def test_a_provider_s_own_keys_are_inherited_too() -> None:
    policy = {
        "input": {"pii": {"strategy": "partial"}},
        "tools": {
            "hashless": {"input": {"pii": {"exclude": ["EMAIL"]}}},
            "gone": {"input": {"pii": {"strategy": "remove"}}},
        },
    }
    made = under(policy, {"input": {"pii": {"strategy": "block"}}})
    for tool in ("other", "hashless", "gone"):
        await made.call(MAIL, tool=tool)
    assert made.ran == ["mail a***@example.org now", MAIL, "mail  now"]


async def test_a_name_by_itself_goes_before_every_glob_and_of_globs_the_first_counts() -> None:
    policy = {
        "tools": {
            "a*": {"input": {"violations": {"pii": "block"}}},
            "ab*": {"input": {"violations": {"pii": "allow"}}},
            "abc": {"input": {"violations": {"pii": "warn"}}},
        }
    }
    made = under(policy)
    assert isinstance(await made.call(MAIL, tool="abd"), PolicyDenied)
    assert await made.call(MAIL, tool="abc") == "y"


def test_many_named_tools_are_fitted_once_each_and_globs_in_every_way() -> None:
    names: dict[str, Any] = {f"tool_{number}": {} for number in range(300)}
    book = manager({"tools": {**names, "a*": {}}}).book("s", {"tools": {**names, "*b": {}}})
    assert len(book.choices()) == 304
    tools = ["ab", "ax", "xb", "x", "tool_7"]
    assert {book.choice(tool) for tool in tools} <= set(book.choices())
    assert [book.choice(tool) for tool in tools] == [(300, 300), (300, -1), (-1, 300), (-1, -1), (7, 7)]


async def test_a_tool_of_which_nothing_is_judged_is_recorded_as_such() -> None:
    made = under({"tools": {"blind": {"input": {"pii": {"direction": "output"}}}}})
    await made.call(MAIL, tool="blind")
    step = next(s for s in made.sink.last.steps if s.hook == "tool_pre_invoke" and s.plugin == "pii")
    assert step.metadata == {"not_guarded": True}
    await made.call(MAIL)
    assert made.ran == [MAIL, "mail [EMAIL] now"]


async def _excepted(**said: Any) -> Outcome:
    exception = {"violation": "pii", "until": FAR, "reason": "the vendor migrates", **said}
    given = {key: value for key, value in exception.items() if value is not None}
    made = under({"input": {"violations": {"pii": "block"}, "exceptions": [given]}})
    await made.call(MAIL)
    return made


async def test_what_an_exception_covers_passes_and_is_recorded() -> None:
    made = await _excepted()
    assert made.ran == [MAIL]
    step = next(s for s in made.sink.last.steps if s.plugin == "pii")
    assert step.metadata == {"found.pii": 1, EXCEPTED: 1}


@pytest.mark.parametrize(
    "said",
    [
        {"until": PAST},
        {"until": None},
        {"reason": None},
        {"reason": "  "},
        {"violation": "bias"},
        {"guardrail": "keyword"},
    ],
)
async def test_an_exception_that_has_expired_or_has_no_reason_is_none(said: dict[str, Any]) -> None:
    assert (await _excepted(**said)).ran == []


def test_an_exception_holds_to_the_end_of_its_day_and_no_longer() -> None:
    each = Exemption("$", "pii", "", 86_400.0, "why")
    assert each.day == "1970-01-01"
    assert [each.fault(now) for now in (0.0, 86_399.9, 86_400.0)] == ["", "", "it has expired"]


@pytest.mark.parametrize(
    ("policy", "path"),
    [
        ({"input": {"violations": {"pi": "block"}}}, "input.violations.pi"),
        ({"input": {"violations": {"pii": "deny"}}}, "input.violations.pii"),
        ({"input": {"violations": {"pii": None}}}, "input.violations.pii"),
        ({"input": {"violations": {"pii": []}}}, "input.violations.pii"),
        ({"input": {"violations": ["pii"]}}, "input.violations"),
        ({"input": {"violations": {"pii": {"action": "warn", "from": 2}}}}, "input.violations.pii.from"),
        ({"input": {"violations": {"pii": {"action": "warn", "form": 1}}}}, "input.violations.pii.form"),
        ({"output": {"exceptions": {}}}, "output.exceptions"),
        ({"output": {"exceptions": ["pii"]}}, "output.exceptions[0]"),
        ({"output": {"exceptions": [{"violation": "*"}]}}, "output.exceptions[0].violation"),
        ({"output": {"exceptions": [{"violation": "pii", "until": "soon"}]}}, "output.exceptions[0].until"),
        ({"output": {"exceptions": [{"violation": "pii", "until": 2030}]}}, "output.exceptions[0].until"),
        ({"output": {"exceptions": [{"violation": "pii", "unitl": FAR}]}}, "output.exceptions[0].unitl"),
        ({"tools": {"x": {"inputs": {}}}}, "tools.x.inputs"),
        ({"tools": {"x": {"tools": {}}}}, "tools.x.tools"),
        ({"tools": {"x": []}}, "tools.x"),
        ({"tools": {"x": {"input": {"stratgy": "hash"}}}}, "tools.x.input.stratgy"),
        ({"tools": {"x": {"input": {"pii": {"strategy": "hsh"}}}}}, "tools.x.input.pii.strategy"),
    ],
)
def test_a_policy_that_cannot_be_used_stops_start_up_with_its_place(policy: dict[str, Any], path: str) -> None:
    with pytest.raises(ConfigError) as caught:
        manager().bindings("s", policy)
    assert [problem.path for problem in caught.value.problems] == [f"$.servers.s.guardrails.{path}"]
    with pytest.raises(ConfigError) as caught:
        manager(policy)
    assert [problem.path for problem in caught.value.problems] == [f"$.guardrails.{path}"]
