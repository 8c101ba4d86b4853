"""``ExternalPlugin``: a plugin that runs behind an MCP server of its own, asked as ContextForge asks its external plugins."""

from __future__ import annotations

import asyncio
import concurrent.futures
import os
import weakref
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import msgspec

from secure_gateway.errors import AnswerError, ConfigError, GatewayError, Problem
from secure_gateway.pipeline.loop_thread import LoopThread
from secure_gateway.plugins.external.cache import HookCache
from secure_gateway.plugins.external.channel import Channel
from secure_gateway.plugins.external.codec import decode_error, decode_result, encode_payload
from secure_gateway.plugins.external.context_codec import apply_context, encode_context
from secure_gateway.plugins.external.http_channel import HttpChannel
from secure_gateway.plugins.external.lifeline import Lifeline
from secure_gateway.plugins.external.session import GET_PLUGIN_CONFIG, INVOKE_HOOK, all_configs, call_tool
from secure_gateway.plugins.external.settings import CallRules, Endpoint, read_endpoint, read_rules
from secure_gateway.plugins.external.stdio_channel import StdioChannel
from secure_gateway.plugins.framework.context import PluginContext
from secure_gateway.plugins.framework.plugin import ForeignPlugin, PluginConfig, PluginMode
from secure_gateway.plugins.framework.results import PluginResult

_ANSWER_FIELDS: Final = frozenset({"plugin_name", "result", "context", "error"})
_CLOSE_SECONDS: Final = 10.0
_SHOWN: Final = 5


class ExternalPlugin(ForeignPlugin):
    """Its connection lives on an event loop of its own, so that it is kept whoever calls, from whichever loop."""

    kind = "external"

    def __init__(self, config: PluginConfig) -> None:
        super().__init__(config)
        endpoint, rules = read_endpoint(config), read_rules(config)
        self._cache = HookCache(rules.cache_seconds, rules.cache_entries)
        self._offered: tuple[str, ...] | None = None
        self._pid = os.getpid()
        self._thread = LoopThread()
        self._line = Lifeline(config.name, _maker(config.name, endpoint, rules), rules)
        # Also where the plugin is dropped unused, and when the interpreter ends: no process outlives us.
        self._end = weakref.finalize(self, _end, self._thread, self._line)

    def offered_hooks(self) -> Sequence[str]:
        if self._offered is None and self.mode is PluginMode.DISABLED and self.config.hooks:
            # Its server may be down: it is asked once somebody enables the plugin.
            self._offered = tuple(self.config.hooks)
        if self._offered is None:
            try:
                remote = self._thread.run(_introduce(self._line, self.name))
            except GatewayError as error:
                self.discard()
                if isinstance(error, ConfigError):
                    raise
                hint = 'Start its server or correct "mcp"; a plugin that is not needed is taken out, or has "mode": "disabled" and its hooks named.'
                found = f"a plugin server that cannot be used: {error}"
                raise ConfigError(Problem("$.mcp", found, f"one that serves {self.name!r}", hint)) from None
            self._config = _merged(self.config, remote)
            self._offered = tuple(_texts(remote, "hooks"))
        return self._offered

    async def invoke_hook(self, hook: str, payload: Any, context: PluginContext) -> PluginResult[Any]:
        """Ask the server. Raises ``AnswerError`` where it cannot be asked or answers anything but one result of this hook."""
        if os.getpid() != self._pid:
            raise AnswerError("it was connected before this process was forked; load the gateway in each process")
        said, known = encode_payload(payload), encode_context(context)
        key = self._cache.digest(hook, said, known)
        answer = self._cache.get(key)
        is_new = answer is None
        if is_new:
            arguments = {"hook_type": hook, "plugin_name": self.name, "payload": said, "context": known}
            answer = await self._ask(arguments)
        result = self._read(hook, answer)
        states = answer.get("context")
        if states is not None:
            before = (known["state"], known["metadata"], known["global_context"]["state"])
            try:
                apply_context(context, states)
            except AnswerError:
                if result.continue_processing:
                    raise
                return result  # a clear no counts, whatever comes with it
            if before != _states(states):
                return result
        if is_new:
            self._cache.put(key, {"plugin_name": self.name, "result": answer["result"]})
        return result

    async def shutdown(self) -> None:
        if self._end.detach() is not None:
            await asyncio.to_thread(_end, self._thread, self._line, at_once=False)

    def discard(self) -> None:
        """Release the connection of a plugin that will not be used. Idempotent."""
        self._end()

    async def _ask(self, arguments: dict[str, Any]) -> Any:
        """Return the server's answer. Whoever stops waiting here stops the call there."""
        try:
            return await asyncio.wrap_future(self._thread.submit(self._line.call(INVOKE_HOOK, arguments)))
        except concurrent.futures.CancelledError:
            raise AnswerError("it was shut down") from None

    def _read(self, hook: str, answer: Any) -> PluginResult[Any]:
        if type(answer) is not dict:
            raise AnswerError(f"its server answered a {type(answer).__name__}, expected an object")
        if answer.get("plugin_name") != self.name:
            raise AnswerError("its server answered for another plugin")
        if answer.get("error") is not None:
            raise decode_error(answer["error"])
        if "result" not in answer or answer.keys() - _ANSWER_FIELDS:
            raise AnswerError("its server answered an object that is no answer to a hook")
        return decode_result(hook, answer["result"], self.name)


def _maker(name: str, endpoint: Endpoint, rules: CallRules) -> Callable[[], Channel]:
    if endpoint.command:
        return lambda: StdioChannel(name, endpoint)
    return lambda: HttpChannel(name, endpoint, rules.concurrency)


async def _introduce(line: Lifeline, name: str) -> Mapping[str, Any]:
    """Connect, and return how the server sets up the plugin. Raises ``GatewayError``."""
    channel = await line.start()
    remote = await call_tool(channel, GET_PLUGIN_CONFIG, {"name": name})
    if isinstance(remote, dict) and remote:
        return remote
    names = [each["name"] for each in await all_configs(channel) if isinstance(each.get("name"), str)]
    served = ", ".join(repr(each[:100]) for each in names[:_SHOWN]) or "none"
    raise ConfigError(
        Problem("$.name", f"{name!r}, which its server does not serve", f"the name of one of its plugins: {served}")
    )


def _merged(config: PluginConfig, remote: Mapping[str, Any]) -> PluginConfig:
    """Return ``config`` with what it leaves out taken from the server.

    What its answers lead to is not the server's to say: mode, conditions, priority and time limit are what stands here.
    """
    texts = {key: remote[key] for key in ("description", "author", "version") if isinstance(remote.get(key), str)}
    given = {key: value for key in texts if (value := getattr(config, key))}
    return msgspec.structs.replace(config, **{**texts, **given}, tags=config.tags or _texts(remote, "tags"))


def _texts(remote: Mapping[str, Any], key: str) -> list[str]:
    found = remote.get(key)
    return [each for each in found if isinstance(each, str)] if isinstance(found, list) else []


def _states(answered: Mapping[str, Any]) -> tuple[Any, Any, Any]:
    facts = answered.get("global_context")
    shared = facts.get("state") if isinstance(facts, dict) else None
    return answered.get("state") or {}, answered.get("metadata") or {}, shared or {}


def _end(thread: LoopThread, line: Lifeline, *, at_once: bool = True) -> None:
    if not thread.is_running:
        return
    ending = thread.submit(line.close(at_once=at_once))
    try:
        ending.result(_CLOSE_SECONDS)
    except (concurrent.futures.TimeoutError, concurrent.futures.CancelledError):
        ending.cancel()
    finally:
        thread.close()
