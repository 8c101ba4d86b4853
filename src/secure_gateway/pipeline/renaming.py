"""Who has to judge anew when a plugin has renamed the target: what was allowed under one name is not allowed under another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from secure_gateway.decisions import Note, Verdict
from secure_gateway.pipeline.run import Run
from secure_gateway.plugins.framework.binding import CallOrder, HookBinding


class Rename(NamedTuple):
    """A plugin gave the target, called ``before`` until then, another name: ``done`` plugins had left a step by then, the first of them at ``first_step``.

    ``at_once``: it is among the last so many of them, which ran at the same time.
    """

    before: str
    first_step: int
    done: int
    at_once: int = 1


def asked_too_early(run: Run, order: CallOrder, renames: Sequence[Rename], name: str) -> list[HookBinding]:
    """Return who of ``order`` was asked under a name that the target has no more, and may think otherwise of it as ``name``.

    Those are guards that go by the name; plugins that were skipped, because of their conditions or mode, and now are not; and plugins that
    run in another mode now. The others stand before the one that renames because the configuration says so, and see what stood there then.
    """
    now, bindings = order.for_target(name, run.facts).slots, order.bindings
    outdated: dict[int, HookBinding] = {}
    start = 0
    for rename in renames:
        then = order.for_target(rename.before, run.facts).slots
        for index in range(start, rename.done):
            binding, step = bindings[index], run.trace[rename.first_step + index]
            verdict = step[2].verdict if isinstance(step[2], Note) else Verdict.ALLOW
            in_other_mode = then[index][0].mode is not now[index][0].mode and not (
                # The one that renamed the target need not be asked what it thinks of its own name.
                verdict is Verdict.MODIFY and index >= rename.done - rename.at_once
            )
            if now[index][6] is None and (binding.by_target or verdict is Verdict.NONE or in_other_mode):
                outdated[index] = binding
        start = rename.done
    return list(outdated.values())
