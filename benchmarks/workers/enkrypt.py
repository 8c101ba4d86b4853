"""secure-mcp-gateway: its own secure call with a key, its keyword guardrail and a stubbed upstream; and its session hit."""

from __future__ import annotations

import importlib
import json
import logging
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks import corpus
from benchmarks.worker import Repeat, case, main

KEY, PROJECT, USER = "gw-" + "k" * 60, "project-1", "user-1"
KEYWORDS = ["password", "secret", "confidential", "rm -rf", "drop table"]


class _Bag:
    def __init__(self, **fields: Any) -> None:
        self.__dict__.update(fields)


CONTEXT = _Bag(request_id="r1", request_context=_Bag(request=_Bag(headers={"apikey": KEY})))


def _policy(*, enabled: bool) -> dict[str, Any]:
    return {
        "enabled": enabled,
        "guardrail_name": "p",
        "provider": "custom-keyword",
        "additional_config": {"pii_redaction": False},
        "block": ["keyword_detector"],
    }


def _write_config(home: Path) -> None:
    server = {
        "server_name": "echo_server",
        "description": "echo",
        "config": {"command": sys.executable, "args": []},
        "tools": {"echo": "Echo a message"},
        "input_guardrails_config": _policy(enabled=True),
        "output_guardrails_config": _policy(enabled=True),
    }
    config = {
        "admin_apikey": "A" * 256,
        "enkrypt_config": {"api_key": "x", "base_url": "http://127.0.0.1:9"},
        "common_mcp_gateway_config": {
            "enkrypt_log_level": "ERROR",
            "enkrypt_async_input_guardrails_enabled": False,
            "enkrypt_async_output_guardrails_enabled": False,
            "enkrypt_config_watcher_poll_seconds": 0,
        },
        "plugins": {
            "auth": {"provider": "local_apikey", "config": {}},
            "guardrails": {"provider": "enkrypt", "config": {"api_key": "x", "base_url": "http://127.0.0.1:9"}},
            "telemetry": {"provider": "opentelemetry", "config": {"enabled": False}},
        },
        "mcp_configs": {"c1": {"mcp_config_name": "c", "mcp_config": [server]}},
        "projects": {PROJECT: {"project_name": "p", "mcp_config_id": "c1", "users": [USER]}},
        "users": {USER: {"email": "user@example.com"}},
        "apikeys": {KEY: {"project_id": PROJECT, "user_id": USER}},
    }
    folder = home / ".enkrypt"
    folder.mkdir(parents=True)
    (folder / "enkrypt_mcp_config.json").write_text(json.dumps(config))


def _start() -> Any:
    home = Path(tempfile.mkdtemp(prefix="enkrypt-bench-"))
    _write_config(home)
    os.environ |= {"HOME": str(home), "SKIP_DEPENDENCY_INSTALL": "true"}
    constants: Any = importlib.import_module("secure_mcp_gateway.consts")
    constants.DOCKER_CONFIG_PATH = constants.CONFIG_PATH
    gateway = importlib.import_module("secure_mcp_gateway.gateway")
    examples = importlib.import_module("secure_mcp_gateway.plugins.guardrails.example_providers")
    manager = importlib.import_module("secure_mcp_gateway.plugins.guardrails").get_guardrail_config_manager()
    manager.register_provider(examples.CustomKeywordProvider(KEYWORDS))
    return gateway


class _Upstream:
    async def call_tool(self, _name: str, arguments: Any = None) -> Any:
        types = importlib.import_module("mcp").types
        return types.CallToolResult(content=[types.TextContent(type="text", text=arguments["message"])])


class _Pool:
    async def acquire(self, *_: Any) -> Any:
        return _Upstream(), True

    async def release(self, *_: Any) -> None:
        return None

    async def evict(self, *_: Any) -> None:
        return None


GATEWAY = _start()
logging.disable(logging.WARNING)
structlog: Any = importlib.import_module("structlog")
structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR), cache_logger_on_first_use=False)


@case("secure_call")
async def _secure_call() -> Repeat:
    service: Any = importlib.import_module("secure_mcp_gateway.services.execution.secure_tool_execution_service")
    service.get_session_pool = _Pool
    text = corpus.prose(1024, 2)

    async def repeat(count: int) -> None:
        for _ in range(count):
            answer = await GATEWAY.enkrypt_secure_call_tools(
                CONTEXT, "echo_server", [{"name": "echo", "args": {"message": text}}]
            )
            assert answer["results"][0]["status"] == "success", answer

    return repeat


@case("session_hit")
async def _session_hit() -> Repeat:
    manager = importlib.import_module("secure_mcp_gateway.plugins.auth").get_auth_config_manager()

    async def repeat(count: int) -> None:
        for _ in range(count):
            assert (await manager.authenticate(CONTEXT)).is_success

    return repeat


if __name__ == "__main__":
    main()
