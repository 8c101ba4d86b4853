"""Plugins that run elsewhere: what their servers and processes leave lying about."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from secure_gateway.errors import AnswerError
from secure_gateway.plugins.framework import (
    GlobalContext,
    PluginContext,
    PluginViolation,
    ToolPreInvokePayload,
    ToolPreInvokeResult,
)
from secure_gateway.plugins.isolated.exchange import Handed, pack_call, take_answer
from tests.plugins.external.asking import ask, connected

NO = PluginViolation(code="NO", reason="no")


def context() -> PluginContext:
    return PluginContext(global_context=GlobalContext(request_id="1"))


def handed() -> Handed:
    return Handed("tool_pre_invoke", pack_call(ToolPreInvokePayload(name="tool", args={"a": 1}), context()))


def spoil_state(call: Handed) -> None:
    call.context.state["kept"] = {1, 2}


def spoil_metadata(call: Handed) -> None:
    call.context.metadata["kept"] = object()


def spoil_shared(call: Handed) -> None:
    call.context.global_context.state["kept"] = object()


@pytest.mark.parametrize("spoil", [spoil_state, spoil_metadata, spoil_shared])
def test_a_clear_no_leaves_the_process_of_its_plugin_whatever_state_was_left_there(spoil: Any) -> None:
    call = handed()
    spoil(call)
    said = call.answered(ToolPreInvokeResult(continue_processing=False, violation=NO))
    answer = take_answer(said, "tool_pre_invoke", context())
    assert answer.continue_processing is False
    assert answer.violation is not None
    assert answer.violation.code == "NO"


@pytest.mark.parametrize("spoil", [spoil_state, spoil_metadata, spoil_shared])
def test_a_yes_does_not_leave_the_process_of_its_plugin_with_a_state_that_cannot(spoil: Any) -> None:
    call = handed()
    spoil(call)
    with pytest.raises(AnswerError, match="no JSON value"):
        call.answered(ToolPreInvokeResult())


SERVER = """
import json, sys

def say(message):
    sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}) + "\\n")

for line in sys.stdin:
    asked = json.loads(line)
    if "id" not in asked:
        continue
    params, answer = asked.get("params", {}), {}
    if asked["method"] == "initialize":
        answer = {"protocolVersion": params["protocolVersion"], "capabilities": {"tools": {}}, "serverInfo": {}}
    elif asked["method"] == "tools/call":
        value = {"name": "Guard", "hooks": ["tool_pre_invoke"]}
        if params["name"] == "invoke_hook":
            for _ in range(20000):
                say({"method": "notifications/message", "params": {"level": "info", "data": "noise"}})
            passes = params["arguments"]["payload"]["args"]["passes"]
            result = {"continue_processing": passes, "violation": None if passes else {"code": "NO", "reason": "no"}}
            value = {"plugin_name": "Guard", "result": result, "context": {"more": 1}}
        answer = {"content": [{"type": "text", "text": json.dumps(value)}]}
    say({"id": asked["id"], "result": answer})
    sys.stdout.flush()
"""


async def test_a_clear_no_of_a_server_counts_among_noise_and_beside_a_context_that_is_none(tmp_path: Path) -> None:
    script = tmp_path / "server.py"
    script.write_text(SERVER)
    with connected({"proto": "stdio", "script": str(script)}) as plugin:
        assert (await ask(plugin, passes=False)).continue_processing is False
        with pytest.raises(AnswerError, match="not known here"):
            await ask(plugin, passes=True)
