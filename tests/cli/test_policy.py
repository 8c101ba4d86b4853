"""`secure-gateway policy`: what holds for a tool, what is wrong with it, and whether it does what it should."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from secure_gateway.config.paths import parse_path
from secure_gateway.tool_trust.lock import LOCK_NAME
from tests.cli.conftest import Invoke, Started

_KEYWORD = {"provider": "keyword", "config": {"words": ["falcon"]}}
_PII = {"provider": "pii", "config": {"strategy": "block"}}


def _configure(started: Started, servers: Any = None, **parts: Any) -> None:
    def change(value: dict[str, Any]) -> None:
        value["plugins"]["guardrails"] = {"providers": parts.pop("providers", [_PII, _KEYWORD])}
        value["plugins"] |= parts.pop("plugins", {})
        value["servers"] = {"crm": {"command": "crm-server", **(servers or {})}}
        value |= parts

    started.edit(change)


def _lint(invoke: Invoke, *arguments: str) -> tuple[int, list[dict[str, Any]]]:
    done = invoke("policy", "lint", "--json", *arguments)
    return done.exit_code, json.loads(done.stdout)["findings"]


def _codes(found: list[dict[str, Any]]) -> list[str]:
    return [f"{each['code']} {each['path']}" for each in found]


def test_show_says_what_counts_and_where_it_stands(started: Started, invoke: Invoke) -> None:
    policy = {
        "input": {"pii": {"strategy": "partial"}, "violations": {"pii": "warn"}},
        "tools": {"find_*": {"input": {"pii": {"strategy": "remove"}}, "output": {"violations": {"*": [{"from": 0.9, "action": "block"}, "warn"]}}}},
    }  # fmt: skip
    _configure(started, {"guardrails": policy}, guardrails={"output": {"violations": {"pii": "modify"}}})
    said = json.loads(invoke("policy", "show", "find_user", "--json").stdout)
    facts = {(each["side"], each["guardrail"], each["what"]): (each["value"], each["path"]) for each in said["facts"]}
    server = "$.servers.crm.guardrails"
    assert facts["input", "pii", "strategy"] == ("remove", f"{server}.tools['find_*'].input.pii.strategy")
    assert facts["output", "pii", "strategy"] == ("block", "$.plugins.guardrails.providers[0].config.strategy")
    assert facts["input", "pii", "violation pii"] == ("warn", f"{server}.input.violations.pii")
    assert facts["output", "pii", "violation pii"] == (
        "block from 0.9, warn",
        f"{server}.tools['find_*'].output.violations['*']",
    )
    lines = started.config.read_text().split("\n")
    for each in said["facts"]:
        assert json.dumps(str(parse_path(each["path"])[-1])) in lines[each["line"] - 1]
    assert [(each["side"], each["name"]) for each in said["acting"]] == [
        ("input", "pii"),
        ("input", "keyword"),
        ("output", "pii"),
        ("output", "keyword"),
    ]
    text = invoke("policy", "show", "find_user", "--server", "crm").stdout
    assert "Tool find_user of server crm" in text
    assert str(started.config) in text


def test_show_hides_what_is_no_reference_and_asks_which_server(started: Started, invoke: Invoke) -> None:
    remote = {
        "provider": "webhook",
        "config": {"url": "https://a.example", "headers": {"x-team": "blue-team"}},
    }
    _configure(started, providers=[remote, _KEYWORD])
    shown = invoke("policy", "show", "x", "--json").stdout
    assert "[hidden]" in shown
    assert "blue-team" not in shown
    started.edit(lambda value: value["servers"].update(other={"command": "x"}))
    done = invoke("policy", "show", "x")
    assert done.exit_code == 1
    assert "--server NAME; there are: crm, other" in done.stderr
    assert "Did you mean 'crm'" in invoke("policy", "show", "x", "--server", "crn").stderr.replace('"', "'").replace(
        "`", "'"
    )


def test_a_policy_without_mistakes_has_nothing_to_look_at(started: Started, invoke: Invoke) -> None:
    _configure(started, {"guardrails": {"input": {"violations": {"pii": "modify"}}}})
    assert _lint(invoke, "--strict") == (0, [])
    assert invoke("policy", "lint").stdout == "Nothing to look at.\n"


_MISTAKES: dict[str, tuple[dict[str, Any], str]] = {
    "everything allowed": (
        {"guardrails": {"output": {"violations": {"*": "allow"}}}},
        "all-allowed $.servers.crm",
    ),
    "a guard turned away": (
        {"guardrails": {"input": {"pii": {"direction": "output"}, "keyword": {"direction": "output"}}}},
        "no-rule $.servers.crm",
    ),
    "a tool that nobody judges": (
        {"guardrails": {"tools": {"x": {"input": {"direction": "output"}}}}},
        "no-rule $.servers.crm",
    ),
    "a shadowed glob": (
        {"guardrails": {"tools": {"get_*": {}, "get_user_*": {}}}},
        "shadowed $.servers.crm.guardrails.tools['get_user_*']",
    ),
    "an expired exception": (
        {"guardrails": {"input": {"exceptions": [{"violation": "pii", "until": "2020-01-01", "reason": "x"}]}}},
        "no-exception $.servers.crm.guardrails.input.exceptions[0]",
    ),
    "an exception without a reason": (
        {"guardrails": {"tools": {"x": {"input": {"exceptions": [{"violation": "pii", "until": "2999-01-01"}]}}}}},
        "no-exception $.servers.crm.guardrails.tools.x.input.exceptions[0]",
    ),
    "an exception without a date": (
        {"guardrails": {"input": {"exceptions": [{"violation": "pii", "reason": "x"}]}}},
        "no-exception $.servers.crm.guardrails.input.exceptions[0]",
    ),
}


@pytest.mark.parametrize("mistake", _MISTAKES)
def test_a_mistake_is_an_error_with_its_place(started: Started, invoke: Invoke, mistake: str) -> None:
    server, expected = _MISTAKES[mistake]
    _configure(started, server)
    code, found = _lint(invoke)
    assert code == 1
    assert expected in _codes(found)


_ODDITIES: dict[str, tuple[dict[str, Any], str]] = {
    "a rule about what nobody finds": (
        {"guardrails": {"input": {"violations": {"bias": "block"}}}},
        "unused $.servers.crm.guardrails.input.violations.bias",
    ),
    "an entry for a tool that is not offered": (
        {"tools": {"deny": ["drop"]}, "guardrails": {"tools": {"drop": {"input": {"violations": {"pii": "block"}}}}}},
        "unused $.servers.crm.guardrails.tools.drop",
    ),
    "an exception for a guardrail that is not there": (
        {"guardrails": {"input": {"exceptions": [{"violation": "pii", "guardrail": "x", "until": "2999-01-01", "reason": "y"}]}}},
        "unused $.servers.crm.guardrails.input.exceptions[0]",
    ),
}  # fmt: skip


@pytest.mark.parametrize("oddity", _ODDITIES)
def test_an_oddity_is_a_warning_and_fails_with_strict_only(started: Started, invoke: Invoke, oddity: str) -> None:
    server, expected = _ODDITIES[oddity]
    _configure(started, server)
    assert _lint(invoke) == (0, _lint(invoke)[1])
    code, found = _lint(invoke, "--strict")
    assert (code, _codes(found)) == (1, [expected])


def test_lint_finds_guards_and_plugins_that_fail_open(started: Started, invoke: Invoke) -> None:
    remote = {"provider": "webhook", "config": {"url": "https://a.example", "on_error": "allow"}}
    judge = {"provider": "llama_guard", "config": {"url": "https://a.example", "model": "g"}}
    hooks = [
        {
            "name": "A",
            "kind": "search_replace",
            "hooks": ["tool_pre_invoke"],
            "mode": mode,
            "config": {"words": [{"search": "a", "replace": "b"}]},
        }
        for mode in ("permissive", "enforce_ignore_error")
    ]
    hooks[1]["name"] = "B"
    policy = {"guardrails": {"input": {"violations": {"nsfw": "modify"}}}}
    _configure(started, policy, providers=[remote, judge], plugins={"hooks": hooks})
    code, found = _lint(invoke)
    assert code == 1
    assert _codes(found) == [
        "fails-open $.plugins.guardrails.providers[0].config.on_error",
        "permissive-plugin $.plugins.hooks[0]",
        "fails-open $.plugins.hooks[1]",
        "modify-blocks $.servers.crm.guardrails.input.violations.nsfw",
    ]


def test_without_a_guardrail_lint_fails(started: Started, invoke: Invoke) -> None:
    started.edit(lambda value: value["plugins"].pop("guardrails", None))
    code, found = _lint(invoke)
    assert (code, _codes(found)) == (1, ["no-guardrail $.plugins.guardrails"])


CASES = """
cases:
  - name: an address is blocked
    tool: find
    server: crm
    arguments: {q: ana@example.org}
    expect: {decision: deny, violation: pii}
  - name: words in results are taken out
    tool: find
    server: crm
    arguments: {q: bird}
    result: {content: [{type: text, text: the falcon}]}
    expect:
      decision: modify
      violation: keyword_detector
      arguments: {q: bird}
      result: {content: [{type: text, text: "the [KEYWORD]"}]}
  - name: who has no role may nothing
    tool: find
    server: crm
    caller: {subject: eve, roles: [nobody]}
    expect: {decision: deny, code: forbidden}
