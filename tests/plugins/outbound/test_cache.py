"""What is remembered of answers, and for whom."""

from __future__ import annotations

from typing import Any

import pytest

from secure_gateway.plugins.external.cache import HookCache
from secure_gateway.plugins.outbound import cache as module


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def _context(**facts: Any) -> dict[str, Any]:
    return {"state": {}, "metadata": {}, "global_context": {"request_id": "1", "user": "ana", **facts}}


def test_the_request_id_is_no_part_of_the_question_and_everything_else_is() -> None:
    cache = HookCache(60, 10)
    asked = cache.digest("tool_pre_invoke", {"name": "t", "args": {"a": 1, "b": 2}}, _context())
    assert asked == cache.digest("tool_pre_invoke", {"args": {"b": 2, "a": 1}, "name": "t"}, _context(request_id="2"))
    others = [
        cache.digest("tool_post_invoke", {"name": "t", "args": {"a": 1, "b": 2}}, _context()),
        cache.digest("tool_pre_invoke", {"name": "t", "args": {"a": 1, "b": True}}, _context()),
        cache.digest("tool_pre_invoke", {"name": "t", "args": {"a": 1, "b": 2}}, _context(user="bob")),
        cache.digest("tool_pre_invoke", {"name": "t", "args": {"a": 1, "b": 2}}, _context(tenant_id="x")),
        cache.digest("tool_pre_invoke", {"name": "t", "args": {"a": 1, "b": 2}}, {**_context(), "state": {"n": 1}}),
    ]
    assert len({asked, *others}) == 6


def test_digests_of_two_caches_have_nothing_in_common() -> None:
    first, second = (HookCache(60, 10).digest("h", {}, _context()) for _ in range(2))
    assert first != second


def test_an_answer_is_forgotten_when_its_time_is_up_and_is_fresh_each_time() -> None:
    clock = Clock()
    cache = HookCache(60, 10, clock)
    cache.put(b"k", {"result": {"metadata": {}}})
    cache.get(b"k")["result"]["metadata"]["spoilt"] = True
    assert cache.get(b"k") == {"result": {"metadata": {}}}
    clock.now = 60
    assert cache.get(b"k") is None
    assert len(cache) == 0


def test_the_least_recently_asked_go_first() -> None:
    cache = HookCache(60, 2)
    cache.put(b"a", 1)
    cache.put(b"b", 2)
    cache.get(b"a")
    cache.put(b"c", 3)
    assert [cache.get(key) for key in (b"a", b"b", b"c")] == [1, None, 3]


def test_memory_is_bounded_by_bytes_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_BYTES", 1000)
    cache = HookCache(60, 1000)
    for number in range(100):
        cache.put(bytes([number]), "x" * 98)
    assert len(cache) == 10
    cache.put(b"large", "x" * 2 * 1024 * 1024)
    assert cache.get(b"large") is None


def test_without_a_time_nothing_is_kept() -> None:
    assert HookCache(0, 10).digest("h", {}, _context()) is None


def test_a_question_too_deep_to_be_written_is_not_kept() -> None:
    deep: Any = {}
    for _ in range(500):
        deep = {"a": deep}
    assert HookCache(60, 10).digest("h", deep, _context()) is None
