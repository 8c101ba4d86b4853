"""``rate_limit``: how often something may be called, by whom, and what follows when nobody can count."""

from __future__ import annotations

import asyncio
import hashlib
import math
import re
import secrets
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, Literal

import msgspec

from secure_gateway.errors import ConfigError, Problem, StoreError
from secure_gateway.plugins.framework.context import GlobalContext, PluginContext
from secure_gateway.plugins.framework.decorator import hook
from secure_gateway.plugins.framework.hookpoints import (
    HOOK_POINTS,
    AgentHookType,
    PromptHookType,
    ResourceHookType,
    ToolHookType,
)
from secure_gateway.plugins.framework.payloads import PluginPayload
from secure_gateway.plugins.framework.plugin import Plugin, PluginConfig
from secure_gateway.plugins.framework.results import PluginResult
from secure_gateway.plugins.hooks.contents import denied
from secure_gateway.plugins.hooks.typed_config import Misfit, Settings, read_settings
from secure_gateway.plugins.services import ProviderServices
from secure_gateway.stores.memory import MemoryStore
from secure_gateway.stores.rates import MOST_PER_WINDOW, Admission, Algorithm, Claim, Rate

_RATE: Final = re.compile(r"\s*([0-9]{1,9})\s*/\s*([0-9]{1,6})?\s*(s|sec|second|m|min|minute|h|hour|d|day)s?\s*")
_SECONDS: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_TABLE: Final = "rates"
_THREADS: Final = 8
_PATIENCE: Final = 3.0
"""Seconds for which a store is waited for; shorter than the time limit of a plugin, so that ``on_store_error`` decides and not that."""
_TARGETS: Final = {point.payload: (name.partition("_")[0], point.target) for name, point in HOOK_POINTS.items()}

Dimension = Literal["user", "tenant", "tool", "server"]


class Limit(Settings, frozen=True):
    """One limit. ``per``: whose calls are counted together; ``[]`` for everybody's."""

    rate: str
    per: tuple[Dimension, ...] = ("user",)
    algorithm: Algorithm = "sliding_window"
    burst: int = 0

    def __post_init__(self) -> None:
        rate = _read_rate(self.rate)
        if rate is None:
            raise Misfit("rate", "no rate", "a number and a time", 'For example "60/minute", "5/s" or "1000/12h".')
        if self.burst < 0 or (self.burst and self.algorithm != "token_bucket"):
            raise Misfit(
                "burst",
                "a number that means nothing here",
                'a number of calls at once, with "algorithm": "token_bucket"',
            )
        if self.algorithm == "sliding_window" and rate[0] > MOST_PER_WINDOW:
            hint = 'Use "algorithm": "token_bucket" for more.'
            raise Misfit(
                "rate", f"more than {MOST_PER_WINDOW} calls", "less: a sliding window remembers each call", hint
            )

    def compiled(self) -> Rate:
        """Return the limit as the stores count it."""
        limit, seconds = _read_rate(self.rate) or (1, 1.0)
        return Rate(self.algorithm, limit, seconds, self.burst)


class RateLimitSettings(Settings, frozen=True):
    """``rate``, ``per``, ``algorithm`` and ``burst`` for one limit, or a list of ``limits``: a call has to pass all, or counts for none.

    ``store``: ``memory`` counts in this process, ``state`` in the state store, for all processes together; by default where that is one for several
    machines. ``on_store_error``: what becomes of a call that cannot be counted.
    """

    rate: str | None = None
    per: tuple[Dimension, ...] = ("user",)
    algorithm: Algorithm = "sliding_window"
    burst: int = 0
    limits: tuple[Limit, ...] = ()
    store: Literal["memory", "state"] | None = None
    on_store_error: Literal["deny", "allow"] = "deny"

    def __post_init__(self) -> None:
        if (self.rate is None) == (not self.limits):
            raise Misfit(
                "rate",
                "no limit" if self.rate is None else "a rate beside limits",
                'a "rate" such as "60/minute", or a list of "limits"',
            )
        if self.rate is not None:
            self.one()

    def one(self) -> Limit:
        """Return the limit that the keys of the plugin itself describe."""
        return Limit(rate=self.rate or "", per=self.per, algorithm=self.algorithm, burst=self.burst)


