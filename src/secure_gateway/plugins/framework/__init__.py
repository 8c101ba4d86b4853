"""The hook framework: write a ``Plugin``, and it acts at named points of every request.

This module re-exports what plugin authors use, under the names of the ContextForge plugin documentation.
"""

from __future__ import annotations

from secure_gateway.errors import PluginError
from secure_gateway.plugins.framework.binding import HookBinding
from secure_gateway.plugins.framework.context import GatewayMetadata, GlobalContext, PluginContext, ToolMetadata
from secure_gateway.plugins.framework.decorator import hook
from secure_gateway.plugins.framework.hookpoints import (
    HOOK_POINTS,
    AgentHookType,
    HookPoint,
    HttpHookType,
    PromptHookType,
    ResourceHookType,
    ToolHookType,
)
from secure_gateway.plugins.framework.payloads import (
    AgentPostInvokePayload,
    AgentPreInvokePayload,
    HttpAuthCheckPermissionPayload,
    HttpAuthCheckPermissionResultPayload,
    HttpAuthResolveUserPayload,
    HttpHeaderPayload,
    HttpPostRequestPayload,
    HttpPreRequestPayload,
    PluginPayload,
    PromptPosthookPayload,
    PromptPrehookPayload,
    ResourcePostFetchPayload,
    ResourcePreFetchPayload,
    ToolPostInvokePayload,
    ToolPreInvokePayload,
)
from secure_gateway.plugins.framework.plugin import Plugin, PluginCondition, PluginConfig, PluginMode
from secure_gateway.plugins.framework.results import (
    AgentPostInvokeResult,
    AgentPreInvokeResult,
    HttpAuthCheckPermissionResult,
    HttpAuthResolveUserResult,
    HttpPostRequestResult,
    HttpPreRequestResult,
    PluginResult,
    PluginViolation,
    PromptPosthookResult,
    PromptPrehookResult,
    ResourcePostFetchResult,
    ResourcePreFetchResult,
    ToolPostInvokeResult,
    ToolPreInvokeResult,
)

__all__ = [
    "HOOK_POINTS",
    "AgentHookType",
    "AgentPostInvokePayload",
    "AgentPostInvokeResult",
    "AgentPreInvokePayload",
    "AgentPreInvokeResult",
    "GatewayMetadata",
    "GlobalContext",
    "HookBinding",
    "HookPoint",
    "HttpAuthCheckPermissionPayload",
    "HttpAuthCheckPermissionResult",
    "HttpAuthCheckPermissionResultPayload",
    "HttpAuthResolveUserPayload",
    "HttpAuthResolveUserResult",
    "HttpHeaderPayload",
    "HttpHookType",
    "HttpPostRequestPayload",
    "HttpPostRequestResult",
    "HttpPreRequestPayload",
    "HttpPreRequestResult",
    "Plugin",
    "PluginCondition",
    "PluginConfig",
    "PluginContext",
    "PluginError",
    "PluginMode",
    "PluginPayload",
    "PluginResult",
    "PluginViolation",
    "PromptHookType",
    "PromptPosthookPayload",
    "PromptPosthookResult",
    "PromptPrehookPayload",
    "PromptPrehookResult",
    "ResourceHookType",
    "ResourcePostFetchPayload",
    "ResourcePostFetchResult",
    "ResourcePreFetchPayload",
    "ResourcePreFetchResult",
    "ToolHookType",
    "ToolMetadata",
    "ToolPostInvokePayload",
    "ToolPostInvokeResult",
    "ToolPreInvokePayload",
    "ToolPreInvokeResult",
    "hook",
]
