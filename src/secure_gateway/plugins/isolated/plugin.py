"""``ProcessPlugin``: a plugin of this gateway that runs in a process of its own."""

from __future__ import annotations

import asyncio
import contextlib
import os
import weakref
from collections.abc import Sequence
from functools import partial
from time import monotonic
from typing import Any, Final

from secure_gateway.errors import AnswerError, ConfigError, Problem
from secure_gateway.plugins.framework.context import PluginContext
from secure_gateway.plugins.framework.driver import GRACE
from secure_gateway.plugins.framework.plugin import ForeignPlugin, PluginConfig
from secure_gateway.plugins.framework.results import PluginResult
from secure_gateway.plugins.hook_order import HookOrder
from secure_gateway.plugins.isolated import frames
from secure_gateway.plugins.isolated.exchange import pack_call, take_answer
from secure_gateway.plugins.isolated.process import PluginProcess

_PASSED_ON: Final = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR")
_CLOSE_SECONDS: Final = 5.0
_INITIALIZE_SECONDS: Final = 60.0
_LONGEST_FAULT: Final = 300


class ProcessPlugin(ForeignPlugin):
    """Runs ``order`` elsewhere. Its process is started when it is first needed, and again when it has died."""

    def __init__(self, config: PluginConfig, order: HookOrder, *, started: bool = False) -> None:
        """``started``: it stands in for a plugin whose ``initialize`` has run already."""
        super().__init__(config)
        if order.obstacle:
            hint = "Put it into a module, or into the plugins folder."
            raise ConfigError(
                Problem(f"{order.where}.isolate", order.obstacle, "a class that its process can import", hint)
            )
        self._limit = config.timeout or order.default_timeout
        names = (*_PASSED_ON, *config.isolate_env)
        environment = {name: os.environ[name] for name in names if name in os.environ}
        self._process = PluginProcess(
            config.name, order, environment, config.isolate_memory_mb or 0, initialize=started
        )
        # A plugin that is dropped before anybody could shut it down, as by a configuration with other faults, leaves nothing behind.
        weakref.finalize(self, self._process.abandon)

    @property
    def pid(self) -> int | None:
        """The process that runs now; None between two."""
        return self._process.pid

    @property
    def digest(self) -> str:
        """A digest of the source that runs there."""
        return self._process.wait_ready().digest

    def warm_up(self) -> None:
        """Have the process started before it is needed. Does not wait."""
        self._process.start()

    def offered_hooks(self) -> Sequence[str]:
        """Return the hooks that the plugin answers. Raises ``ConfigError`` when it cannot be loaded there."""
        return self._process.wait_ready().hooks

    def discard(self) -> None:
        """End the process at once: the plugin will not be used after all."""
        self._process.abandon()

    async def initialize(self) -> None:
        """Have the plugin's own ``initialize`` run in its process, in every one of them."""
        answer = await self._asked(frames.Start, monotonic() + max(self._limit, _INITIALIZE_SECONDS))
        if isinstance(answer, frames.Fault):
            raise AnswerError(_printable(answer.text))

    async def invoke_hook(self, hook: str, payload: Any, context: PluginContext) -> PluginResult[Any]:
        """Answer ``hook``. Raises ``AnswerError`` when the plugin failed, or its process did."""
        given = pack_call(payload, context)
        if len(given) > frames.MOST_PACKED:
            raise AnswerError(f"the call has {len(given)} bytes, and at most {frames.MOST_PACKED} go into its process")
        answer = await self._asked(lambda number: frames.Call(number, hook, given), monotonic() + self._limit)
        if isinstance(answer, frames.Fault):
            raise AnswerError(_printable(answer.text))
        try:
            return take_answer(answer.said, hook, context)
        except Exception as error:  # noqa: BLE001 - a process may write anything
            fault = f"its process wrote what is no answer ({type(error).__name__})"
            self._process.end(fault)
            raise AnswerError(fault) from None

    async def shutdown(self) -> None:
        """Have the plugin's own ``shutdown`` run, and end its process."""
        await asyncio.to_thread(self._process.close, _CLOSE_SECONDS)

    async def _asked(self, make: Any, deadline: float) -> frames.Answer | frames.Fault:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[frames.Answer | frames.Fault] = loop.create_future()

        def settle(answer: frames.Answer | frames.Fault) -> None:
            with contextlib.suppress(RuntimeError):  # that loop has ended, and with it whoever waited
                loop.call_soon_threadsafe(_settle, future, answer)

        number = self._process.ask(make, settle)
        try:
            return await future
        except asyncio.CancelledError:
            # Whoever went away, time is counted until the plugin's own limit: before that, a process that computes may do so.
            patience = max(0.0, deadline - monotonic())
            self._process.cancel(number, patience)
            loop.call_later(patience + 2 * GRACE, partial(self._process.end_unless_alive, number))
            raise


def _printable(text: str) -> str:
    """Return what a process says of its failure, as it may stand in a record: it may be the plugin that wrote it."""
    return "".join(each if each.isprintable() else " " for each in text[:_LONGEST_FAULT])


def _settle(future: asyncio.Future[Any], answer: frames.Answer | frames.Fault) -> None:
    if not future.done():
        future.set_result(answer)
