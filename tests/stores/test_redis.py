"""What is true of a store on a server: it dies, comes back without its memory, hangs, wants a password, and others write to it."""

from __future__ import annotations

import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from secure_gateway.errors import StoreError
from secure_gateway.master_key import MasterKey
from secure_gateway.plugins.auth.key_ring import KeyGrant, KeyRing
from secure_gateway.plugins.auth.live_keys import LiveKeys
from secure_gateway.plugins.services import ProviderServices
from secure_gateway.stores.redis import RedisStore, parse_redis_url
from tests.support.redis_server import RedisServer


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    (tmp_path / "redis").mkdir()
    running = RedisServer(tmp_path / "redis")
    yield running
    running.close()


def test_a_server_that_is_killed_is_a_fault_and_works_again_when_it_is_back(server: RedisServer) -> None:
    store = RedisStore(server.url)
    store.put("t", "a", b"1")
    before = store.generation("t")
    server.kill()
    for use in (lambda: store.get("t", "a"), lambda: store.generation("t"), lambda: store.put("t", "a", b"2")):
        with pytest.raises(StoreError, match="can be reached"):
            use()
    server.start()
    assert store.get("t", "a") is None
    assert store.generation("t") != before
    store.put("t", "a", b"2")
    assert store.generation("t") not in (0, before)
    store.close()


def test_what_a_server_keeps_on_disk_is_there_after_it_was_killed(tmp_path: Path) -> None:
    server = RedisServer(tmp_path, keep=True)
    store = RedisStore(server.url)
    try:
        store.put("t", "a", b"1")
        store.append("j", [("r", b"2")], keep=5)
        generation = store.generation("t")
        server.kill()
        server.start()
        assert (store.get("t", "a"), store.recent("j", 5)) == (b"1", [("r", b"2")])
        assert store.generation("t") == generation
    finally:
        store.close()
        server.close()


def test_a_server_that_hangs_is_a_fault_after_the_time_limit(server: RedisServer) -> None:
    store = RedisStore(server.url, seconds=0.2)
    server.freeze()
    try:
        with pytest.raises(StoreError, match="did not answer in time"):
            store.get("t", "a")
    finally:
        server.thaw()
    store.close()


def test_a_wrong_password_is_said_and_shown_nowhere(tmp_path: Path) -> None:
    server = RedisServer(tmp_path, password="hunter2")
    try:
        RedisStore(server.url).close()
        for url in (server.url.replace("hunter2", "hunter3"), server.url.replace("default:hunter2@", "")):
            with pytest.raises(StoreError, match="look at the user, the password") as refused:
                RedisStore(url)
            assert "hunter" not in f"{refused.value!r} {refused.value.__cause__!r}"
        assert "hunter" not in repr(parse_redis_url(server.url))
    finally:
        server.close()


CHANGE = """
import sys
from secure_gateway.stores.redis import RedisStore
store = RedisStore(sys.argv[1])
store.put("t", "a", b"theirs")
store.close()
"""


def test_a_change_by_another_process_shows_in_the_generation(server: RedisServer) -> None:
    store = RedisStore(server.url)
    store.put("t", "a", b"ours")
    before = store.generation("t")
    subprocess.run([sys.executable, "-c", CHANGE, server.url], check=True, timeout=60)
    assert store.generation("t") != before
    assert store.get("t", "a") == b"theirs"
    store.close()


def test_a_key_that_another_gateway_disables_ends_here_too_and_none_is_good_while_the_server_is_gone(
    server: RedisServer,
) -> None:
    material = MasterKey(secrets.token_bytes(32))
    stores = [RedisStore(server.url) for _ in range(2)]
    ours, theirs = (ProviderServices(store=each, master_key=material, config_dir=Path()) for each in stores)
    now = 0.0
    live = LiveKeys(ours, monotonic=lambda: now)
    try:
        entry, text = KeyRing(theirs).create(KeyGrant(user_id="ann", roles=("all",)))
        live.poll()
        assert (found := live.find(text)) is not None
        assert not found.disabled
        KeyRing(theirs).disable(entry.key_id)
        until = time.monotonic() + 20
        while not ((found := live.find(text)) is not None and found.disabled):
            assert time.monotonic() < until
            time.sleep(0.05)
        server.kill()
        live.poll()
        now += 6
        with pytest.raises(StoreError, match="does not answer"):
            live.find(text)
    finally:
        live.stop()
        for store in stores:
            store.close()


def test_a_full_server_that_forgets_is_warned_of(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    server = RedisServer(tmp_path)
    try:
        with redis.Redis.from_url(server.url) as client:
            client.config_set("maxmemory-policy", "allkeys-lru")
        RedisStore(server.url).close()
        assert "maxmemory-policy allkeys-lru" in caplog.text
    finally:
        server.close()


WITHOUT = """
import sys
sys.modules["redis"] = None
from pathlib import Path
from secure_gateway.errors import MissingDependencyError
from secure_gateway.stores import open_store
try:
    open_store("redis://localhost", Path("/"))
except MissingDependencyError as error:
    print(error)
"""


def test_without_the_extra_its_name_is_said() -> None:
    said = subprocess.run([sys.executable, "-c", WITHOUT], capture_output=True, text=True, check=True, timeout=60)
    assert "pip install 'secure-gateway[redis]'" in said.stdout
