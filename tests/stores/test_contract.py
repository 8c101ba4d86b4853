"""What every store does alike."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest
import redis
from hypothesis import given, settings
from hypothesis import strategies as st

from secure_gateway.errors import StoreError
from secure_gateway.stores.base import StateStore
from secure_gateway.stores.memory import MemoryStore
from secure_gateway.stores.rates import Algorithm, Claim, Rate
from secure_gateway.stores.redis import RedisStore
from secure_gateway.stores.sqlite import SQLiteStore
from tests.support.redis_server import RedisServer


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    running = RedisServer(tmp_path_factory.mktemp("redis"))
    yield running
    running.close()


def emptied(server: RedisServer) -> str:
    with redis.Redis.from_url(server.url) as client:
        client.flushall()
    return server.url


@pytest.fixture(params=["memory", "sqlite", "redis"])
def store(request: pytest.FixtureRequest, clock: Clock, tmp_path: Path) -> Iterator[StateStore]:
    made: StateStore
    if request.param == "memory":
        made = MemoryStore(clock)
    elif request.param == "sqlite":
        made = SQLiteStore(tmp_path / "s" / "state.db", clock=clock)
    else:
        made = RedisStore(emptied(request.getfixturevalue("server")), clock=clock)
    yield made
    made.close()


def test_what_was_put_is_found_and_a_second_put_replaces_it(store: StateStore) -> None:
    store.put("keys", "a", b"1")
    store.put("keys", "a", b"2")
    assert store.get("keys", "a") == b"2"


def test_tables_do_not_see_each_other(store: StateStore) -> None:
    store.put("keys", "a", b"1")
    assert store.get("sessions", "a") is None
    assert store.scan("sessions") == []
    assert store.generation("sessions") == 0


def test_create_writes_only_where_nothing_is(store: StateStore) -> None:
    assert store.create("keys", "a", b"1")
    assert not store.create("keys", "a", b"2")
    assert store.get("keys", "a") == b"1"


def test_an_expired_entry_is_gone_and_its_key_is_free(store: StateStore, clock: Clock) -> None:
    store.put("keys", "a", b"1", expires_at=1010)
    store.put("keys", "b", b"2", expires_at=1020)
    clock.now = 1009.9
    assert store.get("keys", "a") == b"1"
    clock.now = 1010
    assert store.get("keys", "a") is None
    assert store.scan("keys") == [("b", b"2")]
    assert not store.delete("keys", "a")
    assert store.create("keys", "a", b"3")


def test_rewriting_an_entry_without_expiry_keeps_it(store: StateStore, clock: Clock) -> None:
    store.put("keys", "a", b"1", expires_at=1010)
    store.put("keys", "a", b"2")
    clock.now = 2000
    assert store.get("keys", "a") == b"2"


@pytest.mark.parametrize("never", [math.nan, math.inf])
def test_an_expiry_that_is_no_time_is_refused(store: StateStore, never: float) -> None:
    with pytest.raises(ValueError, match="expires_at"):
        store.put("keys", "a", b"1", expires_at=never)
    with pytest.raises(ValueError, match="expires_at"):
        store.create("keys", "a", b"1", expires_at=never)
    assert store.get("keys", "a") is None


def test_delete_tells_whether_the_entry_was_there(store: StateStore) -> None:
    store.put("keys", "a", b"1")
    assert store.delete("keys", "a")
    assert not store.delete("keys", "a")


def test_the_generation_changes_with_every_change_and_with_nothing_else(store: StateStore) -> None:
    seen = [store.generation("keys")]
    for change in (
        lambda: store.put("keys", "a", b"1"),
        lambda: store.create("keys", "b", b"1"),
        lambda: store.delete("keys", "a"),
    ):
        change()
        seen.append(store.generation("keys"))
    assert len(set(seen)) == len(seen)
    store.create("keys", "b", b"2")
    store.delete("keys", "a")
    store.get("keys", "b")
    store.append("keys", [("r", b"1")], keep=5)
    assert store.generation("keys") == seen[-1]


def test_a_subscriber_hears_each_change_after_it_is_written_until_it_leaves(store: StateStore) -> None:
    heard: list[bytes | None] = []

    def changed() -> None:
        heard.append(store.get("keys", "a"))

    leave = store.subscribe("keys", changed)
    store.put("keys", "a", b"1")
    store.put("other", "a", b"x")
    store.create("keys", "a", b"2")
    store.delete("keys", "a")
    leave()
    leave()
    store.put("keys", "a", b"3")
    assert heard == [b"1", None]


def test_the_journal_keeps_the_newest_and_reads_them_newest_first(store: StateStore) -> None:
    store.append("records", [("a", b"1"), ("b", b"2")], keep=3)
    store.append("records", [("c", b"3"), ("d", b"4")], keep=3)
    assert store.recent("records", 10) == [("d", b"4"), ("c", b"3"), ("b", b"2")]
    assert store.recent("records", 1) == [("d", b"4")]
    assert store.recent("records", 0) == []
    assert store.get("records", "a") is None
    assert store.get("records", "b") == b"2"


def test_more_entries_than_are_kept_leave_the_last_of_them(store: StateStore) -> None:
    store.append("records", [(str(n), b"") for n in range(10)], keep=2)
    store.append("records", [], keep=2)
    assert [key for key, _ in store.recent("records", 10)] == ["9", "8"]
    store.append("records", [("x", b""), ("y", b"")], keep=2)
    assert [key for key, _ in store.recent("records", 10)] == ["y", "x"]


def test_of_a_key_that_was_appended_twice_the_newest_is_found(store: StateStore) -> None:
    store.append("records", [("a", b"1"), ("a", b"2")], keep=5)
    assert store.get("records", "a") == b"2"
    assert store.scan("records") == []


def test_a_closed_store_refuses(store: StateStore) -> None:
    store.close()
    store.close()
    for use in (
        lambda: store.get("keys", "a"),
        lambda: store.put("keys", "a", b""),
        lambda: store.recent("keys", 1),
        lambda: store.generation("keys"),
    ):
        with pytest.raises(StoreError):
            use()


def test_threads_that_create_the_same_key_at_once_make_it_once(store: StateStore) -> None:
    won: list[int] = []

    def race(number: int) -> None:
        won.extend(key for key in range(20) if store.create("keys", str(key), str(number).encode()))

    threads = [Thread(target=race, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(won) == list(range(20))


keys = st.text(st.characters(codec=None), max_size=12) | st.sampled_from(["", "a\0b", "\ud800", "%", "_", "*"])


@given(entries=st.dictionaries(keys, st.binary(max_size=8), max_size=12), prefix=keys)
@settings(max_examples=60, deadline=None)
def test_a_scan_finds_what_begins_with_the_prefix_in_key_order(
    entries: dict[str, bytes], prefix: str, tmp_path_factory: pytest.TempPathFactory, server: RedisServer
) -> None:
    expected = sorted((key, value) for key, value in entries.items() if key.startswith(prefix))
    folder = tmp_path_factory.mktemp("s")
    for store in (MemoryStore(), SQLiteStore(folder / "state.db"), RedisStore(emptied(server))):
        for key, value in entries.items():
            store.put("t", key, value)
        assert store.scan("t", prefix) == expected
        assert sorted(entries.items()) == store.scan("t")
        store.close()


ALGORITHMS: tuple[Algorithm, ...] = ("fixed_window", "sliding_window", "token_bucket")
each_algorithm = pytest.mark.parametrize("algorithm", ALGORITHMS)


@each_algorithm
def test_exactly_as_many_pass_as_the_limit_says_and_the_next_waits(
    store: StateStore, clock: Clock, algorithm: Algorithm
) -> None:
    clock.now = 1200.0
    claims = [Claim("a", Rate(algorithm, 3, 60.0))]
    assert [store.admit("t", claims).allowed for _ in range(5)] == [True, True, True, False, False]
    refused = store.admit("t", claims)
    assert refused.refused == 0
    assert refused.wait == pytest.approx(20.0 if algorithm == "token_bucket" else 60.0, abs=0.01)
    clock.now += refused.wait + 0.001
    assert store.admit("t", claims).allowed


@each_algorithm
def test_what_one_limit_refuses_counts_for_none_of_the_others(
    store: StateStore, clock: Clock, algorithm: Algorithm
) -> None:
    wide, narrow = Claim("wide", Rate(algorithm, 3, 60.0)), Claim("narrow", Rate(algorithm, 1, 60.0))
    assert store.admit("t", [wide, narrow]).allowed
    for _ in range(5):
        assert store.admit("t", [wide, narrow])[:2] == (False, 1)
    assert [store.admit("t", [wide]).allowed for _ in range(3)] == [True, True, False]
    assert store.admit("t", []).allowed


@each_algorithm
def test_keys_and_tables_are_counted_apart_whatever_stands_in_them(store: StateStore, algorithm: Algorithm) -> None:
    rate = Rate(algorithm, 1, 1_000.0)
    for table, key in (("t", "a:b"), ("t", "a"), ("t:a", "b"), ("t", "{a}:\n\0"), ("t", "\ud800"), ("t", "")):
        assert store.admit(table, [Claim(key, rate)]).allowed, (table, key)
        assert not store.admit(table, [Claim(key, rate)]).allowed, (table, key)


@each_algorithm
def test_a_clock_that_goes_back_gives_nobody_more_and_a_great_leap_shuts_nobody_out(
    store: StateStore, clock: Clock, algorithm: Algorithm
) -> None:
    clock.now = 1_000_000.0
    claims = [Claim("a", Rate(algorithm, 2, 60.0))]
    assert [store.admit("t", claims).allowed for _ in range(3)] == [True, True, False]
    for _ in range(20):
        clock.now -= 1.0
        assert not store.admit("t", claims).allowed
    clock.now += 15.0
    assert not store.admit("t", claims).allowed
    clock.now = 10_000.0
    passed = 0
    for _ in range(60):
        clock.now += 2.0
        passed += store.admit("t", claims).allowed
    assert 2 <= passed <= 6


def test_a_token_bucket_lets_a_burst_pass_and_then_one_after_the_other(store: StateStore, clock: Clock) -> None:
    clock.now = 5_000.0
    claims = [Claim("a", Rate("token_bucket", 60, 60.0, burst=5))]
    assert sum(store.admit("t", claims).allowed for _ in range(10)) == 5
    for _ in range(10):
        clock.now += 1.0
        assert [store.admit("t", claims).allowed for _ in range(2)] == [True, False]


def test_counts_are_no_entries(store: StateStore) -> None:
    store.admit("t", [Claim("a", Rate("fixed_window", 1, 60.0))])
    assert store.get("t", "a") is None
    assert store.scan("t") == []
    assert store.generation("t") == 0


@each_algorithm
def test_threads_that_call_at_once_pass_exactly_as_often_as_the_limit_says(
    store: StateStore, algorithm: Algorithm
) -> None:
    claims = [Claim("a", Rate(algorithm, 25, 1_000.0))]
    passed: list[bool] = []

    def call() -> None:
        passed.extend(store.admit("t", claims).allowed for _ in range(20))

    threads = [Thread(target=call) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(passed) == 25
    assert len(passed) == 120


@given(
    steps=st.lists(st.tuples(st.floats(0, 30), st.integers(0, 2)), max_size=30),
    algorithm=st.sampled_from(ALGORITHMS),
    limit=st.integers(1, 4),
)
@settings(max_examples=40, deadline=None)
def test_all_stores_count_alike(
    steps: list[tuple[float, int]], algorithm: Algorithm, limit: int, server: RedisServer
) -> None:
    clock = Clock()
    rate = Rate(algorithm, limit, 20.0)
    stores: list[StateStore] = [MemoryStore(clock), RedisStore(emptied(server), clock=clock)]
    for after, key in steps:
        clock.now = round(clock.now + after, 3)
        answers = [store.admit("t", [Claim(str(key), rate)]) for store in stores]
        assert len({answer.allowed for answer in answers}) == 1
        assert answers[0].wait == pytest.approx(answers[1].wait, abs=1e-3)
    for store in stores:
        store.close()
