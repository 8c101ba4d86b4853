"""Run a coroutine to its end, on the fastest event loop that is installed."""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
from collections.abc import Coroutine
from typing import Any, TypeVar

_Result = TypeVar("_Result")


def run_fast(work: Coroutine[Any, Any, _Result]) -> _Result:
    """Run ``work``; with uvloop where the [speed] extra has brought it."""
    uvloop = importlib.import_module("uvloop") if importlib.util.find_spec("uvloop") else None
    with asyncio.Runner(loop_factory=uvloop.new_event_loop if uvloop else None) as runner:
        return runner.run(work)
