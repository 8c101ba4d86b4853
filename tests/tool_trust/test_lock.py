"""The file of pinned definitions: read as what it is or refused, never lost to another writer, never followed elsewhere."""

from __future__ import annotations

import json
import multiprocessing
import os
import threading
from pathlib import Path

import pytest

from secure_gateway.errors import ConfigError
from secure_gateway.tool_trust.lock import LOCK_NAME, Lock, LockFile, Pin

PIN = Pin("sha256:1", {"name": "sha256:2"}, "2026-01-02T03:04:05+00:00")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / LOCK_NAME


def pin(file: LockFile, server: str, tool: str) -> None:
    def change(lock: Lock) -> None:
        lock.servers.setdefault(server, {})[tool] = PIN

    file.update(change)


def pin_many(path: Path, server: str, count: int) -> None:
    pin_more(LockFile(path), server, count)


def pin_more(file: LockFile, server: str, count: int) -> None:
    for number in range(count):
        pin(file, server, f"tool{number}")


def test_what_is_pinned_is_read_by_others_and_is_for_its_owner_alone(path: Path) -> None:
    reader = LockFile(path)
    assert reader.read().servers == {}
    pin(LockFile(path), "s", "a")
    assert reader.read().servers == {"s": {"a": PIN}}
    assert path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in path.parent.iterdir()] == [LOCK_NAME]


def test_nothing_is_written_where_nothing_changed(path: Path) -> None:
    file = LockFile(path)
    pin(file, "s", "a")
    before = path.stat().st_ino
    pin(file, "s", "a")
    assert path.stat().st_ino == before


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"version": 2, "servers": {}}',
        b'{"version": 1, "servers": {}, "more": 1}',
        b'{"version": 1, "servers": {"s": {"a": {"digest": 1, "fields": {}}}}}',
        b'{"version": 1, "servers": {"s": {"a": {"fields": {}}}}}',
        b'{"version": 1, "servers": {"s": {"a": {"digest": "x", "fields": {}, "by": "nobody"}}}}',
        b"\xff\xfe",
        b"[" * 100_000,
    ],
)
def test_a_file_that_was_broken_by_hand_is_refused_and_left_as_it_is(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(ConfigError, match=LOCK_NAME):
        LockFile(path).read()
    with pytest.raises(ConfigError):
        pin(LockFile(path), "s", "a")
    assert path.read_bytes() == content


def test_a_pin_that_was_edited_by_hand_counts_as_it_stands(path: Path) -> None:
    file = LockFile(path)
    pin(file, "s", "a")
    value = json.loads(path.read_text())
    value["servers"]["s"]["a"]["digest"] = "sha256:9"
    path.write_text(json.dumps(value))
    assert file.read().servers["s"]["a"].digest == "sha256:9"


def test_a_symbolic_link_is_refused_and_what_it_leads_to_is_not_written(path: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.json"
    elsewhere.write_text('{"version": 1, "servers": {}}')
    file = LockFile(path)
    pin(file, "s", "a")
    path.unlink()
    path.symlink_to(elsewhere)
    for act in (file.read, lambda: pin(file, "s", "b"), file.restore, lambda: LockFile(path).read()):
        with pytest.raises(ConfigError, match="symbolic link"):
            act()
    assert json.loads(elsewhere.read_text())["servers"] == {}


def test_a_dangling_link_is_a_link_and_not_nothing(path: Path, tmp_path: Path) -> None:
    path.symlink_to(tmp_path / "nowhere")
    with pytest.raises(ConfigError, match="symbolic link"):
        LockFile(path).read()


def test_a_file_that_others_may_write_is_refused(path: Path) -> None:
    file = LockFile(path)
    pin(file, "s", "a")
    path.chmod(0o666)
    with pytest.raises(ConfigError, match="other users can write"):
        file.read()


def test_a_pipe_is_refused_without_waiting_for_who_writes_into_it(path: Path) -> None:
    os.mkfifo(path, 0o600)
    with pytest.raises(ConfigError):
        LockFile(path).read()


def test_what_was_read_once_outlives_the_file_and_is_written_again(path: Path) -> None:
    file = LockFile(path)
    pin(file, "s", "a")
    path.unlink()
    assert file.read().servers == {"s": {"a": PIN}}
    file.restore()
    assert LockFile(path).read().servers == {"s": {"a": PIN}}
    path.unlink()
    pin(file, "s", "b")
    assert LockFile(path).read().servers["s"].keys() == {"a", "b"}


def test_processes_and_threads_that_pin_at_once_lose_nothing(path: Path) -> None:
    count = 15
    shared = LockFile(path)
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=pin_many, args=(path, f"process{n}", count)) for n in range(2)]
    threads = [threading.Thread(target=pin_more, args=(shared, f"thread{n}", count)) for n in range(2)]
    for process in processes:
        process.start()
    for thread in threads:
        thread.start()
    for process in processes:
        process.join(60)
    for thread in threads:
        thread.join(60)
    servers = LockFile(path).read().servers
    assert {name: len(pins) for name, pins in servers.items()} == dict.fromkeys(
        ("process0", "process1", "thread0", "thread1"), count
    )
    assert [each.name for each in path.parent.iterdir()] == [LOCK_NAME]


def test_what_is_changed_in_an_update_that_fails_is_not_kept(path: Path) -> None:
    file = LockFile(path)
    pin(file, "s", "a")

    def fail(lock: Lock) -> None:
        lock.servers.clear()
        raise KeyError("no")

    with pytest.raises(KeyError):
        file.update(fail)
    assert file.read().servers == {"s": {"a": PIN}}
