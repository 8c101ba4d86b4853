"""What goes wrong under a running gateway: keys that end, files that go, a disk that fills, a signal. It refuses, or ends, and says so."""

from __future__ import annotations

import contextlib
import resource
import secrets
import shutil
import threading
from collections.abc import Callable

import httpx
import pytest

from tests.security.conftest import PATIENCE, Door, House

INFINITE = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)


def eventually(attempt: Callable[[], bool]) -> None:
    """Attempt until it comes true; how long that takes is not asserted here."""
    pause = threading.Event()
    for _ in range(PATIENCE * 10):
        if attempt():
            return
        pause.wait(0.1)
    raise AssertionError("it never came true")


def refused(door: Door, headers: dict[str, str], status: int) -> Callable[[], bool]:
    return lambda: door.call(headers, "echo").status_code == status


def test_a_stream_gives_nothing_more_once_its_key_is_disabled(house: House) -> None:
    key, key_id = house.make_key("ann")
    got: list[str] = []

    def listen(headers: dict[str, str]) -> None:
        with (
            contextlib.suppress(httpx.RemoteProtocolError),  # the gateway ended it, or was ended
            httpx.stream("GET", door.url, headers=headers, timeout=PATIENCE) as stream,
        ):
            got.extend(line for line in stream.iter_lines() if "x://tick/" in line)

    with house.serving() as door:
        headers = door.open(key)
        assert door.call(headers, "tick").status_code == 200
        listening = threading.Thread(target=listen, args=(headers,))
        listening.start()
        eventually(lambda: len(got) > 0)
        house.run("keys", "disable", key_id)
        eventually(refused(door, headers, 401))
        known = len(got)
        threading.Event().wait(1)
        assert len(got) == known
        assert door.listening.end() == 0
        listening.join(PATIENCE)


def test_when_the_store_is_removed_under_it_every_key_is_refused(house: House) -> None:
    with house.serving() as door:
        headers = door.open(house.key)
        for path in house.folder.glob("state.db*"):
            path.unlink()
        eventually(refused(door, headers, 503))
        assert b"was removed or replaced" in b"".join(door.listening.err)
        assert door.listening.end() == 0


def test_an_old_copy_of_the_store_does_not_revive_a_key(house: House) -> None:
    key, key_id = house.make_key("ann")
    with house.serving() as door:
        headers = door.open(key)
        shutil.copy(house.folder / "state.db", house.home / "old.db")
        house.run("keys", "disable", key_id)
        eventually(refused(door, headers, 401))
        shutil.copy(house.home / "old.db", house.folder / "state.db")
        # Longer than the gateway goes without looking at its store.
        for _ in range(30):
            assert door.call(headers, "echo").status_code in (401, 503)
            threading.Event().wait(0.1)


@pytest.mark.parametrize("durable", [True, False])
def test_while_the_audit_cannot_be_written_nothing_is_done_and_afterwards_all_is_well(
    house: House, durable: bool
) -> None:
    audit = {"provider": "audit", "config": {"durable": durable}}
    house.edit(lambda config: config["plugins"].update(telemetry=audit))
    file = house.folder / "audit.jsonl"
    with house.serving() as door:
        headers = door.open(house.key)
        assert door.call(headers, "act").status_code == 200
        eventually(lambda: b'"act"' in file.read_bytes())
        # A file that cannot grow is what a full disk looks like to whoever writes it.
        resource.prlimit(door.pid, resource.RLIMIT_FSIZE, (file.stat().st_size, resource.RLIM_INFINITY))
        eventually(refused(door, headers, 503))
        done = house.acts.read_text()
        answer = door.call(headers, "act").json()
        assert answer["error"]["data"]["code"] == "unavailable"
        assert house.acts.read_text() == done
        resource.prlimit(door.pid, resource.RLIMIT_FSIZE, INFINITE)
        eventually(refused(door, headers, 200))
        assert door.call(headers, "act").status_code == 200
        assert door.listening.end() == 0
    assert file.read_bytes().count(b'"act"') >= 2
    house.run("check", "--offline")


def test_an_interrupted_gateway_records_the_call_that_was_under_way(house: House) -> None:
    with house.serving() as door:
        headers = door.open(house.key)
        waiting = threading.Thread(target=lambda: door.call(headers, "never"))
        waiting.start()
        eventually(lambda: "never" in house.acts.read_text())
        assert door.listening.end() == 0
        waiting.join(PATIENCE)
    assert [record["code"] for record in house.records() if record["name"] == "never"] != []


def test_another_master_key_is_noticed_before_anything_is_served(house: House) -> None:
    with house.serving() as door:
        door.call(door.open(house.key), "echo")
        door.listening.end()
    other = secrets.token_hex(32)
    (house.folder / "master.key").write_text(other)
    done = house.run("serve", check=False)
    assert done.returncode == 3
    assert "another master key" in done.stderr
    assert other not in done.stderr + done.stdout
