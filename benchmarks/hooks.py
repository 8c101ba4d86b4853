"""The rows of one hook call: the plugins at one hook, with time limits, contexts and isolation, against cpex's plugin manager."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from benchmarks.harness import Row, Worker, interleaved, row
from benchmarks.peers import peer_python
from benchmarks.workers.ours_hooks import kilobytes_of_a_plugin

ROUNDS = 9
SECONDS = 0.3
OURS = Path(sys.executable)
STAGE = "ours: the hook stage of a request as it is, the request's record apart; the peer: invoke_hook"


def one_hook(names: Sequence[str]) -> list[Row]:
    """One hook call with the plugins that the row names."""
    rows = []
    with Worker(OURS, "ours_hooks") as ours, Worker(peer_python("cpex"), "cpex_hooks") as other:
        for name in names:
            mine, theirs = interleaved(
                [partial(ours.measure, name, SECONDS), partial(other.measure, name, SECONDS)], ROUNDS
            )
            rows.append(row(name, "µs", mine, theirs, "cpex 0.1.4", STAGE))
    return rows


def marginal(_names: Sequence[str]) -> list[Row]:
    """What one more plugin costs, beside a plain await of it: a ratio of 0.25 is four times that."""
    with Worker(OURS, "ours_hooks") as ours:
        names = ("hook_5_noop", "hook_10_noop", "plain_await")
        five, ten, plain = interleaved([partial(ours.measure, name, SECONDS) for name in names], ROUNDS)
    note = f"a plugin that is bound and ready keeps {kilobytes_of_a_plugin():.1f} KB"
    return [row("hook_marginal", "µs", (ten - five) / 5, plain, "a plain await of the plugin", note)]


GROUPS = {
    one_hook: (
        "hook_1_noop",
        "hook_5_noop",
        "hook_10_noop",
        "hook_10_unmatched",
        "hook_5_modify",
        "hook_5_suspend",
    ),
    marginal: ("hook_marginal",),
}
