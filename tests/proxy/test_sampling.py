"""A server that asks its client's model, and a client that has one: both written with the SDK, with the HTTP door between them."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from secure_gateway.gateway import Gateway
from secure_gateway.proxy.serve import Listener, serve
from secure_gateway.proxy.settings import ProxySettings, UpstreamServer
from tests.conformance.children import serving
from tests.proxy.doors import Witness, guarded
from tests.support.environments import env_python

pytestmark = pytest.mark.integration

ROOT = Path(__file__).resolve().parents[1]
SERVER = ROOT / "conformance" / "fixture_server.py"
CLIENT = ROOT / "integration" / "sdk_client.py"
CALL = {"do": "call", "tool": "test_sampling", "arguments": {"prompt": "how deep is the well?"}}


@asynccontextmanager
async def door(gateway: Gateway, server: UpstreamServer) -> AsyncIterator[str]:
    """Serve ``server`` over HTTP; yield its address there."""
    ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    settings = ProxySettings(servers={server.name: server})
    task = asyncio.create_task(serve(gateway, settings, Listener(port=0), on_ready=ready.set_result))
    try:
        waiting: set[asyncio.Future[Any]] = {task, ready}
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        yield f"{await ready}/servers/{server.name}/mcp"
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def visit(address: str) -> dict[str, Any]:
    """Call the tool with a client whose model repeats what it is asked; return what it was asked and what the tool said."""
    order = {"doors": {"door": {"url": address, "headers": {}, "steps": [CALL]}}, "mode": "legacy"}
    client = await asyncio.create_subprocess_exec(
        env_python("fastmcp"), CLIENT, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    said, _ = await client.communicate(json.dumps(order).encode())
    assert client.returncode == 0
    seen: dict[str, Any] = json.loads(said)["door"]
    return seen


@pytest.fixture(params=["process", "URL"])
def sampling_server(request: pytest.FixtureRequest) -> Any:
    program = (str(env_python("fastmcp")), str(SERVER))
    with ExitStack() as running:
        if request.param == "process":
            yield UpstreamServer(name="wells", command=(*program, "--stdio"), timeout=30)
        else:
            address = running.enter_context(serving([*program, "--port", "0"], r"(http://\S+)", dict(os.environ)))
            yield UpstreamServer(name="wells", url=address, timeout=30)


async def test_over_http_the_agent_hooks_see_and_change_what_the_model_is_asked_and_what_the_server_is_told(
    sampling_server: UpstreamServer,
) -> None:
    def asking(payload: Any) -> Any:
        message = {"role": "user", "content": {"type": "text", "text": "another question"}}
        return payload.model_copy(update={"messages": [message], "system_prompt": "be brief"})

    def saying(payload: Any) -> Any:
        message = {**payload.messages[0], "content": {"type": "text", "text": "another answer"}}
        return payload.model_copy(update={"messages": [message]})

    witness = Witness()
    witness.changes = {"agent_pre_invoke": asking, "agent_post_invoke": saying}
    gateway, sink = guarded(witness)
    async with door(gateway, sampling_server) as address:
        seen = await visit(address)
    question, answer = witness.payload("agent_pre_invoke"), witness.payload("agent_post_invoke")
    assert (question.agent_id, question.parameters["maxTokens"]) == ("wells", 100)
    assert question.messages[0]["content"]["text"] == "how deep is the well?"
    assert answer.messages[0]["content"]["text"] == "the model was asked: another question"
    assert [record.outcome for record in sink.records if record.operation == "agent"] == ["modified"]
    (asked,) = seen["asked"]
    assert asked["messages"][0]["content"]["text"] == "another question"
    assert asked["systemPrompt"] == "be brief"
    assert seen["answers"][0]["result"]["content"][0]["text"] == "LLM response: another answer"


@pytest.mark.parametrize("hook", ["agent_pre_invoke", "agent_post_invoke"])
async def test_over_http_the_agent_hooks_refuse_a_question_or_its_answer(
    sampling_server: UpstreamServer, hook: str
) -> None:
    witness = Witness()
    witness.denies = hook
    gateway, sink = guarded(witness)
    async with door(gateway, sampling_server) as address:
        seen = await visit(address)
    assert bool(seen["asked"]) is (hook == "agent_post_invoke")
    assert "how deep" not in json.dumps(seen["answers"])
    assert [record.outcome for record in sink.records if record.operation == "agent"] == ["denied"]
