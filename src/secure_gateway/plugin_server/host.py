"""The plugins of this process, asked from outside: a hook call comes in as JSON values and leaves as such.

What a plugin does wrong becomes an error answer here, as it becomes a refusal in a gateway. An answer never holds the text of an exception.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar

import msgspec

from secure_gateway.errors import AnswerError, ErrorCode, PluginError
from secure_gateway.pipeline.run import raised_at
from secure_gateway.plugin_server.watchdog import BlockWatch
from secure_gateway.plugins.external.codec import decode_payload, encode_error, encode_result
from secure_gateway.plugins.external.context_codec import decode_context, encode_states
from secure_gateway.plugins.framework.binding import HookBinding
from secure_gateway.plugins.framework.driver import TimeLimitExceededError, drive
from secure_gateway.plugins.framework.interrupts import is_interrupt
from secure_gateway.plugins.framework.isolation import copy_small
from secure_gateway.plugins.framework.plugin import Plugin, PluginMode
from secure_gateway.plugins.framework.results import PluginResult
from secure_gateway.plugins.hook_loader import LoadedHooks

logger = logging.getLogger(__name__)

LIFECYCLE_SECONDS: Final = 30.0
"""How long one ``initialize`` or ``shutdown`` may take."""
_LONGEST_NAME: Final = 200
_Value = TypeVar("_Value")


class PluginHost:
    """Answers hook calls with the plugins of ``hooks``."""

    def __init__(self, hooks: LoadedHooks) -> None:
        self._plugins = hooks.plugins
        self._bindings = {(binding.plugin, binding.hook): binding for binding in hooks.bindings}
        self._configs = [_shown(plugin, hooks.bindings) for plugin in hooks.plugins]
        self._begun: list[Plugin] = []
        self._watch = BlockWatch(_limited.__code__)

    async def start(self) -> None:
        """Initialize every plugin. Raises ``PluginError`` when one fails; then all that have begun are shut down."""
        self._watch.start()
        for plugin in self._plugins:
            self._begun.append(plugin)
            try:
                await _limited(plugin.initialize, LIFECYCLE_SECONDS, plugin.name)
            except PluginError as error:
                await self.close()
                fault = f"the plugin {plugin.name!r} cannot be initialized: {error.reason}"
                raise PluginError(error.code, fault, plugin=plugin.name) from None

    async def close(self) -> None:
        """Shut down every plugin that has begun, the last one first."""
        while self._begun:
            plugin = self._begun.pop()
            try:
                await _limited(plugin.shutdown, LIFECYCLE_SECONDS, plugin.name)
            except PluginError as error:
                logger.warning("the shutdown of the plugin %r failed: %s", plugin.name, error.reason)
        self._watch.stop()

    def configs(self) -> list[dict[str, Any]]:
        """Return what is shown of every plugin: never its ``config``, which holds secrets in place."""
        return self._configs

    def config(self, name: str) -> dict[str, Any]:
        """Return what is shown of the plugin ``name``, whatever its case; empty where there is none."""
        return next((each for each in self._configs if each["name"].lower() == name.lower()), {})

    async def invoke(self, hook: str, plugin: str, payload: Any, context: Any) -> dict[str, Any]:
        """Return the answer of ``plugin`` to ``hook``, or the error that it made, in ContextForge's form."""
        named = plugin[:_LONGEST_NAME]
        try:
            return {"plugin_name": named, **await self._invoke(hook, plugin, payload, context)}
        except PluginError as error:
            return {"plugin_name": named, "error": encode_error(error.code, error.reason, named)}

    async def _invoke(self, hook: str, plugin: str, payload: Any, context: Any) -> dict[str, Any]:
        binding = self._bindings.get((plugin, hook))
        if binding is None:
            raise PluginError(
                ErrorCode.INVALID_REQUEST, "no plugin of that name answers that hook; get_plugin_configs lists them"
            )
        if binding.mode is PluginMode.DISABLED:
            raise PluginError(ErrorCode.INVALID_REQUEST, "the plugin is disabled in the configuration of its server")
        try:
            asked = decode_payload(binding.point, payload)
            given = decode_payload(binding.point, copy_small(payload))
            seen = decode_context(context)
        except AnswerError as error:
            raise PluginError(ErrorCode.INVALID_REQUEST, str(error)) from None

        async def judged() -> dict[str, Any]:
            answer = await binding.call(given, seen)
            _check(binding, asked, answer)
            said = encode_result(answer)
            try:
                return {"result": said, "context": encode_states(seen)}
            except AnswerError:
                if said["continue_processing"]:
                    raise
                return {"result": said}  # a clear no counts, whatever the plugin has left in its state

        return await _limited(judged, binding.timeout, plugin)


async def _limited(work: Callable[[], Awaitable[_Value]], seconds: float, plugin: str) -> _Value:
    """Return what a plugin's ``work`` returns. Raises ``PluginError`` for whatever it raises, and when its time is up."""
    try:
        return await drive(_awaited(work), seconds)
    except TimeLimitExceededError:
        raise PluginError(ErrorCode.PLUGIN_TIMEOUT, f"it did not answer within {seconds:g} s") from None
    except AnswerError as error:  # ours, and names types only
        raise PluginError(ErrorCode.PLUGIN_ERROR, str(error)) from None
    except BaseException as error:  # foreign code: SystemExit and Rust panics must not pass either
        task = asyncio.current_task()
        cancelled = isinstance(error, asyncio.CancelledError) and task is not None and task.cancelling()
        if cancelled or isinstance(error, GeneratorExit) or is_interrupt(error):
            raise
        logger.warning("the plugin %r raised %s", plugin, raised_at(error))
        raise PluginError(ErrorCode.PLUGIN_ERROR, f"it raised {type(error).__name__}") from None


async def _awaited(work: Callable[[], Awaitable[_Value]]) -> _Value:
    return await work()


def _check(binding: HookBinding, asked: Any, answer: Any) -> None:
    """Raise ``AnswerError`` unless ``answer`` is one that the hook may give to ``asked``: what a gateway checks of its own plugins."""
    if not isinstance(answer, binding.result) and type(answer) is not PluginResult:
        raise AnswerError(f"it returned {type(answer).__name__}, expected {binding.result.__name__}")
    point = binding.point
    if answer.continue_processing is not True:
        if not point.may_deny:
            raise AnswerError(f"it refused, which {point.name} cannot")
        return
    payload = answer.modified_payload
    if payload is None:
        return
    if point.answer is not None:
        point.answer(payload)
        return
    if point.headers_only is not None and isinstance(payload, point.headers_only):
        return
    if not isinstance(payload, point.payload):
        raise AnswerError(f"it returned a {type(payload).__name__} as payload, expected {point.payload.__name__}")
    if point.custom:
        return
    for name in point.payload.__struct_fields__:
        if name not in point.writable and getattr(payload, name) != getattr(asked, name):
            raise AnswerError(f"it changed {name}, which {point.name} may not change")


def _shown(plugin: Plugin, bindings: tuple[HookBinding, ...]) -> dict[str, Any]:
    config = plugin.config
    conditions = [
        {name: list(entries) for name, entries in msgspec.structs.asdict(each).items() if entries}
        for each in config.conditions
    ]
    return {
        "name": config.name,
        "kind": config.kind,
        "description": config.description,
        "author": config.author,
        "version": config.version,
        "hooks": [binding.hook for binding in bindings if binding.plugin == config.name],
        "tags": list(config.tags),
        "mode": config.mode.value,
        "priority": config.priority,
        "conditions": [each for each in conditions if each],
    }
