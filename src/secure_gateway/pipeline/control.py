"""Plugins changed while the gateway runs: switched on and off, put in another mode, moved elsewhere.

Each change makes a new snapshot and swaps the one reference to it, so that a request sees all of a change or nothing of it. Nothing is closed
by a change: both snapshots hold the same parts.
"""

from __future__ import annotations

import difflib
import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, Protocol

import msgspec

from secure_gateway.decisions import Stage, Verdict
from secure_gateway.errors import ConfigError, PluginControlError
from secure_gateway.pipeline.overrides import (
    TOOL_HOOKS,
    Control,
    Moved,
    Override,
    Tables,
    bindings_of,
    overridden,
    rebound,
    taken_back,
)
from secure_gateway.pipeline.run import begin
from secure_gateway.pipeline.snapshot import Snapshot
from secure_gateway.plugins.framework.binding import HookBinding
from secure_gateway.plugins.framework.conditions import compile_matcher
from secure_gateway.plugins.framework.plugin import PluginMode
from secure_gateway.types import Door, Operation, Request

RECORD_NAME: Final = "gateway/plugins"
"""What records of changes are called; no MCP method is called so."""
MOST_OVERRIDES: Final = 200
"""How many modes can be set at the same time; each is looked at when plugins are ordered for a new target."""
_LONGEST: Final = 256
_LONGEST_SHOWN: Final = 64

_PLUGINS = Stage("plugins")
_log = logging.getLogger(__name__)

Closer = Callable[[], Any]


class Holder(Protocol):
    """What holds the snapshot that requests read: the gateway."""

    @property
    def snapshot(self) -> Snapshot: ...
    def replace(self, snapshot: Snapshot, /) -> Snapshot: ...


class BindingState(msgspec.Struct, frozen=True, kw_only=True):
    """One plugin at one hook of one server (empty: calls of no server, and of those that the configuration does not name).

    ``mode``: empty where it depends on the call. ``skipped``: why it is never called.
    """

    hook: str
    server: str
    mode: str
    configured_mode: str
    priority: int
    skipped: str


class PluginState(msgspec.Struct, frozen=True, kw_only=True):
    """One plugin as it is in force. ``mode`` and ``configured_mode``: ``mixed`` where its bindings differ, ``mode`` also where it depends on the call.

    ``state``: ``running``, ``disabled``, ``skipped`` (it guards nothing), or where it was moved to; ``reason`` says why, where there is one.
    """

    name: str
    kind: str
    version: str
    digest: str
    hooks: tuple[str, ...]
    mode: str
    configured_mode: str
    priority: int
    state: str
    reason: str
    overrides: tuple[Override, ...]
    bindings: tuple[BindingState, ...]


class ControlBoard:
    """Makes changes one after the other, whichever thread asks for them: ``lock`` is the holder's."""

    def __init__(self, holder: Holder, lock: threading.Lock) -> None:
        self._holder = holder
        self._lock = lock

    @property
    def snapshot(self) -> Snapshot:
        """What requests that start now will read."""
        return self._holder.snapshot

    def change(self, make: Callable[[Snapshot], Snapshot], said: str) -> None:
        """Put what ``make`` returns for the snapshot in force in its place; log and record it as ``said``. What ``make`` raises changes nothing."""
        with self._lock:
            snapshot = make(self._holder.snapshot)
            self._holder.replace(snapshot)
        _log.warning("%s", said)
        record_event(snapshot, RECORD_NAME, _PLUGINS, said)

    def carry_over(self, built: Snapshot) -> Snapshot:
        """Put ``built``, made of a new configuration, in force, with the modes that were set at run time; return what it replaces.

        Modes of plugins and servers that are there no more are forgotten, and so is where plugins were moved to: they were built anew.
        """
        with self._lock:
            overrides = self._holder.snapshot.control.overrides
            there = {binding.plugin for _server, binding in bindings_of(built.hooks)}
            kept = tuple(each for each in overrides if each.plugin in there and each.server in ("", *built.hooks))
            old = self._holder.replace(_with_control(built, built.hooks, {}, kept) if kept else built)
        for override in overrides:
            said = (
                "stays in force over the reload" if override in kept else "is forgotten: its plugin or server is gone"
            )
            _log.warning("plugin %r: %s %s", override.plugin, override, said)
        return old


