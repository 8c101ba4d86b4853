"""The tool trust that a configuration describes."""

from __future__ import annotations

from collections.abc import Callable

from secure_gateway.config.loader import LoadedConfig
from secure_gateway.tool_trust.lock import LOCK_NAME, LockFile
from secure_gateway.tool_trust.trust import ToolTrust, TrustRules
from secure_gateway.types import Operation


def open_trust(loaded: LoadedConfig, not_offered: Callable[[Operation, str, str], str]) -> ToolTrust:
    """Return what remembers the definitions of tools, in a file beside the configuration. ``not_offered``: says why a tool is not there for anybody."""
    rules = {
        name: TrustRules(pin=server.tools.pin, look_alikes=server.tools.look_alikes)
        for name, server in loaded.config.servers.items()
    }

    def offers(server: str, tool: str) -> bool:
        return not not_offered(Operation.TOOL, tool, server)

    return ToolTrust(LockFile(loaded.folder / LOCK_NAME), rules, offers)
