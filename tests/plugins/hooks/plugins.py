"""Build hook plugins as the loader does, and fire them."""

from __future__ import annotations

from typing import Any

from secure_gateway.plugins.framework import GlobalContext, Plugin, PluginConfig, PluginContext, PluginPayload
from secure_gateway.plugins.framework.registration import bind_plugin
from secure_gateway.plugins.framework.results import PluginResult


def build(cls: type[Plugin], **config: Any) -> Plugin:
    return cls(PluginConfig(name="p", kind="p", config=config))


async def fire(plugin: Plugin, hook: str, payload: PluginPayload) -> PluginResult[Any]:
    (binding,) = [each for each in bind_plugin(plugin, default_timeout=1.0) if each.hook == hook]
    return await binding.call(payload, PluginContext(global_context=GlobalContext(request_id="r")))
