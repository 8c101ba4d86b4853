"""The way of a record off the request path."""

from __future__ import annotations

import asyncio
import logging
import os
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest

from secure_gateway.decisions import DecisionRecord
from secure_gateway.plugins.telemetry.queue import RecordQueue, Terms, close_all
from secure_gateway.plugins.telemetry.trouble import QUIET_SECONDS, TroubleLog
from tests.plugins.telemetry.records import eventually, record


class Taker:
    """A consumer that keeps what it gets; ``open`` holds it up, ``broken`` and ``unsyncable`` let it fail."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.batches = 0
        self.syncs = 0
        self.told_lost = 0
        self.closed = 0
        self.broken = self.unsyncable = False
        self.open = threading.Event()
        self.open.set()
        self.busy = threading.Event()

    def take(self, records: list[DecisionRecord]) -> int:
        self.busy.set()
        self.open.wait()
        if self.broken:
            raise OSError("no space left")
        self.batches += 1
        self.taken += [record.request_id for record in records]
        return len(records)

    def sync(self) -> None:
        if self.unsyncable:
            raise OSError("i/o error")
        self.syncs += 1

    def lost(self, count: int) -> None:
        self.told_lost += count

    def close(self) -> None:
        self.closed += 1


def test_records_arrive_once_each_and_in_order_whatever_their_number() -> None:
    taker = Taker()
    queue = RecordQueue("t", taker, Terms(limit=10_000))
    assert all(queue.emit(record(str(number))) for number in range(3000))
    assert queue.close(20)
    assert taker.taken == [str(number) for number in range(3000)]
    assert taker.closed == 1


def test_records_of_many_threads_all_arrive() -> None:
    taker = Taker()
    queue = RecordQueue("t", taker, Terms(limit=100_000, linger=0.0))
    threads = [
        threading.Thread(target=lambda own=own: [queue.emit(record(f"{own}-{n}")) for n in range(500)])
        for own in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert queue.close(20)
    assert len(set(taker.taken)) == len(taker.taken) == 4000


def test_no_thread_runs_before_the_first_record() -> None:
    before = threading.active_count()
    queue = RecordQueue("t", Taker())
    assert threading.active_count() == before
    queue.close(5)


def test_closing_without_any_record_still_closes_the_consumer_and_only_once() -> None:
    taker = Taker()
    queue = RecordQueue("t", taker)
    assert queue.close(5)
    assert queue.close(5)
    assert taker.closed == 1


def test_after_closing_nothing_is_taken() -> None:
    taker = Taker()
    queue = RecordQueue("t", taker)
    queue.close(5)
    assert not queue.emit(record())
    assert asyncio.run(queue.committed()) is False
    assert taker.taken == []


@pytest.mark.parametrize("required", [False, True])
def test_a_full_queue_says_so_counts_and_logs_once(required: bool, caplog: pytest.LogCaptureFixture) -> None:
    taker = Taker()
    taker.open.clear()
    queue = RecordQueue("t", taker, Terms(limit=3, required=required, linger=0.0))
    queue.emit(record("in hand"))
    taker.busy.wait()
    with caplog.at_level(logging.WARNING):
        answers = [queue.emit(record(str(number))) for number in range(10)]
    assert answers == [True] * 3 + [False] * 7
    assert queue.dropped == 7
    assert [entry.message for entry in caplog.records] == ["telemetry 't': its queue is full, records are turned away"]
    taker.open.set()
    assert queue.close(20)
    assert taker.taken == ["in hand", "0", "1", "2"]
    assert taker.told_lost == 7


def test_a_consumer_that_hangs_for_ever_holds_up_neither_emit_nor_close() -> None:
    taker = Taker()
    taker.open.clear()
    queue = RecordQueue("t", taker, Terms(limit=3))
    for number in range(100):
        queue.emit(record(str(number)))
    assert not queue.close(0.05)
    taker.open.set()
    assert queue.close(20)


def test_what_an_optional_consumer_cannot_take_is_lost_and_counted_and_the_next_is_offered() -> None:
    taker = Taker()
    taker.broken = True
    queue = RecordQueue("t", taker, Terms(linger=0.0))
    queue.emit(record("lost"))
    eventually(lambda: queue.dropped == 1)
    taker.broken = False
    assert queue.emit(record("kept"))
    assert queue.close(20)
    assert taker.taken == ["kept"]
    assert taker.told_lost == 1


async def test_what_a_required_consumer_cannot_take_is_kept_and_meanwhile_everything_is_refused() -> None:
    taker = Taker()
    taker.broken = True
    queue = RecordQueue("t", taker, Terms(required=True, linger=0.0))
    assert queue.emit(record("kept"))
    assert await queue.committed() is False
    assert not queue.emit(record("refused"))
    assert [waiting.request_id for waiting in queue.unwritten()] == ["kept"]
    taker.broken = False
    await asyncio.to_thread(eventually, lambda: queue.emit(record("later")))
    assert queue.close(20)
    assert taker.taken == ["kept", "later"]


async def test_committed_waits_for_the_sync_and_one_sync_serves_all_who_wait() -> None:
    taker = Taker()
    queue = RecordQueue("t", taker, Terms(required=True, durable=True, linger=0.0))

    async def request(number: int) -> bool:
        queue.emit(record(str(number)))
        kept = await queue.committed()
        assert str(number) in taker.taken
        assert taker.syncs
        return kept

    taker.open.clear()
    requests = [asyncio.create_task(request(number)) for number in range(300)]
    await asyncio.sleep(0)  # by now all have emitted, and the first batch is held up
    taker.open.set()
    assert all(await asyncio.gather(*requests))
    assert taker.syncs <= 5
    queue.close(5)


async def test_a_failed_sync_is_no_commit_and_refuses_until_one_succeeds() -> None:
    taker = Taker()
    taker.unsyncable = True
    queue = RecordQueue("t", taker, Terms(required=True, durable=True, linger=0.0))
    assert queue.emit(record("written"))
    assert await queue.committed() is False
    assert not queue.emit(record("refused"))
    taker.unsyncable = False
    await asyncio.to_thread(eventually, lambda: queue.emit(record("later")))
    assert await queue.committed() is True
    assert taker.taken == ["written", "later"]
    queue.close(5)


async def test_a_caller_who_stops_waiting_for_the_commit_harms_nobody() -> None:
    taker = Taker()
    taker.open.clear()
    queue = RecordQueue("t", taker, Terms(durable=True, linger=0.0))
    queue.emit(record("1"))
    impatient = asyncio.create_task(queue.committed())
    patient = asyncio.create_task(queue.committed())
    await asyncio.sleep(0)
    impatient.cancel()
    taker.open.set()
    assert await patient is True
    queue.close(5)


def test_one_queue_serves_several_event_loops_one_after_another_and_at_once() -> None:
    taker = Taker()
    queue = RecordQueue("t", taker, Terms(durable=True, linger=0.0))
    answers: list[bool] = []

    async def request() -> None:
        queue.emit(record())
        answers.append(await queue.committed())

    threads = [threading.Thread(target=lambda: asyncio.run(request())) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    asyncio.run(request())
    assert answers == [True] * 6
    queue.close(5)


def test_several_queues_close_at_the_same_time_and_those_that_hang_are_named() -> None:
    hanging, fine = Taker(), Taker()
    hanging.open.clear()
    queues = [RecordQueue("hangs", hanging), RecordQueue("fine", fine)]
    for queue in queues:
        queue.emit(record())
    assert close_all(queues, 0.5) == ["hangs"]
    hanging.open.set()
    assert close_all(queues, 20) == []


def test_a_consumer_that_calls_sys_exit_does_not_end_the_thread() -> None:
    class Leaving(Taker):
        def take(self, records: list[DecisionRecord]) -> int:
            if not self.batches:
                self.batches += 1
                sys.exit(3)
            return super().take(records)

    taker = Leaving()
    queue = RecordQueue("t", taker, Terms(linger=0.0))
    queue.emit(record("lost"))
    eventually(lambda: queue.dropped == 1)
    queue.emit(record("kept"))
    assert queue.close(20)
    assert taker.taken == ["kept"]


def test_a_forked_child_writes_its_own_records_and_none_of_its_parents(tmp_path: Path) -> None:
    script = textwrap.dedent("""
        import os, sys, threading
        from secure_gateway.plugins.telemetry.queue import RecordQueue, Terms
        from tests.plugins.telemetry.records import record

        class Lines:
            def take(self, records):
                with open(sys.argv[1], "a") as file:
                    for one in records:
                        file.write(f"{one.request_id} {os.getpid()}\\n")
                return len(records)
            def sync(self): pass
            def lost(self, count): pass
            def close(self): pass

        queue = RecordQueue("t", Lines(), Terms(linger=5.0))
        queue.emit(record("parent"))
        child = os.fork()
        if not child:
            queue.emit(record("child"))
            os._exit(0 if queue.close(20) else 1)
        assert os.waitpid(child, 0)[1] == 0
        assert queue.close(20)
        print(os.getpid(), child)
    """)
    done = _python(script, str(tmp_path / "lines"))
    parent, child = done.split()
    assert sorted((tmp_path / "lines").read_text().splitlines()) == [f"child {child}", f"parent {parent}"]


def test_a_script_that_ends_without_closing_still_leaves_its_records(tmp_path: Path) -> None:
    script = textwrap.dedent("""
        import sys
        from pathlib import Path
        from secure_gateway.plugins.telemetry.queue import RecordQueue, Terms
        from tests.plugins.telemetry.records import record

        class Lines:
            def take(self, records):
                Path(sys.argv[1]).write_text(" ".join(one.request_id for one in records))
                return len(records)
            def sync(self): pass
            def lost(self, count): pass
            def close(self): pass

        RecordQueue("t", Lines(), Terms(linger=60.0)).emit(record("last words"))
    """)
    _python(script, str(tmp_path / "lines"))
    assert (tmp_path / "lines").read_text() == "last words"


def test_a_trouble_is_logged_at_most_once_a_minute_with_how_often_it_came(caplog: pytest.LogCaptureFixture) -> None:
    now = 0.0
    troubles = TroubleLog("'t'", lambda: now)
    for _ in range(100):
        troubles.add("it broke")
    now = QUIET_SECONDS
    troubles.add("it broke")
    assert [entry.message for entry in caplog.records] == [
        "telemetry 't': it broke",
        "telemetry 't': it broke (100 times)",
    ]
    assert troubles.total == 101


def _python(script: str, *arguments: str) -> str:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(["src", "."])}
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
