"""``Workload``: the tasks that are under way for one kind of message, counted, found by id, and never lost."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, Final

from secure_gateway.proxy.wire import MessageId

_log = logging.getLogger(__name__)

HIGH_WATER: Final = 256
"""So many tasks at a time, and whoever causes them is not read until they are half as many."""


class Workload:
    """Tasks, of which some are known by a message id. ``on_full`` is told when there are too many, and when there are few again."""

    def __init__(self, on_full: Callable[[bool], None] | None = None) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self._named: dict[MessageId, asyncio.Task[None]] = {}
        self._on_full = on_full

    @property
    def tasks(self) -> frozenset[asyncio.Task[None]]:
        """What is under way now."""
        return frozenset(self._tasks)

    def __len__(self) -> int:
        return len(self._tasks)

    def __contains__(self, message_id: object) -> bool:
        return message_id in self._named

    def get(self, message_id: MessageId | None) -> asyncio.Task[None] | None:
        """Return the task of that message, if it is under way."""
        return None if message_id is None else self._named.get(message_id)

    def add(
        self,
        work: Coroutine[Any, Any, None],
        message_id: MessageId | None = None,
        on_crash: Callable[[], None] | None = None,
    ) -> None:
        """Start ``work``. ``on_crash`` is called when it ends with an exception that it should have handled itself."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        if message_id is not None:
            self._named[message_id] = task
        if self._on_full is not None and len(self._tasks) == HIGH_WATER:
            self._on_full(True)  # noqa: FBT003 - a callback with one meaning

        def done(task: asyncio.Task[None]) -> None:
            self._tasks.discard(task)
            if message_id is not None:
                self._named.pop(message_id, None)
            if self._on_full is not None and len(self._tasks) == HIGH_WATER // 2:
                self._on_full(False)  # noqa: FBT003 - as above
            if not task.cancelled() and (error := task.exception()) is not None:
                _log.error("a message could not be handled: %s", type(error).__name__)
                if on_crash is not None:
                    on_crash()

        task.add_done_callback(done)

    def cancel(self) -> None:
        """Cancel everything."""
        for task in self._tasks:
            task.cancel()


async def finished(workloads: Iterable[Workload], seconds: float, interrupted: asyncio.Event) -> None:
    """Wait until nothing is under way, but no longer than so many ``seconds`` and not once ``interrupted`` is set."""
    interruption = asyncio.ensure_future(interrupted.wait())
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    try:
        while not interruption.done() and (left := deadline - loop.time()) > 0:
            tasks: set[asyncio.Future[Any]] = {task for workload in workloads for task in workload.tasks}
            if not tasks:
                return
            await asyncio.wait({*tasks, interruption}, timeout=left, return_when=asyncio.FIRST_COMPLETED)
    finally:
        interruption.cancel()
