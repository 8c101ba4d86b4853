"""Hook plugins come from the configuration, checked, in the right order."""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import Any

import pytest

from secure_gateway import ConfigError, PolicyDenied, load_gateway
from secure_gateway.plugins.framework import Plugin, ToolPreInvokeResult

DENY = {"name": "Deny", "kind": "deny_list", "hooks": ["tool_pre_invoke"], "config": {"words": ["bluebird"]}}


class Shout(Plugin):
    """Makes every city loud."""

    kind = "shout"

    async def tool_pre_invoke(self, payload: Any, context: Any) -> ToolPreInvokeResult:
        payload.args["city"] = payload.args["city"].upper()
        return ToolPreInvokeResult(modified_payload=payload)


def gateway_with(folder: Path, *hooks: dict[str, Any], register: tuple[type, ...] = (), **settings: Any) -> Any:
    config = {
        "plugins": {"hooks": list(hooks), "settings": settings},
        "anonymous": {"roles": ["all"]},
        "roles": {"all": {"tools": ["*"], "prompts": ["*"]}},
        "state": {"url": "memory:"},
        "master_key": "env://MASTER",
    }
    folder.chmod(0o700)
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "config.json").chmod(0o600)
    env = {"HOME": str(folder), "MASTER": secrets.token_hex(32)}
    return load_gateway(folder / "config.json", env=env, register=register)


async def test_the_deny_list_denies_where_its_conditions_match(tmp_path: Path) -> None:
    hook = {**DENY, "conditions": [{"tools": ["send_*"]}]}
    async with gateway_with(tmp_path, hook) as gateway:
        with pytest.raises(PolicyDenied):
            await gateway.call("send_mail", {"text": ["about Bluebird"]}, lambda a: a)
        assert await gateway.call("read_mail", {"text": "about bluebird"}, lambda a: a)


async def test_without_hooks_a_plugin_acts_at_all_it_implements(tmp_path: Path) -> None:
    hook = {key: value for key, value in DENY.items() if key != "hooks"}
    async with gateway_with(tmp_path, hook) as gateway:
        for name, operation in (("t", "tool"), ("p", "prompt")):
            with pytest.raises(PolicyDenied):
                await gateway.call(name, {"text": "bluebird"}, lambda a: a, operation=operation)
        with pytest.raises(PolicyDenied):
            await gateway.call("t", {}, lambda _a: {"text": "bluebird"})


async def test_a_registered_class_and_a_class_path_can_be_named(tmp_path: Path) -> None:
    for kind in ("shout", f"{__name__}:Shout"):
        async with gateway_with(tmp_path, {"name": "s", "kind": kind}, register=(Shout,)) as gateway:
            assert await gateway.call("t", {"city": "Bern"}, lambda a: a["city"]) == "BERN"


@pytest.mark.parametrize(
    ("change", "place", "says"),
    [
        ({"kind": "deny_lst"}, "$.plugins.hooks[0].kind", "Did you mean 'deny_list'?"),
        ({"config": {"words": []}}, "$.plugins.hooks[0].config.words", "no keywords"),
        ({"config": {"words": ["x"], "whole_word": True}}, "$.plugins.hooks[0].config.whole_word", "whole_words"),
        ({"hooks": ["tool_pre_invok"]}, "$.plugins.hooks[0]", "tool_pre_invoke"),
        ({"hooks": ["http_auth_resolve_user"]}, "$.plugins.hooks[0].hooks", "has no method for it"),
        (
            {"hooks": ["tool_pre_invok"]},
            "$.plugins.hooks[0].hooks",
            "found 'tool_pre_invok', which is no known hook (did you mean 'tool_pre_invoke'?)",
        ),
        (
            {"kind": "external", "config": {}, "mcp": {"proto": "stdio", "script": "x"}},
            "$.plugins.hooks[0].mcp",
            "cannot be started",
        ),
        ({"conditions": [{"tools": ["re:(?=x)"]}]}, "$.plugins.hooks[0].conditions", "linear time"),
        ({"kind": "no.such.module.Plugin"}, "$.plugins.hooks[0].kind", "fails to import"),
        ({"kind": "json:JSONDecoder"}, "$.plugins.hooks[0].kind", "no subclass of Plugin"),
    ],
)
def test_what_is_wrong_with_a_hook_stops_the_start_and_names_its_place(
    tmp_path: Path, change: dict[str, Any], place: str, says: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        gateway_with(tmp_path, {**DENY, **change})
    problems = [problem for problem in caught.value.problems if problem.path.startswith(place)]
    assert problems, caught.value
    assert any(says in str(problem) for problem in problems), caught.value
    assert all(problem.line for problem in problems)


def test_plugins_of_a_band_run_at_the_same_time_where_the_settings_say_so(tmp_path: Path) -> None:
    for asked in (False, True):
        gateway = gateway_with(tmp_path, DENY, {**DENY, "name": "Again"}, parallel_execution_within_band=asked)
        order = gateway.snapshot.bindings("", "tool_pre_invoke")
        assert order is not None
        assert order.parallel is asked
