"""The audit: complete, in order, unchanged, whatever happens to the process."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import re
import resource
import signal
import stat
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from secure_gateway.errors import ConfigError
from secure_gateway.plugins.services import ProviderServices
from secure_gateway.plugins.telemetry.audit import AuditTelemetryProvider
from secure_gateway.plugins.telemetry.audit_file import AuditError, AuditFile, rotated
from secure_gateway.plugins.telemetry.chain import audit_key
from secure_gateway.plugins.telemetry.config_manager import TelemetryConfigManager
from secure_gateway.plugins.telemetry.verification import AuditReport, verify_audit
from tests.plugins.telemetry.records import denied, eventually, record

KEY = b"k" * 32


def write(path: Path, count: int, max_bytes: int = 0) -> AuditFile:
    file = AuditFile(path, KEY, max_bytes)
    for number in range(count):
        file.append([("decision", {"request_id": f"r{number}"})])
    return file


def lines_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "audit.jsonl"


@pytest.fixture
def check(services: ProviderServices) -> Callable[[Path], AuditReport]:
    return lambda path: verify_audit(path, audit_key(services.master_key))


def test_every_decision_is_a_line_with_all_that_is_known_but_no_metadata(services: ProviderServices) -> None:
    manager = TelemetryConfigManager(services)
    manager.initialize({"telemetry": {"provider": "audit"}})
    (sink,) = manager.sinks
    assert (sink.required, sink.durable) == (True, False)
    assert sink.emit(record("r1"))
    assert sink.emit(denied("r2"))
    assert manager.shutdown() == []
    path = services.config_dir / "audit.jsonl"
    start, first, second, stop = lines_of(path)
    assert (start["event"], stop["event"]) == ("start", "stop")
    assert first["principal"]["subject"] == "alice"
    assert first["steps"][0] == {
        "hook": "tool_pre_invoke",
        "plugin": "pii",
        "version": "1.0.0",
        "digest": "d1",
        "verdict": "modify",
        "duration_us": 2.0,
        "reason": "masked",
        "changes": ["/text"],
    }
    assert (second["request_id"], second["outcome"], second["decided_by"]) == ("r2", "denied", "pii")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_chain_goes_on_over_restarts(path: Path) -> None:
    for _ in range(3):
        write(path, 2).close()
    report = verify_audit(path, KEY)
    assert report.ok
    assert (report.lines, report.first_seq, report.last.seq) == (6, 1, 6)


def test_nothing_to_verify_is_no_success(path: Path) -> None:
    report = verify_audit(path, KEY)
    assert not report.ok
    assert report.bad is not None
    assert report.bad.problem.startswith("no such file")
    path.touch(0o600)
    empty = verify_audit(path, KEY)
    assert not empty.ok
    assert empty.bad is not None
    assert empty.bad.problem == "nothing to verify"


Meddling = Callable[[list[bytes]], list[bytes]]


@pytest.mark.parametrize(
    ("meddle", "bad_line"),
    [
        (lambda lines: [lines[0], lines[1].replace(b"r1", b"r9"), *lines[2:]], 2),
        (lambda lines: [lines[0], *lines[2:]], 2),
        (lambda lines: [lines[0], lines[2], lines[1], *lines[3:]], 2),
        (lambda lines: [*lines[:2], lines[1], *lines[2:]], 3),
        (lambda lines: [*lines[:2], b"\n", *lines[2:]], 3),
        (lambda lines: [b"hello\n", *lines], 1),
        (lambda lines: [*lines[:-1], lines[-1][:-20]], 5),
        (lambda lines: [*lines[:-1], lines[-1][:-1]], 5),
        (lambda lines: [*lines, b"x"], 6),
    ],
    ids=["changed", "removed", "swapped", "repeated", "inserted", "in front", "cut", "no line break", "added"],
)
def test_whatever_is_done_to_the_lines_the_first_bad_one_is_named(path: Path, meddle: Meddling, bad_line: int) -> None:
    write(path, 5).close()
    path.write_bytes(b"".join(meddle(path.read_bytes().splitlines(keepends=True))))
    report = verify_audit(path, KEY)
    assert not report.ok
    assert report.bad is not None
    assert report.bad.line == bad_line


def test_another_key_verifies_nothing(path: Path) -> None:
    write(path, 2).close()
    report = verify_audit(path, b"x" * 32)
    assert report.bad is not None
    assert report.bad.line == 1
    assert "another master key" in report.bad.problem


def test_a_file_that_begins_later_says_where(path: Path) -> None:
    write(path, 5).close()
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[2:]))
    assert verify_audit(path, KEY).first_seq == 3


@pytest.mark.parametrize("kept", [1, 30, -2])
def test_a_line_torn_by_a_crash_is_kept_and_sworn_to_by_the_next_start(path: Path, kept: int) -> None:
    write(path, 3).close()
    whole, last = path.read_bytes().splitlines(keepends=True)[:2], path.read_bytes().splitlines(keepends=True)[2]
    path.write_bytes(b"".join(whole) + last[:kept])
    assert not verify_audit(path, KEY).ok
    file = write(path, 1)
    assert file.torn == 1
    report = verify_audit(path, KEY)
    assert report.ok
    assert (report.torn, report.lines, report.decisions) == (1, 4, 3)
    assert path.read_bytes().splitlines()[2] == last[:kept].removesuffix(b"\n")
    path.write_bytes(path.read_bytes().replace(last[:kept].removesuffix(b"\n") + b"\n", b"what\n", 1))
    assert not verify_audit(path, KEY).ok


def test_a_line_that_lacks_nothing_but_its_line_break_is_whole(path: Path) -> None:
    write(path, 2).close()
    path.write_bytes(path.read_bytes()[:-1])
    write(path, 1).close()
    report = verify_audit(path, KEY)
    assert report.ok
    assert (report.torn, report.lines) == (0, 3)


def test_a_file_that_holds_nothing_but_a_torn_line_is_continued_too(path: Path) -> None:
    path.touch(0o600)
    path.write_bytes(b'{"seq":1,"pr')
    write(path, 1).close()
    assert verify_audit(path, KEY).torn == 1
    assert verify_audit(path, KEY).ok


def test_a_torn_line_longer_than_one_read_is_found(path: Path) -> None:
    write(path, 1).close()
    with path.open("ab") as file:
        file.write(b"x" * 300_000)
    write(path, 1).close()
    assert verify_audit(path, KEY).ok


def test_a_file_whose_last_line_is_not_ours_is_not_continued(path: Path, services: ProviderServices) -> None:
    write(path, 2).close()
    before = path.read_bytes()
    provider = AuditTelemetryProvider({}, services)
    with pytest.raises(ConfigError, match=r"another master key.*move it") as caught:
        provider.initialize({})
    assert caught.value.problems[0].path == "$.config.path"
    assert path.read_bytes() == before


def test_rotation_keeps_one_chain_over_all_parts(path: Path) -> None:
    write(path, 50, max_bytes=2000).close()
    parts = rotated(path)
    assert len(parts) > 3
    assert [part.name for part in parts][:2] == ["audit.jsonl.000001", "audit.jsonl.000002"]
    assert all(stat.S_IMODE(part.stat().st_mode) == 0o600 for part in parts)
    report = verify_audit(path, KEY)
    assert report.ok
    assert report.decisions == 50
    parts[1].unlink()
    assert not verify_audit(path, KEY).ok


def test_a_file_moved_away_under_a_running_gateway_is_continued_in_a_new_one(path: Path) -> None:
    file = write(path, 2)
    path.rename(path.with_name("moved"))
    file.append([("decision", {"request_id": "r2"})])
    report = verify_audit(path, KEY)
    assert report.ok
    assert report.first_seq == 3


def test_two_writers_on_one_file_make_one_chain(path: Path) -> None:
    one, other = write(path, 1), write(path, 1)
    for number in range(20):
        (one if number % 3 else other).append([("decision", {"n": number})])
    assert verify_audit(path, KEY).decisions == 22
    assert verify_audit(path, KEY).ok


def test_several_processes_with_rotation_make_one_chain(path: Path) -> None:
    script = textwrap.dedent("""
        import sys
        from pathlib import Path
        from secure_gateway.plugins.telemetry.audit_file import AuditFile
        file = AuditFile(Path(sys.argv[1]), b"k" * 32, 5000)
        for number in range(100):
            file.append([("decision", {"n": number})])
    """)
    children = [_python(script, str(path)) for _ in range(3)]
    for child in children:
        child.communicate(timeout=60)
    assert [child.returncode for child in children] == [0, 0, 0]
    report = verify_audit(path, KEY)
    assert report.bad is None
    assert report.decisions == 300


def test_a_lock_that_another_process_does_not_let_go_of_is_an_error_not_a_wait_for_ever(path: Path) -> None:
    file = write(path, 1)
    with path.open("rb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(AuditError, match="locked by another process"):
            file.append([("decision", {})])
    file.append([("decision", {})])
    assert verify_audit(path, KEY).decisions == 2


def test_a_writer_that_appends_without_end_lets_in_another_one_that_waits(path: Path) -> None:
    """Both in one process: who has just let go of the lock would otherwise have it again long before the other one looks."""
    endless, other = write(path, 1), write(path, 1)
    waiting = threading.Thread(target=other.append, args=([("decision", {"by": "the other"})],))
    with path.with_name(f"{path.name}.turn").open("rb") as turn:
        with endless._locked():
            waiting.start()
            eventually(lambda: not _is_free(turn))
        for _ in range(100):
            endless.append([("decision", {"by": "the endless"})])
    waiting.join()
    written = [line.get("by") for line in lines_of(path)[2:]]
    assert written == ["the other", *["the endless"] * 100]


def _is_free(file: BinaryIO) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    fcntl.flock(file, fcntl.LOCK_UN)
    return True


def test_killed_while_writing_every_record_that_was_committed_is_there_and_the_chain_goes_on(
    services: ProviderServices, check: Callable[[Path], AuditReport]
) -> None:
    script = textwrap.dedent("""
        import asyncio, itertools, sys
        from pathlib import Path
        from secure_gateway.master_key import MasterKey
        from secure_gateway.plugins.services import ProviderServices
        from secure_gateway.plugins.telemetry.config_manager import TelemetryConfigManager
        from secure_gateway.stores.memory import MemoryStore
        from tests.plugins.telemetry.records import record

        async def request(sink, number):
            assert sink.emit(record(f"{sys.argv[2]}-{number}"))
            if await sink.committed():
                print(f"{sys.argv[2]}-{number}", flush=True)

        async def main():
            services = ProviderServices(
                store=MemoryStore(), master_key=MasterKey(bytes(range(32))), config_dir=Path(sys.argv[1]))
            manager = TelemetryConfigManager(services)
            manager.initialize({"telemetry": {"provider": "audit", "config": {"durable": True, "max_bytes": 20_000}}})
            (sink,) = manager.sinks
            for number in itertools.count(0, 20):
                await asyncio.gather(*(request(sink, number + more) for more in range(20)))

        asyncio.run(main())
    """)
    path = services.config_dir / "audit.jsonl"
    committed: list[str] = []
    for life in range(3):
        child = _python(script, str(services.config_dir), str(life))
        assert child.stdout is not None
        seen = [child.stdout.readline() for _ in range(100 + 37 * life)]
        child.send_signal(signal.SIGKILL)
        rest, _ = child.communicate(timeout=60)
        committed += "".join([*seen, rest]).split()[:-1]  # the last may be half a line
    manager = TelemetryConfigManager(services)
    manager.initialize({"telemetry": {"provider": "audit"}})
    manager.shutdown()
    report = check(path)
    assert report.bad is None
    written = re.findall(r'"request_id":"([^"]+)"', "".join(part.read_text() for part in [*rotated(path), path]))
    assert len(committed) > 300
    assert set(committed) <= set(written)
    assert len(written) == len(set(written)) == report.decisions


@pytest.mark.parametrize("name", ["audit.jsonl", "audit.jsonl.turn"])
@pytest.mark.parametrize("mode", [0o644, 0o660])
def test_a_file_that_others_can_open_is_refused(services: ProviderServices, mode: int, name: str) -> None:
    path = services.config_dir / name
    path.touch()
    path.chmod(mode)
    with pytest.raises(ConfigError, match=r"\$\.config\.path"):
        AuditTelemetryProvider({}, services).initialize({})


def test_what_is_no_regular_file_is_refused(services: ProviderServices, tmp_path: Path) -> None:
    (tmp_path / "target").touch(0o600)
    (tmp_path / "link").symlink_to(tmp_path / "target")
    os.mkfifo(tmp_path / "pipe", 0o600)
    (tmp_path / "folder").mkdir()
    for name in ("link", "pipe", "folder"):
        with pytest.raises(ConfigError, match=r"\$\.config\.path"):
            AuditTelemetryProvider({"path": str(tmp_path / name)}, services).initialize({})
        (tmp_path / f"turn-of-{name}.turn").symlink_to(tmp_path / name)
        with pytest.raises(ConfigError, match=r"\$\.config\.path"):
            AuditTelemetryProvider({"path": str(tmp_path / f"turn-of-{name}")}, services).initialize({})


def test_a_relative_path_is_refused_and_so_are_keys_that_nobody_knows(services: ProviderServices) -> None:
    with pytest.raises(ConfigError, match="not absolute"):
        AuditTelemetryProvider({"path": "audit.jsonl"}, services)
    with pytest.raises(ConfigError) as caught:
        AuditTelemetryProvider({"durabel": True, "max_bytes": -1, "durable": "yes"}, services)
    assert [problem.path for problem in caught.value.problems] == [
        "$.config.durabel",
        "$.config.max_bytes",
        "$.config.durable",
    ]
    assert "Did you mean 'durable'" in str(caught.value)


async def test_a_disk_that_is_full_refuses_requests_until_there_is_room_and_loses_no_record(
    services: ProviderServices, check: Callable[[Path], AuditReport]
) -> None:
    """The limit on the size of files stands in for the full disk: the same partial write, the same error afterwards."""
    path = services.config_dir / "audit.jsonl"
    manager = TelemetryConfigManager(services)
    manager.initialize({"telemetry": {"provider": "audit"}})
    (sink,) = manager.sinks
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 100, before[1]))
        assert sink.emit(record("r1"))
        assert await sink.committed() is False
        assert not sink.emit(record("refused"))
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)
    await asyncio.to_thread(eventually, lambda: sink.emit(record("r2")))
    assert await sink.committed() is True
    manager.shutdown()
    report = check(path)
    assert report.ok
    assert report.torn == 0
    assert [line["request_id"] for line in lines_of(path) if line["event"] == "decision"] == ["r1", "r2"]


def _python(script: str, *arguments: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(["src", "."])}
    return subprocess.Popen(
        [sys.executable, "-c", script, *arguments], env=environment, stdout=subprocess.PIPE, text=True
    )
