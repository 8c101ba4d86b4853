"""A long scan does not hold up the event loop, and the time limit of its guard holds."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from secure_gateway.plugins.guardrails.base import GuardrailAction, ViolationType
from secure_gateway.plugins.guardrails.scanned import LONG, ScanGuard, ScanRules, is_long
from secure_gateway.plugins.guardrails.value_guard import ValueRequest

RULES = ScanRules(found=next(iter(ViolationType)), action=GuardrailAction.BLOCK)


def request(value: Any) -> ValueRequest:
    return ValueRequest(value=value, hook="tool_pre_invoke", name="t")


@pytest.mark.parametrize(
    ("value", "long"),
    [
        ({"a": "b"}, False),
        ("x" * LONG, False),
        ("x" * (LONG + 1), True),
        ({"a": ["x" * LONG]}, True),
        ({"a": object()}, True),
        ({"a": "\ud800"}, True),
    ],
)
def test_what_is_long_is_told_by_its_characters_and_what_cannot_be_counted_is(value: Any, long: bool) -> None:
    assert is_long(value) is long


async def test_the_loop_goes_on_while_a_long_value_is_scanned() -> None:
    scanning, go_on = threading.Event(), threading.Event()

    def scan(_value: Any) -> list[Any]:
        scanning.set()
        assert go_on.wait(30)
        return []

    judging = asyncio.create_task(ScanGuard(scan, RULES).validate_value(request(["x" * (LONG + 1)])))
    assert await asyncio.to_thread(scanning.wait, 30)
    go_on.set()
    assert not (await judging).violations


async def test_a_short_value_is_judged_at_once_on_the_thread_of_the_loop() -> None:
    threads: list[int] = []

    def scan(_value: Any) -> list[Any]:
        threads.append(threading.get_ident())
        return []

    await ScanGuard(scan, RULES).validate_value(request({"a": "b"}))
    assert threads == [threading.get_ident()]
