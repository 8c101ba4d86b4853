"""secure-gateway itself: the same work as each peer's worker does."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import msgspec

from benchmarks import corpus
from benchmarks.worker import Repeat, case, main
from secure_gateway.bootstrap import load_parts
from secure_gateway.plugins.auth.key_ring import KeyGrant, KeyRing
from secure_gateway.plugins.framework import (
    Plugin,
    PluginCondition,
    PluginConfig,
    ToolPostInvokeResult,
    ToolPreInvokeResult,
)
from secure_gateway.stores.key_file import create_master_key
from secure_gateway.testing.gateways import MemorySink, gateway_for
from secure_gateway.types import AuthCredentials, Operation, Request

KEYWORDS = ["password", "secret", "confidential", "rm -rf", "drop table"]


class Reader(Plugin):
    """Reads one nested argument and lets pass."""

    async def tool_pre_invoke(self, payload: Any, context: Any) -> ToolPreInvokeResult:
        assert payload.args["options"]["page"] == 3
        return ToolPreInvokeResult()

    async def tool_post_invoke(self, payload: Any, context: Any) -> ToolPostInvokeResult:
        assert payload.result["content"][0]["type"] == "text"
        return ToolPostInvokeResult()


class LastRecord(MemorySink):
    """Keeps one record, as a benchmark must not fill the memory."""

    def emit(self, record: Any) -> bool:
        self.records = [record]
        return True


async def _pipeline(size: int) -> Repeat:
    plugins = [
        Reader(PluginConfig(name=f"reader{n}", priority=10 + n, conditions=[PluginCondition(tools=("search",))]))
        for n in range(5)
    ]
    sink = LastRecord()
    gateway = gateway_for(plugins, sinks=[sink])
    arguments = corpus.arguments(size)
    answer = corpus.result(arguments["query"])

    async def upstream(_request: Request) -> Any:
        return answer

    async def repeat(count: int) -> None:
        for _ in range(count):
            await gateway.handle(Request(operation=Operation.TOOL, name="search", arguments=arguments), upstream)
        assert len(sink.last.steps) == 14

    return repeat


@case("pipeline_5x2_noop")
async def _small() -> Repeat:
    return await _pipeline(150)


@case("pipeline_5x2_noop_64k")
async def _large() -> Repeat:
    return await _pipeline(65536)


def _configured() -> tuple[Any, str]:
    """Return the parts of a gateway with key authentication and a keyword guardrail, and a key."""
    folder = Path(tempfile.mkdtemp(prefix="secure-gateway-bench-"))
    folder.chmod(0o700)
    create_master_key(folder / "master.key")
    config = {
        "plugins": {
            "auth": {"provider": "api_key"},
            "guardrails": {"provider": "keyword", "config": {"words": KEYWORDS}},
        },
        "roles": {"everything": {"tools": ["*"]}},
        "state": {"url": "memory:"},
        "master_key": f"file://{folder}/master.key",
    }
    path = folder / "config.json"
    path.write_text(json.dumps(config))
    path.chmod(0o600)
    parts = load_parts(path)
    _, key = KeyRing(parts.services).create(KeyGrant(user_id="ann", roles=("everything",)))
    return parts, key


@case("secure_call")
async def _secure_call() -> Repeat:
    parts, key = _configured()
    sink = LastRecord()
    gateway = type(parts.gateway)(_with_sinks(parts.gateway.snapshot, sink))
    text = corpus.prose(1024, 2)
    answer = corpus.result(text)

    async def upstream(_request: Request) -> Any:
        return answer

    async def repeat(count: int) -> None:
        for _ in range(count):
            request = Request(
                operation=Operation.TOOL,
                name="echo",
                arguments={"message": text},
                credentials=AuthCredentials(api_key=key),
            )
            assert await gateway.handle(request, upstream) is answer
        assert sink.last.outcome == "allowed"

    return repeat


def _with_sinks(snapshot: Any, sink: Any) -> Any:
    return msgspec.structs.replace(snapshot, sinks=(sink,))


@case("session_hit")
async def _session_hit() -> Repeat:
    parts, key = _configured()
    gateway = parts.gateway

    async def repeat(count: int) -> None:
        for _ in range(count):
            assert (await gateway.authenticate(AuthCredentials(api_key=key))).subject == "ann"

    return repeat


if __name__ == "__main__":
    main()
