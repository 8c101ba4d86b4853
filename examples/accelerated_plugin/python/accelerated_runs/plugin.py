"""A hook plugin that refuses arguments in which one letter is repeated for long: padding that makes models and filters stumble."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

from accelerated_runs import IMPLEMENTATION, longest_run
from secure_gateway.plugins.framework import (
    Plugin,
    PluginConfig,
    PluginContext,
    PluginResult,
    PluginViolation,
    ToolHookType,
    ToolPreInvokePayload,
    hook,
)

_LOGGER = logging.getLogger(__name__)


class LongRunsPlugin(Plugin):
    """Refuses a call with more than ``most`` (100) equal letters in a row in any of its strings, names of members included."""

    def __init__(self, config: PluginConfig) -> None:
        super().__init__(config)
        self._most = int(config.config.get("most", 100))
        _LOGGER.info("accelerated_runs: %s", IMPLEMENTATION)

    @hook(ToolHookType.TOOL_PRE_INVOKE)
    async def refuse(self, payload: ToolPreInvokePayload, context: PluginContext) -> PluginResult[Any]:
        if all(longest_run(text) <= self._most for text in _texts(payload.args)):
            return PluginResult()
        violation = PluginViolation(
            reason="padding", description=f"more than {self._most} equal letters in a row", code="PADDING"
        )
        return PluginResult(continue_processing=False, violation=violation)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, child in value.items():
            yield key
            yield from _texts(child)
    elif isinstance(value, list):
        for child in value:
            yield from _texts(child)
    elif isinstance(value, str):
        yield value
