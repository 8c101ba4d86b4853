"""``circuit_breaker`` opens after failures, lets one call try, and lets nobody open it by what he asks."""

from __future__ import annotations

import asyncio
import secrets
from pathlib import Path
from typing import Any

import pytest

from secure_gateway import ConfigError, Gateway, PolicyDenied
from secure_gateway.master_key import MasterKey
from secure_gateway.plugins.framework import PluginConfig
from secure_gateway.plugins.framework.observer import ObserverSink
from secure_gateway.plugins.hooks.circuit_breaker import CircuitBreakerPlugin
from secure_gateway.plugins.services import ProviderServices
from secure_gateway.stores.memory import MemoryStore
from secure_gateway.testing.gateways import gateway_for

SERVICES = ProviderServices(store=MemoryStore(), master_key=MasterKey(secrets.token_bytes(32)), config_dir=Path())


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


def guarded(**config: Any) -> tuple[Gateway, Clock]:
    clock = Clock()
    config = {"failures": 2, "window": 10, "open_seconds": 30, **config}
    plugin = CircuitBreakerPlugin(PluginConfig(name="breaker", config=config), SERVICES, clock)
    return gateway_for([plugin], sinks=[ObserverSink("breaker", plugin)]), clock


def fail(_args: Any) -> Any:
    raise ValueError("upstream")


async def call(gateway: Gateway, upstream: Any = lambda _args: "ok", tool: str = "t", server: str = "s") -> Any:
    """Return the answer, or what was raised."""
    try:
        return await gateway.call(tool, {}, upstream, server=server)
    except (ValueError, PolicyDenied) as error:
        return error


async def test_it_opens_says_when_to_come_back_lets_one_call_try_and_closes() -> None:
    gateway, clock = guarded()
    for _ in range(2):
        assert isinstance(await call(gateway, fail), ValueError)
    refused = await call(gateway)
    assert isinstance(refused, PolicyDenied)
    assert refused.retry_after == 30
    assert await call(gateway, tool="other") == "ok"
    assert await call(gateway, server="other") == "ok"
    clock.now += 31
    assert await call(gateway) == "ok"
    assert isinstance(await call(gateway, fail), ValueError)
    assert await call(gateway) == "ok"


async def test_a_try_that_fails_opens_it_again() -> None:
    gateway, clock = guarded()
    for _ in range(2):
        await call(gateway, fail)
    clock.now += 31
    assert isinstance(await call(gateway, fail), ValueError)
    assert isinstance(await call(gateway), PolicyDenied)


async def test_failures_that_lie_apart_do_not_open_it() -> None:
    gateway, clock = guarded()
    for _ in range(5):
        await call(gateway, fail)
        clock.now += 11
    assert await call(gateway) == "ok"


async def test_while_one_call_tries_all_others_are_refused_and_one_that_is_given_up_decides_nothing() -> None:
    gateway, clock = guarded()
    for _ in range(2):
        await call(gateway, fail)
    clock.now += 31
    reached, go_on = asyncio.Event(), asyncio.Event()

    async def slow(_args: Any) -> str:
        reached.set()
        await go_on.wait()
        return "ok"

    probe = asyncio.create_task(call(gateway, slow))
    await reached.wait()
    refused = await asyncio.gather(*(call(gateway) for _ in range(1_000)))
    assert all(isinstance(each, PolicyDenied) for each in refused)
    probe.cancel()
    with pytest.raises(asyncio.CancelledError):
        await probe
    assert await call(gateway) == "ok"


@pytest.mark.parametrize(
    ("answer", "counts"),
    [
        ({"content": [], "isError": True}, True),
        ({"error": {"code": -32000, "message": "x"}}, True),
        ({"error": {"code": -32602, "message": "x"}}, False),
        ({"content": [], "isError": False}, False),
        ("text", False),
    ],
)
async def test_answers_that_are_errors_count_and_what_the_caller_did_wrong_does_not(answer: Any, counts: bool) -> None:
    gateway, _ = guarded()
    for _ in range(3):
        await call(gateway, lambda _args: answer)
    assert isinstance(await call(gateway), PolicyDenied) is counts
    lenient, _ = guarded(error_results=False)
    for _ in range(3):
        await call(lenient, lambda _args: answer)
    assert await call(lenient) == "ok"


async def test_by_server_all_its_tools_are_closed_together() -> None:
    gateway, _ = guarded(per="server")
    await call(gateway, fail, tool="a")
    await call(gateway, fail, tool="b")
    assert isinstance(await call(gateway, tool="c"), PolicyDenied)
    assert await call(gateway, server="other") == "ok"


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({"failures": 0}, "failures"),
        ({"window": 0}, "window"),
        ({"open_seconds": 1e9}, "open_seconds"),
        ({"per": "user"}, "one of server, tool"),
        ({"failure": 1}, "Did you mean 'failures'"),
    ],
)
def test_what_is_wrong_is_said_at_load(config: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        CircuitBreakerPlugin(PluginConfig(name="b", config=config), SERVICES)


def test_in_a_process_of_its_own_it_would_hear_of_nothing_and_is_refused() -> None:
    with pytest.raises(ConfigError, match="own process"):
        CircuitBreakerPlugin(PluginConfig(name="b"))
