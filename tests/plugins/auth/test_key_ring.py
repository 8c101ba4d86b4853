"""What an administrator does with keys, and what the store then holds."""

from __future__ import annotations

import math
from typing import Any

import msgspec
import pytest

from secure_gateway.errors import StoreError
from secure_gateway.master_key import MasterKey
from secure_gateway.plugins.auth.key_ring import TABLE, KeyGrant, KeyHasher, KeyRing, KeyRingError
from secure_gateway.plugins.services import ProviderServices
from tests.plugins.auth.conftest import Clock

GRANT = KeyGrant(
    user_id="alice", project_id="p1", tenant_id="t1", roles=("analyst",), permissions=("tool:read_*",), name="laptop"
)


@pytest.fixture
def ring(services: ProviderServices) -> KeyRing:
    return KeyRing(services)


def test_a_new_key_carries_its_grant(ring: KeyRing, clock: Clock) -> None:
    entry, text = ring.create(GRANT)
    assert entry.grant == GRANT
    assert (entry.created_at, entry.expires_at, entry.disabled, entry.rotated) == (clock.now, None, False, False)
    assert entry.key_id in text
    assert ring.list() == (entry,)


def test_the_store_holds_neither_the_key_nor_a_hash_that_another_master_key_would_make(
    services: ProviderServices, ring: KeyRing
) -> None:
    _, text = ring.create(GRANT)
    ((_, row),) = services.store.scan(TABLE)
    assert text[13:45].encode() not in row
    other = msgspec.structs.replace(services, master_key=MasterKey(bytes(32)))
    assert KeyHasher(services).digest(text) != KeyHasher(other).digest(text)


def test_under_another_master_key_no_key_is_made_until_those_that_open_nothing_are_revoked(
    services: ProviderServices, ring: KeyRing
) -> None:
    entry, _ = ring.create(GRANT)
    other = KeyRing(msgspec.structs.replace(services, master_key=MasterKey(bytes(32))))
    assert (ring.recognizes(entry), [other.recognizes(each) for each in other.list()]) == (True, [False])
    with pytest.raises(KeyRingError, match=rf"1 of 1 keys.*{entry.key_id}.*put the former master key back, or revoke"):
        other.create(GRANT)
    other.revoke(entry.key_id)
    assert other.recognizes(other.create(GRANT)[0])


def test_a_key_of_a_release_that_did_not_note_its_master_key_is_taken_for_ours(
    services: ProviderServices, ring: KeyRing
) -> None:
    entry, _ = ring.create(GRANT)
    row = msgspec.json.decode(services.store.get(TABLE, f"key:{entry.key_id}") or b"")
    del row["origin"]
    services.store.put(TABLE, f"key:{entry.key_id}", msgspec.json.encode(row))
    assert ring.recognizes(ring.get(entry.key_id))
    ring.create(GRANT)


def test_no_repr_and_no_listing_shows_a_hash(services: ProviderServices, ring: KeyRing) -> None:
    entry, _ = ring.create(GRANT)
    row = msgspec.json.decode(services.store.get(TABLE, f"key:{entry.key_id}") or b"")
    assert row["digest"] not in repr(entry) + msgspec.json.encode(entry).decode()


def test_keys_are_listed_oldest_first(ring: KeyRing, clock: Clock) -> None:
    made = []
    for _ in range(5):
        made.append(ring.create(GRANT)[0].key_id)
        clock.now += 1
    assert [entry.key_id for entry in ring.list()] == made


def test_disable_and_enable_are_seen_in_the_entry_and_may_be_repeated(ring: KeyRing) -> None:
    entry, _ = ring.create(GRANT)
    assert ring.disable(entry.key_id).disabled
    assert ring.disable(entry.key_id).disabled
    assert not ring.enable(entry.key_id).disabled
    assert not ring.enable(entry.key_id).disabled


def test_rotation_gives_a_new_key_for_the_same_grant_and_ends_the_old_one_after_the_overlap(
    ring: KeyRing, clock: Clock
) -> None:
    old, _ = ring.create(GRANT)
    new, text = ring.rotate(old.key_id, overlap=60)
    assert new.grant == old.grant
    assert new.key_id != old.key_id
    assert new.key_id in text
    after = ring.get(old.key_id)
    assert (after.expires_at, after.rotated) == (clock.now + 60, True)