class PluginControl:
    """``gateway.plugins``: what plugins and guardrails are in force, and how to change that until the next restart.

    Changes hold for requests that start afterwards, and stay over a reload. ``asked_by`` names in records who asked. Methods raise
    ``PluginControlError``, and then nothing has changed.
    """

    def __init__(self, board: ControlBoard, asker: str = "sdk") -> None:
        self.board = board
        self._asker = asker

    def asked_by(self, asker: str) -> PluginControl:
        """Return the same control in the name of ``asker``."""
        return PluginControl(self.board, asker)

    def list(self) -> list[PluginState]:
        """Return every plugin and guardrail, in the order in which they are called first."""
        return _states(self.board.snapshot)

    def show(self, name: str) -> PluginState:
        """Return the plugin called ``name``."""
        states = {state.name: state for state in self.list()}
        _require_known("plugin", name, states)
        return states[name]

    def enable(self, name: str) -> None:
        """Let a plugin run everywhere, in its configured mode; one that the configuration disables enforces."""
        state = self.show(name)
        if state.reason and state.state == "disabled" and name in self.board.snapshot.control.moved:
            raise PluginControlError(
                f"plugin {name!r} is disabled: {state.reason}. `reset` lets it run again as configured."
            )
        self._change(name, lambda snapshot: _enabled(snapshot, name), "enabled")

    def disable(self, name: str) -> None:
        """Let a plugin be skipped everywhere. Records go on naming it, as disabled."""
        self.set_mode(name, PluginMode.DISABLED)

    def set_mode(
        self, name: str, mode: PluginMode | str, *, hook: str = "", server: str = "", tool: str = "", tenant: str = ""
    ) -> None:
        """Put a plugin in ``mode``, for the calls that all the given narrow it to; where several apply, the one set last counts.

        ``tool``: a name or glob. ``tenant``: while a caller's tenant is unknown, the strictest mode that any tenant has counts; and so for calls
        that name no server. Without any of them, modes that were set for some calls are forgotten.
        """
        override = Override(plugin=name, mode=_mode(mode), hook=hook, server=server, tool=tool, tenant=tenant)
        self._change(name, lambda snapshot: _with_override(snapshot, override), str(override))

    def reset(self, name: str) -> None:
        """Let a plugin run as the configuration says, forgetting everything that was changed about it."""
        self._change(name, lambda snapshot: _reset(snapshot, name), "reset to what the configuration says")

    def replace_bindings(
        self,
        name: str,
        make: Callable[[HookBinding], HookBinding],
        reason: str,
        *,
        state: str = "isolated",
        closers: Sequence[Closer] = (),
    ) -> None:
        """Call another thing than before where plugin ``name`` is called: what ``make`` returns for each of its bindings.

        Modes that were set stay, a reload forgets it. ``closers`` release what ``make`` has built, with the gateway or after a reload.
        """
        moved = Moved(state, reason)
        self._change(
            name, lambda snapshot: _replaced(snapshot, name, make, moved, tuple(closers)), f"{state}, because {reason}"
        )

    def _change(self, name: str, make: Callable[[Snapshot], Snapshot], what: str) -> None:
        def checked(snapshot: Snapshot) -> Snapshot:
            _require_known("plugin", name, [binding.plugin for _server, binding in bindings_of(snapshot.hooks)])
            return make(snapshot)

        self.board.change(checked, f"{self._asker}: plugin {_shown(name)}: {what}")

    def __repr__(self) -> str:
        return f"PluginControl({[state.name for state in self.list()]!r})"


def record_event(snapshot: Snapshot, name: str, stage: Stage, said: str, error: Exception | None = None) -> None:
    """Hand a record of a change of the policy itself to every sink: an audit tells when what was in force."""
    run = begin(Request(operation=Operation.MESSAGE, name=name, door=Door.SDK), snapshot)
    run.note(stage, Verdict.ALLOW if error is None else Verdict.ERROR, 0.0, said)
    record = run.finish(error)
    for sink in snapshot.sinks:
        sink.emit(record)


def _with_control(
    snapshot: Snapshot, standing: Tables, moved: dict[str, Moved], overrides: tuple[Override, ...]
) -> Snapshot:
    control = Control(configured=_configured(snapshot), standing=standing, moved=moved, overrides=overrides)
    return msgspec.structs.replace(snapshot, hooks=overridden(standing, overrides), control=control)


def _configured(snapshot: Snapshot) -> Tables:
    return snapshot.hooks if snapshot.control.configured is None else snapshot.control.configured


def _standing(snapshot: Snapshot) -> Tables:
    return snapshot.hooks if snapshot.control.standing is None else snapshot.control.standing


def _of_others(snapshot: Snapshot, name: str) -> tuple[Override, ...]:
    return tuple(each for each in snapshot.control.overrides if each.plugin != name)


def _with_override(snapshot: Snapshot, override: Override) -> Snapshot:
    _check_scope(snapshot, override)
    control = snapshot.control
    if override.scope == (override.plugin, "", "", "", ""):
        kept = _of_others(snapshot, override.plugin)
    else:
        kept = tuple(each for each in control.overrides if each.scope != override.scope)
    if len(kept) >= MOST_OVERRIDES:
        raise PluginControlError(
            f"{len(kept)} modes are set already, which is the most. Reset the plugins that need none."
        )
    return _with_control(snapshot, _standing(snapshot), {**control.moved}, (*kept, override))


def _enabled(snapshot: Snapshot, name: str) -> Snapshot:
    overrides = _of_others(snapshot, name)
    bound = [binding for _server, binding in bindings_of(_standing(snapshot)) if binding.plugin == name]
    if all(binding.mode is PluginMode.DISABLED for binding in bound):
        overrides = (*overrides, Override(plugin=name, mode=PluginMode.ENFORCE))
    return _with_control(snapshot, _standing(snapshot), {**snapshot.control.moved}, overrides)


