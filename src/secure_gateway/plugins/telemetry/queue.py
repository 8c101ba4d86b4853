"""The way of a record off the request path: a bounded queue and a thread that hands what is in it to one consumer.

Each consumer has a queue and a thread of its own, so that one which hangs holds up itself only.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable
from typing import Final, Protocol, TypeVar

import msgspec

from secure_gateway.decisions import DecisionRecord
from secure_gateway.plugins.telemetry.trouble import TroubleLog

BATCH: Final = 512
LIMIT: Final = 8192
COMMIT_SECONDS: Final = 5.0
EXIT_SECONDS: Final = 2.0
_RETRY_SECONDS: Final = 0.25
_FULL: Final = "its queue is full, records are turned away"
_FAILING: Final = "it cannot write, requests are refused"

T = TypeVar("T")


class Consumer(Protocol):
    """Takes records on the queue's thread. May raise anything."""

    def take(self, records: list[DecisionRecord]) -> int:
        """Take records from the front of the list; return how many. What a required consumer leaves is offered again."""
        ...

    def sync(self) -> None:
        """Put what was taken where a crash cannot lose it, or raise."""
        ...

    def lost(self, count: int) -> None:
        """Learn that so many records never got here."""
        ...

    def close(self) -> None:
        """Flush and release; nothing is offered afterwards."""
        ...


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """How records are taken. ``required``: what cannot be taken refuses the request, and nothing taken is ever dropped.

    ``durable``: each batch is synced. ``limit``: records that may wait. ``linger``: seconds for which a batch is gathered once its first
    record is there, so that a busy gateway wakes the thread a few times a second and not once a request.
    """

    required: bool = False
    durable: bool = False
    limit: int = LIMIT
    linger: float = 0.02


class _Waiter:
    """Somebody on an event loop who waits until everything queued before is on disk."""

    __slots__ = ("_future", "_loop")

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._future: asyncio.Future[bool] = self._loop.create_future()

    async def wait(self) -> bool:
        async with asyncio.timeout(COMMIT_SECONDS):
            return await self._future

    def answer(self, kept: bool) -> None:  # noqa: FBT001 - the answer itself
        try:
            self._loop.call_soon_threadsafe(self._resolve, kept)
        except RuntimeError:  # the loop was closed: nobody waits any more
            return

    def _resolve(self, kept: bool) -> None:  # noqa: FBT001 - the answer itself
        if not self._future.done():
            self._future.set_result(kept)


