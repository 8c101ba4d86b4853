"""secure-gateway: the security layer for AI tool traffic. Who is asking, may this pass, what happened.

Names are loaded when they are first used, so that importing this package costs next to nothing (``docs/adr/0002-light-import.md``).
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from secure_gateway.bootstrap import load_gateway
    from secure_gateway.caller import acting_as
    from secure_gateway.decisions import DecisionRecord, Outcome
    from secure_gateway.errors import (
        AuthenticationDenied,
        ConfigError,
        ErrorCode,
        GatewayError,
        PermissionDenied,
        PluginError,
        PolicyDenied,
        RequestDenied,
        RequestError,
        UpstreamError,
    )
    from secure_gateway.gateway import Gateway
    from secure_gateway.types import AuthCredentials, Operation, Principal, Request

__version__ = "0.1.0"

_HOME = {
    "load_gateway": "bootstrap",
    "Gateway": "gateway",
    "DecisionRecord": "decisions",
    "Outcome": "decisions",
    "AuthenticationDenied": "errors",
    "ConfigError": "errors",
    "ErrorCode": "errors",
    "GatewayError": "errors",
    "PermissionDenied": "errors",
    "PluginError": "errors",
    "PolicyDenied": "errors",
    "RequestDenied": "errors",
    "RequestError": "errors",
    "UpstreamError": "errors",
    "acting_as": "caller",
    "AuthCredentials": "types",
    "Operation": "types",
    "Principal": "types",
    "Request": "types",
}

__all__ = [
    "AuthCredentials",
    "AuthenticationDenied",
    "ConfigError",
    "DecisionRecord",
    "ErrorCode",
    "Gateway",
    "GatewayError",
    "Operation",
    "Outcome",
    "PermissionDenied",
    "PluginError",
    "PolicyDenied",
    "Principal",
    "Request",
    "RequestDenied",
    "RequestError",
    "UpstreamError",
    "acting_as",
    "load_gateway",
]


def __getattr__(name: str) -> Any:
    home = _HOME.get(name)
    if home is None:
        raise AttributeError(f"secure_gateway has no {name!r}; it has {', '.join(__all__)}")
    value = getattr(importlib.import_module(f"secure_gateway.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
