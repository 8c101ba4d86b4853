"""A CPEX plugin as a plugin of this gateway."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from secure_gateway.config.ownership import check_ownership
from secure_gateway.errors import AnswerError, ConfigError, Problem
from secure_gateway.plugins.cpex.host import Host, HostError
from secure_gateway.plugins.cpex.worker import Worker
from secure_gateway.plugins.external.codec import decode_result, encode_payload
from secure_gateway.plugins.external.context_codec import apply_context, encode_context
from secure_gateway.plugins.framework.context import PluginContext
from secure_gateway.plugins.framework.interrupts import is_interrupt
from secure_gateway.plugins.framework.plugin import ForeignPlugin, PluginConfig
from secure_gateway.plugins.framework.results import PluginResult

_TAKEN: Final = ("name", "description", "author", "version", "hooks", "tags", "mode", "priority", "config")


class CpexPlugin(ForeignPlugin):
    """Runs the CPEX plugin whose class is the configured ``kind``: here, or with ``python`` in that interpreter.

    It gets real cpex objects and its real results are judged like any plugin's. What cpex knows and nothing here does (changed
    extensions, retries, background tasks) is an error of the plugin; response headers that it sets are left out.
    """

    def __init__(self, config: PluginConfig) -> None:
        super().__init__(config)
        values = config.model_dump()
        given = {key: values[key] for key in _TAKEN}
        self._host: Host | None = None
        self._worker: Worker | None = None
        if config.python is not None:
            self._worker = Worker(_interpreter(config.python), config.kind, given)
            return
        try:
            self._host = Host(config.kind, given, is_interrupt)
        except HostError as error:
            raise _unusable(config.kind, str(error)) from error

    def offered_hooks(self) -> Sequence[str]:
        """Return the hooks that cpex finds on the plugin."""
        if self._host is not None:
            return self._host.hooks
        try:
            return self._running().load()
        except AnswerError as error:
            raise _unusable(self.config.kind, str(error)) from error

    async def initialize(self) -> None:
        """Let the plugin set itself up."""
        await (self._host or self._running()).initialize()

    async def shutdown(self) -> None:
        """Let the plugin release what it holds; end its process."""
        if self._host is not None:
            await self._host.shutdown()
        await asyncio.to_thread(self.discard)

    def discard(self) -> None:
        """End the process of its own, if it has one."""
        if self._worker is not None:
            self._worker.close()

    async def invoke_hook(self, hook: str, payload: Any, context: PluginContext) -> PluginResult[Any]:
        """Ask the plugin. Raises ``AnswerError`` for everything that is no answer."""
        asked = encode_payload(payload)
        if self._host is None:
            said = await self._running().invoke(hook, asked, encode_context(context))
            if type(said) is not dict or said.keys() != {"result", "context"}:
                raise AnswerError("its process wrote no answer")
        else:
            said = await _asked_here(self._host, hook, asked, context)
        result = decode_result(hook, _with_denial(said["result"]), self.name)
        if self._host is None:
            apply_context(context, said["context"])
        return result

    def _running(self) -> Worker:
        if self._worker is None:
            raise AnswerError("it has no process")
        return self._worker


async def _asked_here(host: Host, hook: str, payload: dict[str, Any], context: PluginContext) -> dict[str, Any]:
    """Ask a plugin in this process. Its own state may hold anything, for it never leaves."""
    facts = context.global_context
    given = encode_context(PluginContext(global_context=facts, metadata=context.metadata))
    given["state"] = context.state
    try:
        said = await host.invoke(hook, payload, given)
    except HostError as error:
        raise AnswerError(str(error)) from error
    after = said["context"]
    context.state = after["state"]
    facts.state.update(after["global_context"]["state"])
    return said


def _with_denial(result: Any) -> Any:
    """Return ``result`` with what the plugin says of a denial among its other remarks."""
    remarks = result.get("denial_metadata") if type(result) is dict else None
    if type(remarks) is not dict:
        return result
    return {**result, "metadata": {**(result.get("metadata") or {}), **remarks}}


def _unusable(kind: str, fault: str) -> ConfigError:
    package = kind.partition(".")[0].replace("_", "-") if kind.startswith("cpex_") else "its package"
    hint = (
        f'Install it where it runs (pip install {package}): beside the gateway, or in the interpreter that "python" names. '
        "Its own words are left out here because they may quote the configuration."
    )
    return ConfigError(Problem("$.kind", fault, "a plugin of cpex that can be built from this configuration", hint))


def _interpreter(python: str) -> str:
    path = Path(python)
    if not path.is_absolute():
        raise ConfigError(Problem("$.python", "a path that is not absolute", "the whole path of a Python interpreter"))
    try:
        check_ownership(path)
    except ConfigError as error:
        found = [Problem("$.python", f"{each.file}: {each.found}", each.expected, each.hint) for each in error.problems]
        raise ConfigError(found) from error
    return python
