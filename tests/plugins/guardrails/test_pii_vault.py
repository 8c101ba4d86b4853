"""The vault numbers values once, across threads, forgets the oldest, and never gives a number a second meaning."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure_gateway.errors import StoreError
from secure_gateway.master_key import MasterKey
from secure_gateway.plugins.guardrails.pii_tokens import tokens_in, with_values
from secure_gateway.plugins.guardrails.pii_vault import NUMBERS_KEPT, TABLE, Kept, PIIVault, RequestVault
from secure_gateway.plugins.guardrails.scanner import ScanLimitExceeded
from secure_gateway.plugins.services import ProviderServices
from secure_gateway.stores.base import StateStore
from secure_gateway.stores.memory import MemoryStore
from secure_gateway.stores.redis import RedisStore
from secure_gateway.stores.sqlite import SQLiteStore
from tests.plugins.guardrails.guards import Lasting

TTL = 60.0


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def services(store: StateStore, clock: Callable[[], float] = time.time) -> ProviderServices:
    return ProviderServices(store=store, master_key=MasterKey(b"k" * 32), config_dir=Path(), clock=clock)


def value(vault: PIIVault, number: int) -> str | None:
    kept = vault.kept("EMAIL", number)
    return None if kept is None else kept.value


class Settling(PIIVault):
    """Settles after each token, as after a content that holds just one."""

    def token(self, kind: str, value: str, *, sent: bool = True) -> str:
        token = super().token(kind, value, sent=sent)
        self.settle()
        return token


def vault_at(clock: Clock, most: int = 10) -> tuple[StateStore, Callable[[], PIIVault]]:
    store = Lasting(clock=clock)
    return store, lambda: Settling(services(store, clock), "s", TTL, most)


def test_a_number_is_not_given_again_while_its_token_may_still_be_about() -> None:
    clock = Clock()
    _, vault = vault_at(clock)
    assert vault().token("EMAIL", "a") == "<EMAIL_1>"
    clock.now += TTL + 1
    assert value(vault(), 1) is None
    assert vault().token("EMAIL", "b") == "<EMAIL_2>"
    clock.now += TTL + NUMBERS_KEPT - 1
    assert vault().token("EMAIL", "c") == "<EMAIL_3>"


def test_what_is_used_lives_on_and_what_is_not_ends() -> None:
    clock = Clock()
    _, vault = vault_at(clock)
    vault().token("EMAIL", "a")
    vault().token("EMAIL", "b")
    for _ in range(5):
        clock.now += TTL * 0.6
        assert vault().token("EMAIL", "a") == "<EMAIL_1>"
    assert (value(vault(), 1), value(vault(), 2)) == ("a", None)


def test_a_value_that_is_fresh_costs_no_writing() -> None:
    store, vault = vault_at(Clock())
    vault().token("EMAIL", "a")
    before = store.generation(TABLE)
    vault().token("EMAIL", "a")
    assert store.generation(TABLE) == before


def test_what_the_caller_has_sent_once_counts_as_sent_from_then_on() -> None:
    _, vault = vault_at(Clock())
    for sent, expected in ((False, False), (True, True), (False, True)):
        vault().token("EMAIL", "a", sent=sent)
        kept = vault().kept("EMAIL", 1)
        assert kept is not None
        assert kept.sent is expected


def test_a_session_that_is_full_forgets_what_it_numbered_first() -> None:
    store, vault = vault_at(Clock(), most=3)
    assert [vault().token("EMAIL", each) for each in "abcde"] == [f"<EMAIL_{n}>" for n in range(1, 6)]
    assert [value(vault(), n) for n in range(1, 6)] == [None, None, "c", "d", "e"]
    assert vault().token("EMAIL", "a") == "<EMAIL_6>"
    assert len(store.scan(TABLE)) == 3 + 3 + 1


def test_one_content_with_too_many_values_is_refused() -> None:
    for vault in (vault_at(Clock(), most=3)[1](), RequestVault(most=3)):
        for each in "abc":
            vault.token("EMAIL", each, sent=True)
        with pytest.raises(ScanLimitExceeded, match="more than 3 new values of type EMAIL"):
            vault.token("EMAIL", "d", sent=True)


def test_many_threads_and_processes_agree_on_every_number(tmp_path: Path) -> None:
    stores = [SQLiteStore(tmp_path / "state.db") for _ in range(3)]
    values = [f"v{n}" for n in range(8)]

    def number(place: int) -> list[str]:
        vault = PIIVault(services(stores[place % 3]), "s", 3600)
        tokens = [vault.token("EMAIL", each) for each in values[place % 5 :] + values[: place % 5]]
        vault.settle()
        return tokens

    with ThreadPoolExecutor(6) as pool:
        made = list(pool.map(number, range(6)))
    last = PIIVault(services(stores[0]), "s", 3600)
    meant = {each: last.token("EMAIL", each) for each in values}
    assert len(set(meant.values())) == len(values)
    for place, tokens in enumerate(made):
        assert tokens == [meant[each] for each in values[place % 5 :] + values[: place % 5]]
    for each, token in meant.items():
        assert value(last, int(token[7:-1])) == each
    for store in stores:
        store.close()


@pytest.mark.parametrize("entry", [b"", b"short", b"x" * 60])
def test_an_entry_that_is_not_ours_is_refused(entry: bytes) -> None:
    store, vault = vault_at(Clock())
    vault().token("EMAIL", "a")
    (place,) = (key for key, _ in store.scan(TABLE) if "/token/" in key)
    store.put(TABLE, place, entry)
    with pytest.raises(StoreError, match="cannot be decrypted"):
        vault().kept("EMAIL", 1)


@given(st.text(min_size=1), st.text(), st.text())
def test_a_value_comes_back_as_it_was_whatever_stands_around_it(kept: str, before: str, after: str) -> None:
    vault = RequestVault()
    token = vault.token("X", kept, sent=True)
    found = vault.kept("X", 1)
    assert found is not None
    assert found.value == kept
    text = f"({before}{token}{after})"
    assert ("X", 1) in tokens_in({"a": [text]})
    others = text.count(token)
    assert with_values(text, lambda _, number: kept if number == 1 else None).count(kept) >= others


@given(st.text(min_size=1))
def test_a_stored_value_comes_back_as_it_was(kept: str) -> None:
    _, vault = vault_at(Clock())
    vault().token("EMAIL", kept)
    assert value(vault(), 1) == kept
    assert Kept(0.0, True, kept.encode("utf-8", "surrogatepass")).value == kept


def test_a_token_of_before_a_restart_is_nobody_elses_where_the_store_forgets() -> None:
    kept: list[tuple[PIIVault, str]] = []
    for name in ("ann", "bob", "cem", "dan"):
        vault = PIIVault(services(MemoryStore()), "s", TTL)
        kept.append((vault, vault.token("EMAIL", name)))
        vault.settle()
    tokens = [token for _, token in kept]
    assert len(set(tokens)) == len(tokens)
    for vault, token in kept:
        others = [int(other[7:-1]) for other in tokens if other != token]
        assert [vault.kept("EMAIL", number) for number in others] == [None] * len(others)
        assert value(vault, int(token[7:-1])) is not None


def test_all_sessions_of_one_life_of_a_store_number_from_the_same_place() -> None:
    shared = services(MemoryStore())
    first, second = (PIIVault(shared, session, TTL) for session in ("s", "t"))
    assert first.token("EMAIL", "ann") == second.token("EMAIL", "bob")
    first.settle()
    again = PIIVault(shared, "s", TTL)
    assert again.token("EMAIL", "ann") == second.token("EMAIL", "bob")
    assert again.token("EMAIL", "eve") != second.token("EMAIL", "bob")


def test_a_session_whose_name_was_just_made_up_begins_with_one() -> None:
    assert PIIVault(services(MemoryStore()), "x", TTL, strange=frozenset()).token("EMAIL", "ann") == "<EMAIL_1>"


@pytest.mark.parametrize(("store", "may_forget"), [(MemoryStore, True), (SQLiteStore, False), (RedisStore, True)])
def test_stores_say_whether_they_may_start_empty(store: type[StateStore], may_forget: bool) -> None:
    assert store.may_forget is may_forget