class RateLimitPlugin(Plugin):
    """Refuses what comes too often, with the seconds after which it may pass. What is refused counts for nothing."""

    def __init__(self, config: PluginConfig, services: ProviderServices | None = None) -> None:
        super().__init__(config)
        settings = read_settings(config, RateLimitSettings)
        shared = settings.store == "state" or (
            settings.store is None and services is not None and services.store.is_shared
        )
        if shared and services is None:
            found = '"state", where there is no gateway around the plugin'
            raise ConfigError(Problem("$.config.store", found, '"memory", or a plugin without "isolate"'))
        self._limits = [(limit, limit.compiled()) for limit in settings.limits or (settings.one(),)]
        self._store = services.store if shared and services is not None else MemoryStore(time.monotonic)
        self._key = secrets.token_bytes(32) if services is None else services.master_key.derive("rate-limit-keys")
        self._allows = settings.on_store_error == "allow"
        self._is_failing = False
        blocks = not isinstance(self._store, MemoryStore)
        self._threads = ThreadPoolExecutor(_THREADS, "secure-gateway-rates") if blocks else None

    async def shutdown(self) -> None:
        """Count no more. Does not wait for what is under way: a store answers within its own time limit."""
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)

    @hook(
        ToolHookType.TOOL_PRE_INVOKE,
        PromptHookType.PROMPT_PRE_FETCH,
        ResourceHookType.RESOURCE_PRE_FETCH,
        AgentHookType.AGENT_PRE_INVOKE,
    )
    async def count(self, payload: PluginPayload, context: PluginContext) -> PluginResult[Any]:
        """Count the call, or refuse it."""
        kind, target = next(_TARGETS[cls] for cls in type(payload).__mro__ if cls in _TARGETS)
        facts = context.global_context
        name = f"{kind}:{getattr(payload, target)}"
        claims = [
            Claim(self._digest(index, limit, name, facts), rate) for index, (limit, rate) in enumerate(self._limits)
        ]
        try:
            admission = await self._admit(claims)
        except (StoreError, TimeoutError) as error:
            return self._uncounted(error)
        if self._is_failing:
            self._is_failing = False
            self.logger.warning("calls are counted again")
        if admission.allowed:
            return PluginResult()
        limit, _ = self._limits[admission.refused]
        whose = " and ".join(limit.per) or "everybody"
        reason = (
            f"more than {limit.rate.strip()} for this {whose}"
            if limit.per
            else f"more than {limit.rate.strip()} for everybody"
        )
        return denied("RATE_LIMITED", reason, status=429, retry_after=max(1, math.ceil(admission.wait)))

    async def _admit(self, claims: Sequence[Claim]) -> Admission:
        if self._threads is None:
            return self._store.admit(_TABLE, claims)
        async with asyncio.timeout(_PATIENCE):
            return await asyncio.get_running_loop().run_in_executor(self._threads, self._store.admit, _TABLE, claims)

    def _uncounted(self, error: Exception) -> PluginResult[Any]:
        if not self._is_failing:
            self._is_failing = True
            said = str(error) or f"no answer within {_PATIENCE:g} s"
            self.logger.warning(
                "calls cannot be counted, and are %s: %s", "let through" if self._allows else "refused", said
            )
        if self._allows:
            return PluginResult(metadata={"warned": True, "uncounted": True})
        return denied("RATE_UNKNOWN", "calls cannot be counted at the moment", status=503, retry_after=1)

    def _digest(self, index: int, limit: Limit, name: str, facts: GlobalContext) -> str:
        """Return the key of a count. Keyed, so that who reads the store learns no names from it; packed, so that no name can run into the next."""
        parts = {"user": _user(facts), "tenant": facts.tenant_id, "tool": name, "server": facts.server_id}
        rate = self._limits[index][1]
        whose = [self.name, index, rate.algorithm, rate.seconds, *((each, parts[each]) for each in limit.per)]
        packed = msgspec.msgpack.encode(whose)
        return hashlib.blake2b(packed, key=self._key, digest_size=16).hexdigest()


def _user(facts: GlobalContext) -> list[str | None]:
    """Return who is asking: a name is one person's only with its provider and its tenant."""
    who = facts.principal
    if who is None:
        return [None, facts.user, facts.tenant_id, None]
    return [who.provider, who.subject, who.tenant_id, who.project_id]


def _read_rate(text: str) -> tuple[int, float] | None:
    read = _RATE.fullmatch(text)
    if read is None:
        return None
    limit, seconds = int(read[1]), float(int(read[2] or 1) * _SECONDS[read[3][0]])
    return (limit, seconds) if limit and seconds else None