class RecordQueue:
    """A ``Sink`` whose records a thread hands to ``consumer``. The thread starts with the first record; emit takes no lock.

    Works with any number of event loops and with none. In a forked child the queue starts anew: what waited at the fork is the parent's.
    """

    def __init__(self, name: str, consumer: Consumer, terms: Terms | None = None) -> None:
        self._name = name
        self._consumer = consumer
        self._terms = terms or Terms()
        self._troubles = TroubleLog(repr(name))
        self._dropped = 0
        self._told_lost = 0
        self._room = self._terms.limit  # 0 while nothing may be taken: closed, or required and failing
        self._closing = False
        self._start_lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._fork_guarded = False
        self._begin_afresh()

    @property
    def name(self) -> str:
        """The name under which refusals and troubles are reported."""
        return self._name

    @property
    def required(self) -> bool:
        """Whether a record that cannot be taken refuses the request."""
        return self._terms.required

    @property
    def durable(self) -> bool:
        """Whether the response waits for ``committed``."""
        return self._terms.durable

    @property
    def ready(self) -> bool:
        """Whether a record that came now would be taken."""
        return len(self._waiting) < self._room

    @property
    def dropped(self) -> int:
        """How many records were turned away or lost."""
        return self._dropped

    def emit(self, record: DecisionRecord) -> bool:
        """Queue ``record``; tell whether it was taken. One append and two comparisons."""
        waiting = self._waiting
        if len(waiting) >= self._room:
            return self._turn_away()
        waiting.append(record)
        if self._asleep:
            self._wake()
        return True

    async def committed(self) -> bool:
        """Wait until everything emitted so far is synced; tell whether it is. False after ``COMMIT_SECONDS``."""
        if not self._room:
            return False
        waiter = _Waiter()
        self._waiting.append(waiter)
        self._wake()
        try:
            return await waiter.wait()
        except TimeoutError:
            return False

    def unwritten(self) -> list[DecisionRecord]:
        """Return the records that no consumer has taken yet, oldest first."""
        return [item for item in (*self._held, *self._waiting.copy()) if isinstance(item, DecisionRecord)]

    def begin_close(self) -> None:
        """Take nothing more; let the thread deliver what waits, close the consumer, and end. Idempotent."""
        self._room = 0
        if not self._closing:
            self._closing = True
            self._wake()

    def close(self, timeout: float = EXIT_SECONDS) -> bool:
        """Close and wait for up to ``timeout`` seconds; tell whether everything was delivered in that time."""
        self.begin_close()
        atexit.unregister(self.close)
        thread = self._thread
        if thread is None or thread is threading.current_thread():
            return self._finished
        thread.join(max(timeout, 0.0))
        return self._finished

    # --- on the emitting threads -------------------------------------------------------------------------------

    def _turn_away(self) -> bool:
        self._dropped += 1
        if not self._closing:
            self._troubles.add(_FULL if self._room else _FAILING)
        return False

    def _wake(self) -> None:
        self._asleep = False
        thread = self._thread
        if thread is None or not thread.is_alive():
            self._start()
        try:
            self._bell.release()
        except RuntimeError:  # it rings already: another thread was faster
            return

    def _start(self) -> None:
        with self._start_lock:
            if self._finished or (self._thread is not None and self._thread.is_alive()):
                return
            self._thread = threading.Thread(
                target=self._work, name=f"secure-gateway-telemetry-{self._name}", daemon=True
            )
            self._thread.start()
            if not self._closing:
                atexit.register(self.close)  # a script that ends without closing its gateway still leaves its records
            if not self._fork_guarded:
                self._fork_guarded = True
                os.register_at_fork(after_in_child=_reviver(self))

    def _begin_afresh(self) -> None:
        self._waiting: deque[DecisionRecord | _Waiter] = deque()
        self._held: list[DecisionRecord | _Waiter] = []
        self._unsynced = False
        self._finished = False
        self._asleep = True
        self._bell = threading.Lock()
        self._bell.acquire()

    def after_fork(self) -> None:
        """In a forked child: forget the parent's thread and what it has in hand."""
        self._start_lock = threading.Lock()
        self._thread = None
        self._room = 0 if self._closing else self._terms.limit
        self._begin_afresh()

    # --- on the queue's thread ---------------------------------------------------------------------------------

    def _work(self) -> None:
        while self._gather():
            if not self._deliver() and self._closing:
                self._lose(len(self._records_held()))
                break
        self._guarded("closing it", self._consumer.close)
        self._finished = True

    def _gather(self) -> bool:
        """Hold the next batch, waiting for it; False when closing and nothing is left."""
        if self._held or self._unsynced:  # the last attempt failed: wait, and try the same again
            self._bell.acquire(timeout=_RETRY_SECONDS)
        elif not self._waiting:
            if self._closing:
                return False
            self._sleep()
        while self._waiting and len(self._held) < BATCH:
            self._held.append(self._waiting[0])  # in one of the two lists at every moment, for `unwritten`
            self._waiting.popleft()
        return True

    def _sleep(self) -> None:
        self._asleep = True
        if not self._waiting and not self._closing:  # looked at after `_asleep` is set: whoever appends now, wakes us
            self._bell.acquire()
        self._asleep = False
        if not self._closing and self._terms.linger:
            self._bell.acquire(timeout=self._terms.linger)  # whoever waits for a commit rings again and cuts this short

    def _deliver(self) -> bool:
        """Offer what is held; tell whether all of it is done with."""
        records = self._records_held()
        taken = self._guarded("taking records", lambda: self._consumer.take(records)) if records else 0
        left = records[taken or 0 :]
        if left and not self._terms.required:
            self._lose(len(left))
            left = []
        waiters = [item for item in self._held if isinstance(item, _Waiter)]
        self._unsynced = self._unsynced or bool(waiters) or bool(taken and self._terms.durable)
        if self._unsynced and not left:
            self._unsynced = self._guarded("syncing to disk", self._synced) is None
        kept = not left and not self._unsynced
        for waiter in waiters:
            waiter.answer(kept)
        self._held = list(left)
        if self._terms.required and not self._closing:
            self._room = self._terms.limit if kept else 0
        self._tell_lost()
        return kept

    def _synced(self) -> bool:
        self._consumer.sync()
        return True

    def _records_held(self) -> list[DecisionRecord]:
        return [item for item in self._held if isinstance(item, DecisionRecord)]

    def _lose(self, count: int) -> None:
        if not count:
            return
        self._dropped += count
        self._troubles.add("records were lost", count)

    def _tell_lost(self) -> None:
        lost = self._dropped - self._told_lost
        if lost:
            self._told_lost += lost
            self._guarded("counting what was lost", lambda: self._consumer.lost(lost))

    def _guarded(self, doing: str, action: Callable[[], T]) -> T | None:
        try:
            return action()
        except (Exception, SystemExit) as error:  # noqa: BLE001 - the consumer is foreign code, and the thread must go on
            self._troubles.add(f"{doing} raised {type(error).__name__}")
            return None

    def __repr__(self) -> str:
        return f"RecordQueue({self._name!r}, waiting={len(self._waiting)}, dropped={self._dropped})"


def close_all(queues: list[RecordQueue], seconds: float) -> list[str]:
    """Close all at the same time; return the names of those that are not done after ``seconds`` in all."""
    for queue in queues:
        queue.begin_close()
    end = time.monotonic() + seconds
    return [queue.name for queue in queues if not queue.close(end - time.monotonic())]


def _reviver(queue: RecordQueue) -> Callable[[], None]:
    """Return what to do in a forked child, without keeping ``queue`` alive: nothing can take it off the list again."""
    reference = weakref.ref(queue)

    def revive() -> None:
        found = reference()
        if found is not None:
            found.after_fork()

    return revive
