"""Records that can be asked for again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from secure_gateway.decisions import Note, Stage, Verdict
from secure_gateway.errors import StoreError
from secure_gateway.plugins.telemetry.record_keeper import TABLE, RecordKeeper, StoredForm
from secure_gateway.stores.base import StateStore
from secure_gateway.stores.memory import MemoryStore
from secure_gateway.stores.sqlite import SQLiteStore
from tests.plugins.telemetry.records import PRE, denied, eventually, record


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[StateStore]:
    made: StateStore = MemoryStore() if request.param == "memory" else SQLiteStore(tmp_path / "state.db")
    yield made
    made.close()


def test_a_record_is_found_at_once_and_after_it_was_written_the_same(store: StateStore) -> None:
    keeper = RecordKeeper(store)
    given = denied("r1")
    assert keeper.emit(given)
    at_once = keeper.find("r1")
    assert keeper.shutdown(20)
    assert keeper.find("r1") == at_once == json.loads(json.dumps(given.to_dict()))
    assert RecordKeeper(store).find("r1") == at_once


def test_nobody_knows_what_never_was(store: StateStore) -> None:
    keeper = RecordKeeper(store)
    assert keeper.find("r1") is None
    assert keeper.recent() == []
    keeper.shutdown()


def test_recent_gives_the_newest_first_written_or_not_and_none_twice(store: StateStore) -> None:
    keeper = RecordKeeper(store)
    for number in range(5):
        keeper.emit(record(f"r{number}"))
    eventually(lambda: store.recent(TABLE, 1))
    for number in range(5, 8):
        keeper.emit(record(f"r{number}"))
    assert [found["request_id"] for found in keeper.recent(5)] == ["r7", "r6", "r5", "r4", "r3"]
    assert [found["request_id"] for found in keeper.recent(100)] == [f"r{number}" for number in reversed(range(8))]
    assert keeper.recent(0) == keeper.recent(-1) == []
    keeper.shutdown()


def test_no_more_than_the_newest_are_kept(store: StateStore) -> None:
    keeper = RecordKeeper(store, keep=10)
    for number in range(25):
        keeper.emit(record(f"r{number}"))
    keeper.shutdown(20)
    assert len(store.recent(TABLE, 100)) == 10
    assert keeper.find("r24") is not None
    assert keeper.find("r14") is None


def test_metadata_that_is_no_json_costs_the_metadata_not_the_record(store: StateStore) -> None:
    keeper = RecordKeeper(store)
    keeper.emit(record("r1", trace=[(PRE, 0.0, Note(Verdict.DENY, "no", (), {"object": object()}))]))
    keeper.emit(record("r2", name="\ud800"))
    keeper.shutdown(20)
    found = keeper.find("r1")
    assert found is not None
    assert found["steps"][0]["reason"] == "no"
    assert "metadata" not in found["steps"][0]
    assert keeper.find("r2") is not None


def test_a_store_that_fails_costs_records_never_requests(caplog: pytest.LogCaptureFixture) -> None:
    store = MemoryStore()
    keeper = RecordKeeper(store)
    store.close()
    assert keeper.emit(record("r1"))
    assert not keeper.required
    keeper.shutdown(20)
    assert "telemetry 'records': taking records raised StoreError" in caplog.text
    with pytest.raises(StoreError):
        keeper.find("r1")


@pytest.mark.parametrize("damage", [b"{", b"[]", b"\xff"])
def test_a_damaged_record_is_an_error_not_an_empty_answer(damage: bytes) -> None:
    store = MemoryStore()
    store.append(TABLE, [("r1", damage)], keep=10)
    with pytest.raises(StoreError, match="damaged"):
        RecordKeeper(store).find("r1")


def test_every_step_is_kept_with_its_own_time_whatever_its_plugin_is_called() -> None:
    sources = [Stage("tool_pre_invoke", plugin=name) for name in ("100%", "%b", '"}', "é")]
    trace = [(source, seconds, None) for seconds in (0.0, 0.00123456, 12.0) for source in sources]
    given = msgspec.structs.replace(record("r1"), trace=[*trace, (sources[0], 0.5, Note(Verdict.WARN, "look"))])
    form = StoredForm()
    assert [json.loads(form(given)) for _ in range(2)] == [json.loads(json.dumps(given.to_dict()))] * 2
