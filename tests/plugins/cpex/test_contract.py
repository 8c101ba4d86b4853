"""What a CPEX plugin gets, what it may answer, and what becomes of one that does neither well."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from secure_gateway import ConfigError, Gateway, PluginError, PolicyDenied, load_gateway
from tests.plugins.cpex.environment import interpreter_with, python, site

HERE = Path(__file__).parent
FAULTS = {
    "none": "it returned NoneType, expected cpex's PluginResult",
    "text": "it returned str, expected cpex's PluginResult",
    "other_payload": "it returned a ToolPostInvokePayload as payload, expected ToolPreInvokePayload",
    "no_args": "no ToolPreInvokePayload",
    "retries": "it asks for the call to be tried again",
    "extends": "it returned modified extensions",
    "raises": "it raised ValueError",
    "panics": "it raised odd.Panic",
    "exits": "it raised SystemExit",
    "no_json": "",
}


@pytest.fixture(scope="module")
def odd_python(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("odd")
    folder.chmod(0o700)
    return str(interpreter_with(folder, (HERE / "odd.py").read_text()))


def _gateway(folder: Path, *hooks: dict[str, Any]) -> Gateway:
    config = {
        "plugins": {"hooks": list(hooks)},
        "anonymous": {"roles": ["all"]},
        "roles": {"all": {"tools": ["*"], "prompts": ["*"], "resources": ["*"]}},
        "state": {"url": "memory:"},
        "master_key": "env://MASTER",
    }
    folder.chmod(0o700)
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "config.json").chmod(0o600)
    return load_gateway(folder / "config.json", env={"HOME": str(folder), "MASTER": secrets.token_hex(32)})


def _odd(interpreter: str, does: str, **more: Any) -> dict[str, Any]:
    return {"name": "odd", "kind": "odd.Odd", "python": interpreter, "config": {"does": does}, **more}


async def test_it_gets_its_state_from_the_pre_hook_the_shared_state_and_extensions_where_it_takes_them(
    tmp_path: Path, odd_python: str
) -> None:
    async with _gateway(tmp_path, _odd(odd_python, "fine")) as gateway:
        said = await gateway.call("t", {"a": 1}, lambda _args: "done")
    assert said[0] == {"a": 1}
    assert said[1] == "anonymous"
    assert said[2]
    assert said[3:] == ["yes", "done"]


async def test_what_it_prints_and_reads_does_not_disturb_the_talk(tmp_path: Path, odd_python: str) -> None:
    async with _gateway(tmp_path, _odd(odd_python, "prints", hooks=["tool_pre_invoke"])) as gateway:
        for _ in range(3):
            assert await gateway.call("t", {}, lambda _args: 1) == 1


async def test_a_no_that_it_raises_is_a_no(tmp_path: Path, odd_python: str) -> None:
    async with _gateway(tmp_path, _odd(odd_python, "raises_its_no")) as gateway:
        with pytest.raises(PolicyDenied):
            await gateway.call("t", {}, lambda _args: 1)


@pytest.mark.parametrize("does", sorted(FAULTS))
async def test_an_answer_that_is_none_refuses_and_is_named_without_its_content(
    tmp_path: Path, odd_python: str, does: str
) -> None:
    async with _gateway(tmp_path, _odd(odd_python, does)) as gateway:
        with pytest.raises(PluginError) as caught:
            await gateway.call("t", {"a": 1}, lambda _args: 1)
    assert FAULTS[does] in str(caught.value)
    assert "secret words" not in str(caught.value)


def test_in_this_process_such_an_answer_refuses_as_well(tmp_path: Path) -> None:
    program = f"""
import asyncio, json, sys, warnings
warnings.simplefilter("ignore")
sys.path.append({str(site())!r})
from pathlib import Path
from secure_gateway import ConfigError, PluginError
from tests.plugins.cpex.test_contract import FAULTS, _gateway

async def main():
    for does in FAULTS:
        hook = {{"name": "odd", "kind": "odd.Odd", "config": {{"does": does}}}}
        async with _gateway(Path({str(tmp_path)!r}), hook) as gateway:
            try:
                await gateway.call("t", {{"a": 1}}, lambda _args: 1)
            except PluginError as error:
                assert "secret words" not in str(error)
                assert FAULTS[does].replace("odd.", "") in str(error), (does, str(error))
            else:
                raise AssertionError(does)
    try:
        _gateway(Path({str(tmp_path)!r}), {{"name": "odd", "kind": "odd.Odd", "config": {{"does": "interrupt_at_birth"}}}})
    except ConfigError as error:
        assert "constructor raised KeyboardInterrupt" in str(error), error
    else:
        raise AssertionError("an interrupt was an answer")
    hook = {{"name": "odd", "kind": "odd:Odd", "config": {{"does": "fine"}}}}
    async with _gateway(Path({str(tmp_path)!r}), hook) as gateway:
        said = await gateway.call("t", {{"a": 1}}, lambda _args: "done")
        assert said[0] == {{"a": 1}} and said[3:] == ["yes", "done"], said