"""


def _test(started: Started, invoke: Invoke, text: str, *arguments: str) -> Result:
    _configure(started, {"guardrails": {"output": {"violations": {"keyword_detector": "modify"}}}})
    file = started.folder / "cases.yaml"
    file.write_text(text)
    return invoke("policy", "test", str(file), *arguments)


def test_cases_that_end_as_they_should_pass(started: Started, invoke: Invoke) -> None:
    done = _test(started, invoke, CASES)
    assert done.exit_code == 0, done.output
    assert "3 passed, 0 failed." in done.stdout


def test_a_case_that_does_not_is_shown_with_the_difference(started: Started, invoke: Invoke) -> None:
    text = CASES.replace("decision: deny, violation: pii", "decision: allow").replace("the [KEYWORD]", "the [BIRD]")
    done = _test(started, invoke, text)
    assert done.exit_code == 1
    assert "FAIL  an address is blocked: deny (pii)" in done.stdout
    assert (
        "decision: expected allow, got deny (pii), by pii: guardrail 'pii' found pii in the request [denied]"
        in done.stdout
    )
    assert '-      "text": "the [BIRD]"' in done.stdout
    assert '+      "text": "the [KEYWORD]"' in done.stdout
    assert "1 passed, 2 failed." in done.stdout
    said = json.loads(_test(started, invoke, text, "--json").stdout)
    assert (said["ok"], [each["ok"] for each in said["cases"]]) == (False, [False, False, True])


def test_no_server_is_started_and_no_record_is_kept(started: Started, invoke: Invoke) -> None:
    _test(started, invoke, CASES)
    assert invoke("explain", "--last").exit_code == 1


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("cases: []", "$.cases"),
        ("[]", "$"),
        ("cases: [{tool: x, expect: {decision: refuse}}]", "expect.decision"),
        ("cases: [{tool: x}]", "expect.decision"),
        ("cases: [{expect: {decision: deny}}]", "0 targets"),
        ("cases: [{tool: x, prompt: y, expect: {decision: deny}}]", "2 targets"),
        ("cases: [{tool: x, exepct: {decision: deny}}]", "Did you mean 'expect'"),
        ("cases: [{tool: x, caller: {roles: admin}, expect: {decision: deny}}]", "caller.roles"),
        ("cases: [{tool: 5, expect: {decision: deny}}]", "a text"),
        ("cases: [x]", "$.cases[0]"),
        ("cases: {", "no YAML"),
    ],
)
def test_cases_that_cannot_be_read_are_refused_in_their_line(
    started: Started, invoke: Invoke, text: str, place: str
) -> None:
    done = _test(started, invoke, text)
    assert done.exit_code == 3
    assert place in done.stderr
    assert f"{started.folder / 'cases.yaml'}:" in done.stderr


def test_a_case_of_a_server_that_is_not_there_and_a_file_that_is_not_are_refused(
    started: Started, invoke: Invoke, tmp_path: Path
) -> None:
    assert _test(started, invoke, CASES.replace("server: crm", "server: crn")).exit_code == 1
    assert invoke("policy", "test", str(tmp_path / "none.yaml")).exit_code == 5


def test_show_says_what_is_done_about_secrets_and_only_exceptions_of_what_a_guardrail_finds(
    started: Started, invoke: Invoke
) -> None:
    exception = {"violation": "pii", "until": "2999-12-31", "reason": "OPS-7"}
    policy = {"input": {"violations": {"secrets": "warn"}, "exceptions": [exception]}}
    _configure(started, {"guardrails": policy}, providers=[_PII, {"provider": "secrets"}])
    said = json.loads(invoke("policy", "show", "x", "--json").stdout)
    facts = {(each["guardrail"], each["what"]): each["value"] for each in said["facts"] if each["side"] == "input"}
    assert facts["secrets", "violation secrets"] == "warn"
    assert facts["pii", "exception pii"] == "passes until 2999-12-31: OPS-7"
    assert ("secrets", "exception pii") not in facts


def test_show_says_that_a_tool_is_not_offered(started: Started, invoke: Invoke) -> None:
    _configure(started, {"tools": {"deny": ["drop_*"]}})
    assert "cannot be called by anybody" in invoke("policy", "show", "drop_all").stdout
    assert "servers.crm.tools" in json.loads(invoke("policy", "show", "drop_all", "--json").stdout)["not_offered"]
    assert "cannot be called" not in invoke("policy", "show", "find").stdout


def test_an_entry_that_matches_none_of_the_tools_that_were_listed_is_found(started: Started, invoke: Invoke) -> None:
    policy = {"tools": {name: {"input": {"violations": {"pii": "warn"}}} for name in ("find_*", "send_mial", "zzz_*")}}
    _configure(started, {"guardrails": policy}, guardrails={"tools": {"sned_mail": {}}})
    assert _lint(invoke) == (0, [])
    pins = {name: {"digest": "sha256:0", "fields": {}} for name in ("find_user", "send_mail")}
    lock = started.config.parent / LOCK_NAME
    lock.write_text(json.dumps({"version": 1, "servers": {"crm": pins}}))
    lock.chmod(0o600)
    code, found = _lint(invoke)
    assert code == 0
    assert sorted(_codes(found)) == [
        "unused $.guardrails.tools.sned_mail",
        "unused $.servers.crm.guardrails.tools.send_mial",
        "unused $.servers.crm.guardrails.tools['zzz_*']",
    ]
    assert sum("send_mail" in each["message"] for each in found) == 2


def test_an_exception_about_what_nobody_finds_is_found(started: Started, invoke: Invoke) -> None:
    exception = {"violation": "bias", "until": "2999-12-31", "reason": "OPS-7"}
    _configure(started, {"guardrails": {"input": {"exceptions": [exception]}}})
    assert _codes(_lint(invoke)[1]) == ["unused $.servers.crm.guardrails.input.exceptions[0]"]


def test_a_case_of_an_unknown_server_is_named(started: Started, invoke: Invoke, tmp_path: Path) -> None:
    _configure(started)
    cases = tmp_path / "cases.yaml"
    cases.write_text("cases: [{name: mine, server: crn, tool: x, expect: {decision: allow}}]")
    assert "case 'mine': there is no server 'crn'. Did you mean" in invoke("policy", "test", str(cases)).stderr
