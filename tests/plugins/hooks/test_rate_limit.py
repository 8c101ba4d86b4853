"""``rate_limit`` counts exactly, across processes too, keeps no name in clear, and says what follows when nobody can count."""

from __future__ import annotations

import asyncio
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import redis

from secure_gateway import ConfigError, PolicyDenied
from secure_gateway.master_key import MasterKey
from secure_gateway.plugins.framework import GlobalContext, PluginConfig, PluginContext, ToolPreInvokePayload
from secure_gateway.plugins.framework.results import PluginResult
from secure_gateway.plugins.hooks.rate_limit import RateLimitPlugin
from secure_gateway.plugins.services import ProviderServices
from secure_gateway.stores.base import StateStore
from secure_gateway.stores.memory import MemoryStore
from secure_gateway.stores.redis import RedisStore
from secure_gateway.stores.sqlite import SQLiteStore
from secure_gateway.testing.gateways import MemorySink, gateway_for
from secure_gateway.types import Principal
from tests.support.redis_server import RedisServer

KEY = bytes(range(32))


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    (tmp_path / "redis").mkdir()
    running = RedisServer(tmp_path / "redis")
    yield running
    running.close()


def plugin(kept: StateStore | None = None, /, **config: Any) -> RateLimitPlugin:
    services = ProviderServices(store=kept or MemoryStore(), master_key=MasterKey(KEY), config_dir=Path())
    return RateLimitPlugin(PluginConfig(name="limit", config=config), services)


async def ask(limiter: RateLimitPlugin, user: str = "u", tool: str = "t", **facts: Any) -> PluginResult[Any]:
    who = Principal(subject=user, provider="p", tenant_id=facts.get("tenant_id"))
    context = PluginContext(global_context=GlobalContext(request_id="r", user=user, principal=who, **facts))
    return await limiter.count(ToolPreInvokePayload(name=tool), context)


async def test_three_lines_are_enough_and_the_refusal_says_when_to_come_back() -> None:
    gateway = gateway_for([plugin(rate="2/minute")])
    for _ in range(2):
        assert await gateway.call("t", {}, lambda _args: "ok") == "ok"
    with pytest.raises(PolicyDenied) as refused:
        await gateway.call("t", {}, lambda _args: "ok")
    assert refused.value.code == "rate_limited"
    assert refused.value.reason == "more than 2/minute for this user"
    assert 0 < refused.value.retry_after <= 60


@pytest.mark.parametrize("algorithm", ["fixed_window", "sliding_window", "token_bucket"])
async def test_of_a_thousand_calls_at_once_exactly_the_limit_passes(algorithm: str) -> None:
    limiter = plugin(rate="100/hour", algorithm=algorithm)
    answers = await asyncio.gather(*(ask(limiter) for _ in range(1_000)))
    assert sum(answer.continue_processing for answer in answers) == 100


async def test_each_has_a_count_of_its_own_and_separators_join_nobody() -> None:
    limiter = plugin(rate="1/hour", per=["tenant", "user", "tool", "server"])
    callers = [
        {"user": "a", "tool": "b"},
        {"user": "a:b", "tool": ""},
        {"user": "a", "tool": ":b"},
        {"user": "a", "tool": "b", "tenant_id": "x"},
        {"user": "a", "tool": "b", "server_id": "x"},
        {"user": "a\0", "tool": "b"},
    ]
    assert [(await ask(limiter, **caller)).continue_processing for caller in callers] == [True] * 6
    assert [(await ask(limiter, **caller)).continue_processing for caller in callers] == [False] * 6


async def test_everybody_together_where_no_dimension_is_named() -> None:
    limiter = plugin(rate="1/hour", per=[])
    assert (await ask(limiter, user="a")).continue_processing
    refused = await ask(limiter, user="b")
    assert refused.violation is not None
    assert refused.violation.reason == "more than 1/hour for everybody"


async def test_of_several_limits_the_one_that_refuses_is_named_and_none_is_counted() -> None:
    limits = [{"rate": "3/hour"}, {"rate": "1/hour", "per": ["user", "tool"], "algorithm": "token_bucket"}]
    limiter = plugin(limits=limits)
    assert (await ask(limiter, tool="a")).continue_processing
    for _ in range(5):
        refused = await ask(limiter, tool="a")
        assert refused.violation is not None
        assert refused.violation.reason == "more than 1/hour for this user and tool"
    assert [(await ask(limiter, tool=tool)).continue_processing for tool in "bcd"] == [True, True, False]


PROCESS = """
import sys
from secure_gateway.stores.rates import Claim, Rate
from secure_gateway.stores import open_store
from pathlib import Path
store = open_store(sys.argv[1], Path("/"))
claims = [Claim("k", Rate(sys.argv[2], 97, 3600.0))]
print(sum(store.admit("t", claims).allowed for _ in range(60)))
store.close()
"""


