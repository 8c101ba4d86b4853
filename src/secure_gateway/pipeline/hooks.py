"""One hook's plugins, called in order: the loop that every request goes through."""

from __future__ import annotations

from collections.abc import Coroutine, Sequence
from time import monotonic
from typing import Any, Final

from secure_gateway.errors import ErrorCode, PluginError
from secure_gateway.pipeline.bands import run_bands
from secure_gateway.pipeline.renaming import Rename, asked_too_early
from secure_gateway.pipeline.run import Run
from secure_gateway.pipeline.subjects import Subject, view_maker
from secure_gateway.pipeline.verdicts import failed, held, raised, weigh
from secure_gateway.plugins.framework.binding import UNMATCHED, CallOrder, CallSlot
from secure_gateway.plugins.framework.context import PluginContext
from secure_gateway.plugins.framework.driver import TimeLimitExceededError, supervise

_RENAMED_AGAIN: Final = "a plugin renamed the target once more, while it was judged anew because another had renamed it"


async def run_hooks(run: Run, hook: str, subject: Subject) -> None:
    """Let every plugin at ``hook`` judge ``subject``, which holds the result of their changes afterwards.

    Where one of them renames the target, those before it whose answer depends on the name judge it under the new one too.
    Raises ``PolicyDenied`` when one refuses and ``PluginError`` when one fails whose failure counts.
    """
    order = run.snapshot.bindings(run.request.server, hook)
    if order is None:
        return
    renames = await _run(run, hook, order, subject)
    if not renames:
        return
    outdated = asked_too_early(run, order, renames, subject.name)
    if outdated and await _run(run, hook, CallOrder(outdated), subject):
        raise PluginError(ErrorCode.PLUGIN_ERROR, _RENAMED_AGAIN, request_id=run.request.request_id)


async def _run(run: Run, hook: str, order: CallOrder, subject: Subject) -> Sequence[Rename]:
    """Let every plugin of ``order`` judge ``subject`` once; return where the target was renamed."""
    if order.parallel:
        return await run_bands(run, hook, order, subject)
    renames: list[Rename] = []
    run.first_step = len(run.trace)
    done = 0
    while True:
        name = subject.name
        calls = order.for_target(name, run.facts)
        if calls.nobody is not None:
            run.trace.extend(calls.nobody[done:])
            return renames
        run.slots = slots = calls.slots
        stage = _call_in_order(run, hook, slots[done:], subject)
        try:
            waiting = stage.send(None)
        except StopIteration:
            pass
        else:
            await _until_it_ends(run, stage, waiting)
        # Once more for those who are left, when one has renamed the target (other conditions match then) or had to be abandoned.
        done = len(run.trace) - run.first_step
        if subject.name != name:
            renames.append(Rename(name, run.first_step, done))
        if done == len(slots):
            return renames


async def _until_it_ends(run: Run, stage: Coroutine[Any, Any, None], waiting: Any) -> None:
    if run.deadline < monotonic():
        held(run, run.slots[len(run.trace) - run.first_step][0])  # it blocked before it suspended
    try:
        await supervise(stage, waiting, run)
    except TimeLimitExceededError:  # a plugin swallowed its cancellation and was abandoned, and the loop with it
        running = run.slots[len(run.trace) - run.first_step][0]
        failed(run, running, ErrorCode.PLUGIN_TIMEOUT, "it did not stop when its time was up")


async def _call_in_order(run: Run, hook: str, slots: tuple[CallSlot, ...], subject: Subject) -> None:
    """Call the plugins of ``slots``, of whom each leaves one step. Returns early when one of them has renamed the target."""
    trace, contexts, facts, name = run.trace, run.contexts, run.known_facts, subject.name
    view = view_maker(hook, subject)
    run.plugin_started = started = monotonic()
    for binding, call, timeout, condition, plugin, result_type, skipped in slots:
        if skipped is not None:
            trace.append((binding, 0.0, skipped))
            continue
        if condition is not None and not condition(name, facts):
            trace.append((binding, 0.0, UNMATCHED))
            continue
        context = contexts.get(plugin)
        if context is None:
            context = contexts[plugin] = PluginContext(facts)
        try:
            answer = await call(view(), context)
            now = monotonic()
            elapsed = now - started
            goes_on = (  # in here, for the fields of a result of the plugin's own class may be properties: foreign code, too
                type(answer) is result_type
                and answer.continue_processing is True
                and answer.modified_payload is None
                and answer.violation is None
                and answer.metadata is None
            )
        except BaseException as error:  # noqa: BLE001 - foreign code: SystemExit and Rust panics must not pass either
            raised(run, binding, error)
        else:
            if goes_on and elapsed <= timeout and not run.expired:
                trace.append((binding, elapsed, None))
                run.plugin_started = started = now
                continue
            weigh(run, binding, answer, subject, elapsed)
            if subject.name != name:
                return
            view = view_maker(hook, subject)
        run.plugin_started = started = monotonic()


PLUGINS_IN_ORDER: Final = _call_in_order.__code__
"""The frame that calls plugins; the watchdog reads ``run``, ``binding`` and ``started`` off it."""