asyncio.run(main())
"""
    root = HERE.parents[2]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join((str(root), str(root / "src"), str(HERE)))}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=env, check=False)
    assert not done.returncode, done.stderr


@pytest.mark.parametrize("does", ["blocks", "suspends"])
async def test_one_that_does_not_answer_in_time_refuses_and_the_next_call_is_answered_anew(
    tmp_path: Path, odd_python: str, does: str
) -> None:
    limits = _odd(odd_python, does, timeout=0.3, conditions=[{"tools": ["slow"]}])
    async with _gateway(tmp_path, limits) as gateway:
        with pytest.raises(PluginError, match="did not answer within"):
            await gateway.call("slow", {}, lambda _args: 1)
        assert await gateway.call("fast", {}, lambda _args: 1) == 1


async def test_a_process_that_dies_refuses_and_is_started_again(tmp_path: Path, odd_python: str) -> None:
    async with _gateway(tmp_path, _odd(odd_python, "dies", timeout=20)) as gateway:
        for _ in range(2):
            with pytest.raises(PluginError, match="its process"):
                await gateway.call("t", {}, lambda _args: 1)


@pytest.mark.parametrize(
    ("hook", "place", "says"),
    [
        ({"kind": "cpex_pii_filter.PIIFilterPlugin"}, "kind", "pip install cpex-pii-filter"),
        ({"kind": "cpex_nope.Nope", "python": "CPEX"}, "kind", "fails to import (ModuleNotFoundError)"),
        ({"kind": "json.JSONDecoder", "python": "CPEX"}, "kind", "no subclass of cpex's Plugin"),
        ({"kind": "cpex_pii_filter.Nope", "python": "CPEX"}, "kind", "no subclass of cpex's Plugin"),
        ({"kind": "nothing", "python": "CPEX"}, "kind", "no class path"),
        ({"kind": "cpex_pii_filter.PIIFilterPlugin", "python": "bin/python"}, "python", "not absolute"),
        ({"kind": "cpex_pii_filter.PIIFilterPlugin", "python": "/no/such/python"}, "python", "no such file"),
        ({"kind": "cpex_pii_filter.PIIFilterPlugin", "python": "/etc/hostname"}, "kind", "cannot be started"),
        ({"kind": "cpex_pii_filter.PIIFilterPlugin", "python": "/bin/true"}, "kind", "ended"),
        (
            {
                "kind": "cpex_pii_filter.PIIFilterPlugin",
                "python": "CPEX",
                "config": {"default_mask_strategy": "secret words"},
            },
            "kind",
            "constructor raised ValueError",
        ),
        (
            {"kind": "cpex_pii_filter.PIIFilterPlugin", "python": "CPEX", "hooks": ["resource_pre_fetch"]},
            "",
            "resource_pre_fetch",
        ),
    ],
)
def test_what_is_wrong_with_it_stops_the_start_and_names_its_place(
    tmp_path: Path, hook: dict[str, Any], place: str, says: str
) -> None:
    if hook.get("python") == "CPEX":
        hook = {**hook, "python": str(python())}
    with pytest.raises(ConfigError) as caught:
        _gateway(tmp_path, {"name": "p", **hook})
    (problem,) = caught.value.problems
    assert problem.path.endswith(place)
    assert problem.path.startswith("$.plugins.hooks[0]")
    assert says in str(problem)
    assert "secret words" not in str(problem)


def test_a_panic_at_its_birth_is_an_error_at_load(tmp_path: Path, odd_python: str) -> None:
    with pytest.raises(ConfigError, match=r"constructor raised odd\.Panic"):
        _gateway(tmp_path, _odd(odd_python, "panic_at_birth"))


def test_an_interrupt_that_it_raises_at_its_birth_is_its_own_where_no_user_can_have_meant_it(
    tmp_path: Path, odd_python: str
) -> None:
    with pytest.raises(ConfigError, match="constructor raised KeyboardInterrupt"):
        _gateway(tmp_path, _odd(odd_python, "interrupt_at_birth"))


def test_a_disabled_one_that_is_not_installed_is_left_out_with_a_notice(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "list.yaml").write_text("plugins: [{name: P, kind: cpex_nowhere.Plugin, mode: disabled}]")
    (tmp_path / "list.yaml").chmod(0o600)
    _gateway(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps({**config, "include": ["list.yaml"]}))
    load_gateway(tmp_path / "config.json", env={"HOME": str(tmp_path), "MASTER": secrets.token_hex(32)})
    assert "P is disabled and its package is not installed" in caplog.text