def test_a_rotated_key_lives_as_long_as_the_old_one_was_meant_to_and_never_prolongs_it(
    ring: KeyRing, clock: Clock
) -> None:
    old, _ = ring.create(msgspec.structs.replace(GRANT, expires_at=clock.now + 100))
    clock.now += 90
    new, _ = ring.rotate(old.key_id, overlap=3600)
    assert new.expires_at == clock.now + 100
    assert ring.get(old.key_id).expires_at == old.expires_at


@pytest.mark.parametrize("overlap", [-1, math.nan, math.inf])
def test_an_overlap_that_is_no_time_is_refused(ring: KeyRing, overlap: float) -> None:
    old, _ = ring.create(GRANT)
    with pytest.raises(KeyRingError, match="overlap"):
        ring.rotate(old.key_id, overlap=overlap)
    assert len(ring.list()) == 1


def test_a_key_rotates_once_and_a_disabled_one_not_at_all(ring: KeyRing) -> None:
    first, _ = ring.create(GRANT)
    ring.rotate(first.key_id, overlap=60)
    with pytest.raises(KeyRingError, match="rotated already"):
        ring.rotate(first.key_id, overlap=3600)
    second, _ = ring.create(GRANT)
    ring.disable(second.key_id)
    with pytest.raises(KeyRingError, match="disabled"):
        ring.rotate(second.key_id, overlap=60)


def test_disabling_while_another_administrator_rotates_is_not_lost(services: ProviderServices, ring: KeyRing) -> None:
    old, _ = ring.create(GRANT)
    leave = services.store.subscribe(TABLE, lambda: None)
    # Between the other's reading of the entry and the writing of its mark.
    done: list[bool] = []

    def meanwhile() -> None:
        if not done:
            done.append(True)
            KeyRing(services).disable(old.key_id)

    leave()
    leave = services.store.subscribe(TABLE, meanwhile)
    ring.rotate(old.key_id, overlap=60)
    leave()
    assert ring.get(old.key_id).disabled


def test_of_two_rotations_at_once_one_wins_and_the_other_leaves_no_key_behind(
    services: ProviderServices, ring: KeyRing
) -> None:
    old, _ = ring.create(GRANT)
    won: list[str] = []

    def meanwhile() -> None:
        leave()
        won.append(KeyRing(services).rotate(old.key_id, overlap=60)[0].key_id)

    leave = services.store.subscribe(TABLE, meanwhile)
    with pytest.raises(KeyRingError, match="somebody else"):
        ring.rotate(old.key_id, overlap=60)
    assert {entry.key_id for entry in ring.list()} == {old.key_id, *won}


def test_a_revoked_key_is_gone_with_its_marks(services: ProviderServices, ring: KeyRing) -> None:
    entry, _ = ring.create(GRANT)
    ring.rotate(entry.key_id, overlap=60)
    ring.disable(entry.key_id)
    ring.revoke(entry.key_id)
    assert not [name for name, _ in services.store.scan(TABLE) if entry.key_id in name]


def test_an_unknown_key_is_refused_by_every_verb(ring: KeyRing) -> None:
    for use in (ring.get, ring.disable, ring.enable, ring.revoke, lambda key: ring.rotate(key, overlap=1)):
        with pytest.raises(KeyRingError, match="there is no key 'nobody00'"):
            use("nobody00")


@pytest.mark.parametrize(
    "change",
    [
        {"user_id": ""},
        {"user_id": " alice"},
        {"user_id": "a\nb"},
        {"user_id": "x" * 513},
        {"user_id": None},
        {"project_id": ""},
        {"tenant_id": "\x1b[31m"},
        {"roles": ("",)},
        {"roles": "admin"},
        {"permissions": (5,)},
        {"name": "a\0"},
        {"expires_at": math.nan},
        {"expires_at": math.inf},
        {"expires_at": 999_999.0},
        {"expires_at": 1_000_000.0},
    ],
)
def test_a_grant_that_makes_no_sense_is_refused_and_nothing_is_written(ring: KeyRing, change: dict[str, Any]) -> None:
    with pytest.raises(KeyRingError):
        ring.create(msgspec.structs.replace(GRANT, **change))
    assert ring.list() == ()


@pytest.mark.parametrize("value", [b"", b"{}", b"\xff", b'{"version": 2}', b"null"])
def test_a_damaged_entry_is_named_and_can_be_revoked(services: ProviderServices, ring: KeyRing, value: bytes) -> None:
    good, _ = ring.create(GRANT)
    services.store.put(TABLE, "key:damaged0", value)
    with pytest.raises(StoreError, match="damaged0"):
        ring.list()
    with pytest.raises(StoreError, match="damaged0"):
        ring.disable("damaged0")
    ring.revoke("damaged0")
    assert ring.list() == (good,)
