"""The everyday plugins as a configuration sets them up: three lines each, near matches for what is misspelt, and a gateway around them."""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import Any

import pytest

from secure_gateway import ConfigError, Gateway, PolicyDenied, load_gateway
from secure_gateway.proxy.faults import error_object
from tests.support.redis_server import RedisServer

SIMPLEST: dict[str, dict[str, Any]] = {
    "circuit_breaker": {},
    "header_filter": {"deny": ["cookie"]},
    "mask_fields": {"fields": ["password"]},
    "output_length": {"max_characters": 20_000},
    "rate_limit": {"rate": "60/minute"},
    "regex": {"deny": ["BEGIN PRIVATE KEY"]},
    "resource_filter": {"allowed_domains": ["example.com"], "allowed_types": ["text/*"]},
    "schema_guard": {"tools": {"send_*": {"arguments": {"type": "object", "required": ["to"]}}}},
    "set_headers": {"correlation": "X-Request-Id"},
    "url_reputation": {},
}


def gateway_with(folder: Path, *hooks: dict[str, Any], state: str = "memory:", **env: str) -> Gateway:
    config = {
        "plugins": {"hooks": list(hooks)},
        "anonymous": {"roles": ["all"]},
        "roles": {"all": {"tools": ["*"], "resources": ["*"]}},
        "state": {"url": state},
        "master_key": "env://MASTER",
    }
    path = folder / "config.json"
    path.write_text(json.dumps(config))
    path.chmod(0o600)
    return load_gateway(path, env={"HOME": str(folder), "MASTER": secrets.token_hex(32), **env})


@pytest.mark.parametrize("kind", SIMPLEST)
async def test_the_shortest_entry_works_and_a_harmless_call_passes(tmp_path: Path, kind: str) -> None:
    async with gateway_with(tmp_path, {"name": "p", "kind": kind, "config": SIMPLEST[kind]}) as gateway:
        assert await gateway.call("weather", {"city": "Bern"}, lambda args: args["city"]) == "Bern"


@pytest.mark.parametrize("kind", [kind for kind in SIMPLEST if SIMPLEST[kind]])
def test_a_misspelt_key_is_refused_with_its_place_and_the_nearest_one(tmp_path: Path, kind: str) -> None:
    config = {f"{key}x": value for key, value in SIMPLEST[kind].items()}
    with pytest.raises(ConfigError, match=r"\$\.plugins\.hooks\[0\]\.config\.\w+x: found an unknown key.*Did you mean"):
        gateway_with(tmp_path, {"name": "p", "kind": kind, "config": config})


def test_a_misspelt_kind_is_refused_with_the_nearest_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="rate_limit"):
        gateway_with(tmp_path, {"name": "p", "kind": "rate_limits", "config": {"rate": "1/s"}})


async def test_a_circuit_opens_in_a_gateway_that_was_loaded_and_says_when_to_come_back(tmp_path: Path) -> None:
    hooks = {"name": "breaker", "kind": "circuit_breaker", "config": {"failures": 2}}
    async with gateway_with(tmp_path, hooks) as gateway:

        def fail(_args: Any) -> Any:
            raise ValueError("upstream")

        for _ in range(2):
            with pytest.raises(ValueError, match="upstream"):
                await gateway.call("t", {}, fail)
        with pytest.raises(PolicyDenied) as refused:
            await gateway.call("t", {}, fail)
        assert error_object(refused.value)["data"]["retry_after"] == 30


def test_a_circuit_breaker_in_a_process_of_its_own_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="circuit breaker in the gateway's own process"):
        gateway_with(tmp_path, {"name": "p", "kind": "circuit_breaker", "isolate": "process"})


async def test_gateways_that_share_a_server_share_their_limits(tmp_path: Path) -> None:
    (tmp_path / "redis").mkdir()
    server = RedisServer(tmp_path / "redis", password="hunter2")
    hooks = {"name": "limit", "kind": "rate_limit", "config": {"rate": "5/hour"}}
    folders = [tmp_path / name for name in ("a", "b")]
    env = {"STATE": server.url, "MASTER": secrets.token_hex(32)}
    try:
        passed = 0
        refusals: list[dict[str, Any]] = []
        for folder in folders:
            folder.mkdir()
            async with gateway_with(folder, hooks, state="env://STATE", **env) as gateway:
                for _ in range(4):
                    try:
                        await gateway.call("t", {}, lambda _args: "ok")
                        passed += 1
                    except PolicyDenied as refused:
                        refusals.append(error_object(refused))
        assert passed == 5
        assert [each["code"] for each in refusals] == [429] * 3
        assert all(each["data"]["retry_after"] > 3_000 for each in refusals)
    finally:
        server.close()


def test_a_password_in_the_address_itself_is_refused_and_not_shown(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="env://NAME") as refused:
        gateway_with(tmp_path, state="redis://:hunter2@localhost")
    assert "hunter2" not in str(refused.value)
