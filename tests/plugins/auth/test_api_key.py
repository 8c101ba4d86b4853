"""When an API key is accepted, and how soon it no longer is."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from secure_gateway.errors import StoreError
from secure_gateway.master_key import MasterKey
from secure_gateway.plugins.auth.api_key import APIKeyAuthProvider
from secure_gateway.plugins.auth.base import AuthStatus
from secure_gateway.plugins.auth.key_format import new_key
from secure_gateway.plugins.auth.key_ring import TABLE, KeyGrant, KeyRing
from secure_gateway.plugins.auth.live_keys import POLL_SECONDS, STALE_SECONDS, LiveKeys
from secure_gateway.plugins.services import ProviderServices
from secure_gateway.stores.memory import MemoryStore
from secure_gateway.stores.sqlite import SQLiteStore
from secure_gateway.types import AuthCredentials
from tests.plugins.auth.conftest import Clock

GRANT = KeyGrant(user_id="alice", project_id="p1", tenant_id="t1", roles=("analyst",), permissions=("a",))


class FailingStore(MemoryStore):
    """A store that can be made to fail, as a real one does when its disk goes away."""

    failing = False

    def generation(self, table: str) -> int:
        if self.failing:
            raise StoreError("the disk is gone")
        return super().generation(table)


@pytest.fixture
def ring(services: ProviderServices) -> KeyRing:
    return KeyRing(services)


@pytest.fixture
async def provider(services: ProviderServices) -> AsyncIterator[APIKeyAuthProvider]:
    made = APIKeyAuthProvider(services)
    yield made
    await made.shutdown()


async def status(provider: APIKeyAuthProvider, text: str) -> AuthStatus:
    """Judge a key in both ways in which it can be judged."""
    result = await provider.authenticate(AuthCredentials(api_key=text))
    assert result.authenticated is (result.status is AuthStatus.SUCCESS)
    assert (provider.recognise(AuthCredentials(api_key=text)) is not None) is result.authenticated
    return result.status


async def test_a_good_key_says_who_asks_with_what_was_granted(ring: KeyRing, provider: APIKeyAuthProvider) -> None:
    entry, text = ring.create(GRANT)
    result = await provider.authenticate(AuthCredentials(api_key=text))
    assert result.is_success
    assert (result.user_id, result.project_id, result.roles, result.permissions) == ("alice", "p1", ["analyst"], ["a"])
    assert result.metadata == {"key_id": entry.key_id, "tenant_id": "t1"}


@pytest.mark.parametrize("field", ["api_key", "gateway_key", "access_token"])
async def test_a_key_is_taken_from_each_field_it_may_come_in(
    ring: KeyRing, provider: APIKeyAuthProvider, field: str
) -> None:
    _, text = ring.create(GRANT)
    credentials = AuthCredentials()
    setattr(credentials, field, text)
    assert (await provider.authenticate(credentials)).is_success


async def test_two_different_keys_are_refused_although_both_are_good(
    ring: KeyRing, provider: APIKeyAuthProvider
) -> None:
    (_, one), (_, two) = ring.create(GRANT), ring.create(GRANT)
    assert (await provider.authenticate(AuthCredentials(api_key=one, access_token=one))).is_success
    assert not (await provider.authenticate(AuthCredentials(api_key=one, access_token=two))).is_success
    assert not (await provider.authenticate(AuthCredentials(api_key=one, gateway_key=two))).is_success
    assert provider.recognise(AuthCredentials(api_key=one, gateway_key=two)) is None
    assert provider.recognise(AuthCredentials(api_key=one, access_token=two)) is None


@pytest.mark.parametrize(
    "shown", [AuthCredentials(), AuthCredentials(api_key=""), AuthCredentials(access_token="a.b.c")]
)
async def test_no_key_or_a_token_that_is_not_ours_is_refused(
    provider: APIKeyAuthProvider, shown: AuthCredentials
) -> None:
    result = await provider.authenticate(shown)
    assert (result.status, result.message) == (AuthStatus.INVALID_CREDENTIALS, "no API key was shown")


async def test_unknown_mistyped_and_foreign_keys_are_refused_alike(ring: KeyRing, provider: APIKeyAuthProvider) -> None:
    entry, text = ring.create(GRANT)
    ring.revoke(entry.key_id)
    for wrong in (text, text[:-1] + ("a" if text[-1] != "a" else "b"), text + "x", "hunter2", "sgw_", "é" * 51):
        assert await status(provider, wrong) is AuthStatus.INVALID_CREDENTIALS


async def test_a_key_with_the_id_of_another_is_refused(ring: KeyRing, provider: APIKeyAuthProvider) -> None:
    entry, _ = ring.create(GRANT)
    assert await status(provider, new_key(entry.key_id)) is AuthStatus.INVALID_CREDENTIALS


async def test_a_key_made_under_another_master_key_is_refused(
    services: ProviderServices, provider: APIKeyAuthProvider
) -> None:
    other = msgspec.structs.replace(services, master_key=MasterKey(bytes(range(1, 33))))
    _, text = KeyRing(other).create(GRANT)
    assert await status(provider, text) is AuthStatus.INVALID_CREDENTIALS


async def test_a_key_expires_to_the_second(ring: KeyRing, provider: APIKeyAuthProvider, clock: Clock) -> None:
    _, text = ring.create(msgspec.structs.replace(GRANT, expires_at=clock.now + 10))
    clock.now += 9.9
    assert await status(provider, text) is AuthStatus.SUCCESS
    clock.now += 0.1
    assert await status(provider, text) is AuthStatus.EXPIRED


async def test_in_this_process_disabling_enabling_and_revoking_count_at_once(
    ring: KeyRing, provider: APIKeyAuthProvider
) -> None:
    entry, text = ring.create(GRANT)
    assert await status(provider, text) is AuthStatus.SUCCESS
    ring.disable(entry.key_id)
    assert await status(provider, text) is AuthStatus.INVALID_CREDENTIALS
    ring.enable(entry.key_id)
    assert await status(provider, text) is AuthStatus.SUCCESS
    ring.revoke(entry.key_id)
    assert await status(provider, text) is AuthStatus.INVALID_CREDENTIALS


async def test_after_a_rotation_both_keys_work_until_the_overlap_ends(
    ring: KeyRing, provider: APIKeyAuthProvider, clock: Clock
) -> None:
    entry, old = ring.create(GRANT)
    _, new = ring.rotate(entry.key_id, overlap=60)
    assert [await status(provider, text) for text in (old, new)] == [AuthStatus.SUCCESS, AuthStatus.SUCCESS]
    clock.now += 60
    assert [await status(provider, text) for text in (old, new)] == [AuthStatus.EXPIRED, AuthStatus.SUCCESS]


async def test_a_key_disabled_by_another_process_is_refused_without_a_read_per_request(tmp_path: Path) -> None:
    """The bound is one second; a machine that is busy with other tests gets ten."""
    path = tmp_path / "state.db"
    store = SQLiteStore(path)
    services = ProviderServices(store=store, master_key=MasterKey(bytes(range(32))), config_dir=tmp_path)
    entry, text = KeyRing(services).create(GRANT)
    provider = APIKeyAuthProvider(services)
    assert await status(provider, text) is AuthStatus.SUCCESS
    script = (
        "import sys\nfrom pathlib import Path\nfrom secure_gateway.master_key import MasterKey\n"
        "from secure_gateway.plugins.auth.key_ring import KeyRing\nfrom secure_gateway.plugins.services import ProviderServices\n"
        "from secure_gateway.stores.sqlite import SQLiteStore\n"
        "services = ProviderServices(store=SQLiteStore(Path(sys.argv[1])), master_key=MasterKey(bytes(range(32))), config_dir=Path())\n"
        "KeyRing(services).disable(sys.argv[2])\n"
    )
    subprocess.run([sys.executable, "-c", script, str(path), entry.key_id], check=True, timeout=60)
    deadline = time.monotonic() + 10
    while await status(provider, text) is AuthStatus.SUCCESS:
        assert time.monotonic() < deadline, "still accepted"
        await asyncio.sleep(0.02)
    await provider.shutdown()
    store.close()


def test_the_store_is_polled_often_enough_for_the_promised_second() -> None:
    assert 2 * POLL_SECONDS < 1
    assert STALE_SECONDS == 5


async def test_when_the_store_cannot_be_polled_every_key_is_refused_after_five_seconds_and_good_again_afterwards(
    services: ProviderServices, caplog: pytest.LogCaptureFixture
) -> None:
    store, now = FailingStore(), [0.0]
    services = msgspec.structs.replace(services, store=store)
    _, text = KeyRing(services).create(GRANT)
    keys = LiveKeys(services, monotonic=lambda: now[0])
    keys._watch = lambda: None  # type: ignore[method-assign] # polled by hand below
    assert keys.find(text)
    store.failing = True
    keys.poll()
    keys.poll()
    now[0] = STALE_SECONDS
    assert keys.find(text)
    now[0] += 0.1
    with pytest.raises(StoreError, match="does not answer"):
        keys.find(text)
    assert caplog.text.count("the disk is gone") == 1
    store.failing = False
    keys.poll()
    assert keys.find(text)
    keys.stop()


async def test_a_store_that_does_not_answer_is_an_error_and_no_verdict_about_the_key(
    services: ProviderServices,
) -> None:
    _, text = KeyRing(services).create(GRANT)
    provider = APIKeyAuthProvider(services)
    result = await provider.authenticate(AuthCredentials(api_key=text))
    await provider.shutdown()
    after = await provider.authenticate(AuthCredentials(api_key=text))
    assert (result.status, after.status) == (AuthStatus.SUCCESS, AuthStatus.ERROR)
    assert result.session_id is not None
    assert not await provider.validate_session(result.session_id)


async def test_a_change_that_is_known_of_but_cannot_be_read_stops_every_key_at_once(
    services: ProviderServices,
) -> None:
    class Unreadable(MemoryStore):
        failing = False

        def scan(self, table: str, prefix: str = "") -> list[tuple[str, bytes]]:
            if self.failing:
                raise StoreError("damaged")
            return super().scan(table, prefix)

    store = Unreadable()
    services = msgspec.structs.replace(services, store=store)
    ring = KeyRing(services)
    entry, text = ring.create(GRANT)
    provider = APIKeyAuthProvider(services)
    assert await status(provider, text) is AuthStatus.SUCCESS
    store.failing = True
    ring.disable(entry.key_id)
    assert await status(provider, text) is AuthStatus.ERROR
    await provider.shutdown()


async def test_a_damaged_entry_refuses_its_own_key_and_no_other(
    services: ProviderServices, ring: KeyRing, provider: APIKeyAuthProvider, caplog: pytest.LogCaptureFixture
) -> None:
    (bad, bad_text), (_, good_text) = ring.create(GRANT), ring.create(GRANT)
    assert await status(provider, bad_text) is AuthStatus.SUCCESS
    services.store.put(TABLE, f"key:{bad.key_id}", b"{}")
    assert await status(provider, bad_text) is AuthStatus.INVALID_CREDENTIALS
    assert await status(provider, good_text) is AuthStatus.SUCCESS
    assert bad.key_id in caplog.text


async def test_a_provider_that_is_never_asked_starts_no_thread_and_shutdown_ends_the_one_that_is(
    services: ProviderServices, ring: KeyRing
) -> None:
    others = set(threading.enumerate())  # those of other tests may end at any time

    def watchers() -> int:
        return sum(t.name == "secure-gateway-keys" for t in threading.enumerate() if t not in others)

    _, text = ring.create(GRANT)
    provider = APIKeyAuthProvider(services)
    assert watchers() == 0
    await status(provider, text)
    assert watchers() == 1
    await provider.shutdown()
    await provider.shutdown()
    deadline = time.monotonic() + 10
    while watchers():
        assert time.monotonic() < deadline, "the watcher runs on"
        await asyncio.sleep(0.02)


async def test_a_session_is_good_as_long_as_its_key_and_cannot_be_guessed(
    ring: KeyRing, provider: APIKeyAuthProvider
) -> None:
    entry, text = ring.create(GRANT)
    session = (await provider.authenticate(AuthCredentials(api_key=text))).session_id
    assert session is not None
    assert await provider.validate_session(session)
    for forged in ("", entry.key_id, f"{entry.key_id}.", session[:-1], session + "0", "é" + session, text):
        assert not await provider.validate_session(forged)
    ring.disable(entry.key_id)
    assert not await provider.validate_session(session)


async def test_a_session_is_refreshed_by_a_key_of_the_same_user_only(
    ring: KeyRing, provider: APIKeyAuthProvider
) -> None:
    entry, text = ring.create(GRANT)
    _, other = ring.create(KeyGrant(user_id="mallory"))
    session = (await provider.authenticate(AuthCredentials(api_key=text))).session_id or ""
    _, rotated = ring.rotate(entry.key_id, overlap=0)
    assert (await provider.refresh_authentication(session, AuthCredentials(api_key=rotated))).is_success
    assert not (await provider.refresh_authentication(session, AuthCredentials(api_key=text))).is_success
    assert not (await provider.refresh_authentication(session, AuthCredentials(api_key=other))).is_success
    assert not (await provider.refresh_authentication("nobody00.x", AuthCredentials(api_key=rotated))).is_success


async def test_a_caller_who_changes_its_answer_changes_nobody_else_s(
    ring: KeyRing, provider: APIKeyAuthProvider
) -> None:
    _, text = ring.create(GRANT)
    first = await provider.authenticate(AuthCredentials(api_key=text))
    first.roles.append("admin")
    first.metadata["is_admin"] = True
    again = await provider.authenticate(AuthCredentials(api_key=text))
    assert again.roles == ["analyst"]
    assert "is_admin" not in again.metadata