def _reset(snapshot: Snapshot, name: str) -> Snapshot:
    standing = taken_back(_standing(snapshot), _configured(snapshot), name)
    moved = {plugin: found for plugin, found in snapshot.control.moved.items() if plugin != name}
    return _with_control(snapshot, standing, moved, _of_others(snapshot, name))


def _replaced(
    snapshot: Snapshot,
    name: str,
    make: Callable[[HookBinding], HookBinding],
    moved: Moved,
    closers: tuple[Closer, ...],
) -> Snapshot:
    def change(_server: str, binding: HookBinding) -> HookBinding:
        if binding.plugin != name:
            return binding
        made = make(binding)
        if (made.plugin, made.hook, made.priority) != (binding.plugin, binding.hook, binding.priority):
            raise PluginControlError(f"the bindings of plugin {name!r} are not those of {made!r}")
        return made

    control = snapshot.control
    standing = rebound(_standing(snapshot), change)
    changed = _with_control(snapshot, standing, {**control.moved, name: moved}, control.overrides)
    return msgspec.structs.replace(changed, closers=(*closers, *snapshot.closers))


def _mode(mode: PluginMode | str) -> PluginMode:
    _require_known("mode", mode, list(PluginMode))
    return PluginMode(mode)


def _check_scope(snapshot: Snapshot, override: Override) -> None:
    if override.hook:
        hooks = [binding.hook for _s, binding in bindings_of(snapshot.hooks) if binding.plugin == override.plugin]
        _require_known(f"hook of plugin {override.plugin!r}", override.hook, hooks)
    if override.server:
        _require_known("server", override.server, [server for server in snapshot.hooks if server])
    for field in ("tool", "tenant"):
        value = getattr(override, field)
        if not isinstance(value, str) or len(value) > _LONGEST or not (value.isprintable()):
            raise PluginControlError(f"the {field} {_shown(value)} is no printable text of up to {_LONGEST} characters")
    if override.tool.startswith("re:"):
        raise PluginControlError(
            "a tool is named exactly or by a glob such as send_*; a pattern belongs into the configuration"
        )
    try:
        compile_matcher([override.tool])
    except ConfigError as error:
        raise PluginControlError(f"the tool {_shown(override.tool)} is no glob: {error.problems[0].found}") from None
    if override.tool and override.hook and override.hook not in TOOL_HOOKS:
        raise PluginControlError(f"at {override.hook} there are no tools; leave out the tool or the hook")


def _require_known(what: str, name: object, known: Iterable[str]) -> None:
    names = sorted(dict.fromkeys(map(str, known)))
    if isinstance(name, str) and name in names:
        return
    lowered = {each.lower(): each for each in names}
    near = [lowered[each] for each in difflib.get_close_matches(str(name)[:_LONGEST_SHOWN].lower(), lowered, n=3)]
    hint = (
        f"did you mean {' or '.join(map(repr, near))}?" if near else f"there is {', '.join(map(repr, names)) or 'none'}"
    )
    raise PluginControlError(f"no {what} is called {_shown(name)}: {hint}")


def _shown(name: object) -> str:
    text = str(name)
    return ascii(text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 1] + "…")


def _states(snapshot: Snapshot) -> list[PluginState]:
    found: dict[str, list[tuple[BindingState, HookBinding]]] = {}
    for (server, now), (_server, before) in zip(
        bindings_of(snapshot.hooks), bindings_of(_configured(snapshot)), strict=True
    ):
        found.setdefault(now.plugin, []).append((_binding_state(server, now, before.mode), now))
    return [_state(snapshot, name, [state for state, _b in bound], bound[0][1]) for name, bound in found.items()]


def _binding_state(server: str, binding: HookBinding, configured: PluginMode) -> BindingState:
    return BindingState(
        hook=binding.hook,
        server=server,
        mode="" if binding.mode_rules is not None else binding.mode.value,
        configured_mode=configured.value,
        priority=binding.priority,
        skipped=binding.skip_reason,
    )


def _state(snapshot: Snapshot, name: str, bindings: Sequence[BindingState], first: HookBinding) -> PluginState:
    modes, configured = {each.mode for each in bindings}, {each.configured_mode for each in bindings}
    moved = snapshot.control.moved.get(name)
    off = all(each.mode == PluginMode.DISABLED for each in bindings)
    skipped = all(each.skipped for each in bindings)
    if moved is not None:
        state, reason = moved.state, moved.reason
    else:
        state = "disabled" if off else "skipped" if skipped else "running"
        reason = bindings[0].skipped if skipped else "disabled in the configuration" if off else ""
    return PluginState(
        name=name,
        kind=first.kind,
        version=first.version,
        digest=first.digest,
        hooks=tuple(dict.fromkeys(each.hook for each in bindings)),
        mode=modes.pop() or "mixed" if len(modes) == 1 else "mixed",
        configured_mode=configured.pop() if len(configured) == 1 else "mixed",
        priority=min(each.priority for each in bindings),
        state="disabled" if off and moved is not None else state,
        reason=reason,
        overrides=tuple(each for each in snapshot.control.overrides if each.plugin == name),
        bindings=tuple(bindings),
    )
