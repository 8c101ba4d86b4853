"""Plugins of equal priority, called at the same time where the configuration asks for it.

Each is shown the payload as it was before its band. The first that refuses, or fails so that it counts, ends the request and cancels the others.
Changes are put together in configured order; two that contradict each other are a failure of the second plugin, and no race.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import takewhile
from time import monotonic
from typing import Any, Final, NamedTuple, NoReturn

import msgspec

from secure_gateway.decisions import Note, Verdict
from secure_gateway.errors import ErrorCode, PluginError
from secure_gateway.pipeline.renaming import Rename
from secure_gateway.pipeline.run import Run
from secure_gateway.pipeline.subjects import Subject, View, view_maker
from secure_gateway.pipeline.verdicts import failed, held, is_answer, raised, weigh
from secure_gateway.plugins.framework.binding import UNMATCHED, CallOrder, CallSlot, HookBinding
from secure_gateway.plugins.framework.context import PluginContext
from secure_gateway.plugins.framework.driver import TimeLimitExceededError, drive
from secure_gateway.plugins.framework.plugin import PluginMode
from secure_gateway.plugins.framework.results import PluginViolationError

_ALLOWED = Note(Verdict.ALLOW, "another plugin of its band refused")
_CANCELLED = Note(Verdict.NONE, "cancelled: another plugin of its band refused first")


class _Outcome(NamedTuple):
    """What one plugin did: it answered, or it raised ``error``. ``seconds``: how long that took. ``refuses``: it said a clear no."""

    answer: Any
    error: BaseException | None
    seconds: float
    refuses: bool = False


async def run_bands(run: Run, hook: str, order: CallOrder, subject: Subject) -> list[Rename]:
    """Let every plugin of ``order`` judge ``subject``, band by band; return where the target was renamed. Raises as ``run_hooks`` does."""
    renames: list[Rename] = []
    first_step, done = len(run.trace), 0
    while True:
        name = subject.name
        slots = order.for_target(name, run.facts).slots  # anew for each band: one may have renamed the target
        if done == len(slots):
            return renames
        band = _next_band(slots[done:])
        await _run_band(run, hook, band, subject)
        done += len(band)
        if subject.name != name:
            renames.append(Rename(name, first_step, done, len(band)))


def _next_band(slots: Sequence[CallSlot]) -> tuple[CallSlot, ...]:
    return tuple(takewhile(lambda slot: slot[0].priority == slots[0][0].priority, slots))


async def _run_band(run: Run, hook: str, band: Sequence[CallSlot], subject: Subject) -> None:
    facts, name = run.known_facts, subject.name
    tasks: dict[int, asyncio.Task[_Outcome]] = {}
    view = view_maker(hook, subject)
    for index, (_, _, _, condition, plugin, _, skipped) in enumerate(band):
        if skipped is None and (condition is None or condition(name, facts)):
            context = run.contexts.get(plugin)
            if context is None:
                context = run.contexts[plugin] = PluginContext(global_context=facts)
            tasks[index] = asyncio.ensure_future(_outcome(run, band[index], view, context))
    try:
        ending = await _first_ending(band, tasks)
    finally:
        await _cancel(tasks.values())
    if ending is not None:
        _refused_by(run, band, tasks, ending, subject)
    else:
        _put_together(run, band, tasks, subject)


async def _outcome(run: Run, slot: CallSlot, view: View, context: PluginContext) -> _Outcome:  # noqa: ARG001 - for the watchdog
    binding, call = slot[0], slot[1]  # the watchdog reads binding, too
    started = monotonic()
    try:
        answer: Any = await drive(call(view(), context), binding.timeout)  # type: ignore[arg-type]
        refuses = is_answer(answer, binding) and answer.continue_processing is not True
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise
        return _Outcome(None, asyncio.CancelledError(), monotonic() - started)
    except BaseException as error:  # noqa: BLE001 - foreign code: a SystemExit in a task would end the loop
        return _Outcome(None, error, monotonic() - started, isinstance(error, PluginViolationError))
    return _Outcome(answer, None, monotonic() - started, refuses)


PLUGIN_IN_BAND: Final = _outcome.__code__
"""The frame that calls one of them; the watchdog reads ``run``, ``binding`` and ``started`` off it."""


async def _first_ending(band: Sequence[CallSlot], tasks: dict[int, asyncio.Task[_Outcome]]) -> int | None:
    """Return the place of the first plugin whose answer ends the request; None when all have answered and none does."""
    waiting = dict(tasks)
    while waiting:
        await asyncio.wait(waiting.values(), return_when=asyncio.FIRST_COMPLETED)
        for index in [index for index, task in waiting.items() if task.done()]:
            if _ends(band[index][0], waiting.pop(index).result()):
                return index
    return None


def _ends(binding: HookBinding, outcome: _Outcome) -> bool:
    """Tell whether ``outcome`` ends the request, whatever the others say."""
    counts = binding.fail_on_error or binding.mode is PluginMode.ENFORCE
    if outcome.refuses:
        return binding.mode is not PluginMode.PERMISSIVE if binding.point.may_deny else counts
    return counts and (outcome.error is not None or not is_answer(outcome.answer, binding))


async def _cancel(tasks: Any) -> None:
    running = [task for task in tasks if not task.done()]
    for task in running:
        task.cancel()
    if running:
        await asyncio.wait(running)


def _refused_by(
    run: Run, band: Sequence[CallSlot], tasks: dict[int, asyncio.Task[_Outcome]], ending: int, subject: Subject
) -> NoReturn:
    """Record what the others were doing, then raise the refusal. It never returns: the others were cancelled, and have judged nothing."""
    for index, (binding, _, _, _, _, _, skipped) in enumerate(band):
        if index == ending:
            continue
        task = tasks.get(index)
        if task is None:
            run.trace.append((binding, 0.0, skipped or UNMATCHED))
        elif task.cancelled():
            run.trace.append((binding, 0.0, _CANCELLED))
        else:
            run.trace.append((binding, task.result().seconds, _ALLOWED))
    refuser = band[ending][0]
    _judge(run, refuser, tasks[ending].result(), subject)
    raise PluginError(
        ErrorCode.PLUGIN_ERROR,
        f"plugin {refuser.plugin!r} failed at {refuser.hook}: its answer refused, and then did not",
        request_id=run.request.request_id,
        plugin=refuser.plugin,
    )


def _put_together(
    run: Run, band: Sequence[CallSlot], tasks: dict[int, asyncio.Task[_Outcome]], subject: Subject
) -> None:
    subject.seen = msgspec.structs.replace(subject)
    try:
        for index, (binding, _, _, _, _, _, skipped) in enumerate(band):
            if index in tasks:
                _judge(run, binding, tasks[index].result(), subject)
            else:
                run.trace.append((binding, 0.0, skipped or UNMATCHED))
    finally:
        subject.seen = None


def _judge(run: Run, binding: HookBinding, outcome: _Outcome, subject: Subject) -> None:
    now = monotonic()
    run.plugin_started = now - outcome.seconds
    run.resumed = now - outcome.error.held if isinstance(outcome.error, TimeLimitExceededError) else now
    if isinstance(outcome.error, TimeLimitExceededError):
        late = f"it did not answer within {binding.timeout:g} s{held(run, binding)}"
        failed(run, binding, ErrorCode.PLUGIN_TIMEOUT, late)
    elif outcome.error is not None:
        raised(run, binding, outcome.error)
    else:
        weigh(run, binding, outcome.answer, subject, outcome.seconds)