@pytest.mark.parametrize("algorithm", ["fixed_window", "sliding_window", "token_bucket"])
@pytest.mark.parametrize("kind", ["redis", "sqlite"])
def test_across_processes_exactly_the_limit_passes(
    kind: str, algorithm: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    url = request.getfixturevalue("server").url if kind == "redis" else f"sqlite:///{tmp_path}/s/state.db"
    command = [sys.executable, "-c", PROCESS, url, algorithm]
    with ExitStack() as running:
        processes = [
            running.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
            for _ in range(4)
        ]
        outputs = [each.communicate(timeout=120) for each in processes]
    assert [said for _, said in outputs] == [""] * 4
    assert sum(int(passed) for passed, _ in outputs) == 97, outputs


async def test_a_server_that_is_killed_and_comes_back_is_waited_for_by_nobody_and_refused_meanwhile(
    server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    store = RedisStore(server.url)
    limiter = plugin(store, rate="1000/hour")
    try:
        assert (await ask(limiter)).continue_processing
        calls = [asyncio.create_task(ask(limiter)) for _ in range(50)]
        await asyncio.sleep(0)
        server.kill()
        assert all(
            answer.violation is None or answer.violation.code == "RATE_UNKNOWN"
            for answer in await asyncio.gather(*calls)
        )
        refused = await ask(limiter)
        assert refused.violation is not None
        assert (refused.violation.code, refused.violation.http_status_code) == ("RATE_UNKNOWN", 503)
        assert "calls cannot be counted" in caplog.text
        caplog.clear()
        assert not (await ask(limiter)).continue_processing
        assert caplog.text == ""  # said once
        server.start()
        assert (await ask(limiter)).continue_processing
        assert caplog.text.count("calls are counted again") == 1
    finally:
        await limiter.shutdown()
        store.close()


async def test_where_it_is_spelt_out_uncounted_calls_pass_and_the_record_says_so(server: RedisServer) -> None:
    store = RedisStore(server.url)
    limiter = plugin(store, rate="1/hour", on_store_error="allow")
    sink = MemorySink()
    gateway = gateway_for([limiter], sinks=[sink])
    server.kill()
    try:
        for _ in range(3):
            assert await gateway.call("t", {}, lambda _args: "ok") == "ok"
        (step,) = [step for step in sink.last.steps if step.plugin == "limit"]
        assert (step.verdict, step.metadata) == ("warn", {"warned": True, "uncounted": True})
    finally:
        await limiter.shutdown()
        store.close()


async def test_a_server_that_hangs_does_not_stop_the_loop(server: RedisServer) -> None:
    store = RedisStore(server.url, seconds=0.2)
    limiter = plugin(store, rate="10/hour")
    server.freeze()
    try:
        asked = asyncio.create_task(ask(limiter))
        ticks = 0
        while not asked.done():
            ticks += 1
            await asyncio.sleep(0.001)
        assert (await asked).violation is not None
        assert ticks > 5
    finally:
        server.thaw()
        await limiter.shutdown()
        store.close()


async def test_the_store_holds_no_name_of_anybody(server: RedisServer, tmp_path: Path) -> None:
    shared, file = RedisStore(server.url), SQLiteStore(tmp_path / "s" / "state.db")
    for store in (shared, file):
        limiter = plugin(store, rate="5/hour", per=["user", "tenant", "tool", "server"], store="state")
        await ask(limiter, user="ann@example.com", tool="secret_tool", tenant_id="acme", server_id="vault")
        await limiter.shutdown()
        store.close()
    with redis.Redis.from_url(server.url) as client:
        keys = list(client.scan_iter("*"))
        kept = b" ".join([*keys, *(client.dump(key) for key in keys)])
    kept += b"".join(path.read_bytes() for path in (tmp_path / "s").iterdir())
    assert len(keys) == 1
    assert not [word for word in (b"ann", b"acme", b"secret_tool", b"vault") if word in kept]


async def test_counts_are_kept_where_the_configuration_says(tmp_path: Path, server: RedisServer) -> None:
    file, shared = SQLiteStore(tmp_path / "s" / "state.db"), RedisStore(server.url)
    try:
        for store, config, together in (
            (file, {}, False),
            (file, {"store": "state"}, True),
            (shared, {}, True),
            (shared, {"store": "memory"}, False),
        ):
            tool = secrets.token_hex(4)
            limiters = [plugin(store, rate="1/hour", per=["tool"], **config) for _ in range(2)]
            passed = [(await ask(limiter, tool=tool)).continue_processing for limiter in limiters]
            assert passed == [True, not together]
            for limiter in limiters:
                await limiter.shutdown()
    finally:
        file.close()
        shared.close()


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({}, "no limit"),
        ({"rate": "5/minute", "limits": [{"rate": "1/s"}]}, "a rate beside limits"),
        ({"rate": "5 per minute"}, r"\$\.config\.rate: found no rate.*60/minute"),
        ({"rate": "0/minute"}, "no rate"),
        ({"rate": "5/0minutes"}, "no rate"),
        ({"rate": "10001/s"}, "token_bucket"),
        ({"rate": "5/s", "burst": 3}, r"\$\.config\.burst"),
        ({"rate": "5/s", "per": ["users"]}, "one of server, tenant, tool, user"),
        ({"rate": "5/s", "algoritm": "token_bucket"}, "Did you mean 'algorithm'"),
        ({"limits": [{"rate": "x"}]}, r"\$\.config\.limits\[0\]\.rate"),
        ({"limits": [{"rates": "5/s"}]}, r"\$\.config\.limits\[0\]\.rates.*Did you mean 'rate'"),
    ],
)
def test_what_is_wrong_is_said_at_load(config: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        plugin(**config)


def test_in_a_process_of_its_own_it_cannot_count_in_the_state_store() -> None:
    with pytest.raises(ConfigError, match=r"\$\.config\.store"):
        RateLimitPlugin(PluginConfig(name="limit", config={"rate": "1/s", "store": "state"}))
