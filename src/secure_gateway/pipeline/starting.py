"""Plugins that want to be initialized: one after the other, each within a time limit, each once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from time import monotonic
from typing import Final

from secure_gateway.errors import ErrorCode, PluginError
from secure_gateway.pipeline.run import raised_at
from secure_gateway.pipeline.snapshot import Starter

START_SECONDS: Final = 30.0
"""How long one ``initialize`` may take. A plugin's time limit at its hooks is much shorter, and is not meant for what loads a model."""
REST_SECONDS: Final = 5.0
"""How long one that failed is not tried again: requests would queue up behind one that hangs."""


class Starters:
    """Those that have not been initialized yet."""

    def __init__(
        self,
        starters: Iterable[Starter],
        seconds: float = START_SECONDS,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._left = list(starters)
        self._seconds = seconds
        self._clock = clock
        self._turn = asyncio.Lock()
        self._rests_until = 0.0
        self._failure = (ErrorCode.PLUGIN_ERROR, "")

    @property
    def are_done(self) -> bool:
        """Tell whether all have been initialized."""
        return not self._left

    async def run(self) -> None:
        """Initialize those that are left. Raises ``PluginError`` for the first that fails; after a rest it is tried again."""
        async with self._turn:
            while self._left:
                if self._clock() >= self._rests_until:
                    await self._start(self._left[0])
                if self._clock() < self._rests_until:
                    code, reason = self._failure
                    raise PluginError(code, reason, plugin=self._left[0].plugin)
                del self._left[0]

    async def _start(self, starter: Starter) -> None:
        limit = asyncio.timeout(self._seconds)
        try:
            async with limit:
                await starter.initialize()
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a stranger's initialize
            late = limit.expired()
            what = f"took more than {self._seconds:g} s" if late else f"raised {raised_at(error)}"
            code = ErrorCode.PLUGIN_TIMEOUT if late else ErrorCode.PLUGIN_ERROR
            self._failure = code, f"the initialize of plugin {starter.plugin!r} {what}"
            self._rests_until = self._clock() + REST_SECONDS
